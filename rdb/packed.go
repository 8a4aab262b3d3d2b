package rdb

import (
	"strconv"

	"treedis/store/intset"
	"treedis/store/listpack"
)

// packedKind is a layout that holds a whole collection in one blob.
type packedKind int

const (
	packedListpack packedKind = iota
	packedZiplist
	packedZipmap
	packedIntset
)

// packedCursor walks the elements of a blob.
type packedCursor struct {
	kind  packedKind
	blob  []byte
	pos   int                       // of the next element; of an intset, its index
	value bool                      // zipmap only: the next element is a value
	buf   [listpack.IntBufSize]byte // integers in decimal form
}

// open checks the blob from end to end and returns the number of its elements;
// next may be called that many times.
func (c *packedCursor) open(kind packedKind, blob []byte) (n int, err error) {
	c.kind, c.blob = kind, blob
	switch kind {
	case packedListpack:
		if err := listpack.Validate(blob, true); err != nil {
			return 0, corrupt(err)
		}
		c.pos = listpack.First(blob)
		return listpack.Len(blob), nil
	case packedZiplist:
		c.pos = ziplistHeader
		return checkZiplist(blob)
	case packedZipmap:
		c.pos, c.value = zipmapHeader, false
		return checkZipmap(blob)
	default:
		c.pos = 0
		if err := intset.Validate(blob, true); err != nil {
			return 0, corrupt(err)
		}
		return intset.Len(blob), nil
	}
}

// next returns the next element. It is valid until the next call, and as long
// as the blob is.
func (c *packedCursor) next() []byte {
	switch c.kind {
	case packedListpack:
		v := listpack.Get(c.blob, c.pos, &c.buf)
		c.pos = listpack.Next(c.blob, c.pos)
		return v
	case packedZiplist:
		e, _ := ziplistAt(c.blob, c.pos)
		c.pos += e.size
		if e.isInt {
			return strconv.AppendInt(c.buf[:0], e.num, 10)
		}
		return e.str
	case packedZipmap:
		v, size, _ := zipmapAt(c.blob, c.pos, c.value)
		c.pos += size
		c.value = !c.value
		return v
	default:
		v := intset.Get(c.blob, c.pos)
		c.pos++
		return strconv.AppendInt(c.buf[:0], v, 10)
	}
}
