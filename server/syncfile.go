package server

import (
	"os"

	"treedis/repl"
	"treedis/server/config"
)

// SaveLocked writes a snapshot that replicas get through the file (repl-diskless-sync no). To everyone else it is a background
// save like others.
func (r replSource) SaveLocked(done func(*os.File, error)) (func(), error) {
	s := r.s
	if s.backgroundBusy() {
		return nil, repl.ErrSaveBusy
	}
	job := &saveJob{forReplicas: true}
	err := s.startJobLocked(job, func(err error) {
		if err != nil && job.file != nil { // the folder's entry may not be on disk, but this file is whole
			err = nil
		}
		done(job.file, err)
	})
	return func() { s.saveUnneeded(job) }, err
}

// saveUnneeded ends a save that no replica waits for any more, unless save points want it all the same.
func (s *Server) saveUnneeded(job *saveJob) {
	s.lock.lock()
	defer s.lock.unlock()
	if s.persist.saving == job && len(config.Save.Get(s.cfg)) == 0 {
		s.logger.noticef("No replica waits for the snapshot any more: it is given up.")
		s.abortSaveLocked()
	}
}

// removeSyncFile removes the file that replicas were sent, once none needs it, from a server that keeps nothing on disk
// (rdb-del-sync-files).
func (s *Server) removeSyncFile() {
	p := &s.persist
	if !p.syncFile {
		return
	}
	if !config.RDBDelSyncFiles.Get(s.cfg) {
		p.syncFile = false
		return
	}
	active, waiting := s.master.FullSyncs()
	if active+waiting > 0 || len(config.Save.Get(s.cfg)) > 0 || config.AppendOnly.Get(s.cfg) {
		return
	}
	p.syncFile = false
	s.logger.noticef("Removing the RDB file used to feed replicas in a persistence-less instance")
	if err := os.Remove(s.rdbPath()); err != nil {
		s.logger.warningf("Removing the RDB file used to feed replicas: %v", err)
	}
}
