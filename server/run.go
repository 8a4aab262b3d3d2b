package server

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"treedis/server/config"
	"treedis/server/netio"
)

// Start opens the listeners, loads the data and serves. It returns once the data is there; clients that connect before that are
// answered, as far as that goes without data, unless there is so little to load that they can wait for it. After an error nothing runs,
// and nothing was loaded. ErrStopped is returned as well if the server was stopped while it loaded.
func (s *Server) Start() error {
	data, err := s.open()
	if err != nil {
		return err
	}
	if data != nil {
		err = data.load(s.life)
		data.close()
		s.wg.Done()
	}
	return s.ready(err)
}

// open opens the listeners and starts the server's goroutines. It returns what is to be loaded, nil if there is nothing.
func (s *Server) open() (*dataFile, error) {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	switch {
	case s.down:
		return nil, ErrStopped
	case s.net != nil:
		return nil, ErrStarted
	}
	s.logger.noticef("treedis is starting, version %s (as Redis %s), PID: %d", Version, RedisVersion, os.Getpid())
	for _, name := range s.cfg.Meaningless() {
		s.logger.noticef("The directive %s is accepted, but has no meaning here.", name)
	}
	s.supervise()
	if err := s.listen(); err != nil {
		return nil, err
	}
	data, err := s.findData()
	if err != nil {
		s.logger.warningf("Fatal error loading the DB: %v. Exiting.", err)
		s.closeListeners()
		return nil, err
	}
	n, err := netio.New(netio.Options{
		Loops:       len(s.lock.slots),
		KeepAlive:   s.keepAlive(),
		BeforeFlush: s.beforeFlush,
		AcceptError: func(err error) { s.logger.warningf("Accepting client connection: %v", err) },
	}, handler{s})
	if err != nil {
		s.closeListeners()
		return nil, fmt.Errorf("event loops: %w", err)
	}
	if err := s.writePidFile(); err != nil {
		s.logger.warningf("Failed to write PID file: %v", err)
	}
	s.logger.noticef("Server initialized")
	if data != nil {
		s.loading.begin(loadFirst, s.now(), data.size)
		s.wg.Add(1) // Shutdown waits for the loading to end
	} else {
		s.startReplication()
	}
	s.serve(n)
	if data == nil {
		s.admit()
	} else {
		s.admitLater = time.AfterFunc(admitAfter, s.admit)
	}
	if s.opts.OnListening != nil {
		s.opts.OnListening()
	}
	return data, nil
}

// admitAfter is how long clients that connect while data is loaded wait at most before they are told so.
const admitAfter = 250 * time.Millisecond

// serve starts the server's goroutines.
func (s *Server) serve(n *netio.Server) {
	s.net = n
	s.wg.Go(func() { s.runCron(s.life) })
	_ = s.applyWatchdog()
	s.admit = sync.OnceFunc(func() {
		for _, l := range s.sockets() {
			_ = s.serveListener(n, l) // fails after Close only, which closes it
		}
	})
	go s.awaitStop() // ends with the server
}

// ready lets the server serve its data once it is loaded, or ends it if err says that it can't be.
func (s *Server) ready(err error) error {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if err == nil && !s.down {
		err = s.openAOF()
	}
	switch {
	case s.down:
		return ErrStopped
	case err != nil:
		if !errors.As(err, new(errLoadLogged)) { // the reason is the log's last line
			s.logger.warningf("Fatal error loading the DB: %v. Exiting.", err)
		}
		_ = s.teardown(context.Background())
		s.removeFiles()
		s.closeListeners()
		close(s.stopped)
		return err
	}
	if s.loading.active() {
		s.startReplication()
		s.loading.end()
		s.admitLater.Stop()
		s.admit()
	}
	for _, kind := range s.openKinds() {
		s.logger.noticef("Ready to accept connections %s", kind)
	}
	s.tellSystemd("STATUS=Ready to accept connections\nREADY=1")
	return nil
}

// Shutdown stops serving and waits until every goroutine of the server has ended, at most until ctx is done; what is
// left then ends on its own. It saves nothing by itself. It may be called more than once, and before Start, which
// then fails.
func (s *Server) Shutdown(ctx context.Context) error {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.down {
		return nil
	}
	err := s.teardown(ctx)
	if s.net != nil {
		if config.PidFile.Get(s.cfg) != "" {
			s.logger.noticef("Removing the pid file.")
		}
		s.removeFiles()
	}
	s.logger.warningf("treedis is now ready to exit, bye bye...")
	close(s.stopped)
	return err
}

// teardown ends all that open has started. Whoever holds startMu calls it, and then closes stopped.
func (s *Server) teardown(ctx context.Context) error {
	s.down = true
	s.scriptWatch.stop()
	s.lock.borrow()
	s.halted = true
	s.abortSaveLocked()
	s.abortRewriteLocked()
	s.lock.unlock()
	s.end(errHalted)
	if s.net == nil {
		for _, l := range slices.Concat(s.opts.Listeners, s.opts.TLSListeners) {
			l.Close()
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.stopReplication()
		if s.net != nil {
			_ = s.net.Close(context.Background())
			s.admit() // sockets that nobody was admitted by are closed too
		}
		s.wg.Wait()
		s.closeAOF()
		s.lock.borrow()
		defer s.lock.unlock()
		s.targets.closeUnused(math.MaxInt64)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	return err
}

// removeFiles removes the files that say that the server runs.
func (s *Server) removeFiles() {
	if path := config.PidFile.Get(s.cfg); path != "" {
		_ = os.Remove(path)
	}
	if path := config.UnixSocket.Get(s.cfg); path != "" && !s.listenersGiven() {
		_ = os.Remove(path)
	}
}

// Err is why a server that has shut down could not go on, nil if it was told to stop.
func (s *Server) Err() error {
	s.lock.lock()
	defer s.lock.unlock()
	return s.failure
}

// Done is closed once the server has shut down.
func (s *Server) Done() <-chan struct{} { return s.stopped }

func (s *Server) writePidFile() error {
	path := config.PidFile.Get(s.cfg)
	if path == "" {
		return nil
	}
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644)
}

// runCron does what is due every so often, hz times a second, until ctx is done.
func (s *Server) runCron(ctx context.Context) {
	hz := max(config.HZ.Get(s.cfg), 1)
	tick := time.NewTicker(time.Second / time.Duration(hz))
	defer tick.Stop()
	for n := int64(0); ; n++ {
		if now := max(config.HZ.Get(s.cfg), 1); now != hz {
			hz = now
			tick.Reset(time.Second / time.Duration(hz))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.signal.wake:
			n-- // this is no turn of its own
		}
		if s.debug.cronPaused.Load() {
			continue
		}
		began := s.mono()
		s.obeySignal()
		s.reportLoading()
		s.setClocks()
		s.pauseCron()
		s.failoverCron()
		s.trackingCron()
		s.activeExpire()
		s.tidy()
		s.watchClients(0)
		s.persistCron()
		s.aofCron()
		s.stampCron(ctx)
		if n%hz == 0 {
			s.master.Cron()
			s.closeStale()
			s.reassureSystemd()
			s.reloadTLS()
		}
		s.countCron(s.mono() - began)
	}
}
