package server

import (
	"math"

	"treedis/repl/aof"
	"treedis/server/config"
)

// aofOpening is the opening of the append-only files at the start.
type aofOpening struct {
	dir      *aof.Dir
	manifest *aof.Manifest // as it is going to be
	incr     string        // the increment that the log is appended to
	begins   bool          // which is a new one
	snap     *snapshot     // what a new base is to hold; nil if the files that there are hold the data

	loaded, now aof.Position // where the history stood at the end of these files, and where it does
}

// openAOF opens the files for appending, at start, when the data has been loaded. No lock is held while a new base is written:
// clients are told meanwhile that the server is loading.
func (s *Server) openAOF() error {
	a := &s.aof
	s.lock.lock()
	a.started = !config.AppendOnly.Get(s.cfg)
	done := a.started
	s.lock.unlock()
	if done {
		return nil
	}
	o := &aofOpening{dir: s.aofDir(), loaded: a.loaded}
	w, err := s.openIncr(o)
	if err != nil {
		return err
	}
	if o.snap != nil {
		base := o.manifest.ReplaceBase(o.dir.Name, o.snap.asRDB)
		if err := s.writeAOFBase(o.dir, o.snap, base.Name); err != nil {
			return err
		}
		s.logger.noticef("Creating AOF base file %s on server start", base.Name)
	}
	if err := s.putInForce(o); err != nil {
		return err
	}
	size := o.size()
	s.lock.lock()
	defer s.lock.unlock()
	a.size += size
	if o.snap != nil {
		a.baseSize = size
	}
	a.started, a.phase = true, aofOn
	a.counts.Store(true)
	a.durable.Set(w.Fsynced.Passed())
	return nil
}

// openIncr opens the increment that the log is appended to, a new one if there is none, and has the log written to it.
func (s *Server) openIncr(o *aofOpening) (*aof.Writer, error) {
	if err := o.dir.Create(); err != nil {
		return nil, err
	}
	a := &s.aof
	a.filesMu.Lock()
	o.manifest = a.manifest.Clone()
	a.filesMu.Unlock()
	fresh := o.manifest.Empty() || a.anew
	if a.anew {
		o.manifest.Retire(math.MaxInt64)
	}
	open := o.dir.Append
	if o.begins = len(o.manifest.Incrs) == 0; o.begins {
		o.manifest.AddIncr(o.dir.Name)
		open = o.dir.CreateFile
	}
	o.incr = o.manifest.Incrs[len(o.manifest.Incrs)-1].Name
	f, err := open(o.incr)
	if err != nil {
		return nil, err
	}
	size, err := o.dir.Size(o.incr)
	if err != nil {
		f.Close()
		return nil, err
	}
	s.lock.lock()
	defer s.lock.unlock()
	w := s.newAOFWriterLocked(f, size)
	if fresh {
		o.snap = s.baseSnapshotLocked()
		o.loaded = o.snap.position
	}
	o.now = s.position()
	if o.loaded != o.now {
		w.Annotate(o.now.Offset, o.now.Annotation())
		w.Kick()
	}
	return w, nil
}

// putInForce writes the manifest, if it has changed, and removes what it has no use for any more.
func (s *Server) putInForce(o *aofOpening) error {
	s.aof.filesMu.Lock()
	defer s.aof.filesMu.Unlock()
	if o.snap != nil || o.begins {
		if err := o.dir.Write(o.manifest); err != nil {
			return err
		}
	}
	verb := "Opening"
	if o.begins {
		verb = "Creating"
	}
	s.logger.noticef("%s AOF incr file %s on server start", verb, o.incr)
	s.aof.archive.Continue(o.dir, s.openedSpans(o)) // first: it retains what replicas may ask for
	if !config.AOFDisableAutoGC.Get(s.cfg) {
		o.manifest = o.dir.RemoveHistory(o.manifest)
	}
	s.aof.manifest = o.manifest
	return nil
}

// writeAOFBase writes a base to a temporary file in the server's directory and gives it its name.
func (s *Server) writeAOFBase(d *aof.Dir, snap *snapshot, name string) error {
	temp, err := s.writeTempBase(d, snap, baseOptions{})
	if err != nil {
		return err
	}
	if err := d.Rename(temp, name); err != nil {
		s.logger.warningf("Error moving temp append only file on the final destination: %s", aof.Cause(err))
		_ = d.FS.Remove(temp)
		return err
	}
	return nil
}

// size is that of all files, in bytes.
func (o *aofOpening) size() (total int64) {
	for _, f := range o.manifest.Files() {
		if n, err := o.dir.Size(f.Name); err == nil {
			total += n
		}
	}
	return total
}

// openedSpans says what the files hold of the history: what was loaded of them, unless they begin anew, and the increment to which
// the log is appended.
func (s *Server) openedSpans(o *aofOpening) []aof.Span {
	spans, at := s.aof.spans, o.loaded
	if at.Offset != o.now.Offset {
		at = o.now
	}
	switch n := len(spans); {
	case o.snap != nil || o.begins:
		return []aof.Span{{Name: o.incr, Start: at}}
	case n == 0 || spans[n-1].Name != o.incr:
		return []aof.Span{{Name: o.incr, Start: o.now, Late: true}}
	}
	return spans
}
