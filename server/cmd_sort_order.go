package server

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"treedis/server/partialsort"
	"treedis/server/resp"
)

// sortRoom is the memory that an execution of SORT works in. It is used again: new memory for each of many small sorts costs more
// than the sorting.
type sortRoom struct {
	arena    []byte // of bytes that are kept, one value after the other; never nil
	key      []byte // that a pattern makes
	elements []sortElement
	keys     []sortKey
}

// sortElement is an element, and with ALPHA the text that it is sorted by.
type sortElement struct {
	value  []byte
	weight []byte // nil if there is none
}

// sortKey is what an element is sorted by, so far as 8 bytes can tell: numbers wholly, texts by their beginning.
type sortKey struct {
	rank uint64
	at   int // among the elements
}

// maxSortRoom bounds the elements, and the bytes of them, of which the memory is used again.
const maxSortRoom = 1 << 14

// grow makes room for n elements.
func (r *sortRoom) grow(n int) {
	r.elements = slices.Grow(r.elements, n)
	r.keys = slices.Grow(r.keys, n)
}

func (s *sorting) take() {
	if room, ok := s.c.srv.sortRooms.Get().(*sortRoom); ok {
		s.sortRoom = *room
		return
	}
	s.arena = make([]byte, 0, 1024)
}

func (s *sorting) giveBack() {
	if cap(s.elements) > maxSortRoom || cap(s.arena) > maxSortRoom {
		return
	}
	s.c.srv.sortRooms.Put(&sortRoom{arena: s.arena[:0], key: s.key[:0], elements: s.elements[:0], keys: s.keys[:0]})
}

// weigh finds out what the elements are sorted by. It returns false if that should be a number and is none.
func (s *sorting) weigh() bool {
	numbers := true
	for i := range s.elements {
		el := &s.elements[i]
		weight, ok := el.value, true
		if s.by != nil {
			weight, ok = s.resolve(s.by, el.value)
		}
		rank := numberRank(0)
		switch {
		case s.alpha:
			el.weight = s.text(weight)
			rank = textRank(el.weight)
		case ok:
			score, isNumber := sortScore(weight)
			numbers = numbers && isNumber
			rank = numberRank(score)
		}
		if s.desc {
			rank = ^rank
		}
		s.keys[i].rank = rank
	}
	return numbers
}

// sortScore reads a weight as C's strtod reads a whole string, which may be empty.
func sortScore(b []byte) (float64, bool) {
	if score, ok := resp.ParseFloat(b); ok {
		return score, true
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	if len(b) == 0 {
		return 0, true
	}
	return resp.ParseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
}

// numberRank maps numbers to integers in the same order. Zero and minus zero are equal.
func numberRank(f float64) uint64 {
	bits := math.Float64bits(f)
	if f < 0 {
		return ^bits
	}
	return bits | 1<<63
}

// textRank is the first 8 bytes as a number: texts of different ranks are in the order of their ranks.
func textRank(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64(text)
	}
	var room [8]byte
	copy(room[:], text)
	return binary.BigEndian.Uint64(room[:])
}

// text is what ALPHA compares: all bytes if the result is stored, otherwise a C string, which ends at a zero byte.
func (s *sorting) text(b []byte) []byte {
	if s.dest == nil {
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return b[:i]
		}
	}
	return b
}

// order puts in order the keys, of which those from <= i < to will be used, and drops the others.
func (s *sorting) order(from, to int) {
	if s.by != nil && to-from < len(s.keys) {
		partialsort.Sort(s.keys, from, to-1, func(x, y *sortKey) int {
			if r := cmp.Compare(x.rank, y.rank); r != 0 {
				return r
			}
			return s.compareEqual(x.at, y.at)
		})
	} else {
		slices.SortFunc(s.keys, func(x, y sortKey) int {
			if r := cmp.Compare(x.rank, y.rank); r != 0 {
				return r
			}
			if r := s.compareEqual(x.at, y.at); r != 0 {
				return r
			}
			return x.at - y.at // equal ones stay in the order they came in
		})
	}
	s.keys = s.keys[from:to]
}

// compareEqual compares two elements of the same rank.
func (s *sorting) compareEqual(i, j int) int {
	x, y := &s.elements[i], &s.elements[j]
	r := 0
	switch {
	case !s.alpha:
		r = bytes.Compare(x.value, y.value)
	case x.weight == nil || y.weight == nil:
		r = cmp.Compare(presence(x.weight), presence(y.weight))
	default:
		r = bytes.Compare(x.weight, y.weight)
	}
	if s.desc {
		return -r
	}
	return r
}

func presence(weight []byte) int {
	if weight == nil {
		return 0
	}
	return 1
}
