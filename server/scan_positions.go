package server

import (
	"container/list"
	"sync"
)

const (
	// maxScanPositions is how many iterations in key order can be under way. With keys of 100 bytes they take
	// 300 KB. One more, and the iteration that has rested longest goes on in hash order.
	maxScanPositions = 1024
	// maxScanPosition is the longest key that is remembered as a position.
	maxScanPosition = 1024

	// Remembered cursors have this bit, which those in hash order, below 2^48, have not; 52 random bits
	// are below it, so that a cursor from before a restart means nothing after it. Both kinds are
	// below 2^53, and exact in languages whose numbers are doubles.
	rememberedCursor = 1 << 52
)

// scanPositions remembers where iterations in key order stand: a key does not fit a cursor. It is a cache: SCAN
// does without what has been forgotten.
type scanPositions struct {
	mu       sync.Mutex               // a leaf; SCANs run side by side
	byCursor map[uint64]*list.Element // of scanPosition
	recent   list.List                // the same, last used first
}

// scanPosition is where an iteration stands.
type scanPosition struct {
	cursor   uint64
	previous uint64 // the cursor before; kept until the next step, in case a client repeats one
	db       int
	prefix   string
	next     string // the first key to return
}

func isRememberedCursor(cursor uint64) bool { return cursor&rememberedCursor != 0 }

// remember returns a new cursor for an iteration that goes on at key next. previous is its cursor so far, 0 if
// it begins. Both byte slices are copied. A key too long to keep gets a cursor that will not be known.
func (s *scanPositions) remember(previous uint64, db int, prefix, next []byte, random func() uint64) uint64 {
	cursor := rememberedCursor | random()&(rememberedCursor-1)
	if len(next) > maxScanPosition {
		return cursor
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byCursor == nil {
		s.byCursor = map[uint64]*list.Element{}
	}
	if e := s.byCursor[previous]; e != nil {
		s.removeLocked(e.Value.(*scanPosition).previous)
	}
	s.removeLocked(cursor)
	s.byCursor[cursor] = s.recent.PushFront(&scanPosition{cursor, previous, db, string(prefix), string(next)})
	if s.recent.Len() > maxScanPositions {
		s.removeLocked(s.recent.Back().Value.(*scanPosition).cursor)
	}
	return cursor
}

// resume returns the key at which an iteration goes on. ok is false if the cursor is not known for such an
// iteration.
func (s *scanPositions) resume(cursor uint64, db int, prefix []byte) (next []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byCursor[cursor]
	if e == nil {
		return nil, false
	}
	p := e.Value.(*scanPosition)
	if p.db != db || p.prefix != string(prefix) {
		return nil, false
	}
	s.recent.MoveToFront(e)
	return []byte(p.next), true
}

// forget drops an iteration that is over.
func (s *scanPositions) forget(cursor uint64) {
	if cursor == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byCursor[cursor]; e != nil {
		s.removeLocked(e.Value.(*scanPosition).previous)
	}
	s.removeLocked(cursor)
}

func (s *scanPositions) removeLocked(cursor uint64) {
	if e := s.byCursor[cursor]; e != nil {
		s.recent.Remove(e)
		delete(s.byCursor, cursor)
	}
}
