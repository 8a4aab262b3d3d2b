package server

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/repl/aof"
	"treedis/server/config"
)

// persistence is the state of snapshots on disk. Guarded by the keyspace lock, except what is atomic.
type persistence struct {
	saving    *saveJob // the save in progress, nil if there is none
	scheduled bool     // BGSAVE SCHEDULE, or a save that failed: begin when possible
	lastSave  int64    // unix seconds of the last success
	lastTry   int64    // unix seconds at which the last background save began
	lastOK    bool     // the last background save succeeded
	lastTook  int64    // seconds; -1 before the first
	lastKept  int64    // bytes that the last background save's snapshot came to hold alone
	saves     int64
	loaded    rdb.LoadCounts // by the last load
	syncFile  bool           // the snapshot on disk is one that was made for replicas, to be removed if nothing else is kept

	failed atomic.Bool // the last background save failed: see refusesWrites
}

// saveJob is one save of the data as it was at an instant. Nobody is kept from anything meanwhile.
type saveJob struct {
	forCaller   bool     // SAVE or the end of the server waits for it, which then say what came of it
	forReplicas bool     // who want the file
	file        *os.File // open for them once it has its name

	ctx    context.Context // ends with abort
	cancel context.CancelCauseFunc
	began  time.Duration // monotonic
	dirty  int64         // changes at its beginning
	keys   int64
	kept   int          // Store.Kept at its beginning
	done   atomic.Int64 // keys written

	mu sync.Mutex // held while the file takes its name, so that abort knows on which side of that it is
}

// abort ends the save. If its file does not have its name yet when abort is called, it won't get it afterwards: a
// snapshot that is written next must not be replaced by an older one.
func (j *saveJob) abort() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cancel(errSaveAborted)
}

// commit gives the finished file its name.
func (j *saveJob) commit(from, to string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := context.Cause(j.ctx); err != nil {
		return err
	}
	if !j.forReplicas {
		return os.Rename(from, to)
	}
	f, err := os.Open(from) // before another can take the name
	if err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		f.Close()
		return err
	}
	j.file = f
	return nil
}

// inBackground reports whether a background save is in progress.
func (p *persistence) inBackground() bool { return p.saving != nil && !p.saving.forCaller }

// retryAfter is how long a failed background save is not tried again by a save point: the reason, a
// full disk perhaps, will not have gone away at once.
const retryAfter = 5 // seconds

var (
	errSaveAborted = errors.New("aborted")
	errSaveBusy    = errors.New("a save is in progress")
	errHalted      = errors.New("the server is stopping")
)

// snapshotsFail reports whether writes are refused because snapshots can't be written.
func (s *Server) snapshotsFail() bool {
	return s.persist.failed.Load() && config.StopWritesOnBgsaveError.Get(s.cfg) && len(config.Save.Get(s.cfg)) > 0
}

// diskFails reports whether writes are refused because they could not be kept.
func (s *Server) diskFails() bool { return s.snapshotsFail() || s.aofError() != nil }

// diskFault says why.
func (s *Server) diskFault() string {
	err := s.aofError()
	if err == nil || s.snapshotsFail() {
		return errMisconf
	}
	return "MISCONF Errors writing to the AOF file: " + aof.Cause(err)
}

// rdbPath is where snapshots are written and loaded.
func (s *Server) rdbPath() string { return s.cfg.Path(config.DBFilename.Get(s.cfg)) }

// startSaveLocked begins a background save. It needs the exclusive lock, for no longer than the snapshot
// takes.
func (s *Server) startSaveLocked() error { return s.startJobLocked(&saveJob{}, func(error) {}) }

func (s *Server) startJobLocked(job *saveJob, then func(err error)) error {
	p := &s.persist
	switch {
	case s.halted: // nobody would wait for its goroutine
		return errHalted
	case p.saving != nil:
		return errSaveBusy
	}
	p.scheduled, p.lastTry = false, s.now()/1000
	s.logger.noticef("Background saving started")
	s.goSaveLocked(job, then)
	return nil
}

// goSaveLocked writes a snapshot of the data as it is now in a goroutine of its own. then is called under the exclusive lock when
// it is written, or is not. There must be no other save in progress.
func (s *Server) goSaveLocked(job *saveJob, then func(err error)) {
	job.began, job.dirty, job.keys, job.kept = s.mono(), s.stats.dirty, int64(s.store.Len()), s.store.Kept()
	job.ctx, job.cancel = context.WithCancelCause(s.life)
	s.persist.saving = job
	snap, path := s.snapshotLocked(noFilter), s.rdbPath()
	if job.forReplicas {
		s.addDataAge(snap)
	}
	s.savesInBackground.Add(1)
	s.wg.Go(func() {
		defer s.savesInBackground.Add(-1)
		o := rdb.SaveOptions{Context: job.ctx, Progress: func(n int) { job.done.Store(int64(n)) }}
		err := s.writeRDB(path, snap, o, job.commit)
		job.cancel(nil)
		s.lock.lock()
		defer s.lock.unlock()
		s.finishSaveLocked(job, err)
		then(err)
	})
}

// finishSaveLocked takes note of how a save ended.
func (s *Server) finishSaveLocked(job *saveJob, err error) {
	p := &s.persist
	if p.saving == job { // an aborted one may have been replaced
		p.saving = nil
	}
	if job.forCaller {
		s.savedForCaller(job.dirty, err)
		return
	}
	p.lastTook = int64((s.mono() - job.began) / time.Second)
	p.lastKept = s.keptSince(job.kept)
	if errors.Is(err, errSaveAborted) || s.life.Err() != nil && err != nil {
		s.logger.warningf("Background saving aborted")
		return // as in Redis this is no failure
	}
	p.lastOK = err == nil
	p.failed.Store(err != nil)
	if err != nil {
		s.logger.warningf("Background saving error: %v", err)
		return
	}
	s.saved(job.dirty)
	p.syncFile = job.forReplicas && config.RDBDelSyncFiles.Get(s.cfg)
	s.logger.noticef("DB saved on disk")
	s.logger.noticef("Background saving terminated with success")
}

// keptSince is how many bytes a snapshot holds alone that was taken when Store.Kept was then. A data set that was loaded meanwhile
// has begun to count anew.
func (s *Server) keptSince(then int) int64 { return int64(max(0, s.store.Kept()-then)) }

// savedForCaller takes note of how a save ended that was no background save. A success makes up for background saves that failed.
func (s *Server) savedForCaller(dirty int64, err error) {
	if err != nil {
		s.logger.warningf("Error saving DB on disk: %v", err)
		return
	}
	s.logger.noticef("DB saved on disk")
	s.saved(dirty)
	s.persist.lastOK = true
	s.persist.failed.Store(false)
}

// saved takes note of a snapshot on disk that holds the first dirty changes.
func (s *Server) saved(dirty int64) {
	s.stats.dirty -= dirty
	s.persist.lastSave = s.now() / 1000
	s.persist.saves++
	s.persist.syncFile = false
}

// abortSaveLocked ends the save in progress without its file. Another may begin at once.
func (s *Server) abortSaveLocked() {
	if j := s.persist.saving; j != nil {
		j.abort()
		s.persist.saving = nil
	}
}

// saveNowLocked writes a snapshot while the caller holds the exclusive lock.
func (s *Server) saveNowLocked() error {
	if s.persist.saving != nil {
		return errSaveBusy
	}
	dirty := s.stats.dirty
	err := s.writeRDB(s.rdbPath(), s.snapshotLocked(noFilter), rdb.SaveOptions{}, os.Rename)
	s.savedForCaller(dirty, err)
	return err
}

// persistCron begins the background saves that are due.
func (s *Server) persistCron() {
	s.lock.lock()
	defer s.lock.unlock()
	s.removeSyncFile()
	p := &s.persist
	if s.backgroundBusy() || s.halted || s.loading.active() {
		return
	}
	now := s.now() / 1000
	due := p.scheduled
	for _, point := range config.Save.Get(s.cfg) {
		if s.stats.dirty >= point.Changes && now-p.lastSave > point.Seconds && (p.lastOK || now-p.lastTry > retryAfter) {
			s.logger.noticef("%d changes in %d seconds. Saving...", point.Changes, point.Seconds)
			due = true
			break
		}
	}
	if due {
		if err := s.startSaveLocked(); err != nil {
			s.logger.warningf("Background saving: %v", err)
		}
	}
}
