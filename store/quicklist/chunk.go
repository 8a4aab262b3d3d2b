package quicklist

import (
	"bytes"
	"slices"

	"treedis/store/listpack"
)

// chunk is a run of elements.
type chunk struct {
	epoch uint64
	blob  []byte // a listpack, or the bytes of the only element if plain
	plain bool

	counted int // its memory when it came to List.mid, or was changed there last
}

func (c *chunk) len() int {
	if c.plain {
		return 1
	}
	return listpack.Len(c.blob)
}

// get returns element i. An integer is formatted into scratch.
func (c *chunk) get(i int, scratch *[listpack.IntBufSize]byte) []byte {
	if c.plain {
		return c.blob
	}
	return listpack.Get(c.blob, listpack.Seek(c.blob, i), scratch)
}

func (c *chunk) appendTo(dst []byte, i int) []byte {
	if c.plain {
		return append(dst, c.blob...)
	}
	return listpack.AppendValue(dst, c.blob, listpack.Seek(c.blob, i))
}

// find returns the index of the first element that equals v, or -1.
func (c *chunk) find(v []byte) int {
	if c.plain {
		if bytes.Equal(c.blob, v) {
			return 0
		}
		return -1
	}
	pos := listpack.Find(c.blob, listpack.First(c.blob), v, 0)
	if pos < 0 {
		return -1
	}
	i := 0
	for p := listpack.First(c.blob); p < pos; p = listpack.Next(c.blob, p) {
		i++
	}
	return i
}

// delete removes n elements from index i on. The chunk is an owned listpack.
func (c *chunk) delete(i, n int) {
	c.blob, _ = listpack.DeleteRange(c.blob, listpack.Seek(c.blob, i), n)
}

// RemoveEqual removes up to limit elements of a listpack that equal v, the last ones first if backward, and
// returns their number.
func RemoveEqual(lp, v []byte, limit int, backward bool) (out []byte, removed int) {
	if !backward {
		pos := listpack.First(lp)
		for removed < limit {
			if pos = listpack.Find(lp, pos, v, 0); pos < 0 {
				break
			}
			lp, pos = listpack.Delete(lp, pos)
			removed++
		}
		return lp, removed
	}
	for pos := listpack.Last(lp); pos >= 0 && removed < limit; {
		prev := listpack.Prev(lp, pos)
		if listpack.Equal(lp, pos, v) {
			lp, _ = listpack.Delete(lp, pos)
			removed++
		}
		pos = prev
	}
	return lp, removed
}

// newChunk returns a chunk of one element.
func (l *List) newChunk(v []byte) *chunk {
	c := &chunk{epoch: l.epoch}
	if len(v) >= l.opts.Plain {
		c.plain, c.blob = true, bytes.Clone(v)
		return c
	}
	c.blob = listpack.New(l.capacity(listpack.EmptySize + listpack.EntryBound(len(v))))
	c.blob = listpack.Append(c.blob, v)
	return c
}

// own returns c, or a copy of it if it is of an older epoch, with room for an element of n more bytes.
func (l *List) own(c *chunk, n int) *chunk {
	need := len(c.blob)
	room := need
	if n > 0 {
		need += listpack.EntryBound(n)
		room = l.capacity(need)
	}
	if c.epoch != l.epoch {
		l.kept += cap(c.blob)
		c = &chunk{epoch: l.epoch, plain: c.plain, blob: c.blob[:len(c.blob):len(c.blob)]}
	} else if need <= cap(c.blob) {
		return c
	}
	c.blob = append(slices.Grow([]byte(nil), room), c.blob...)
	return c
}

// capacity returns the memory to set aside for need bytes: doubled while it grows, but not beyond a
// full chunk.
func (l *List) capacity(need int) int { return max(need, min(2*need, l.opts.Limit.Bytes)) }

// fits reports whether an element of n bytes may be added to c. The estimate of what it takes is that of
// Redis, so that chunks end at the same element.
func (l *List) fits(c *chunk, n int) bool {
	const overhead = 8
	switch {
	case c.plain || n >= l.opts.Plain:
		return false
	case len(c.blob) == listpack.EmptySize:
		return true
	}
	return !l.opts.Limit.Exceeded(len(c.blob)+n+overhead, c.len()+1)
}
