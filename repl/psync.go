package repl

import "fmt"

// tryPartialLocked attaches the replica to the stream if it shares the history up
// to where it asks to go on, and the log still holds that place. Otherwise it
// says why not, in one line, and reports false.
func (m *Master) tryPartialLocked(r *replica, req SyncRequest) bool {
	if why := m.refusePartial(r, req); why != "" {
		m.logf(Notice, "%s", why)
		return false
	}
	from := "backlog"
	if m.inMemory(req.Offset) {
		reader, ok := m.log.NewReader(req.Offset-1, r.evicted)
		if !ok { // this very range has been checked under the same lock
			return false
		}
		m.mu.Lock()
		r.state, r.reader = Online, reader
		m.mu.Unlock()
		m.setLimit(reader)
	} else {
		a, ok := m.archive.Open(req.Offset - 1)
		if !ok { // the files went between two looks
			return false
		}
		m.mu.Lock()
		r.state, r.archive = Online, a
		m.mu.Unlock()
		m.stats.spills.Add(1)
		from = "the log on disk"
	}
	r.hello = "+CONTINUE\r\n"
	if r.info.CapaPSYNC2 {
		r.hello = "+CONTINUE " + m.ids.Get().ID + "\r\n"
	}
	m.stats.partialOK.Add(1)
	m.logf(Notice, "Partial resynchronization request from %s accepted. Sending %d bytes of %s starting from offset %d.",
		r.info.Name(), m.log.EndOffset()-req.Offset+1, from, req.Offset)
	m.attach(r)
	m.refresh()
	m.askForConfirmation()
	return true
}

// refusePartial returns the reason for a full synchronization, or "".
func (m *Master) refusePartial(r *replica, req SyncRequest) string {
	ids := m.ids.Get()
	switch {
	case ids.Accepts(req.ReplID, req.Offset):
	case req.ReplID != "" && req.ReplID[0] == '?':
		return fmt.Sprintf("Full resync requested by replica %s", r.info.Name())
	case ids.isID2(req.ReplID):
		return fmt.Sprintf("Partial resynchronization not accepted: Requested offset for second ID was %d, but I can reply up to %d",
			req.Offset, ids.SecondOffset)
	default:
		return fmt.Sprintf("Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '%s', my replication IDs are '%s' and '%s')",
			req.ReplID, ids.ID, ids.ID2)
	}
	if m.inMemory(req.Offset) || m.onDisk(req.Offset) {
		return ""
	}
	why := fmt.Sprintf("Unable to partial resync with replica %s for lack of backlog (Replica request was: %d).", r.info.Name(), req.Offset)
	if end := m.log.EndOffset(); req.Offset > end+1 {
		why += fmt.Sprintf(" It asked for more than there is: my offset is %d.", end)
	}
	return why
}

// inMemory reports whether the backlog has what a peer wants that asks for the byte first.
func (m *Master) inMemory(first int64) bool { return m.log.BacklogActive() && m.log.Contains(first) }

// onDisk reports the same of the log on disk.
func (m *Master) onDisk(first int64) bool {
	if m.archive == nil || !m.log.BacklogActive() || first > m.log.EndOffset()+1 {
		return false
	}
	a, ok := m.archive.Open(first - 1)
	if ok {
		a.Close()
	}
	return ok
}

// attach registers a replica, or ends its connection if Master is closed.
func (m *Master) attach(r *replica) {
	if m.register(r) {
		return
	}
	m.mu.Lock()
	r.becomeClosingLocked(ErrClosed)
	m.mu.Unlock()
	r.conn.Close()
}
