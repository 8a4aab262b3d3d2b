package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"treedis/rdb"
	"treedis/server/config"
)

// loadMode says whether a data set is being loaded.
type loadMode int32

const (
	loadNone  loadMode = iota
	loadFirst          // there is no data yet: commands that need it are refused
	loadAside          // the old data is served meanwhile, on a replica that takes over its master's snapshot
	loadApart          // the old data is kept meanwhile, but not served: it is not the master's
)

// loadingState is how far the loading of a data set is. It is safe for concurrent use.
type loadingState struct {
	mode     atomic.Int32 // a loadMode
	since    atomic.Int64 // unix ms
	total    atomic.Int64 // bytes; 0 if that is not known
	loaded   atomic.Int64 // bytes
	usedThen atomic.Int64 // the memory that the data took where it was saved, in bytes

	reported time.Duration // cron's: when the log last told of it, monotonic
}

// active reports whether there is no data yet that could be served.
func (l *loadingState) active() bool { return l.is(loadFirst) }

// refuses reports whether no data is served.
func (l *loadingState) refuses() bool { return l.is(loadFirst) || l.is(loadApart) }

func (l *loadingState) is(mode loadMode) bool { return loadMode(l.mode.Load()) == mode }

func (l *loadingState) begin(mode loadMode, now, total int64) {
	l.since.Store(now)
	l.total.Store(total)
	l.loaded.Store(0)
	l.usedThen.Store(0)
	l.mode.Store(int32(mode))
}

func (l *loadingState) end() { l.mode.Store(int32(loadNone)) }

// eta estimates how many seconds are left at a unix time in ms. As long as nothing can be said it is 1.
func (l *loadingState) eta(now int64) int64 {
	elapsed := now/1000 - l.since.Load()/1000
	if elapsed <= 0 {
		return 1
	}
	loaded := l.loaded.Load()
	return elapsed * max(l.total.Load()-loaded, 0) / (loaded + 1)
}

// dataFile is what the server begins with.
type dataFile struct {
	size  int64 // bytes
	load  func(context.Context) error
	close func() error
}

// findData opens what the server is to begin with. It returns nil if there is nothing.
func (s *Server) findData() (*dataFile, error) {
	path := s.rdbPath()
	s.removeLeftovers(filepath.Dir(path))
	if err := s.canRestore(); err != nil {
		return nil, err
	}
	if config.AppendOnly.Get(s.cfg) {
		return s.findAOF(), nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the snapshot: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening the snapshot: %w", err)
	}
	load := func(ctx context.Context) error { return s.loadSnapshot(ctx, f, path) }
	return &dataFile{size: info.Size(), load: load, close: f.Close}, nil
}

// loadSnapshot loads a snapshot file, and continues the history that it was taken from. Nothing of a file that can't be read
// whole is kept.
func (s *Server) loadSnapshot(ctx context.Context, f io.Reader, path string) error {
	began := s.mono()
	data := s.newDataset()
	o := rdb.LoadOptions{SetClock: s.clock.Restore}
	if config.ReplicaOf.Get(s.cfg).Host == "" {
		o.DropExpiredAt = s.now()
	}
	counts, info, err := s.loadInto(ctx, data, f, o)
	if err != nil {
		if ctx.Err() == nil {
			s.logger.warningf("Terminating server after rdb file reading failure.")
		}
		return fmt.Errorf("loading %s: %w", path, err)
	}
	s.installFirst(data, counts)
	s.restoreHistory(info)
	s.logger.noticef("DB loaded from disk: %.3f seconds", (s.mono() - began).Seconds())
	return nil
}

// installFirst makes a data set that was loaded the server's own.
func (s *Server) installFirst(data dataset, counts rdb.LoadCounts) {
	s.lock.lock()
	defer s.lock.unlock()
	s.persist.loaded = counts
	s.role.inherited = true
	for i := range s.store.Databases() {
		s.touchWatchedDB(s.store.DB(i), data.store.DB(i), s.now())
	}
	s.store.Adopt(data.store)
	s.functions = data.functions
}

// loadReader counts what is read of a data set, and ends the reading when the server stops.
type loadReader struct {
	ctx context.Context
	r   io.Reader
	s   *Server
}

func (r loadReader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.s.loadedSoFar(r.s.loading.loaded.Load() + int64(n))
	return n, err
}

// loadedSoFar notes how many bytes are loaded. Clients of a server that has just started are told that it is loading only when
// it has been at it for a while: of little data they see nothing but that it is there.
func (s *Server) loadedSoFar(bytes int64) {
	s.loading.loaded.Store(bytes)
	if bytes >= config.LoadingProcessEventsIntervalBytes.Get(s.cfg) {
		s.admit()
	}
}

// reportEvery is how often the log tells how far the loading is.
const reportEvery = 5 * time.Second

// reportLoading tells in the log how far the loading is, now and then. Only cron calls it.
func (s *Server) reportLoading() {
	l := &s.loading
	now := s.mono()
	if l.is(loadNone) || now-s.loading.reported < reportEvery {
		if l.is(loadNone) {
			s.loading.reported = now
		}
		return
	}
	s.loading.reported = now
	loaded, total := l.loaded.Load(), l.total.Load()
	if total == 0 {
		s.logger.noticef("Loading: %d MB so far.", loaded>>20)
		return
	}
	s.logger.noticef("Loading: %.1f%% of %d MB, about %d seconds to go.", 100*ratio(loaded, total), total>>20, l.eta(s.now()))
}
