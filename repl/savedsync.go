package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// savedSnapshot is a snapshot that is written to the server's file for replicas (repl-diskless-sync no), and sent from there
// once it is whole. Who comes while it is written shares it.
type savedSnapshot struct {
	replid   string
	offset   int64
	unneeded func()        // of Source.SaveLocked
	ready    chan struct{} // closed when file, or err, is set

	// Set under Master's mu, and never changed once ready is closed.
	file *os.File
	err  error

	users int // guarded by Master's mu; replicas that it was handed to and that are not done
}

// saveChunk is how much of the file is sent with one write.
const saveChunk = 256 << 10

// beginSavedLocked gives the replicas the snapshot that is being written for others, or begins to write one. If neither is possible they
// go on waiting, and Cron tries again. Needs the keyspace lock.
func (m *Master) beginSavedLocked(members []*replica) {
	m.mu.Lock()
	saved := m.saving
	m.mu.Unlock()
	if saved != nil {
		m.shareSavedLocked(saved, members)
		return
	}
	saved = &savedSnapshot{replid: m.ids.Get().ID, offset: m.log.EndOffset(), ready: make(chan struct{})}
	var err error
	saved.unneeded, err = m.source.SaveLocked(func(f *os.File, err error) { m.savedLocked(saved, f, err) })
	if errors.Is(err, ErrSaveBusy) {
		m.tellOnce(members, "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC")
		return
	}
	m.logf(Notice, "Starting BGSAVE for SYNC with target: disk")
	if err != nil {
		m.logf(Warning, "BGSAVE for replication failed: %v", err)
	}
	// The stream that follows must not rely on a SELECT that came before.
	m.log.ForgetSelectedDB()
	m.mu.Lock()
	if err == nil {
		m.saving = saved
	}
	saved.users++ // so that it is not over while it is handed out
	m.mu.Unlock()
	for _, r := range members {
		job := fullSync{replid: saved.replid, offset: saved.offset, err: err}
		if err == nil {
			job.saved = saved
		}
		m.hand(r, job)
	}
	m.mu.Lock()
	saved.users--
	m.mu.Unlock()
}

// shareSavedLocked hands out a snapshot that was begun before. Needs the keyspace lock.
func (m *Master) shareSavedLocked(saved *savedSnapshot, members []*replica) {
	for i, r := range members {
		if !m.hand(r, fullSync{replid: saved.replid, offset: saved.offset, saved: saved}) {
			m.tellOnce(members[i:], "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC")
			return
		}
		m.logf(Notice, "Waiting for end of BGSAVE for SYNC")
	}
}

// tellOnce logs why the replicas wait on, unless it has been logged for all of them.
func (m *Master) tellOnce(waiting []*replica, text string) {
	m.mu.Lock()
	fresh := false
	for _, r := range waiting {
		fresh, r.toldToWait = fresh || !r.toldToWait, true
	}
	m.mu.Unlock()
	if fresh {
		m.logf(Notice, "%s", text)
	}
}

// savedLocked takes the file, which is whole, or the reason why there is none. Needs the keyspace lock.
func (m *Master) savedLocked(saved *savedSnapshot, f *os.File, err error) {
	m.mu.Lock()
	if m.saving == saved {
		m.saving = nil
	}
	saved.file, saved.err = f, err
	wanted := saved.users > 0
	close(saved.ready)
	m.mu.Unlock()
	if !wanted && f != nil {
		f.Close()
	}
}

// leaveSaved says that one replica is done with the snapshot, which may be nil.
func (m *Master) leaveSaved(saved *savedSnapshot) {
	if saved == nil {
		return
	}
	m.mu.Lock()
	saved.users--
	last, over := saved.users == 0, false
	if last {
		select {
		case <-saved.ready:
			over = true
		default:
			if m.saving == saved {
				m.saving = nil // it is not to be shared any more
			}
		}
	}
	m.mu.Unlock()
	switch {
	case over && saved.file != nil:
		saved.file.Close()
	case last && !over:
		saved.unneeded()
	}
}

// sendSaved waits for the snapshot's file, and sends it after its length.
func (r *replica) sendSaved(saved *savedSnapshot) error {
	if err := r.awaitSaved(saved); err != nil {
		return err
	}
	info, err := saved.file.Stat()
	if err != nil {
		return err
	}
	r.become(SendSnapshot)
	w := bufio.NewWriterSize(r, saveChunk)
	fmt.Fprintf(w, "$%d\r\n", info.Size())
	from := io.NewSectionReader(saved.file, 0, info.Size()) // each replica reads at its own pace
	if _, err := io.CopyN(w, struct{ io.Reader }{from}, info.Size()); err != nil {
		return err
	}
	return w.Flush()
}

// awaitSaved waits until the file is whole, and sends newlines meanwhile.
func (r *replica) awaitSaved(saved *savedSnapshot) error {
	for {
		select {
		case <-saved.ready:
			if saved.err != nil {
				return fmt.Errorf("%w: %w", ErrSnapshotFailed, saved.err)
			}
			return nil
		case <-r.keepalive:
			if _, err := r.Write([]byte{'\n'}); err != nil {
				return err
			}
		case <-r.ctx.Done():
			return context.Cause(r.ctx)
		}
	}
}
