package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
)

// archiveReader reads the log's bytes from the files: what of them is no annotation, from an offset on, which may lie within a
// command. Files are read from their beginning, as no index of them is kept: a gigabyte takes about a second.
type archiveReader struct {
	a          *Archive
	generation int
	pos        atomic.Int64
	closed     atomic.Bool

	mu   sync.Mutex // held while reading, which may take seconds
	file File       // guarded by mu, as is what follows; nil before the first
	span Span
	scan scanner
}

// Pos is the offset up to which the log has been read.
func (r *archiveReader) Pos() int64 { return r.pos.Load() }

// SkipTo moves the position forward.
func (r *archiveReader) SkipTo(offset int64) { r.pos.Store(max(offset, r.pos.Load())) }

// Close lets go of the file, or leaves that to who is reading it: it waits for nobody.
func (r *archiveReader) Close() {
	r.closed.Store(true)
	if r.mu.TryLock() {
		defer r.mu.Unlock()
		r.closeFile()
	}
}

func (r *archiveReader) closeFile() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// Read reads what follows the position.
func (r *archiveReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	n, err := r.read(p)
	r.pos.Add(int64(n))
	r.mu.Unlock()
	if r.closed.Load() {
		r.Close() // who did so meanwhile left the file open
	}
	return n, err
}

func (r *archiveReader) read(p []byte) (int, error) {
	for fresh := false; ; {
		written, err := r.a.written(r.generation)
		room := min(int64(len(p)), written-r.pos.Load())
		switch {
		case r.closed.Load():
			return 0, ErrClosed
		case err != nil:
			return 0, err
		case room <= 0:
			return 0, nil
		}
		if r.file != nil {
			n, err := r.scan.read(p[:room], r.pos.Load())
			switch {
			case err != nil:
				return 0, fmt.Errorf("%s: %w", r.span.Name, err)
			case n > 0:
				return n, nil
			case fresh:
				return 0, fmt.Errorf("%w: %s has nothing behind offset %d", ErrArchive, r.span.Name, r.pos.Load())
			}
			r.closeFile() // the next one goes on
		}
		if r.file, r.span, err = r.a.openAt(r.pos.Load(), r.generation); err != nil {
			return 0, err
		}
		r.scan, fresh = newScanner(r.file, r.span, &r.closed), true
	}
}

// scanner tells the log's bytes in a file from annotations.
type scanner struct {
	br   *bufio.Reader
	stop *atomic.Bool
	pos  int64 // the offset before the next byte; -1 before an annotation has told it
	args int   // arguments of the command still to come
	bulk int   // bytes of the argument still to come, its line end among them
	rest []byte
	line [maxLine]byte // what rest is of
}

func newScanner(f io.Reader, s Span, stop *atomic.Bool) scanner {
	sc := scanner{br: bufio.NewReaderSize(f, readSize), stop: stop, pos: s.Start.Offset}
	if s.Late {
		sc.pos = -1
	}
	sc.head()
	return sc
}

// head passes over the SELECT that a replica's file begins with, which is none of its master's: an annotation that tells the position
// follows.
func (s *scanner) head() {
	b, _ := s.br.Peek(maxLine) // less at the end of the file
	at := 0
	for at < len(b) && b[at] == '#' && !bytes.HasPrefix(b[at:], []byte(markPosition)) {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return
		}
		at += i + 1
	}
	if !bytes.HasPrefix(b[at:], []byte("*2\r\n$6\r\nSELECT\r\n$")) {
		return
	}
	for range 5 { // lines
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return
		}
		at += i + 1
	}
	if bytes.HasPrefix(b[at:], []byte(markPosition)) {
		_, _ = s.br.Discard(at) // it is in the buffer
	}
}

// read puts bytes of the log behind the offset from into p. None without an error is the end of the file, for now.
func (s *scanner) read(p []byte, from int64) (n int, err error) {
	var waste [4096]byte
	for n < len(p) {
		if s.stop.Load() {
			return n, ErrClosed
		}
		if more, err := s.settle(); !more {
			return n, err
		}
		to, wanted := p[n:], s.pos >= from
		switch {
		case s.pos < 0:
			to = waste[:]
		case !wanted:
			to = waste[:min(int64(len(waste)), from-s.pos)]
		}
		k, err := s.take(to)
		if err != nil || k == 0 {
			return n, err
		}
		if s.pos >= 0 {
			s.pos += int64(k)
		}
		if wanted {
			n += k
			from += int64(k)
		}
	}
	return n, nil
}

// settle goes on to where the next byte is one of the log, and reports whether there is one as yet.
func (s *scanner) settle() (bool, error) {
	for len(s.rest) == 0 && s.bulk == 0 {
		line, err := s.whole()
		if err != nil || line == nil {
			return false, err
		}
		if line[0] != '#' || s.args > 0 {
			if err := s.header(line); err != nil {
				return false, err
			}
			s.rest = s.line[:copy(s.line[:], line)]
		} else if p, ok := ParsePosition(trimEnd(line)); ok {
			if s.pos >= 0 && s.pos != p.Offset {
				return false, fmt.Errorf("%w: offset %d instead of %d", ErrArchive, p.Offset, s.pos)
			}
			s.pos = p.Offset
		}
		_, _ = s.br.Discard(len(line)) // it is in the buffer
	}
	return true, nil
}

// take returns bytes of the log. None is the end of the file, for now.
func (s *scanner) take(p []byte) (int, error) {
	if len(s.rest) > 0 {
		n := copy(p, s.rest)
		s.rest = s.rest[n:]
		return n, nil
	}
	n, err := s.br.Read(p[:min(len(p), s.bulk)])
	s.bulk -= n
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// whole returns the next line, without taking it, or nil if it is not whole yet.
func (s *scanner) whole() ([]byte, error) {
	for n := max(s.br.Buffered(), 1); ; n = s.br.Buffered() + 1 {
		b, err := s.br.Peek(min(n, maxLine))
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[:i+1], nil
		}
		switch {
		case len(b) == maxLine:
			return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrFormat, maxLine)
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, err
		}
	}
}

// header takes in the line before a command or an argument.
func (s *scanner) header(line []byte) error {
	// The line may be empty but for its end, which is no number either.
	n, err := strconv.ParseInt(string(trimEnd(line[1:])), 10, 64)
	switch {
	case err != nil || n < 0 || n > math.MaxInt-2:
	case s.args == 0 && line[0] == '*':
		s.args = int(n)
		return nil
	case s.args > 0 && line[0] == '$':
		s.args--
		s.bulk = int(n) + 2
		return nil
	}
	return fmt.Errorf("%w: found %q", ErrFormat, line[:min(len(line), 64)])
}
