package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/config"
	"treedis/server/resp"
)

// divergence is what this server has kept of writes that its masters did not have. Guarded by the keyspace lock.
type divergence struct {
	files int64  // since the start
	last  string // path of the last
	bytes int64  // of the history, in the last
}

// errLogGone: the log does not go back to where the histories part.
var errLogGone = errors.New("neither memory nor the append-only files hold these writes")

// keepDiverged writes the part of the history that a full synchronization is about to discard to a file, as commands that can be
// loaded like an append-only file. What the log does not hold any more is lost, and that said; an error keeps the
// synchronization from taking place.
func (s *Server) keepDiverged(d repl.Divergence) error {
	dir := s.cfg.Path(config.ReplDivergentDir.Get(s.cfg))
	path := filepath.Join(dir, fmt.Sprintf("divergent-%s-%d-%d.aof", d.ID, d.From, d.To))
	err := s.writeDiverged(dir, path, d)
	if errors.Is(err, errLogGone) {
		s.logger.warningf("Writes that the new master does not have, from offset %d to %d of history %s, are discarded and can't be kept: %v",
			d.From, d.To, d.ID, err)
		return nil
	}
	if err != nil {
		s.logger.warningf("Writes that the new master does not have can't be kept, so they are not discarded: %v", err)
		return fmt.Errorf("keeping writes that the master does not have: %w", err)
	}
	s.logger.warningf("Writes that the new master does not have, from offset %d to %d of history %s, are kept in %s", d.From, d.To, d.ID, path)
	s.lock.lock()
	defer s.lock.unlock()
	if s.diverged.last != path {
		s.diverged.files++
	}
	s.diverged.last, s.diverged.bytes = path, d.To-d.From
	return nil
}

func (s *Server) writeDiverged(dir, path string, d repl.Divergence) (err error) {
	selected, err := s.divergedDB(d)
	if err != nil {
		return err
	}
	fs := s.opts.FS
	if err := fs.Mkdir(dir); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	f, err := fs.OpenFile(path+".temp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = fs.Remove(path + ".temp")
		}
	}()
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "#Discarded: offsets %d to %d of history %s\r\n", d.From, d.To, d.ID)
	_, _ = w.Write(appendSelect(nil, selected)) // errors stick
	err = s.eachDiverged(d, func(args [][]byte) bool {
		if !equalFold(args[0], "ping") && !equalFold(args[0], "replconf") {
			_, _ = w.Write(resp.AppendCommand(nil, args...))
		}
		return true
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fs.Rename(path+".temp", path); err != nil {
		return err
	}
	return fs.SyncDir(dir)
}

// divergedDB is the database that the first of the commands is for: the one that is selected at the end, if none of them selects
// another. If one does before anything else it does not matter; otherwise it is not known, and taken to be the first.
func (s *Server) divergedDB(d repl.Divergence) (int, error) {
	selects := false
	err := s.eachDiverged(d, func(args [][]byte) bool {
		selects = equalFold(args[0], "select")
		return !selects
	})
	if err != nil || selects {
		return 0, err
	}
	s.lock.lock()
	defer s.lock.unlock()
	if db := s.log.SelectedDB(); db != repl.NoDB {
		return db, nil
	}
	return s.masterClient.db.Index(), nil
}

// eachDiverged calls fn with the commands of a part of the history, as long as it returns true.
func (s *Server) eachDiverged(d repl.Divergence, fn func(args [][]byte) bool) error {
	from, err := s.openLog(d.From)
	if err != nil {
		return err
	}
	defer from.Close()
	r := aof.NewReader(bufio.NewReader(io.LimitReader(from, d.To-d.From)), 0)
	for {
		rec, err := r.Next()
		if err == io.EOF {
			if r.Offset() < d.To-d.From {
				return errLogGone
			}
			return nil
		}
		if err != nil {
			return err
		}
		if !fn(rec.Args) {
			return nil
		}
	}
}

// openLog returns a reader of the log from an offset on, up to its end of now: from memory, or from the files.
func (s *Server) openLog(offset int64) (io.ReadCloser, error) {
	s.lock.lock()
	r, ok := s.log.NewReader(offset, nil)
	s.lock.unlock()
	if ok {
		return memoryLog{r}, nil
	}
	if w := s.aof.writer.Load(); w != nil {
		_ = w.Flush() // what is not written is missed, and that noticed
	}
	a, ok := s.aof.archive.Open(offset)
	if !ok {
		return nil, errLogGone
	}
	return diskLog{a}, nil
}

// memoryLog and diskLog read the log up to its end.
type (
	memoryLog struct{ r *repl.Reader }
	diskLog   struct{ r repl.ArchiveReader }
)

func (m memoryLog) Read(p []byte) (int, error) {
	chunks, err := m.r.Pending()
	if err != nil {
		return 0, err
	}
	if len(chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, chunks[0])
	m.r.Consume(int64(n))
	return n, nil
}

func (m memoryLog) Close() error {
	m.r.Close()
	return nil
}

func (d diskLog) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func (d diskLog) Close() error {
	d.r.Close()
	return nil
}

// infoDiverged writes the fields about what was kept.
func (s *Server) infoDiverged(w *infoWriter) {
	w.int("repl_divergent_files", s.diverged.files)
	w.str("repl_divergent_last_file", s.diverged.last)
	w.int("repl_divergent_last_bytes", s.diverged.bytes)
}
