package order

// rewriter makes the new content of one block from the old and sorted changes, in one pass. It does not rebuild the keys
// that it passes: what is known of each entry is how much it shares with the key before it, which tells how a change's
// key stands to it as well.
type rewriter struct {
	old  []byte
	kept int // old[kept:off] is to be copied as it is
	out  []byte
	n    int // keys

	// The entry at which the pass has arrived, which may be encoded otherwise than old has it: an insertion or
	// deletion before it changed what it shares.
	at      bool // there is one; false at the end
	off     int  // where it begins in old
	next    int  // where the one behind it begins
	shared  int  // with the key before it
	rest    []byte
	changed bool

	match int    // bytes that the last change's key shares with the key before the entry
	key   []byte // the last change's key
	join  [2][]byte
}

// begin starts the pass over a block.
func (w *rewriter) begin(b *block) {
	w.old, w.n = b.data, b.n
	w.kept, w.next, w.out = 0, 0, w.out[:0]
	w.match, w.key = 0, w.key[:0]
	w.load()
}

// load decodes the next entry of the old content.
func (w *rewriter) load() {
	w.off, w.changed = w.next, false
	if w.at = w.off < len(w.old); w.at {
		w.shared, w.rest, w.next = entry(w.old, w.off)
	}
}

// keep writes the entry and moves on to the next.
func (w *rewriter) keep() {
	if w.changed {
		w.out = appendEntry(w.out, w.shared, w.rest)
		w.kept = w.next
	}
	w.load()
}

// flush copies what was passed unchanged.
func (w *rewriter) flush() {
	w.out = append(w.out, w.old[w.kept:w.off]...)
	w.kept = w.off
}

// apply inserts or deletes key, which is above those of earlier changes.
func (w *rewriter) apply(key []byte, del bool) {
	// If the last change left nothing behind, the key before the entry is below it; what the two share with
	// one below both is the least of what any two of the three share.
	w.match = min(w.match, commonPrefix(w.key, key))
	w.key = append(w.key[:0], key...)
	match, found := w.seek(key)
	switch {
	case del && found:
		w.drop()
	case !del && !found:
		w.insert(key, match)
	}
}

// seek passes the entries below key. It returns how much key shares with the entry it ends at, and whether that is the key.
func (w *rewriter) seek(key []byte) (match int, found bool) {
	for w.at {
		switch {
		case w.shared > w.match:
			w.keep()
			continue
		case w.shared < w.match:
			return w.shared, false
		}
		tail := key[w.match:]
		more := commonPrefix(w.rest, tail)
		switch {
		case more == len(tail) && more == len(w.rest):
			return len(key), true
		case more == len(tail), more < len(w.rest) && w.rest[more] > tail[more]:
			return w.match + more, false
		}
		w.match += more
		w.keep()
	}
	return 0, false
}

// insert writes key before the entry, which it shares match bytes with.
func (w *rewriter) insert(key []byte, match int) {
	w.flush()
	w.out = appendEntry(w.out, w.match, key[w.match:])
	w.n++
	w.match = len(key) // what comes next stands behind it
	if !w.at {
		return
	}
	if w.rest = w.rest[match-w.shared:]; w.shared != match {
		w.shared, w.changed = match, true
	}
}

// drop leaves the entry out.
func (w *rewriter) drop() {
	w.flush()
	w.n--
	shared, rest := w.shared, w.rest
	w.kept = w.next
	w.load()
	if w.at && w.shared > shared {
		// The next one relied on bytes of the one that is gone. Its own may lie in the other buffer.
		w.join[0], w.join[1] = w.join[1], w.join[0]
		w.join[0] = append(append(w.join[0][:0], rest[:w.shared-shared]...), w.rest...)
		w.shared, w.rest, w.changed = shared, w.join[0], true
	}
}

// end returns the new content, valid until begin is called again, and its number of keys.
func (w *rewriter) end() (data []byte, n int) {
	if w.at && w.changed {
		w.flush()
		w.keep()
	}
	w.out = append(w.out, w.old[w.kept:]...)
	w.old, w.rest = nil, nil
	return w.out, w.n
}
