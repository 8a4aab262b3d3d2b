package repl

import (
	"sync"
	"sync/atomic"
)

const (
	// blockMemory is what a block takes: 16 KB is a size class of Go's
	// allocator, so nothing is lost to rounding.
	blockMemory = 16 << 10

	// blockSize is the payload of one block, what its two words of header leave.
	blockSize = blockMemory - 16

	// MinBacklogSize is the least number of bytes of history an active backlog
	// keeps, whatever SetBacklogSize was told.
	MinBacklogSize = 16 << 10

	// NoDB is what SelectedDB returns when the stream's next command has to be
	// preceded by a SELECT.
	NoDB = -1
)

// block is one link of the log. All blocks of a log but the last are full, so
// the block of an offset is found by division. base and buf's published part
// never change; bytes past the log's published end belong to the writer.
type block struct {
	next atomic.Pointer[block] // set before any byte of next is published
	base int64                 // offset before the block's first byte
	buf  [blockSize]byte
}

// limit is the offset after the block's last byte, once it is full.
func (b *block) limit() int64 { return b.base + blockSize }

// Log is the ordered list of everything that changed the data set, addressed
// by replication offset: offset N means that N bytes have been propagated since
// the history began, so the first byte a peer at offset N wants is N+1.
//
// There is one writer at a time: Append, AppendBatched, Reset, EnableBacklog,
// DropBacklog and the selected database need the server's keyspace lock (held
// exclusively), which also makes the log's order the order of execution.
// Readers need no lock: the published end is atomic, a published byte never
// changes, and blocks are linked before their bytes are published.
//
// A log is active while it has a backlog or a reader. An inactive log keeps its
// offset and nothing else; the server need not serialize effects for it.
//
// Memory: every byte is held once, however many readers there are. What is kept
// is at least the backlog's size, plus whatever the slowest reader has not
// consumed yet.
type Log struct {
	end    atomic.Int64 // published end; written by the writer only
	start  atomic.Int64 // offset before the first byte of history
	active atomic.Bool
	served atomic.Bool // what backlog says, for those without mu
	// readers is replaced, never changed in place, so that the writer can walk
	// it without mu. Replaced under mu.
	readers atomic.Pointer[[]*Reader]
	quiet   atomic.Pointer[quietRange] // the last; written by the writer only

	ends    Gate // of those who wait for the end to reach an offset
	awaited bool // guarded by the keyspace lock: somebody may wait at ends

	selectedDB int // guarded by the keyspace lock

	mu          sync.Mutex
	blocks      []*block // guarded by mu; contiguous, all full but the last
	tail        *block   // the writer's; nil while inactive
	backlog     bool     // guarded by mu
	backlogSize int64    // guarded by mu

	memory atomic.Int64 // of blocks
	excess atomic.Int64 // from how much memory on more than the backlog is held
}

// NewLog returns an inactive log at offset 0 whose backlog, once enabled, keeps
// at least backlogSize bytes.
func NewLog(backlogSize int64) *Log {
	l := &Log{selectedDB: NoDB}
	l.setBacklogSizeLocked(backlogSize)
	l.readers.Store(&[]*Reader{})
	return l
}

// Active reports whether appended bytes are kept for anyone. While it is false
// the server can skip serializing effects altogether.
func (l *Log) Active() bool { return l.active.Load() }

// EndOffset is the number of bytes propagated so far (master_repl_offset).
func (l *Log) EndOffset() int64 { return l.end.Load() }

// StartOffset is the offset before the first byte of history: a peer at any
// offset from StartOffset to EndOffset, both included, can be served.
// INFO's repl_backlog_first_byte_offset is StartOffset + 1.
func (l *Log) StartOffset() int64 { return l.start.Load() }

// HistLen is the number of bytes of history (repl_backlog_histlen).
func (l *Log) HistLen() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.backlog {
		return 0
	}
	return l.end.Load() - l.start.Load()
}

// Contains reports whether a peer that asks for the byte at the 1-based offset
// first (as PSYNC does) can be served from the history: the first byte kept and
// the one after the last are both valid, the latter being what a caught-up peer
// asks for.
func (l *Log) Contains(first int64) bool {
	return first > l.start.Load() && first <= l.end.Load()+1
}

// SelectedDB is the database that the stream's last SELECT chose, or NoDB when
// the next command needs one. Needs the keyspace lock.
func (l *Log) SelectedDB() int { return l.selectedDB }

// SetSelectedDB records that a SELECT of db was appended. Needs the keyspace lock.
func (l *Log) SetSelectedDB(db int) { l.selectedDB = db }

// ForgetSelectedDB makes the next command be preceded by a SELECT: a reader that
// joins here does not know the stream's past. Needs the keyspace lock.
func (l *Log) ForgetSelectedDB() { l.selectedDB = NoDB }

// Append adds p to the log, wakes the readers that wait, and returns the new end
// offset. p is copied. On an inactive log nothing happens: the offset stays.
// Needs the keyspace lock.
func (l *Log) Append(p []byte) int64 {
	end := l.AppendBatched(p)
	l.Wake()
	return end
}

// AppendBatched is Append without waking readers, for a batch of effects that
// is followed by one Wake: a replica then gets one packet for a pipeline instead
// of one per command. Readers may see the bytes at once all the same.
// Needs the keyspace lock.
func (l *Log) AppendBatched(p []byte) int64 {
	end := l.end.Load()
	if !l.active.Load() {
		return end
	}
	grown := 0
	for len(p) > 0 {
		if end == l.tail.limit() {
			l.grow(end)
			grown++
		}
		n := copy(l.tail.buf[end-l.tail.base:], p)
		p = p[n:]
		end += int64(n)
		l.end.Store(end)
	}
	if grown > 1 {
		l.trim() // what the last block's growth had to keep for the backlog
	}
	return end
}

// quietRange is a part of the log, (from, to], that changes no data.
type quietRange struct{ from, to int64 }

// AppendQuiet is Append for what changes no data: pings, messages, requests to acknowledge. Needs the keyspace lock.
func (l *Log) AppendQuiet(p []byte) int64 {
	from := l.end.Load()
	if !l.active.Load() {
		return from
	}
	q := quietRange{from, from + int64(len(p))}
	if last := l.quiet.Load(); last != nil && last.to == from {
		q.from = last.from
	}
	l.quiet.Store(&q) // before the bytes, so that no reader of the end takes them for data
	return l.Append(p)
}

// DataEnd is where the last change of data ended: EndOffset, or before it if only what AppendQuiet added came since. A peer
// that has everything up to there has all the data. Needs no lock.
func (l *Log) DataEnd() int64 {
	end := l.end.Load()
	if q := l.quiet.Load(); q != nil && q.from <= end && end <= q.to {
		return q.from
	}
	return end
}

// Wake wakes the readers that wait and have something to read, and those who wait for the log's end; but not those that are
// written to by Master.Push, or woken by WakePushed. Needs the keyspace lock.
func (l *Log) Wake() {
	for _, r := range *l.readers.Load() {
		if r.pusher.Load() == nil {
			r.wake()
		}
	}
	if l.awaited {
		l.ends.Set(l.end.Load())
		l.awaited = l.ends.Len() > 0
	}
}

// WaitEnd calls open once the log has reached offset, in whatever history. It returns nil, and open is never called, if it
// has already. See Gate for where open runs. Needs the keyspace lock.
func (l *Log) WaitEnd(offset int64, open func()) *Waiter {
	l.ends.Set(l.end.Load())
	w := l.ends.Wait(offset, open)
	l.awaited = l.awaited || w != nil
	return w
}

// grow links a new tail at offset end, evicts readers that are too far behind
// and trims. It runs once per block, so its cost per byte is nothing.
func (l *Log) grow(end int64) {
	l.mu.Lock()
	next := &block{base: end}
	l.blocks = append(l.blocks, next)
	l.memory.Add(blockMemory)
	l.tail.next.Store(next)
	l.tail = next
	evicted := l.overLimitLocked(end)
	l.trimLocked(end)
	l.mu.Unlock()
	for _, r := range evicted {
		r.evict(ErrReaderTooSlow)
	}
	l.Wake()
	l.wakePushed(pushLimit)
}

// overLimitLocked returns the readers whose backlog of unread bytes has reached
// their limit. They stay pinned until evicted, which the caller does unlocked.
func (l *Log) overLimitLocked(end int64) []*Reader {
	var over []*Reader
	for _, r := range *l.readers.Load() {
		if limit := r.limit.Load(); limit > 0 && end-r.pos.Load() >= limit {
			over = append(over, r)
		}
	}
	return over
}

// trimLocked drops the blocks that neither the backlog nor a reader needs.
func (l *Log) trimLocked(end int64) {
	if len(l.blocks) == 0 {
		return
	}
	keep := int64(0)
	if l.backlog {
		keep = l.backlogSize
	}
	pinned := l.pinnedLocked(end)
	n := 0
	for n < len(l.blocks)-1 {
		limit := l.blocks[n].limit()
		if limit > pinned || end-limit < keep {
			break
		}
		n++
	}
	if n == 0 {
		return
	}
	l.memory.Add(-int64(n) * blockMemory)
	clear(l.blocks[:n]) // the slice's array outlives the reslicing
	l.blocks = l.blocks[n:]
	if base := l.blocks[0].base; base > l.start.Load() {
		l.start.Store(base)
	}
}

// pinnedLocked is the offset of the slowest reader, or end without readers.
func (l *Log) pinnedLocked(end int64) int64 {
	for _, r := range *l.readers.Load() {
		end = min(end, r.pos.Load())
	}
	return end
}

// trim is trimLocked for a reader that has moved on to another block.
func (l *Log) trim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trimLocked(l.end.Load())
}

// EnableBacklog makes the log keep history from here on, and reports whether it
// did not before. Needs the keyspace lock.
func (l *Log) EnableBacklog() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.backlog {
		return false
	}
	l.activateLocked()
	l.backlog = true
	l.served.Store(true)
	// Bytes that only a reader pinned are not history: nobody was told their id.
	l.start.Store(l.end.Load())
	return true
}

// DropBacklog forgets the history. Bytes that readers pin are kept for them.
// Needs the keyspace lock.
func (l *Log) DropBacklog() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backlog = false
	l.served.Store(false)
	l.start.Store(l.end.Load())
	l.releaseLocked()
}

// BacklogActive reports whether history is kept (repl_backlog_active).
func (l *Log) BacklogActive() bool { return l.served.Load() }

// SetBacklogSize changes how many bytes of history are kept at least; values
// below MinBacklogSize are raised to it.
func (l *Log) SetBacklogSize(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setBacklogSizeLocked(n)
	l.trimLocked(l.end.Load())
}

// BacklogSize is the size in force (repl_backlog_size).
func (l *Log) BacklogSize() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.backlogSize
}

// Reset empties the log and continues it at offset, which belongs to another
// history. Every reader is closed with ErrLogReset. A backlog stays enabled.
// Needs the keyspace lock.
func (l *Log) Reset(offset int64) {
	for _, r := range *l.readers.Load() {
		r.evict(ErrLogReset)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active.Store(false)
	l.start.Store(offset)
	l.end.Store(offset)
	l.quiet.Store(nil)
	l.blocks, l.tail = nil, nil
	l.memory.Store(0)
	l.selectedDB = NoDB
	if l.backlog {
		l.activateLocked()
	}
	l.Wake()
}

// activateLocked gives an inactive log a first block. It replaces the writer's
// tail, so it needs the keyspace lock beside mu.
func (l *Log) activateLocked() {
	if l.active.Load() {
		return
	}
	end := l.end.Load()
	l.tail = &block{base: end}
	l.blocks = []*block{l.tail}
	l.memory.Store(blockMemory)
	l.start.Store(end)
	l.selectedDB = NoDB // what was selected before was never written down
	l.active.Store(true)
}

// releaseLocked trims, and makes a log that nobody needs inactive. A reader that
// leaves runs it without the keyspace lock, while the writer may be appending:
// the tail is the writer's and stays, unused, until the next activation.
func (l *Log) releaseLocked() {
	l.trimLocked(l.end.Load())
	if l.backlog || len(*l.readers.Load()) > 0 {
		return
	}
	l.active.Store(false)
	l.blocks = nil
	l.memory.Store(0)
}

// Memory is the number of bytes of the blocks held, counted once
// (mem_total_replication_buffers).
func (l *Log) Memory() int64 { return l.memory.Load() }

// Excess is how much of Memory there would not be but for readers that have not consumed it yet.
func (l *Log) Excess() int64 { return max(0, l.memory.Load()-l.excess.Load()) }

// setBacklogSizeLocked also says how much memory the backlog takes: its first and its last block may be partly its own.
func (l *Log) setBacklogSizeLocked(n int64) {
	l.backlogSize = max(n, MinBacklogSize)
	l.excess.Store((l.backlogSize/blockSize + 2) * blockMemory)
}

// PinnedBytes is the number of bytes held beyond the backlog's size because a
// reader has not consumed them yet.
func (l *Log) PinnedBytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	end, keep := l.end.Load(), int64(0)
	if l.backlog {
		keep = min(l.backlogSize, end-l.start.Load())
	}
	return max(0, end-l.pinnedLocked(end)-keep)
}
