package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/server/config"
)

// persistence is the state of snapshots on disk. Guarded by the keyspace lock, except what is atomic.
type persistence struct {
	saving    *saveJob // the background save in progress, nil if there is none
	scheduled bool     // BGSAVE SCHEDULE, or a save that failed: begin when possible
	lastSave  int64    // unix seconds of the last success
	lastTry   int64    // unix seconds at which the last background save began
	lastOK    bool     // the last background save succeeded
	lastTook  int64    // seconds; -1 before the first
	saves     int64
	loaded    rdb.LoadCounts // by the last load

	failed atomic.Bool // the last background save failed: see refusesWrites
}

// saveJob is one background save.
type saveJob struct {
	ctx    context.Context // ends with abort
	cancel context.CancelCauseFunc
	began  time.Duration // monotonic
	dirty  int64         // changes at its beginning
	keys   int64
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
	return os.Rename(from, to)
}

// retryAfter is how long a failed background save is not tried again by a save point: the reason, a
// full disk perhaps, will not have gone away at once.
const retryAfter = 5 // seconds

var (
	errSaveAborted = errors.New("aborted")
	errSaveBusy    = errors.New("a background save is in progress")
	errHalted      = errors.New("the server is stopping")
)

// refusesWrites reports whether writes are refused because snapshots can't be written.
func (s *Server) refusesWrites() bool {
	return s.persist.failed.Load() && config.StopWritesOnBgsaveError.Get(s.cfg) && len(config.Save.Get(s.cfg)) > 0
}

// rdbPath is where snapshots are written and loaded.
func (s *Server) rdbPath() string { return s.cfg.Path(config.DBFilename.Get(s.cfg)) }

// startSaveLocked begins a background save. It needs the exclusive lock, for no longer than the snapshot
// takes.
func (s *Server) startSaveLocked() error {
	p := &s.persist
	switch {
	case s.halted: // nobody would wait for its goroutine
		return errHalted
	case p.saving != nil:
		return errSaveBusy
	}
	snap := s.snapshotLocked(noFilter)
	job := &saveJob{began: s.mono(), dirty: s.stats.dirty, keys: int64(s.store.Len())}
	job.ctx, job.cancel = context.WithCancelCause(context.Background())
	p.saving, p.scheduled, p.lastTry = job, false, s.now()/1000
	path := s.rdbPath()
	s.logger.noticef("Background saving started")
	s.wg.Go(func() {
		o := rdb.SaveOptions{Context: job.ctx, Progress: func(n int) { job.done.Store(int64(n)) }}
		s.finishSave(job, writeRDB(path, snap, o, job.commit))
	})
	return nil
}

// finishSave takes note of how a background save ended.
func (s *Server) finishSave(job *saveJob, err error) {
	job.cancel(nil)
	s.lock.lock()
	defer s.lock.unlock()
	p := &s.persist
	if p.saving == job { // an aborted one may have been replaced
		p.saving = nil
	}
	p.lastTook = int64((s.mono() - job.began) / time.Second)
	if errors.Is(err, errSaveAborted) {
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
	s.logger.noticef("DB saved on disk")
	s.logger.noticef("Background saving terminated with success")
}

// saved takes note of a snapshot on disk that holds the first dirty changes.
func (s *Server) saved(dirty int64) {
	s.stats.dirty -= dirty
	s.persist.lastSave = s.now() / 1000
	s.persist.saves++
}

// abortSaveLocked ends the background save in progress without its file. Another may begin at once.
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
	if err := writeRDB(s.rdbPath(), s.snapshotLocked(noFilter), rdb.SaveOptions{}, os.Rename); err != nil {
		s.logger.warningf("Error saving DB on disk: %v", err)
		return err
	}
	s.logger.noticef("DB saved on disk")
	s.saved(dirty)
	s.persist.lastOK = true
	s.persist.failed.Store(false)
	return nil
}

// writeRDB writes a snapshot to path: to a temporary file beside it, which is synced and renamed, so
// that there is a whole file at all times.
func writeRDB(path string, snap *snapshot, o rdb.SaveOptions, rename func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "temp-*.rdb")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := snap.write(f, o); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// persistCron begins the background saves that are due.
func (s *Server) persistCron() {
	s.lock.lock()
	defer s.lock.unlock()
	p := &s.persist
	if p.saving != nil || s.halted || s.loading.active() {
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

// loadAtStart loads the snapshot file, if there is one. A file that can't be read whole is an error, and
// nothing of it is kept.
func (s *Server) loadAtStart() error {
	path := s.rdbPath()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the snapshot: %w", err)
	}
	defer f.Close()
	began := s.mono()
	info, err := s.loadFile(f)
	if err != nil {
		return fmt.Errorf("loading %s: %w", path, err)
	}
	s.restoreHistory(info)
	s.logger.noticef("DB loaded from disk: %.3f seconds", (s.mono() - began).Seconds())
	return nil
}

// loadFile replaces the data set by an RDB. Nothing changes if it can't be read whole.
func (s *Server) loadFile(r io.Reader) (rdbInfo, error) {
	s.loading.begin(s.now())
	defer s.loading.end()
	st := s.newStore()
	o := rdb.LoadOptions{SetClock: s.clock.restore}
	if !s.role.isReplica() && config.ReplicaOf.Get(s.cfg).Host == "" {
		o.DropExpiredAt = s.now()
	}
	counts, info, err := loadInto(st, r, o)
	if err != nil {
		return info, err
	}
	s.lock.lock()
	defer s.lock.unlock()
	s.store.Adopt(st)
	s.persist.loaded = counts
	s.logger.noticef("Done loading RDB, keys loaded: %d, keys expired: %d.", counts.Keys, counts.Expired)
	return info, nil
}

// loadingState says whether a data set is being loaded, during which commands are refused.
type loadingState struct {
	on    atomic.Bool
	mu    sync.Mutex
	since int64 // guarded by mu; unix ms
}

func (l *loadingState) active() bool { return l.on.Load() }

func (l *loadingState) begin(now int64) {
	l.mu.Lock()
	l.since = now
	l.mu.Unlock()
	l.on.Store(true)
}

func (l *loadingState) end() { l.on.Store(false) }

// startedAt returns when the loading in progress began, in unix ms.
func (l *loadingState) startedAt() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since
}
