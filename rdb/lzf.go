package rdb

import "slices"

// LZF, as Marc Lehmann's liblzf defines it, is a sequence of
//
//	000nnnnn byte*              n+1 bytes as they are
//	nnnooooo o                  n+2 bytes, n in 1..6, from o+1 bytes back
//	111ooooo n o                n+9 bytes from o+1 bytes back
//
// where o has 13 bits, the high five of them first.
const (
	lzfMaxLiteral = 1 << 5
	lzfMaxOffset  = 1 << 13
	lzfMaxRun     = 264 // the longest copy: 9+255

	// lzfMaxRatio bounds what a packed byte can unfold to: three bytes make the
	// longest copy.
	lzfMaxRatio = lzfMaxRun / 3

	lzfHashBits = 14

	// The search for matches takes longer steps the longer it has found none: one
	// byte more per 128, up to 16, with which it still finds its way back into
	// data that compresses. Text comes out the same, and 64 KB of
	// random bytes take 8 us instead of 480.
	lzfSkipBits = 7
	lzfMaxSkip  = 15
)

// lzf compresses. The table remembers where three bytes were last seen. Its
// entries hold position plus base, and base grows by the length of every input,
// so that what earlier inputs have left is recognized as old without clearing
// 64 KB before each.
type lzf struct {
	table [1 << lzfHashBits]uint32
	base  uint32
	out   []byte
}

// compress returns src in LZF form, or nil when that would save less than four
// bytes or src is beyond 1 GB, where the table's positions would overflow. The
// result is valid until the next call.
func (z *lzf) compress(src []byte) []byte {
	if len(src) <= 4 || len(src) > 1<<30 {
		return nil
	}
	if z.base > 1<<31 {
		clear(z.table[:])
		z.base = 0
	}
	z.base++ // so that zero, and the end of the input before, are too old
	limit := len(src) - 4
	z.out = slices.Grow(z.out[:0], min(limit+lzfMaxRun, keepBuffer))
	out, ok := z.pack(z.out, src, limit)
	z.base += uint32(len(src))
	if z.out = out; cap(out) > keepBuffer {
		z.out = nil
	}
	if !ok {
		return nil
	}
	return out
}

func (z *lzf) pack(out, src []byte, limit int) ([]byte, bool) {
	lit, i := 0, 0 // src[lit:i] waits to be put out as it is
	for i+2 < len(src) {
		h := (uint32(src[i]) | uint32(src[i+1])<<8 | uint32(src[i+2])<<16) * 2654435761 >> (32 - lzfHashBits)
		seen := z.table[h]
		z.table[h] = z.base + uint32(i)
		ref := int(int64(seen) - int64(z.base))
		off := i - ref - 1
		if ref < 0 || off >= lzfMaxOffset || src[ref] != src[i] || src[ref+1] != src[i+1] || src[ref+2] != src[i+2] {
			i += 1 + min((i-lit)>>lzfSkipBits, lzfMaxSkip)
			continue
		}
		n := 3
		for maxRun := min(lzfMaxRun, len(src)-i); n < maxRun && src[ref+n] == src[i+n]; n++ {
		}
		out = appendLiterals(out, src[lit:i])
		if n < 9 {
			out = append(out, byte(n-2)<<5|byte(off>>8), byte(off))
		} else {
			out = append(out, 7<<5|byte(off>>8), byte(n-9), byte(off))
		}
		if len(out) > limit {
			return out, false
		}
		i += n
		lit = i
	}
	// Literals only ever add to the output: an input that does not shrink is
	// given up before they are copied.
	if rest := len(src) - lit; len(out)+rest+(rest+lzfMaxLiteral-1)/lzfMaxLiteral > limit {
		return out, false
	}
	return appendLiterals(out, src[lit:]), true
}

func appendLiterals(out, lit []byte) []byte {
	for len(lit) > 0 {
		n := min(len(lit), lzfMaxLiteral)
		out = append(append(out, byte(n-1)), lit[:n]...)
		lit = lit[n:]
	}
	return out
}

// lzfDecompress appends to dst what src unfolds to, which has to be exactly size
// bytes. It fails without setting memory aside when src cannot unfold to that
// many.
func lzfDecompress(dst, src []byte, size uint64) ([]byte, error) {
	if size/lzfMaxRatio > uint64(len(src)) {
		return dst, corruptf("LZF string of %d bytes cannot unfold to %d", len(src), size)
	}
	start := len(dst)
	end := start + int(size)
	dst = slices.Grow(dst, int(size))
	for len(src) > 0 {
		ctrl := int(src[0])
		src = src[1:]
		if ctrl < lzfMaxLiteral {
			n := ctrl + 1
			if n > len(src) || len(dst)+n > end {
				return dst, errLZF
			}
			dst = append(dst, src[:n]...)
			src = src[n:]
			continue
		}
		n, head := ctrl>>5+2, 1
		if n == 9 {
			head = 2
		}
		if head > len(src) {
			return dst, errLZF
		}
		if head == 2 {
			n += int(src[0])
		}
		ref := len(dst) - (ctrl&0x1F)<<8 - int(src[head-1]) - 1
		src = src[head:]
		if ref < start || len(dst)+n > end {
			return dst, errLZF
		}
		dst = appendRun(dst, ref, n)
	}
	if len(dst) != end {
		return dst, errLZF
	}
	return dst, nil
}

// appendRun appends n bytes of dst itself from ref on. The copy may reach into
// what it writes, which repeats a pattern.
func appendRun(dst []byte, ref, n int) []byte {
	for n > 0 {
		m := min(n, len(dst)-ref)
		dst = append(dst, dst[ref:ref+m]...)
		n -= m
	}
	return dst
}
