package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/repl/aof"
	"treedis/server/config"
)

// rewriteJob is one background rewrite: a new base of the data as it is at one instant, and a new increment for what comes
// behind it.
type rewriteJob struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	phase  aofPhase      // when it began
	began  time.Duration // monotonic
	keys   int64
	kept   int          // Store.Kept at its beginning
	done   atomic.Int64 // keys written
	snap   *snapshot    // its goroutine's, once taken
	incr   int64        // the new increment's number; while on only
	ready  func(error)  // if not nil, told whether the files could be prepared
}

// errRewriteAborted ends a rewrite that is no longer wanted.
var errRewriteAborted = errors.New("aborted")

// startRewriteLocked begins a background rewrite. While the append-only file is on, files have to be made before the
// snapshot is taken, which ready is told the outcome of; otherwise the snapshot is that of now. It needs the exclusive lock.
func (s *Server) startRewriteLocked(ready func(error)) error {
	if s.halted {
		return errHalted
	}
	a := &s.aof
	job := &rewriteJob{phase: a.phase, began: s.mono(), keys: int64(s.store.Len()), kept: s.store.Kept(), ready: ready}
	job.ctx, job.cancel = context.WithCancelCause(s.life)
	if a.phase != aofOn {
		if err := s.openTempIncrLocked(); err != nil {
			a.lastOK = false
			return err
		}
		job.snap = s.baseSnapshotLocked()
	}
	a.rewrite, a.scheduled = job, false
	a.rewrites++
	s.savesInBackground.Add(1)
	s.logger.noticef("Background append only file rewriting started by pid %d", os.Getpid())
	s.wg.Go(func() {
		err := s.rewriteAOF(job)
		s.savesInBackground.Add(-1)
		s.finishRewrite(job, err)
	})
	return nil
}

// openTempIncrLocked makes the directory and, if the append-only file is about to be on, a file for what follows the first base.
func (s *Server) openTempIncrLocked() error {
	a, d := &s.aof, s.aofDir()
	a.filesMu.Lock()
	defer a.filesMu.Unlock()
	if err := d.Create(); err != nil || a.phase == aofOff {
		return err
	}
	f, err := d.CreateFile(d.TempIncr())
	if err != nil {
		return err
	}
	s.logger.noticef("Creating AOF incr file %s on background rewrite", d.TempIncr())
	a.size = 0
	w := s.newAOFWriterLocked(f, 0)
	if head := s.incrHead(); head != nil {
		w.Annotate(s.log.EndOffset(), head)
	}
	return nil
}

// rewriteAOF does the work of a job.
func (s *Server) rewriteAOF(job *rewriteJob) error {
	if job.snap == nil {
		err := s.switchIncr(job)
		if job.ready != nil {
			job.ready(err)
		}
		if err != nil {
			return err
		}
	} else if job.ready != nil {
		job.ready(nil)
	}
	d := s.aofDir()
	temp, err := s.writeTempBase(d, job.snap, baseOptions{
		SaveOptions: rdb.SaveOptions{Context: job.ctx, Progress: func(n int) { job.done.Store(int64(n)) }},
		background:  true,
	})
	if err != nil {
		return err
	}
	s.logger.noticef("Successfully created the temporary AOF base file %s", filepath.Base(temp))
	if err := s.commitRewrite(d, job, temp); err != nil {
		_ = d.FS.Remove(temp)
		return err
	}
	return nil
}

// switchIncr lets the manifest name a new increment, and then, at the instant of the snapshot, has the log go on in it.
func (s *Server) switchIncr(job *rewriteJob) error {
	a, d := &s.aof, s.aofDir()
	a.filesMu.Lock()
	m := a.manifest.Clone()
	incr := m.AddIncr(d.Name)
	f, err := d.CreateFile(incr.Name)
	if err == nil {
		if err = d.Write(m); err == nil {
			a.manifest = m
		} else {
			f.Close()
		}
	}
	a.filesMu.Unlock()
	if err != nil {
		return err
	}
	s.logger.noticef("Creating AOF incr file %s on background rewrite", incr.Name)
	s.lock.lock()
	defer s.lock.unlock()
	w := a.writer.Load()
	if job.ctx.Err() != nil || w == nil {
		f.Close()
		return errRewriteAborted
	}
	job.incr, job.snap, job.keys = incr.Seq, s.baseSnapshotLocked(), int64(s.store.Len())
	a.archive.Switch(d, incr.Name, s.position())
	w.Switch(s.log.EndOffset(), timedFile{f, s}, s.incrHead())
	return nil
}

// commitRewrite puts the new base into the manifest in place of all before it, and removes that.
func (s *Server) commitRewrite(d *aof.Dir, job *rewriteJob, temp string) error {
	a := &s.aof
	a.filesMu.Lock()
	defer a.filesMu.Unlock()
	if err := context.Cause(job.ctx); err != nil {
		return err
	}
	m := a.manifest.Clone()
	base := m.ReplaceBase(d.Name, job.snap.asRDB)
	if err := d.Rename(temp, base.Name); err != nil {
		s.logger.warningf("Error trying to rename the temporary AOF base file %s into %s: %s", filepath.Base(temp), base.Name, aof.Cause(err))
		return err
	}
	s.logger.noticef("Successfully renamed the temporary AOF base file %s into %s", filepath.Base(temp), base.Name)
	undo := []string{base.Name}
	switch job.phase {
	case aofWaiting:
		m.Retire(math.MaxInt64)
		incr := m.AddIncr(d.Name)
		if err := d.Rename(filepath.Join(d.Path, d.TempIncr()), incr.Name); err != nil {
			s.logger.warningf("Error trying to rename the temporary AOF incr file %s into %s: %s", d.TempIncr(), incr.Name, aof.Cause(err))
			d.Remove(base.Name)
			return err
		}
		s.logger.noticef("Successfully renamed the temporary AOF incr file %s into %s", d.TempIncr(), incr.Name)
		undo = append(undo, incr.Name)
	case aofOn:
		m.Retire(job.incr)
	default:
		m.Retire(math.MaxInt64)
	}
	switch err := d.Write(m); {
	case errors.Is(err, aof.ErrUnsettled):
		a.manifest = m // which is what a start finds, unless there is a crash: the files of both stay
		return err
	case err != nil:
		for _, name := range undo {
			d.Remove(name)
		}
		return err
	}
	a.manifest = m
	if size, err := d.Size(base.Name); err == nil {
		job.snap.size = size
	}
	if !config.AOFDisableAutoGC.Get(s.cfg) {
		a.manifest = d.RemoveHistory(m)
	}
	return nil
}

// finishRewrite takes note of how a rewrite ended.
func (s *Server) finishRewrite(job *rewriteJob, err error) {
	job.cancel(nil)
	s.lock.lock()
	defer s.lock.unlock()
	a := &s.aof
	if a.rewrite != job {
		return // it was aborted, and that noted
	}
	a.rewrite = nil
	a.lastTook = int64((s.mono() - job.began) / time.Second)
	a.lastKept = s.keptSince(job.kept)
	a.lastOK = err == nil
	if err != nil {
		a.failures++
		s.logger.warningf("Background AOF rewrite terminated with error: %v", err)
		if a.phase == aofWaiting {
			s.dropTempIncrLocked()
			a.scheduled = true
		}
		return
	}
	a.failures = 0
	s.logger.noticef("Background AOF rewrite terminated with success")
	if w := a.writer.Load(); w != nil {
		// What the files hold now is the base and what has been written behind it.
		a.size = job.snap.size + w.FileSize() - w.Total()
		a.baseSize = a.size + w.Total()
	}
	if a.phase == aofWaiting {
		a.phase = aofOn
		s.beginArchive(job.snap.position)
		a.counts.Store(true)
		a.durable.Set(a.writer.Load().Fsynced.Passed())
	}
	s.logger.noticef("Background AOF rewrite finished successfully")
}

// beginArchive makes the increment that began at a position, if that is known, the beginning of the log on disk.
func (s *Server) beginArchive(at aof.Position) {
	s.aof.filesMu.Lock()
	incrs := s.aof.manifest.Incrs
	s.aof.filesMu.Unlock()
	if at.Known() {
		s.aof.archive.Continue(s.aofDir(), []aof.Span{{Name: incrs[len(incrs)-1].Name, Start: at}})
	}
}

// dropTempIncrLocked ends the writing behind a first base that did not come to be.
func (s *Server) dropTempIncrLocked() {
	d := s.aofDir()
	if w := s.aof.writer.Swap(nil); w != nil {
		w.Abandon()
	}
	s.logger.noticef("Removing the temp incr aof file %s in the background", d.TempIncr())
	d.Remove(d.TempIncr())
}

// abortRewriteLocked ends the rewrite in progress without its base. Another may begin at once.
func (s *Server) abortRewriteLocked() {
	a := &s.aof
	job := a.rewrite
	if job == nil {
		return
	}
	s.logger.noticef("Killing running AOF rewrite: it is no child process here, and just ends")
	job.cancel(errRewriteAborted)
	a.rewrite = nil
	a.lastTook = int64((s.mono() - job.began) / time.Second)
}

// baseSnapshotLocked takes the snapshot of a base.
func (s *Server) baseSnapshotLocked() *snapshot {
	snap := s.snapshotLocked(noFilter)
	snap.setAux("aof-base", "1")
	snap.asRDB = config.AOFUseRDBPreamble.Get(s.cfg)
	snap.stamp = config.AOFTimestampEnabled.Get(s.cfg)
	if _, ok := s.streamDB(); ok {
		snap.position = s.position()
	}
	return snap
}

// baseOptions say how a base is written.
type baseOptions struct {
	rdb.SaveOptions
	background bool
}

// writeTempBase writes a base to a temporary file in the server's directory, durably, and returns its path.
func (s *Server) writeTempBase(d *aof.Dir, snap *snapshot, o baseOptions) (path string, err error) {
	name := fmt.Sprintf("temp-rewriteaof-%d.aof", os.Getpid())
	if o.background {
		name = fmt.Sprintf("temp-rewriteaof-bg-%d-%d.aof", os.Getpid(), s.aof.bases.Add(1))
	}
	path = filepath.Join(d.Root, name)
	file, err := d.FS.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		s.logger.warningf("Opening the temp file for AOF rewrite: %s", aof.Cause(err))
		return "", err
	}
	defer func() {
		if err != nil {
			file.Close()
			_ = d.FS.Remove(path)
			if !errors.Is(err, errRewriteAborted) {
				s.logger.warningf("Write error writing append only file on disk: %s", aof.Cause(err))
			}
		}
	}()
	if o.Context == nil {
		o.Context = s.life
	}
	f := &baseFile{File: file}
	if config.AOFRewriteIncrementalFsync.Get(s.cfg) {
		f.every = syncEvery
	}
	if snap.asRDB {
		err = snap.write(f, o.SaveOptions)
	} else {
		if snap.stamp {
			if _, err = f.Write(aof.TimeAnnotation(s.now() / 1000)); err != nil {
				return "", err
			}
		}
		err = snap.writeCommands(f, snap.position, o.SaveOptions)
	}
	if err != nil {
		return "", err
	}
	if err = f.Sync(); err != nil {
		return "", err
	}
	return path, file.Close()
}

// baseFile flushes to the disk as it is written, so that there is not too much to flush in the end.
type baseFile struct {
	aof.File
	every, since int
}

func (f *baseFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.since += n; err == nil && f.every > 0 && f.since >= f.every {
		f.since = 0
		err = f.Sync()
	}
	return n, err
}

// rewriteLimit keeps rewrites that fail again and again from beginning by themselves all the time.
type rewriteLimit struct {
	minutes int64 // of the last delay
	until   int64 // unix seconds; 0: no delay is in force
}

const (
	limitAfter      = 3  // failures in a row
	limitMaxMinutes = 60 // longest delay
)

// rewriteLimited reports whether no rewrite is to begin by itself now: after three failures in a row the next waits for
// a minute, and each one after that for twice as long, up to an hour.
func (s *Server) rewriteLimited() bool {
	a, now := &s.aof, s.now()/1000
	switch {
	case a.failures < limitAfter:
		a.limit = rewriteLimit{}
		return false
	case a.limit.until == 0:
		a.limit.minutes = min(max(1, 2*a.limit.minutes), limitMaxMinutes)
		a.limit.until = now + 60*a.limit.minutes
		s.logger.warningf("Background AOF rewrite has repeatedly failed and triggered the limit, will retry in %d minutes", a.limit.minutes)
		return true
	case now < a.limit.until:
		return true
	}
	a.limit.until = 0
	return false
}

// aofCron begins the rewrites that are due.
func (s *Server) aofCron() {
	defer s.kickAOF()
	s.lock.lock()
	defer s.lock.unlock()
	a := &s.aof
	a.archive.Trim()
	if !a.started || s.backgroundBusy() || s.halted || s.loading.active() {
		return
	}
	due := a.scheduled && !s.rewriteLimited()
	if percent := config.AutoAOFRewritePercentage.Get(s.cfg); !due && a.phase == aofOn && percent > 0 {
		size := s.aofSize()
		growth := size*100/max(a.baseSize, 1) - 100
		if size > config.AutoAOFRewriteMinSize.Get(s.cfg) && growth >= percent && !s.rewriteLimited() {
			s.logger.noticef("Starting automatic rewriting of AOF on %d%% growth", growth)
			due = true
		}
	}
	if due {
		if err := s.startRewriteLocked(nil); err != nil {
			s.logger.warningf("Background AOF rewrite: %v", err)
		}
	}
}

// backgroundBusy reports whether a snapshot or a base is being written in the background: one at a time, as both take the
// disk's whole bandwidth.
func (s *Server) backgroundBusy() bool { return s.persist.saving != nil || s.aof.rewrite != nil }

// aofSize is the size of base and increments.
func (s *Server) aofSize() int64 {
	if w := s.aof.writer.Load(); w != nil {
		return s.aof.size + w.Total()
	}
	return s.aof.size
}
