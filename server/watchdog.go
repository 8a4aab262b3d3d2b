package server

import (
	"runtime"
	"sync/atomic"
	"time"

	"treedis/server/config"
)

// watchdog shows in the log what the server is at when nobody can be served for longer than watchdog-period.
type watchdog struct{ running atomic.Bool }

// applyWatchdog starts the watchdog if there is to be one, and the server has started. It ends by itself.
func (s *Server) applyWatchdog() error {
	if s.net != nil && s.life.Err() == nil && config.WatchdogPeriod.Get(s.cfg) > 0 && s.watchdog.running.CompareAndSwap(false, true) {
		s.wg.Go(s.runWatchdog)
	}
	return nil
}

// watchdogPeriod is at least the time of two turns of cron, as in Redis; 0 for no watchdog.
func (s *Server) watchdogPeriod() time.Duration {
	period := config.WatchdogPeriod.Duration(s.cfg)
	if period <= 0 {
		return 0
	}
	return max(period, 2*time.Second/time.Duration(max(config.HZ.Get(s.cfg), 1)))
}

// runWatchdog asks for the lock once a period, and tells if it does not get it within one.
func (s *Server) runWatchdog() {
	for {
		period := s.watchdogPeriod()
		if period == 0 || s.life.Err() != nil {
			break
		}
		got := make(chan struct{})
		s.wg.Go(func() {
			s.lock.borrow()
			s.lock.unlock()
			close(got)
		})
		select {
		case <-got:
			select {
			case <-time.After(period):
			case <-s.life.Done():
			}
		case <-time.After(period):
			stacks := make([]byte, crashStacks)
			stacks = stacks[:runtime.Stack(stacks, true)]
			s.logger.warningf("--- WATCHDOG TIMER EXPIRED ---")
			s.logger.warningf("Nobody could be served for %v, as what these goroutines do kept the data locked:\n%s", period, stacks)
			<-got
			s.logger.warningf("--- the server is at work again ---")
		}
	}
	s.watchdog.running.Store(false)
	_ = s.applyWatchdog() // it may have been asked for just now
}
