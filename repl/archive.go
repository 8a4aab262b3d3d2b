package repl

import (
	"errors"
	"fmt"
)

// Archive is the log on disk: it serves replicas that lack more of it than memory
// holds. Its methods are safe for concurrent use, and wait for no disk.
type Archive interface {
	// Open returns a reader of the bytes after offset, or false if they are not all
	// there. The reader's files stay until it is closed.
	Open(offset int64) (ArchiveReader, bool)
}

// ArchiveReader reads the log from disk. One goroutine reads; Pos and Close are for
// anyone.
type ArchiveReader interface {
	// Read reads what follows the position. 0 bytes without an error say that the
	// end of what has been written is reached.
	Read(p []byte) (int, error)
	// SkipTo moves the position forward.
	SkipTo(offset int64)
	// Pos is the offset up to which the log has been read.
	Pos() int64
	Close()
}

// archiveChunk is how much is read from disk for one write to a replica.
const archiveChunk = 256 << 10

// spill lets a replica that memory is not to hold the log for any longer go on from
// disk, and reports whether it can.
func (r *replica) spill() bool {
	m := r.m
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case r.archive != nil:
		return true
	case m.archive == nil || r.state == Closing || r.reader == nil:
		return false
	}
	a, ok := m.archive.Open(r.reader.Pos())
	if !ok {
		return false
	}
	r.archive = a
	m.stats.spills.Add(1)
	m.logf(Notice, "Replica %s is %d bytes behind: it goes on from the append-only file", r.info.Name(), m.log.EndOffset()-a.Pos())
	return true
}

// archived returns the reader that the replica is fed from if that is not the log's.
func (r *replica) archived() ArchiveReader {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	return r.archive
}

// streamArchive sends the log from disk until memory has what follows.
func (r *replica) streamArchive(a ArchiveReader) error {
	defer a.Close()
	p := make([]byte, archiveChunk)
	for {
		n, err := a.Read(p)
		if err != nil {
			return err
		}
		if n > 0 {
			if _, err := r.Write(p[:n]); err != nil {
				return err
			}
		}
		if done, err := r.rejoin(a.Pos(), n == 0); done || err != nil {
			return err
		}
	}
}

// errArchiveBehind: what follows is neither on disk yet nor in memory any more.
var errArchiveBehind = errors.New("repl: log on disk ends before the log in memory begins")

// rejoin goes on from memory at offset pos if memory holds what follows, and that is not
// so much that it would soon be too much again; must says that the disk has no more.
func (r *replica) rejoin(pos int64, must bool) (bool, error) {
	m := r.m
	if !must && (!m.log.Contains(pos+1) || m.log.EndOffset()-pos > m.log.BacklogSize()) {
		return false, nil
	}
	m.source.Lock()
	defer m.source.Unlock()
	reader, ok := m.log.NewReader(pos, r.evicted)
	if !ok {
		if must {
			return false, fmt.Errorf("%w: offset %d", errArchiveBehind, pos)
		}
		return false, nil
	}
	m.setLimit(reader)
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.state == Closing {
		reader.Close()
		return true, nil // its context has ended
	}
	r.reader, r.archive = reader, nil
	m.logf(Notice, "Replica %s has caught up with what memory holds of the log", r.info.Name())
	return true, nil
}
