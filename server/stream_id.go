package server

import (
	"bytes"
	"math"

	"treedis/server/resp"
	"treedis/store/stream"
)

const (
	errStreamID      = "ERR Invalid stream ID specified as stream command argument"
	errIntervalStart = "ERR invalid start ID for the interval"
	errIntervalEnd   = "ERR invalid end ID for the interval"
)

// maxStreamIDText is from where Redis does not look at an ID at all.
const maxStreamIDText = 128

// streamIDText is an ID as clients write it: whole, or in part.
type streamIDText struct {
	stream.ID
	autoSeq bool // ms-*
}

// parseStreamID reads ms-seq, or ms alone, which means the sequence number missing. If auto is set, it takes ms-* too.
func parseStreamID(text []byte, missing uint64, auto bool) (id streamIDText, ok bool) {
	if len(text) >= maxStreamIDText {
		return id, false
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	ms, seq, whole := bytes.Cut(text, dash)
	if id.Ms, ok = parseStreamNumber(ms); !ok {
		return id, false
	}
	switch {
	case !whole:
		id.Seq = missing
	case auto && len(seq) == 1 && seq[0] == '*':
		id.autoSeq = true
	default:
		id.Seq, ok = parseStreamNumber(seq)
	}
	return id, ok
}

var dash = []byte("-")

// parseStreamNumber reads an unsigned number, in the generous way of C's strtoull: with blanks, a sign or zeroes in front.
func parseStreamNumber(text []byte) (n uint64, ok bool) {
	if n, ok := resp.ParseInt(text); ok {
		return uint64(n), n >= 0
	}
	text = bytes.TrimLeft(text, " \t\n\v\f\r")
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	for _, c := range text {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	if negative {
		n = -n
	}
	return n, len(text) > 0
}

// isWord reports whether a word is the one character b.
func isWord(word []byte, b byte) bool { return len(word) == 1 && word[0] == b }

// streamID reads the ID at args[i], and replies with an error if it is none.
func (c *Call) streamID(i int) (stream.ID, bool) {
	id, ok := parseStreamID(c.args[i], 0, false)
	if !ok {
		c.err(errStreamID)
	}
	return id.ID, ok
}

// streamIDs reads the IDs from args[i] on.
func (c *Call) streamIDs(i int) ([]stream.ID, bool) {
	ids := make([]stream.ID, 0, 8)
	for ; i < len(c.args); i++ {
		id, ok := c.streamID(i)
		if !ok {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// streamStart reads the beginning of an interval: "-", "+", or an ID, behind a parenthesis if it is not to belong to it.
func (c *Call) streamStart(i int) (id stream.ID, ok bool) {
	id, exclusive, ok := c.streamBound(i, 0)
	if exclusive && ok {
		if id, ok = id.Next(); !ok {
			c.err(errIntervalStart)
		}
	}
	return id, ok
}

// streamEnd is streamStart for the end of an interval.
func (c *Call) streamEnd(i int) (id stream.ID, ok bool) {
	id, exclusive, ok := c.streamBound(i, math.MaxUint64)
	if exclusive && ok {
		if id, ok = id.Prev(); !ok {
			c.err(errIntervalEnd)
		}
	}
	return id, ok
}

func (c *Call) streamBound(i int, missing uint64) (id stream.ID, exclusive, ok bool) {
	word := c.args[i]
	if exclusive = len(word) > 1 && word[0] == '('; exclusive {
		word = word[1:]
	}
	switch {
	case !exclusive && isWord(word, '-'):
		return stream.ID{}, false, true
	case !exclusive && isWord(word, '+'):
		return stream.MaxID, false, true
	}
	text, ok := parseStreamID(word, missing, false)
	if !ok {
		c.err(errStreamID)
	}
	return text.ID, exclusive, ok
}

// streamIDReply replies with an ID.
func (c *Call) streamIDReply(id stream.ID) {
	var scratch [41]byte
	c.out.Bulk(id.Append(scratch[:0]))
}
