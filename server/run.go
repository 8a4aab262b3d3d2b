package server

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"treedis/server/config"
	"treedis/server/netio"
)

// Start loads the data, opens the listeners and serves. It returns once connections are accepted.
func (s *Server) Start() error {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.net != nil {
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
		s.closeListeners()
		_ = n.Close(context.Background())
		return err
	}
	s.net = n
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.startReplication()
	s.wg.Go(func() { s.runCron(ctx) })
	for _, l := range s.listeners {
		if err := n.Serve(l); err != nil {
			return err
		}
	}
	go s.awaitStop() // ends with the server
	s.logger.noticef("Ready to accept connections tcp")
	return nil
}

// Shutdown stops serving and waits until every goroutine of the server has ended, at most until ctx is
// done. It saves nothing by itself. It may be called more than once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.net == nil || s.down {
		return nil
	}
	s.down = true
	s.cancel()
	s.lock.lock()
	s.abortSaveLocked()
	s.lock.unlock()
	s.stopReplication()
	err := s.net.Close(ctx)
	s.wg.Wait()
	if path := config.PidFile.Get(s.cfg); path != "" {
		_ = os.Remove(path)
	}
	if path := config.UnixSocket.Get(s.cfg); path != "" && len(s.opts.Listeners) == 0 {
		_ = os.Remove(path)
	}
	s.logger.warningf("treedis is now ready to exit, bye bye...")
	close(s.stopped)
	return err
}

// Signal shuts the server down as the configuration asks for on a signal: SIGINT or SIGTERM. It saves
// the data if there are save points.
func (s *Server) Signal(sig os.Signal) {
	s.logger.warningf("Received %s scheduling shutdown...", sig)
	flags := config.ShutdownOnSigterm.Get(s.cfg)
	if sig == os.Interrupt {
		flags = config.ShutdownOnSigint.Get(s.cfg)
	}
	s.lock.lock()
	err := s.prepareShutdownLocked(flags)
	s.lock.unlock()
	if err != nil {
		s.logger.warningf("Errors trying to shut down the server. Check the logs for more information.")
		return
	}
	s.requestStop()
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
	s.persist.saving = nil
	err := s.saveNowLocked()
	if err != nil && flags&config.ShutdownForce == 0 {
		s.logger.warningf("Error trying to save the DB, can't exit.")
		return err
	}
	return nil
}

// requestStop makes the server shut down, and returns at once.
func (s *Server) requestStop() { s.stopOnce.Do(func() { close(s.quit) }) }

// awaitStop shuts down once that is asked for.
func (s *Server) awaitStop() {
	select {
	case <-s.quit:
	case <-s.stopped:
		return
	}
	if err := s.Shutdown(context.Background()); err != nil {
		s.logger.warningf("Shutting down: %v", err)
	}
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
			s.closeIdle()
		}
		s.countCron(s.mono() - began)
	}
}

// closeIdle closes the connections that have been silent for longer than timeout.
func (s *Server) closeIdle() {
	limit := config.Timeout.Get(s.cfg) * 1000
	if limit == 0 {
		return
	}
	s.lock.lock()
	defer s.lock.unlock()
	now := s.now()
	for _, c := range s.clients {
		if c.blocked == nil && now-c.lastActive > limit {
			s.logger.verbosef("Closing idle client")
			c.kill()
		}
	}
}
