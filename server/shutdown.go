package server

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"treedis/repl"
	"treedis/server/config"
)

// stopPhase is where the server is on its way to its end.
//
//	running --SIGTERM, SIGINT--> asked
//	   |                           | cron
//	   +--SHUTDOWN--> waiting <----+       for replicas to catch up
//	                     |
//	                  saving               the last snapshot
//	                     |
//	                  halted               no command is executed any more; Shutdown follows
//
// What is asked for, waiting and saving go back to running by SHUTDOWN ABORT, or if the snapshot can't be written. Nothing is
// waited for or saved if there is nothing to wait for or save. Clients can read all that time, but not write.
type stopPhase uint8

const (
	running stopPhase = iota
	waiting
	saving
	halted
)

// String returns the phase's name.
func (p stopPhase) String() string {
	return [...]string{"running", "waiting", "saving", "halted"}[p]
}

// stopState is the server's way to its end. Guarded by the keyspace lock.
type stopState struct {
	phase    stopPhase
	flags    config.ShutdownFlags
	attempt  int           // counts those that were begun, so that what belongs to an earlier one ends
	offset   int64         // that replicas are waited for to acknowledge
	deadline time.Duration // of the wait, by the monotonic clock
	clients  []*blockedCall
}

// stopSignal is what a signal asked for. Safe for concurrent use.
type stopSignal struct {
	asked       atomic.Bool   // for the end, which has not been given up since
	interrupted atomic.Bool   // valid if asked: the signal was SIGINT
	wake        chan struct{} // makes cron look at once
}

// ErrInsisted is Signal's answer to SIGINT when the server is stopping already.
var ErrInsisted = errors.New("server: interrupted once more")

// replicaCheck is how often a server that stops looks whether its replicas have caught up.
const replicaCheck = 10 * time.Millisecond

// Signal shuts the server down as the configuration asks for on a signal, SIGINT or SIGTERM: it saves the data if there are save
// points. It returns at once; SHUTDOWN ABORT and a snapshot that can't be written keep the server alive. ErrInsisted
// says that the process should end now, whatever is left to do.
func (s *Server) Signal(sig os.Signal) error {
	if s.signal.asked.Swap(true) && sig == os.Interrupt {
		s.logger.warningf("You insist... exiting now.")
		s.temps.remove()
		return ErrInsisted
	}
	s.signal.interrupted.Store(sig == os.Interrupt)
	name := "SIGTERM"
	if sig == syscall.SIGINT {
		name = "SIGINT"
	}
	if s.loading.active() {
		s.logger.warningf("Received shutdown signal during loading, scheduling shutdown.")
	} else {
		s.logger.warningf("Received %s scheduling shutdown...", name)
	}
	select {
	case s.signal.wake <- struct{}{}:
	default: // cron is about to look anyway
	}
	return nil
}

// obeySignal begins to shut down if a signal has asked for it.
func (s *Server) obeySignal() {
	if !s.signal.asked.Load() {
		return
	}
	s.lock.lock()
	defer s.lock.unlock()
	flags := config.ShutdownOnSigterm.Get(s.cfg)
	if s.signal.interrupted.Load() {
		flags = config.ShutdownOnSigint.Get(s.cfg)
	}
	if s.signal.asked.Load() && s.stop.phase == running {
		s.beginStopLocked(flags)
	}
}

// beginStopLocked begins to shut the server down, unless that is under way. It needs the exclusive lock, as does all that follows.
func (s *Server) beginStopLocked(flags config.ShutdownFlags) {
	st := &s.stop
	if st.phase != running {
		return
	}
	if s.loading.active() { // half of the data must not replace the whole
		flags = flags&^config.ShutdownSave | config.ShutdownNoSave
	}
	s.logger.noticef("User requested shutdown...")
	s.tellSystemd("STOPPING=1")
	st.attempt++
	st.flags, st.offset = flags, s.log.EndOffset()
	timeout := time.Duration(config.ShutdownTimeout.Get(s.cfg)) * time.Second
	if flags&config.ShutdownNow != 0 || timeout == 0 || s.lagging() == 0 {
		s.finishStopLocked()
		return
	}
	st.phase, st.deadline = waiting, s.mono()+timeout
	if !s.role.isReplica() { // whose log is its master's alone
		s.master.RequestAcksLocked()
	}
	s.setPauseLocked(pauseShutdown, pauseWrites)
	s.logger.noticef("Waiting for replicas before shutting down.")
	attempt := st.attempt
	s.wg.Go(func() { s.awaitReplicas(attempt) })
}

// awaitReplicas goes on with shutting down once every replica has acknowledged all that clients were told is done, or the time
// for that is over.
func (s *Server) awaitReplicas(attempt int) {
	tick := time.NewTicker(replicaCheck)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.life.Done():
			return
		}
		s.lock.borrow()
		over := s.stop.attempt != attempt || s.stop.phase != waiting
		if !over && (s.lagging() == 0 || s.mono() >= s.stop.deadline) {
			s.finishStopLocked()
			over = true
		}
		s.lock.unlock()
		if over {
			return
		}
	}
}

// lagging returns how many replicas have not acknowledged what they are waited for to acknowledge.
func (s *Server) lagging() (n int) {
	for _, r := range s.master.Replicas() {
		if r.AckOffset < s.stop.offset {
			n++
		}
	}
	return n
}

// reportReplicas logs which replicas the server leaves behind.
func (s *Server) reportReplicas() {
	replicas := s.master.Replicas()
	behind := 0
	for _, r := range replicas {
		if r.AckOffset >= s.stop.offset {
			continue
		}
		behind++
		lag := time.Duration(0)
		if r.State == repl.Online {
			lag = r.Lag
		}
		s.logger.noticef("Lagging replica %s reported offset %d behind master, lag=%d, state=%s.",
			r.Name(), s.stop.offset-r.AckOffset, int64(lag.Seconds()), r.State)
	}
	if len(replicas) > 0 {
		s.logger.noticef("%d of %d replicas are in sync when shutting down.", len(replicas)-behind, len(replicas))
	}
}

// finishStopLocked saves what is to be saved, and then lets the server end.
func (s *Server) finishStopLocked() {
	st := &s.stop
	s.reportReplicas()
	if s.persist.saving != nil {
		s.logger.warningf("A snapshot is being written: it is given up.")
		s.abortSaveLocked()
	}
	if s.prepareAOFStopLocked() != nil {
		s.failStopLocked()
		return
	}
	nosave := st.flags&config.ShutdownNoSave != 0
	if st.flags&config.ShutdownSave == 0 && (nosave || len(config.Save.Get(s.cfg)) == 0) {
		s.haltLocked()
		return
	}
	s.logger.noticef("Saving the final RDB snapshot before exiting.")
	s.tellSystemd("STATUS=Saving the final RDB snapshot")
	st.phase = saving
	s.setPauseLocked(pauseShutdown, pauseWrites)
	attempt := st.attempt
	s.goSaveLocked(&saveJob{forCaller: true}, func(err error) { s.finalSavedLocked(attempt, err) })
}

// finalSavedLocked goes on after the last snapshot. Without force, one that can't be written keeps the server alive.
func (s *Server) finalSavedLocked(attempt int, err error) {
	switch st := &s.stop; {
	case st.attempt != attempt || st.phase != saving: // given up meanwhile
	case err == nil:
		s.haltLocked()
	case st.flags&config.ShutdownForce != 0:
		s.logger.warningf("Error trying to save the DB. Exit anyway.")
		s.haltLocked()
	default:
		s.logger.warningf("Error trying to save the DB, can't exit.")
		s.failStopLocked()
	}
}

// failStopLocked keeps the server alive because of something that can't be done before its end.
func (s *Server) failStopLocked() {
	s.logger.warningf("Errors trying to shut down the server. Check the logs for more information.")
	s.tellSystemd("STATUS=Error trying to save the data, can't exit.\nREADY=1")
	s.cancelStopLocked()
}

// abortStopLocked is SHUTDOWN ABORT. It returns false if there is nothing to abort.
func (s *Server) abortStopLocked() bool {
	switch s.stop.phase {
	case waiting:
	case saving:
		s.abortSaveLocked()
	default:
		if s.stop.phase == halted || !s.signal.asked.Load() {
			return false
		}
	}
	s.cancelStopLocked()
	s.logger.noticef("Shutdown manually aborted.")
	return true
}

// cancelStopLocked goes back to running, and tells the clients that asked for the end.
func (s *Server) cancelStopLocked() {
	clients := s.stop.clients
	s.stop = stopState{attempt: s.stop.attempt}
	s.signal.asked.Store(false)
	for _, b := range clients {
		b.failed = true
		b.unblock(func(c *Client) {
			c.out.Error(errShutdown)
			s.countErrorText(c.loop, errShutdown)
		})
	}
	s.setPauseLocked(pauseShutdown, pauseNone)
}

// haltLocked makes the server shut down, and returns at once. From now on no client's command is executed: what was
// saved last is all there is.
func (s *Server) haltLocked() {
	s.stop.phase = halted
	s.halted = true
	s.stopOnce.Do(func() { close(s.quit) })
}

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
