package server

import (
	"bytes"
	"math"
	"strconv"

	"treedis/server/glob"
	"treedis/store"
)

// scanDefaultCount is how many elements a step of SCAN and its kin looks at without COUNT.
const scanDefaultCount = 10

// scanOptions are the options of SCAN, SSCAN, HSCAN and ZSCAN.
type scanOptions struct {
	count    int    // elements to look at in one step, at least 1
	pattern  []byte // nil without MATCH, and for "*"
	typeName []byte // nil without TYPE, which only SCAN has
}

// match reports whether the options let an element through.
func (o *scanOptions) match(element []byte) bool {
	return o.pattern == nil || glob.Match(o.pattern, element)
}

// scanKey begins SSCAN, HSCAN or ZSCAN: like Redis it parses the cursor, looks the key up, and then parses the options.
// ok is false if there is nothing to scan, to which it has replied.
func (c *Call) scanKey(t store.Type) (e *store.Entry, cursor uint64, o scanOptions, ok bool) {
	if cursor, ok = c.scanCursor(2); !ok {
		return nil, 0, o, false
	}
	if e, ok = c.typed(c.args[1], t); !ok {
		return nil, 0, o, false
	}
	if e == nil {
		c.scanNothing()
		return nil, 0, o, false
	}
	o, ok = c.scanOptions(3)
	return e, cursor, o, ok
}

// scanCursor parses args[i] as a cursor: an unsigned 64-bit number, as C's strtoul reads it.
func (c *Call) scanCursor(i int) (cursor uint64, ok bool) {
	// A number followed by a zero byte ends there for strtoul, and an empty one is 0.
	text, _, _ := bytes.Cut(c.args[i], []byte{0})
	if len(text) == 0 {
		return 0, true
	}
	negative := text[0] == '-'
	if negative || text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 {
		c.err("ERR invalid cursor")
		return 0, false
	}
	for _, d := range text {
		d -= '0'
		if d > 9 || cursor > math.MaxUint64/10 || cursor*10 > math.MaxUint64-uint64(d) {
			c.err("ERR invalid cursor")
			return 0, false
		}
		cursor = cursor*10 + uint64(d)
	}
	if negative {
		cursor = -cursor
	}
	return cursor, true
}

// scanOptions parses the options from args[i] on. TYPE is known to SCAN alone.
func (c *Call) scanOptions(i int) (o scanOptions, ok bool) {
	o.count = scanDefaultCount
	for ; i < len(c.args); i += 2 {
		last := i == len(c.args)-1
		switch {
		case !last && c.is(i, "count"):
			n, ok := c.int(i+1, "")
			if !ok {
				return o, false
			}
			if n < 1 {
				c.err(errSyntax)
				return o, false
			}
			o.count = int(n)
		case !last && c.is(i, "match"):
			if o.pattern = c.args[i+1]; glob.All(o.pattern) {
				o.pattern = nil
			}
		case !last && c.is(i, "type") && c.row.Name == "scan":
			o.typeName = c.args[i+1]
		default:
			c.err(errSyntax)
			return o, false
		}
	}
	return o, true
}

// scanNothing replies that there is nothing to iterate.
func (c *Call) scanNothing() {
	c.out.Array(2)
	c.out.BulkString("0")
	c.out.Array(0)
}

// scanReply replies with the next cursor and an array of replies. step goes on from a cursor; it returns
// the next one, how many elements it looked at and how many replies it wrote. It is called until count
// elements have been looked at, or the cursor is 0. A value that is kept flat is done in one
// step that returns cursor 0.
func (c *Call) scanReply(cursor uint64, count int, step func(cursor uint64) (next uint64, seen, replies int)) {
	c.out.Array(2)
	// The cursor precedes the elements but is known after them: they are moved up to make room.
	start := c.out.Len()
	mark := c.out.DeferArray()
	total, looked := 0, 0
	for {
		next, seen, replies := step(cursor)
		cursor, total, looked = next, total+replies, looked+seen
		if cursor == 0 || looked >= count {
			break
		}
	}
	c.out.SetArrayLen(mark, total)

	end := c.out.Len()
	var digits [20]byte
	c.out.Bulk(strconv.AppendUint(digits[:0], cursor, 10))
	var head [32]byte
	n := copy(head[:], c.out.Buf[end:])
	copy(c.out.Buf[start+n:], c.out.Buf[start:end])
	copy(c.out.Buf[start:], head[:n])
}
