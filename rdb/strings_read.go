package rdb

import "strconv"

// scratch is the room that reading one string takes. Two strings that are
// needed at the same time need two of them.
type scratch struct {
	plain  []byte
	packed []byte
}

// str reads a string. The result is valid until the next read of any kind, or
// until that into the same scratch, whichever comes first.
func (s *source) str(b *scratch) []byte {
	n, encoded := s.length()
	if !encoded {
		return s.take(n, &b.plain)
	}
	return s.encodedStr(byte(n), b)
}

// keepStr reads a string that stays valid until the next into the same scratch.
func (s *source) keepStr(b *scratch) []byte {
	n, encoded := s.length()
	if !encoded {
		return s.copy(n, &b.plain)
	}
	return s.encodedStr(byte(n), b)
}

// newStr reads a string into memory of its own.
func (s *source) newStr(b *scratch) []byte {
	return append([]byte{}, s.str(b)...)
}

func (s *source) encodedStr(enc byte, b *scratch) []byte {
	var v int64
	switch enc {
	case encInt8:
		v = int64(int8(s.u8()))
	case encInt16:
		lo := s.u8()
		v = int64(int16(uint16(s.u8())<<8 | uint16(lo)))
	case encInt32:
		v = int64(int32(s.le32()))
	case encLZF:
		return s.lzfStr(b)
	default:
		s.fail(corruptf("unknown string encoding 0x%02x", enc))
	}
	if s.err != nil {
		return nil
	}
	b.plain = strconv.AppendInt(b.plain[:0], v, 10)
	return b.plain
}

func (s *source) lzfStr(b *scratch) []byte {
	packed, plain := s.count(), s.count()
	src := s.take(packed, &b.packed)
	if s.err != nil {
		return nil
	}
	if cap(b.plain) > keepBuffer {
		b.plain = nil
	}
	out, err := lzfDecompress(b.plain[:0], src, plain)
	b.plain = out
	if err != nil {
		s.fail(err)
		return nil
	}
	return out
}
