package server

import (
	"math"

	"treedis/server/config"
	"treedis/server/resp"
	"treedis/store"
)

// lcsOptions are the options of LCS.
type lcsOptions struct {
	length, indexes, withMatchLen bool
	minMatchLen                   int64
}

func (o *lcsOptions) parse(c *Call) bool {
	for i := 3; i < len(c.args); i++ {
		switch {
		case c.is(i, "idx"):
			o.indexes = true
		case c.is(i, "len"):
			o.length = true
		case c.is(i, "withmatchlen"):
			o.withMatchLen = true
		case c.is(i, "minmatchlen") && i+1 < len(c.args):
			i++
			n, ok := c.int(i, "")
			if !ok {
				return false
			}
			o.minMatchLen = n
		default:
			c.err(errSyntax)
			return false
		}
	}
	if o.length && o.indexes {
		c.err("ERR If you want both the length and indexes, please just use IDX.")
		return false
	}
	return true
}

func cmdLCS(c *Call) {
	var text [2][]byte
	var scratch [2][20]byte
	for i := range text {
		e := c.lookup(c.args[1+i])
		if e == nil {
			continue
		}
		if e.Type() != store.String {
			// Redis looks both up before it complains.
			if i == 0 {
				c.lookup(c.args[2])
			}
			c.err("ERR The specified keys must contain string values")
			return
		}
		text[i] = e.Bytes(&scratch[i])
	}
	var o lcsOptions
	if !o.parse(c) {
		return
	}
	a, b := text[0], text[1]
	if len(a) >= math.MaxUint32-1 || len(b) >= math.MaxUint32-1 {
		c.err("ERR String too long for LCS")
		return
	}
	cells := uint64(len(a)+1) * uint64(len(b)+1)
	if cells > uint64(config.ProtoMaxBulkLen.Get(c.srv.cfg))/4 {
		c.err("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
		return
	}
	t := newLCSTable(a, b)
	switch {
	case o.indexes:
		t.replyIndexes(c.out, &o)
	case o.length:
		c.out.Int(int64(t.length()))
	default:
		c.out.Bulk(t.sequence())
	}
}

// lcsTable is the textbook table of dynamic programming: the cell of row i and column j is the length of the
// longest common subsequence of a[:i] and b[:j].
type lcsTable struct {
	a, b  []byte
	cells []uint32
}

func newLCSTable(a, b []byte) *lcsTable {
	width := len(b) + 1
	t := &lcsTable{a: a, b: b, cells: make([]uint32, (len(a)+1)*width)}
	for i := range a {
		above, row := t.cells[i*width:][:width], t.cells[(i+1)*width:][:width]
		for j := range b {
			if a[i] == b[j] {
				row[j+1] = above[j] + 1
			} else {
				row[j+1] = max(above[j+1], row[j])
			}
		}
	}
	return t
}

func (t *lcsTable) length() uint32 { return t.cells[len(t.cells)-1] }

// walk goes back from the table's last cell, and calls match for every run of bytes that the subsequence takes
// from a[i:] and b[j:] alike, last run first.
func (t *lcsTable) walk(match func(i, j, n int)) {
	i, j, run := len(t.a), len(t.b), 0
	width := len(t.b) + 1
	for i > 0 && j > 0 {
		if t.a[i-1] == t.b[j-1] {
			i, j, run = i-1, j-1, run+1
			continue
		}
		if run > 0 {
			match(i, j, run)
			run = 0
		}
		if t.cells[(i-1)*width+j] > t.cells[i*width+j-1] {
			i--
		} else {
			j--
		}
	}
	if run > 0 {
		match(i, j, run)
	}
}

// sequence returns the longest common subsequence.
func (t *lcsTable) sequence() []byte {
	s := make([]byte, t.length())
	end := len(s)
	t.walk(func(i, _, n int) {
		end -= n
		copy(s[end:], t.a[i:i+n])
	})
	return s
}

func (t *lcsTable) replyIndexes(out *resp.Writer, o *lcsOptions) {
	out.Map(2)
	out.BulkString("matches")
	mark, matches := out.DeferArray(), 0
	t.walk(func(i, j, n int) {
		if int64(n) < o.minMatchLen {
			return
		}
		matches++
		if o.withMatchLen {
			out.Array(3)
		} else {
			out.Array(2)
		}
		for _, from := range [...]int{i, j} {
			out.Array(2)
			out.Int(int64(from))
			out.Int(int64(from + n - 1))
		}
		if o.withMatchLen {
			out.Int(int64(n))
		}
	})
	out.SetArrayLen(mark, matches)
	out.BulkString("len")
	out.Int(int64(t.length()))
}
