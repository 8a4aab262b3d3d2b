package repl

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// maxChunks bounds what one Next returns: 64 blocks are 1 MB, enough to fill any
// socket buffer and well below the 1,024 vectors that writev accepts.
const maxChunks = 64

// Reader is a position in the log. It pins every byte from there on: nothing
// that a reader has yet to consume is dropped.
//
// Next and Pos are for the one goroutine that owns the reader; Close, SetLimit
// and Lag are for anyone. While that goroutine waits in Next nobody owns the reader, until
// somebody claims it: to wake the goroutine, or to write for it (Master.Push).
type Reader struct {
	log    *Log
	pos    atomic.Int64 // consumed up to here; written by the owner
	limit  atomic.Int64 // most unread bytes allowed, 0 for any number
	poke   chan struct{}
	asleep atomic.Bool // nobody owns the reader
	missed atomic.Bool // somebody has tried to claim it since it was owned
	pusher atomic.Pointer[pusher]

	// The owner's.
	cur     *block
	ahead   int64 // bytes that the last Next returned
	crossed bool  // they reach into another block
	chunks  [][]byte
	onEvict func(error)

	closing sync.Once
	closed  chan struct{}
	cause   error // set before closed is closed
}

// NewReader returns a reader of the bytes after offset, or false when the
// history does not hold them: valid is StartOffset <= offset <= EndOffset. On a
// log without readers and backlog, offset must be the end, and activates it.
// If the log itself closes the reader, onEvict (which may be nil) is told the
// reason, once; it must not block. Needs the keyspace lock.
func (l *Log) NewReader(offset int64, onEvict func(error)) (*Reader, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.activateLocked()
	if offset < l.start.Load() || offset > l.end.Load() {
		l.releaseLocked()
		return nil, false
	}
	r := &Reader{
		log:     l,
		poke:    make(chan struct{}, 1),
		cur:     l.blockAtLocked(offset),
		chunks:  make([][]byte, 0, maxChunks),
		onEvict: onEvict,
		closed:  make(chan struct{}),
	}
	r.pos.Store(offset)
	readers := append(slices.Clone(*l.readers.Load()), r)
	l.readers.Store(&readers)
	return r, true
}

// blockAtLocked finds the block that holds the byte after offset. An offset at a
// full tail's limit has no such block yet; the reader starts at the tail's end.
func (l *Log) blockAtLocked(offset int64) *block {
	i := (offset - l.blocks[0].base) / blockSize
	return l.blocks[min(int(i), len(l.blocks)-1)]
}

// Next waits until there is something to read and returns it, in order, in
// pieces of at most one block and 1 MB in all. The bytes are the log's: they must
// not be written to, and the slice of slices is valid until the next call. What
// one call returned counts as consumed when the next begins.
//
// Errors: ctx's, ErrReaderClosed, ErrReaderTooSlow, ErrLogReset. Once closed, a
// reader returns nothing that was appended after Close returned.
func (r *Reader) Next(ctx context.Context) ([][]byte, error) {
	r.commit()
	for {
		end := r.log.end.Load()
		// Checked after the end was read: whoever closed the reader before
		// appending more can rely on that more not being returned.
		select {
		case <-r.closed:
			return nil, r.cause
		default:
		}
		if end > r.pos.Load() {
			r.collect(end)
			return r.chunks, nil
		}
		if !r.park() {
			continue // appended before the writer could see us asleep
		}
		select {
		case <-r.poke:
		case <-r.closed:
			r.reclaim()
		case <-ctx.Done():
			r.reclaim()
			return nil, ctx.Err()
		}
	}
}

// claim makes the caller the owner, if nobody else is; then the owner has to look at the log's end again. An owner that was
// there looks again before it lets go.
func (r *Reader) claim() bool {
	r.missed.Store(true)
	if !r.asleep.Load() || !r.asleep.CompareAndSwap(true, false) {
		return false
	}
	r.missed.Store(false)
	return true
}

// park ends the caller's ownership. It returns false, and the caller still is the owner, if there is something to do. What has been appended
// is something only if whoever did so has been here: those who push do that once for all that a round appends.
func (r *Reader) park() bool {
	r.asleep.Store(true)
	todo := r.missed.Load()
	if r.pusher.Load() == nil {
		todo = r.Lag() > 0
	}
	if !todo || !r.asleep.CompareAndSwap(true, false) {
		return true
	}
	r.missed.Store(false)
	return false
}

// reclaim makes the goroutine that waited in Next the owner again, of a reader that is closed or about to be.
func (r *Reader) reclaim() {
	if !r.asleep.CompareAndSwap(true, false) {
		<-r.poke // of the present owner, who sees that the reader is closed
	}
}

// commit counts what the last Next returned as consumed.
func (r *Reader) commit() {
	if r.ahead == 0 {
		return
	}
	r.pos.Store(r.pos.Load() + r.ahead)
	r.ahead = 0
	if r.crossed {
		r.crossed = false
		r.log.trim()
	}
}

// collect gathers the chunks between the position and end.
func (r *Reader) collect(end int64) {
	r.chunks = r.chunks[:0]
	pos := r.pos.Load()
	for at := pos; at < end && len(r.chunks) < maxChunks; {
		if at == r.cur.limit() {
			r.cur = r.cur.next.Load()
			r.crossed = true
		}
		from := at - r.cur.base
		to := min(end-r.cur.base, blockSize)
		r.chunks = append(r.chunks, r.cur.buf[from:to:to])
		at = r.cur.base + to
		r.ahead = at - pos
	}
}

// Pending returns what there is to read, as Next does, but without waiting and without
// consuming it: what the owner has dealt with it takes by Consume. nil is nothing. For an
// owner that calls these two, Next is not for use.
func (r *Reader) Pending() ([][]byte, error) {
	end := r.log.end.Load()
	select {
	case <-r.closed:
		return nil, r.cause
	default:
	}
	r.chunks = r.chunks[:0]
	for at, b := r.pos.Load(), r.cur; at < end && len(r.chunks) < maxChunks; {
		if at == b.limit() {
			b = b.next.Load()
		}
		from, to := at-b.base, min(end-b.base, blockSize)
		r.chunks = append(r.chunks, b.buf[from:to:to])
		at = b.base + to
	}
	return r.chunks, nil
}

// Consume moves the position on by n bytes of what Pending returned.
func (r *Reader) Consume(n int64) {
	pos, crossed := r.pos.Load()+n, false
	for pos > r.cur.limit() {
		r.cur, crossed = r.cur.next.Load(), true
	}
	r.pos.Store(pos)
	if crossed {
		r.log.trim()
	}
}

// Pos is the offset up to which the reader has consumed the log.
func (r *Reader) Pos() int64 { return r.pos.Load() }

// Lag is the number of bytes not consumed yet.
func (r *Reader) Lag() int64 { return max(0, r.log.end.Load()-r.pos.Load()) }

// SetLimit closes the reader with ErrReaderTooSlow as soon as it is n bytes
// behind or more when the log opens a new block; 0 takes the limit away.
func (r *Reader) SetLimit(n int64) { r.limit.Store(n) }

// Close unpins the reader's bytes and ends a Next that waits.
func (r *Reader) Close() { r.close(ErrReaderClosed) }

// close reports whether it was the one to close the reader.
func (r *Reader) close(cause error) (first bool) {
	r.closing.Do(func() {
		first = true
		r.cause = cause
		close(r.closed)
		r.log.remove(r)
	})
	return first
}

// evict closes the reader on the log's own account and tells its owner.
func (r *Reader) evict(cause error) {
	if r.close(cause) && r.onEvict != nil {
		r.onEvict(cause)
	}
}

// wake wakes the goroutine if it waits.
func (r *Reader) wake() {
	if r.asleep.Load() && r.claim() {
		r.handBack()
	}
}

// handBack makes the goroutine that waits in Next the owner.
func (r *Reader) handBack() { r.poke <- struct{}{} }

// remove takes r out of the list of readers.
func (l *Log) remove(r *Reader) {
	l.mu.Lock()
	defer l.mu.Unlock()
	readers := slices.DeleteFunc(slices.Clone(*l.readers.Load()), func(x *Reader) bool { return x == r })
	l.readers.Store(&readers)
	l.releaseLocked()
}
