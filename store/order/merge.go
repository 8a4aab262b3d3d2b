package order

import "bytes"

// merge walks several runs in the order of their keys. Of several changes of one key it shows the youngest only.
type merge struct {
	runs   []*run // the oldest first
	heap   []head // a binary heap, the least key on top, and of equal ones the youngest
	skip   int    // bytes that all keys share, and which need not be compared
	prefix []byte // ends where keys don't begin with it
	last   []byte // scratch: the key before
}

// head is a place in the heap. The bytes that decide most comparisons lie in it.
type head struct {
	lead uint64 // of the cursor's key
	*cursor
}

// newMerge returns a walk over the changes of keys that begin with prefix and are not below start.
func newMerge(runs []*run, prefix, start []byte) *merge {
	m := &merge{runs: runs, prefix: prefix, skip: len(prefix)}
	if len(runs) == 0 {
		return m
	}
	if len(prefix) == 0 {
		m.skip = sharedByAll(runs)
	}
	m.heap = make([]head, 0, len(runs))
	cursors := make([]cursor, len(runs))
	for i, r := range runs {
		h := head{cursor: &cursors[i]}
		h.run, h.age = r, i
		if len(start) > 0 {
			h.off = r.seek(start)
		}
		for m.advance(&h) {
			if bytes.Compare(h.key, start) >= 0 {
				m.heap = append(m.heap, h)
				break
			}
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	return m
}

// sharedByAll returns how many bytes all keys of the runs share: as many as the least and the greatest do.
func sharedByAll(runs []*run) int {
	least, greatest := runs[0].first(), runs[0].last()
	for _, r := range runs[1:] {
		if k := r.first(); bytes.Compare(k, least) < 0 {
			least = k
		}
		if k := r.last(); bytes.Compare(k, greatest) > 0 {
			greatest = k
		}
	}
	return commonPrefix(least, greatest)
}

// valid reports whether there is a change.
func (m *merge) valid() bool { return len(m.heap) > 0 }

// key returns the key of the change, which is valid until next is called; deletes what the change is.
func (m *merge) key() []byte   { return m.heap[0].key }
func (m *merge) deletes() bool { return m.heap[0].del }

// next moves on to the next key.
func (m *merge) next() {
	lead := m.heap[0].lead
	m.last = append(m.last[:0], m.heap[0].key...)
	for {
		m.pop()
		if len(m.heap) == 0 || m.heap[0].lead != lead || !bytes.Equal(m.heap[0].key, m.last) {
			return
		}
	}
}

// pop moves the cursor on top on, and puts it where it belongs then.
func (m *merge) pop() {
	if !m.advance(&m.heap[0]) {
		last := len(m.heap) - 1
		m.heap[0], m.heap[last] = m.heap[last], head{}
		m.heap = m.heap[:last]
	}
	m.down(0)
}

// down moves heap[i] below those that are less.
func (m *merge) down(i int) {
	heap := m.heap
	for {
		child := 2*i + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && less(&heap[child+1], &heap[child]) {
			child++
		}
		if !less(&heap[child], &heap[i]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}

func less(a, b *head) bool {
	if a.lead != b.lead {
		return a.lead < b.lead
	}
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c < 0
	}
	return a.age > b.age
}

// advance moves a cursor on, and reports whether there is another change that counts.
func (m *merge) advance(h *head) bool {
	for h.next() {
		if bytes.HasPrefix(h.key, m.prefix) {
			h.lead = lead(h.key, m.skip)
			return true
		}
		if bytes.Compare(h.key, m.prefix) > 0 {
			return false
		}
	}
	return false
}

func (m *merge) bytes() (n int) {
	if m == nil {
		return 0
	}
	for _, r := range m.runs {
		n += r.bytes()
	}
	return n
}
