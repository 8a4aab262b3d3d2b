package server

import (
	"fmt"
	"strconv"
	"time"

	"treedis/repl"
	"treedis/server/config"
)

// auxDataAge is what a snapshot for a replica says of data that did not come from a file or a master: for how many
// milliseconds it has existed. Redis passes over it.
const auxDataAge = "treedis-data-age-ms"

// addDataAge notes how old the data is, if it began empty with this process.
func (s *Server) addDataAge(snap *snapshot) {
	if !s.role.inherited {
		age := strconv.FormatInt(int64(s.mono()/time.Millisecond), 10)
		snap.aux = append(snap.aux, [2]string{auxDataAge, age})
	}
}

// refuseKnown refuses a master that was refused before, under the same id, without looking at its data again: it does not get the
// data back that it had by what clients have written since.
func (s *Server) refuseKnown(sync repl.SyncInfo) error {
	s.lock.lock()
	defer s.lock.unlock()
	if s.role.refused != "" && s.role.refused == sync.ReplID && config.ReplicaRefuseEmptyMaster.Get(s.cfg) {
		return fmt.Errorf("%w: master is the one that came back empty", repl.ErrUnwanted)
	}
	s.role.refused = ""
	return nil
}

// refuseEmpty refuses a master that came back without its data: that has another history and nothing in it, or nothing but
// what was written after this server was in sync with it.
func (s *Server) refuseEmpty(data dataset, age time.Duration, sync repl.SyncInfo) error {
	reborn := age >= 0 && sync.Known > age
	if sync.SameHistory || data.store.Len() > 0 && !reborn || !config.ReplicaRefuseEmptyMaster.Get(s.cfg) {
		return nil
	}
	s.lock.lock()
	defer s.lock.unlock()
	if s.store.Len() == 0 {
		return nil
	}
	s.role.refused = sync.ReplID
	s.logger.warningf("The master came back without the data it had: it has %d keys under the new replication id %s. "+
		"This replica keeps its %d keys and serves them, since replica-refuse-empty-master is set.",
		data.store.Len(), sync.ReplID, s.store.Len())
	return fmt.Errorf("%w: master came back empty", repl.ErrUnwanted)
}
