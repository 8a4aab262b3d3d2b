package server

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"treedis/repl"
	"treedis/server/config"
	"treedis/server/netio"
)

// Start loads the data, opens the listeners and serves. It returns once connections are accepted. After an error
// nothing runs, and nothing was loaded.
func (s *Server) Start() (err error) {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	switch {
	case s.down:
		return ErrStopped
	case s.net != nil:
		return ErrStarted
	}
	s.logger.noticef("treedis is starting, version %s (as Redis %s), PID: %d", Version, RedisVersion, os.Getpid())
	for _, name := range s.cfg.Meaningless() {
		s.logger.noticef("The directive %s is accepted, but has no meaning here.", name)
	}
	if err := s.listen(); err != nil {
		return err
	}
	n, err := netio.New(netio.Options{
		Loops:       len(s.lock.slots),
		KeepAlive:   s.keepAlive(),
		AcceptError: func(err error) { s.logger.warningf("Accepting client connection: %v", err) },
	}, handler{s})
	if err != nil {
		s.closeListeners()
		return fmt.Errorf("event loops: %w", err)
	}
	if err := s.writePidFile(); err != nil {
		s.logger.warningf("Failed to write PID file: %v", err)
	}
	s.logger.noticef("Server initialized")
	if err := s.loadAtStart(); err != nil {
		s.logger.warningf("Fatal error loading the DB: %v. Exiting.", err)
		s.closeListeners()
		_ = n.Close(context.Background())
		s.removeFiles()
		return err
	}
	s.serve(n)
	s.logger.noticef("Ready to accept connections tcp")
	return nil
}

// serve starts the server's goroutines.
func (s *Server) serve(n *netio.Server) {
	s.net = n
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.startReplication()
	s.wg.Go(func() { s.runCron(ctx) })
	for _, l := range s.sockets() {
		_ = n.Serve(l.Listener) // fails after Close only
	}
	go s.awaitStop() // ends with the server
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
	s.down = true
	s.lock.lock()
	s.halted = true
	s.abortSaveLocked()
	s.lock.unlock()
	if s.net == nil {
		for _, l := range s.opts.Listeners {
			l.Close()
		}
	} else {
		s.cancel()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.stopReplication()
		if s.net != nil {
			_ = s.net.Close(context.Background())
		}
		s.wg.Wait()
		s.lock.lock()
		defer s.lock.unlock()
		s.targets.closeUnused(math.MaxInt64)
	}()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if s.net != nil {
		s.removeFiles()
	}
	s.logger.warningf("treedis is now ready to exit, bye bye...")
	close(s.stopped)
	return err
}

// removeFiles removes the files that say that the server runs.
func (s *Server) removeFiles() {
	if path := config.PidFile.Get(s.cfg); path != "" {
		_ = os.Remove(path)
	}
	if path := config.UnixSocket.Get(s.cfg); path != "" && len(s.opts.Listeners) == 0 {
		_ = os.Remove(path)
	}
}

// Signal shuts the server down as the configuration asks for on a signal: SIGINT or SIGTERM. It saves
// the data if there are save points. It reports whether the server is about to stop, which it is not if it can't
// save.
func (s *Server) Signal(sig os.Signal) bool {
	s.logger.warningf("Received %s scheduling shutdown...", sig)
	flags := config.ShutdownOnSigterm.Get(s.cfg)
	if sig == os.Interrupt {
		flags = config.ShutdownOnSigint.Get(s.cfg)
	}
	s.lock.lock()
	defer s.lock.unlock()
	if s.halted {
		return true
	}
	if err := s.prepareShutdownLocked(flags); err != nil {
		s.logger.warningf("Errors trying to shut down the server. Check the logs for more information.")
		return false
	}
	s.haltLocked(flags)
	return true
}

// prepareShutdownLocked saves what is to be saved before the end. It needs the exclusive lock. Without
// force, a snapshot that can't be written keeps the server alive.
func (s *Server) prepareShutdownLocked(flags config.ShutdownFlags) error {
	s.abortSaveLocked()
	save := len(config.Save.Get(s.cfg)) > 0 && flags&config.ShutdownNoSave == 0 || flags&config.ShutdownSave != 0
	if !save {
		return nil
	}
	s.logger.noticef("Saving the final RDB snapshot before exiting.")
	err := s.saveNowLocked()
	if err != nil && flags&config.ShutdownForce == 0 {
		s.logger.warningf("Error trying to save the DB, can't exit.")
		return err
	}
	return nil
}

// haltLocked makes the server shut down, and returns at once. From now on no client's command is executed: what was
// saved last is all there is. It needs the exclusive lock.
func (s *Server) haltLocked(flags config.ShutdownFlags) {
	s.halted = true
	s.stopOnce.Do(func() {
		if flags&config.ShutdownNow == 0 {
			s.grace = time.Duration(config.ShutdownTimeout.Get(s.cfg)) * time.Second
		}
		close(s.quit)
	})
}

// awaitStop shuts down once that is asked for, and the replicas have what clients were told is done.
func (s *Server) awaitStop() {
	select {
	case <-s.quit:
	case <-s.stopped:
		return
	}
	s.awaitReplicas(s.grace)
	if err := s.Shutdown(context.Background()); err != nil {
		s.logger.warningf("Shutting down: %v", err)
	}
}

// replicaCheck is how often a server that stops looks whether its replicas have caught up.
const replicaCheck = 10 * time.Millisecond

// awaitReplicas waits until every online replica has acknowledged all that was logged so far, at most for the given
// time, or until Shutdown.
func (s *Server) awaitReplicas(atMost time.Duration) {
	s.lock.lock()
	offset := s.log.EndOffset()
	if !s.role.isReplica() { // whose log is its master's alone
		s.master.RequestAcksLocked()
	}
	s.lock.unlock()
	tick, timeout := time.NewTicker(replicaCheck), time.NewTimer(atMost)
	defer tick.Stop()
	defer timeout.Stop()
	for lagging := s.lagging(offset); lagging > 0; lagging = s.lagging(offset) {
		select {
		case <-tick.C:
		case <-timeout.C:
			s.logger.warningf("%d replicas have not caught up with offset %d; shutting down all the same.", lagging, offset)
			return
		case <-s.stopped:
			return
		}
	}
}

// lagging returns how many online replicas have not acknowledged offset.
func (s *Server) lagging(offset int64) (n int) {
	for _, r := range s.master.Replicas() {
		if r.State == repl.Online && r.AckOffset < offset {
			n++
		}
	}
	return n
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
		}
		began := s.mono()
		s.clock.set(s.now())
		s.activeExpire()
		s.persistCron()
		if n%hz == 0 {
			s.master.Cron()
			s.closeStale()
		}
		s.countCron(s.mono() - began)
	}
}
