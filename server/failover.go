package server

import (
	"strings"

	"treedis/repl"
)

// failoverPhase is where handing the master's role over to a replica stands.
//
//	none --FAILOVER--> waiting --caught up, or forced--> asking --PSYNC accepted--> none, as a replica
//	                      | timeout, ABORT                  | refused, ABORT
//	                      +--> none                         +--> none, a master again
//
// Until it is over, clients' writes are held back and nothing that was not written by then enters the log.
type failoverPhase uint8

const (
	noFailover      failoverPhase = iota
	failoverWaiting               // for a replica to have all of the log
	failoverAsking                // the replica to become the master, by PSYNC ... FAILOVER
)

// String is the phase's name in INFO.
func (p failoverPhase) String() string {
	return [...]string{"no-failover", "waiting-for-sync", "failover-in-progress"}[p]
}

// failover is the handing over that is under way. Guarded by the keyspace lock.
type failover struct {
	phase    failoverPhase
	target   repl.Address // Host is "" while any replica will do
	force    bool         // at the deadline fail over to a replica that has not caught up
	deadline int64        // unix ms, 0 for none
}

// beginFailoverLocked begins to hand the role over.
func (s *Server) beginFailoverLocked(f failover) {
	f.phase = failoverWaiting
	s.failover = f
	s.setPauseLocked(pauseFailover, pauseWrites)
	if f.target.Host == "" {
		s.logger.noticef("FAILOVER requested to any replica.")
	} else {
		s.logger.noticef("FAILOVER requested to %s:%d.", f.target.Host, f.target.Port)
	}
}

// failoverCron goes on with a failover once a replica has caught up, or time is up.
func (s *Server) failoverCron() {
	if !s.pauses.any.Load() {
		return
	}
	s.lock.lock()
	defer s.lock.unlock()
	f := &s.failover
	switch {
	case f.phase != failoverWaiting:
	case f.deadline != 0 && f.deadline <= s.now() && f.force:
		s.logger.noticef("FAILOVER to %s:%d time out exceeded, failing over.", f.target.Host, f.target.Port)
		s.askTakeoverLocked()
	case f.deadline != 0 && f.deadline <= s.now():
		s.abortFailoverLocked("Replica never caught up before timeout")
	case s.findSyncedLocked():
		s.logger.noticef("Failover target %s:%d is synced, failing over.", f.target.Host, f.target.Port)
		s.askTakeoverLocked()
	}
}

// findSyncedLocked reports whether the failover's target has acknowledged all of the log. Any replica that has becomes the
// target if there is none.
func (s *Server) findSyncedLocked() bool {
	f, end := &s.failover, s.log.EndOffset()
	for _, r := range s.master.Replicas() {
		if r.State != repl.Online || r.AckOffset != end {
			continue
		}
		if f.target.Host == "" {
			f.target = repl.Address{Host: r.IP(), Port: r.Port}
		}
		if isAt(r, f.target) {
			return true
		}
	}
	return false
}

// isAt reports whether a replica is shown at the address.
func isAt(r repl.ReplicaStatus, a repl.Address) bool {
	return r.Port == a.Port && strings.EqualFold(r.IP(), a.Host)
}

// askTakeoverLocked makes this server a replica of the target, which is asked to become the master.
func (s *Server) askTakeoverLocked() {
	s.failover.phase = failoverAsking
	s.followLocked(s.failover.target, true)
}

// takeoverAnswered is told what the target answered. It needs the exclusive lock.
func (s *Server) takeoverAnswered(accepted bool) {
	switch {
	case s.failover.phase != failoverAsking:
	case accepted:
		s.clearFailoverLocked()
	default:
		s.abortFailoverLocked("Failover target rejected psync request")
	}
}

// abortFailoverLocked gives a failover up: this server is the master, or becomes it again.
func (s *Server) abortFailoverLocked(why string) {
	f := &s.failover
	if f.target.Host == "" {
		s.logger.noticef("FAILOVER to any replica aborted: %s", why)
	} else {
		s.logger.noticef("FAILOVER to %s:%d aborted: %s", f.target.Host, f.target.Port, why)
	}
	if f.phase == failoverAsking {
		s.promoteLocked()
	}
	s.clearFailoverLocked()
}

func (s *Server) clearFailoverLocked() {
	s.failover = failover{}
	s.setPauseLocked(pauseFailover, pauseNone)
	if !s.role.isReplica() {
		s.master.RequestAcksLocked() // what WAIT has asked for meanwhile was put off
	}
}

// streamHeld reports whether nothing may be appended to the log that no client asked for: a replica that has caught up is
// to stay so, or this server only passes its master's stream on. It needs the exclusive lock.
func (s *Server) streamHeld() bool {
	return s.role.isReplica() || s.failover.phase != noFailover
}

// takeOverLocked makes this replica the master, as its own asked for with PSYNC ... FAILOVER. The text is an error, if
// there is one.
func (s *Server) takeOverLocked(c *Client, replID string) string {
	s.logger.noticef("Failover request received for replid %s.", clip([]byte(replID), 64))
	switch {
	case s.failover.phase != noFailover:
		return errFailingOver
	case !s.role.isReplica():
		return "ERR PSYNC FAILOVER can't be sent to a master."
	case !strings.EqualFold(replID, s.ids.Get().ID):
		return "ERR PSYNC FAILOVER replid must match my replid."
	}
	s.promoteLocked()
	s.logger.noticef("MASTER MODE enabled (failover request from '%s')", c)
	return ""
}
