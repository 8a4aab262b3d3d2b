package listpack

import "treedis/store/internal/flat"

// Append adds elem behind the last element. Like all functions of this file
// that grow a blob it returns nil, and leaves lp as it was, when the result
// would be larger than MaxBytes; a caller that keeps blobs below SafeBytes
// need not look.
func Append(lp, elem []byte) []byte { return insert(lp, len(lp)-1, elem) }

// AppendInt adds v behind the last element.
func AppendInt(lp []byte, v int64) []byte { return insertInt(lp, len(lp)-1, v) }

// Prepend adds elem before the first element.
func Prepend(lp, elem []byte) []byte { return insert(lp, headerSize, elem) }

// InsertBefore adds elem before the element at pos, so that it is at pos then.
func InsertBefore(lp []byte, pos int, elem []byte) []byte { return insert(lp, pos, elem) }

// InsertAfter adds elem behind the element at pos, which stays valid.
func InsertAfter(lp []byte, pos int, elem []byte) []byte {
	return insert(lp, skip(lp, pos), elem)
}

// Replace puts elem in the place of the element at pos, which stays valid.
func Replace(lp []byte, pos int, elem []byte) []byte {
	return put(lp, pos, skip(lp, pos)-pos, elem)
}

// ReplaceInt puts v in the place of the element at pos, which stays valid.
func ReplaceInt(lp []byte, pos int, v int64) []byte {
	return putInt(lp, pos, skip(lp, pos)-pos, v)
}

// Delete removes the element at pos. next is the position of the element that
// followed it, -1 if there was none.
func Delete(lp []byte, pos int) (out []byte, next int) { return DeleteRange(lp, pos, 1) }

// DeleteRange removes up to n elements, the first of them at pos. next is the
// position of the element that followed the last of them, -1 if there was none.
func DeleteRange(lp []byte, pos, n int) (out []byte, next int) {
	deleted, off := 0, pos
	for ; deleted < n && lp[off] != end; deleted++ {
		off = skip(lp, off)
	}
	if deleted == 0 {
		return lp, pos
	}
	lp = splice(lp, pos, off-pos, 0)
	addCount(lp, -deleted)
	return lp, at(lp, pos)
}

// Merge returns the elements of a followed by those of b. It takes over a and
// leaves b alone. It returns nil when the result would be larger than MaxBytes.
func Merge(a, b []byte) []byte {
	n := Len(a) + Len(b)
	tail := b[headerSize : len(b)-1]
	pos := len(a) - 1
	out := splice(a, pos, 0, len(tail))
	if out == nil {
		return nil
	}
	copy(out[pos:], tail)
	setCount(out, n)
	return out
}

// ShrinkToFit returns lp in memory of its own size when more than a quarter of
// what it occupies is unused, and lp itself otherwise.
func ShrinkToFit(lp []byte) []byte {
	if cap(lp)-len(lp) <= cap(lp)/4 {
		return lp
	}
	return Clone(lp)
}

func insert(lp []byte, pos int, elem []byte) []byte {
	out := put(lp, pos, 0, elem)
	if out != nil {
		addCount(out, 1)
	}
	return out
}

func insertInt(lp []byte, pos int, v int64) []byte {
	out := putInt(lp, pos, 0, v)
	if out != nil {
		addCount(out, 1)
	}
	return out
}

// put writes elem at pos in the place of old bytes, and leaves the count alone.
func put(lp []byte, pos, old int, elem []byte) []byte {
	if v, ok := ParseInt(elem); ok {
		return putInt(lp, pos, old, v)
	}
	if uint64(len(elem)) > MaxBytes {
		return nil
	}
	enc := strHeaderSize(len(elem)) + len(elem)
	out := splice(lp, pos, old, withBacklen(enc))
	if out != nil {
		putStr(out[pos:], elem)
		putBacklen(out[pos+enc:], enc)
	}
	return out
}

// putInt writes v at pos in the place of old bytes, and leaves the count alone.
func putInt(lp []byte, pos, old int, v int64) []byte {
	var buf [maxIntSize]byte
	enc := appendInt(buf[:0], v)
	out := splice(lp, pos, old, withBacklen(len(enc)))
	if out != nil {
		copy(out[pos:], enc)
		putBacklen(out[pos+len(enc):], len(enc))
	}
	return out
}

// splice makes room for repl bytes at pos in the place of old ones, whose
// content is left to the caller, and sets the total.
func splice(lp []byte, pos, old, repl int) []byte {
	if uint64(len(lp)-old+repl) > MaxBytes {
		return nil
	}
	out := flat.Splice(lp, pos, old, repl)
	setTotal(out)
	return out
}
