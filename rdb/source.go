package rdb

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

const (
	// readBuffer is the window through which a stream is read when the caller
	// has no bufio.Reader of its own.
	readBuffer = 64 << 10

	// keepBuffer is the capacity above which a scratch buffer is given up after
	// use, so that one huge string does not stay.
	keepBuffer = 1 << 20
)

// source hands out the bytes of a snapshot. It works on the buffer of a
// bufio.Reader in place, so that small strings are not copied and the checksum
// runs over long stretches, and it takes from that reader only what was used.
//
// The first error sticks: everything reads as zero from then on, so callers may
// check once after several steps, but have to look within loops.
type source struct {
	br       *bufio.Reader // nil when win is all there is
	win      []byte        // what br has buffered; win[:pos] has been used
	pos      int
	base     int64 // offset of win[0]
	crc      uint64
	sum      bool // keep crc up to date
	progress func(int64)
	err      error
}

// offset returns the number of bytes used so far.
func (s *source) offset() int64 { return s.base + int64(s.pos) }

func (s *source) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// sync takes what was used from the underlying reader and brings crc up to date.
func (s *source) sync() {
	used := s.win[:s.pos]
	if s.sum {
		s.crc = checksum(s.crc, used)
	}
	if s.br != nil {
		_, _ = s.br.Discard(len(used)) // all of it is buffered
	}
	s.base += int64(len(used))
	s.win, s.pos = s.win[s.pos:], 0
	if s.progress != nil && len(used) > 0 {
		s.progress(s.base)
	}
}

// fill makes at least one unused byte visible, or fails.
func (s *source) fill() bool {
	if s.err != nil {
		return false
	}
	if s.pos < len(s.win) {
		return true
	}
	s.sync()
	if s.br == nil {
		s.fail(ErrTruncated)
		return false
	}
	// Peek waits for no more than one byte: the snapshot may end there.
	if _, err := s.br.Peek(1); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = ErrTruncated
		}
		s.fail(err)
		return false
	}
	s.win, _ = s.br.Peek(s.br.Buffered())
	return true
}

// u8 reads a byte.
func (s *source) u8() byte {
	if s.pos == len(s.win) && !s.fill() || s.err != nil {
		return 0
	}
	b := s.win[s.pos]
	s.pos++
	return b
}

// fixed reads len(dst) bytes, of which there are few.
func (s *source) fixed(dst []byte) {
	for len(dst) > 0 && s.fill() {
		n := copy(dst, s.win[s.pos:])
		s.pos += n
		dst = dst[n:]
	}
	if s.err != nil {
		clear(dst)
	}
}

func (s *source) le32() uint32 {
	var b [4]byte
	s.fixed(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

func (s *source) le64() uint64 {
	var b [8]byte
	s.fixed(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// take returns the next n bytes. They lie in the window, or in buf when they
// are not all there; either way they are valid until the next read only.
func (s *source) take(n uint64, buf *[]byte) []byte {
	if s.err == nil && n <= uint64(len(s.win)-s.pos) {
		b := s.win[s.pos : s.pos+int(n) : s.pos+int(n)]
		s.pos += int(n)
		return b
	}
	return s.copy(n, buf)
}

// copy reads n bytes into buf, which grows as they arrive: to no more than
// twice of what is there, and 64 KB.
func (s *source) copy(n uint64, buf *[]byte) []byte {
	b := (*buf)[:0]
	if cap(b) > keepBuffer {
		b = nil
	}
	for uint64(len(b)) < n && s.fill() {
		chunk := s.win[s.pos:]
		if left := n - uint64(len(b)); uint64(len(chunk)) > left {
			chunk = chunk[:left]
		}
		if need := len(b) + len(chunk); need > cap(b) {
			room := min(n, uint64(max(2*cap(b), need)))
			b = slices.Grow(b, int(room)-len(b))
		}
		b = append(b, chunk...)
		s.pos += len(chunk)
	}
	*buf = b
	if s.err != nil {
		return nil
	}
	return b
}

// length reads a length; encoded tells that it is the first byte of an encoded
// string instead.
func (s *source) length() (n uint64, encoded bool) {
	b := s.u8()
	switch {
	case b >= encodedBit:
		return uint64(b), true
	case b < len14Bit:
		return uint64(b), false
	case b < len32Bit:
		return uint64(b&^len14Bit)<<8 | uint64(s.u8()), false
	case b == len32Bit:
		var raw [4]byte
		s.fixed(raw[:])
		return uint64(binary.BigEndian.Uint32(raw[:])), false
	case b == len64Bit:
		var raw [8]byte
		s.fixed(raw[:])
		return binary.BigEndian.Uint64(raw[:]), false
	default:
		s.fail(corruptf("unknown length encoding 0x%02x", b))
		return 0, false
	}
}

// count reads a length where no encoded string may stand.
func (s *source) count() uint64 {
	n, encoded := s.length()
	if encoded {
		s.fail(corruptf("length expected, found string encoding 0x%02x", n))
		return 0
	}
	return n
}
