// Package flat resizes the byte blobs that small collections are kept in.
//
// It guarantees that a series of insertions costs time linear in the bytes
// written but for the moves within the blob, and that a blob never keeps more
// than about twice the memory it needs. It knows nothing of what blobs hold.
package flat

// minShrink is the memory in bytes below which a blob does not move to save
// some: there is little to win.
const minShrink = 128

// Splice replaces the old bytes of b at pos with repl bytes, whose content is
// left to the caller. The result is in the same memory when its capacity
// allows, so the argument must not be used again.
//
// A blob that has to move gets an eighth of spare room: n insertions copy it
// O(log n) times, and what is lost is about what the allocator's size classes
// lose anyway, where doubling would cost a third of the memory of small
// collections. A blob that falls below half of its memory moves to less.
func Splice(b []byte, pos, old, repl int) []byte {
	size := len(b) - old + repl
	if size > cap(b) || repl < old && size < cap(b)/2 && cap(b) > minShrink {
		out := Make(size)
		copy(out, b[:pos])
		copy(out[pos+repl:], b[pos+old:])
		return out
	}
	out := b[:size]
	if repl != old {
		copy(out[pos+repl:], b[pos+old:])
	}
	return out
}

// Make returns size bytes with the spare room that Splice gives.
func Make(size int) []byte {
	// append rounds the capacity up to a size class, which make does not.
	return append([]byte(nil), make([]byte, size+size/8)...)[:size]
}
