package resp

import (
	"bytes"
	"math"
)

// Parser splits a client's input into requests. The zero value serves an authenticated client with the default bulk limit.
//
// It keeps its place in a request that is not complete yet, counted from the request's first byte, so that the caller may move
// the buffered bytes, and no byte is read twice.
type Parser struct {
	// MaxBulk is proto-max-bulk-len, in bytes; 0 stands for DefaultMaxBulk.
	MaxBulk int64
	// Unauthenticated applies the limits of a client that has yet to authenticate. It may change between requests.
	Unauthenticated bool
	// Master says that the bytes are a replication stream: bulks of any length, and no inline request but the empty line.
	Master bool

	args  [][]byte // reused from request to request
	spans []span   // of the arguments seen so far, relative to the request's first byte

	pos     int   // up to where the request is parsed
	scanned int   // up to where the current line was searched for its end
	nul     bool  // the search met a NUL, which hides any line end after it
	left    int   // arguments still to come; 0 before the multibulk header
	bulk    int64 // length of the argument being read, or -1
	begun   bool  // pos is past the multibulk header
}

type span struct{ off, end int }

// Next returns the first request of buf: its arguments, which alias buf and are valid until the next call or until buf's bytes
// move, and the number of bytes it took.
//
//   - n == 0: buf holds no complete request; call again with the same bytes and more after them.
//   - n > 0 and no args: bytes that ask for nothing, an empty line or a multibulk of no arguments.
//   - err != nil: the client broke the protocol; its text is to be sent and the connection closed.
func (p *Parser) Next(buf []byte) (args [][]byte, n int, err error) {
	if len(buf) == 0 {
		return nil, 0, nil
	}
	if buf[0] != '*' {
		return p.inline(buf)
	}
	if !p.begun {
		done, err := p.multibulkHeader(buf)
		if err != nil || !done {
			return nil, 0, err
		}
		if p.left == 0 {
			return nil, p.finish(), nil
		}
	}
	for p.left > 0 {
		if p.bulk < 0 {
			done, err := p.bulkHeader(buf)
			if err != nil || !done {
				return nil, 0, err
			}
		}
		// The two bytes after an argument are skipped unread, as Redis does.
		if int64(len(buf)-p.pos) < p.bulk+2 {
			return nil, 0, nil
		}
		end := p.pos + int(p.bulk)
		p.spans = append(p.spans, span{p.pos, end})
		p.pos, p.scanned, p.bulk = end+2, end+2, -1
		p.left--
	}
	p.args = p.args[:0]
	for _, s := range p.spans {
		p.args = append(p.args, buf[s.off:s.end:s.end])
	}
	n = p.finish()
	return p.args, n, nil
}

// Need returns how many bytes the argument being read still lacks in a buffer of have bytes, its line end included, or 0 if no
// argument's length is known. It tells how far a buffer is worth growing at once.
func (p *Parser) Need(have int) int {
	if !p.begun || p.bulk < 0 {
		return 0
	}
	return max(0, p.pos+int(p.bulk)+2-have)
}

// Parsed returns how many bytes of a request that is not complete have been parsed, and how many of them are arguments.
func (p *Parser) Parsed() (n, args int) {
	for _, s := range p.spans {
		args += s.end - s.off
	}
	return p.pos, args
}

// Reset forgets a request read in part, and gives back memory that an unusually long one took.
func (p *Parser) Reset() {
	p.finish()
	p.args, p.spans = nil, nil
}

// keepArgs is the longest argument list whose memory is kept for the next request: 1,024 arguments are 40 KB a connection.
const keepArgs = 1024

// finish makes the parser ready for the next request and returns the length of the one just read.
func (p *Parser) finish() int {
	n := p.pos
	p.pos, p.scanned, p.nul, p.left, p.bulk, p.begun = 0, 0, false, 0, -1, false
	p.spans = p.spans[:0]
	return n
}

// multibulkHeader reads "*<n>\r\n".
func (p *Parser) multibulkHeader(buf []byte) (done bool, err error) {
	count, done, err := p.length(buf, ErrMultibulkLineTooBig)
	if err != nil || !done {
		return false, err
	}
	switch {
	case !count.ok || count.n > math.MaxInt32:
		return false, ErrMultibulkLength
	case p.Unauthenticated && count.n > UnauthMaxArgs:
		return false, ErrMultibulkUnauth
	}
	p.left, p.bulk, p.begun = int(max(0, count.n)), -1, true
	if cap(p.spans) > keepArgs {
		p.args, p.spans = nil, nil
	}
	return true, nil
}

// bulkHeader reads "$<n>\r\n".
func (p *Parser) bulkHeader(buf []byte) (done bool, err error) {
	start := p.pos
	size, done, err := p.length(buf, ErrBulkLineTooBig)
	if err != nil || !done {
		return false, err
	}
	limit := p.MaxBulk
	switch {
	case p.Master:
		limit = math.MaxInt64 / 2
	case limit == 0:
		limit = DefaultMaxBulk
	}
	switch {
	case buf[start] != '$':
		return false, UnexpectedByteError(buf[start])
	case !size.ok || size.n < 0 || size.n > limit:
		return false, ErrBulkLength
	case p.Unauthenticated && size.n > UnauthMaxBulk:
		return false, ErrBulkUnauth
	}
	p.bulk = size.n
	return true, nil
}

// count is the number of a header line, if it is one.
type count struct {
	n  int64
	ok bool
}

// length reads the number between a type byte at pos and the line's end, and moves pos past it. Lines of one or two digits, nearly
// all there are, are read without a search.
func (p *Parser) length(buf []byte, tooBig error) (c count, done bool, err error) {
	line := buf[p.pos:]
	if len(line) >= 5 {
		d1, d2 := line[1]-'0', line[2]-'0'
		if d1 <= 9 && line[2] == '\r' {
			p.pos += 4
			p.scanned = p.pos
			return count{int64(d1), true}, true, nil
		}
		if d1-1 <= 8 && d2 <= 9 && line[3] == '\r' {
			p.pos += 5
			p.scanned = p.pos
			return count{int64(d1)*10 + int64(d2), true}, true, nil
		}
	}
	end := p.lineEnd(buf, '\r')
	if end < 0 {
		if len(line) > MaxInline {
			return c, false, tooBig
		}
		return c, false, nil
	}
	if end+2 > len(buf) {
		return c, false, nil
	}
	// A header cut short by its own line end has no digits: end is pos itself for "\r\n" in place of "$".
	c.n, c.ok = ParseInt(buf[min(p.pos+1, end):end])
	p.pos, p.scanned = end+2, end+2
	return c, true, nil
}

// lineEnd searches for the byte that ends the current line, from where the last search stopped. Redis searches with C's string
// functions, so a NUL hides what follows it: such a line never ends, and is refused when it gets too long.
func (p *Parser) lineEnd(buf []byte, end byte) int {
	if p.nul {
		return -1
	}
	rest := buf[p.scanned:]
	i := bytes.IndexByte(rest, end)
	if i >= 0 {
		rest = rest[:i]
	}
	if bytes.IndexByte(rest, 0) >= 0 {
		p.nul = true
		return -1
	}
	if i < 0 {
		p.scanned = len(buf)
		return -1
	}
	p.scanned += i
	return p.scanned
}
