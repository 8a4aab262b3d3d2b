package server

import (
	"errors"
	"fmt"
	"time"

	"treedis/repl/aof"
	"treedis/server/config"
)

// A server that is started with Options.RestoreTo begins with the data as it was at an instant that its append-only files tell of.
//
// What was written later is not in the data, so nothing can be appended behind it, and cutting it off would destroy it. Therefore a new
// base is written, as by a rewrite, and the files that there were are kept as they are in a directory of their own, from
// which a server can be started, to restore another point or to undo it all. Until the manifest names the new base, which it does by
// one rename, whatever happens leaves the old files in force.
//
// The data is another than the one known by the replication id, and so is what follows: the server begins a new history, and replicas
// copy it whole. Its offset is one beyond the point's, so that a server which is started once more with the
// same words refuses them, where it would otherwise drop what has been written since.

// Errors of a restoration that can't begin.
var (
	errNothingToRestore = errors.New("there is no append-only file to restore anything from")
	errRestoreNoAOF     = errors.New("a point in time can be restored from the append-only file only, but appendonly is no")
	errRestoreReplica   = errors.New("a replica's data is its master's: restore the master, or start without replicaof")
	errRestoreFuture    = errors.New("the point to be restored has to lie in the past")
)

// canRestore reports why a point can't be restored, if one is to be.
func (s *Server) canRestore() error {
	to := s.opts.RestoreTo
	switch {
	case to.IsZero():
		return nil
	case !config.AppendOnly.Get(s.cfg):
		return errRestoreNoAOF
	case config.ReplicaOf.Get(s.cfg).Host != "":
		return errRestoreReplica
	case !to.ByOffset && to.Time >= s.now()/1000:
		return errRestoreFuture
	}
	return nil
}

// restored preserves the files that a point has been restored from, and begins a new history. openAOF writes its base.
func (s *Server) restored(d *aof.Dir, m *aof.Manifest, found aof.Loaded) error {
	name := d.Path + "-before-" + time.UnixMilli(s.now()).UTC().Format("20060102T150405Z")
	if err := d.Preserve(m, name); err != nil {
		return err
	}
	s.lock.lock()
	defer s.lock.unlock()
	s.log.Reset(found.Position.Offset + 1)
	s.log.EnableBacklog()
	s.aof.anew = true
	at := ""
	if found.Position.Known() {
		at = fmt.Sprintf(", offset %d", found.Position.Offset)
	}
	s.logger.noticef("Restored the data as of %s%s: %d keys. The files that it comes from are kept in %s.",
		s.opts.RestoreTo, at, s.store.Len(), name)
	return nil
}
