package rdb

import (
	"encoding/binary"
	"math"

	"treedis/store/listpack"
)

const (
	// writeThrough is the size from which a string is not copied into the buffer
	// but written from where it lies.
	writeThrough = 16 << 10

	// compressOver is the length up to which compression is not worth trying.
	compressOver = 20

	// maxIntText is the length of the longest int32, and of its sign.
	maxIntText = 11
)

// str writes a string in the shortest form that the options allow.
func (w *Writer) str(v []byte) {
	if len(v) <= maxIntText {
		if n, ok := listpack.ParseInt(v); ok && n == int64(int32(n)) {
			w.buf = appendInt(w.buf, int32(n))
			return
		}
	} else if w.opts.Compress && len(v) > compressOver {
		if w.lzf == nil {
			w.lzf = new(lzf)
		}
		if packed := w.lzf.compress(v); packed != nil {
			w.buf = appendLength(append(w.buf, encLZF), uint64(len(packed)))
			w.buf = appendLength(w.buf, uint64(len(v)))
			w.raw(packed)
			return
		}
	}
	w.buf = appendLength(w.buf, uint64(len(v)))
	w.raw(v)
}

// raw writes bytes as they are.
func (w *Writer) raw(v []byte) {
	if len(v) >= writeThrough && !w.held() && w.Flush() == nil {
		w.put(v)
		return
	}
	w.buf = append(w.buf, v...)
}

// appendInt appends the encoded form of a string that is the decimal form of v.
func appendInt(dst []byte, v int32) []byte {
	switch {
	case v == int32(int8(v)):
		return append(dst, encInt8, byte(v))
	case v == int32(int16(v)):
		return append(dst, encInt16, byte(v), byte(v>>8))
	default:
		return binary.LittleEndian.AppendUint32(append(dst, encInt32), uint32(v))
	}
}

func appendLength(dst []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(dst, byte(n))
	case n < 1<<14:
		return append(dst, len14Bit|byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, len32Bit), uint32(n))
	default:
		return binary.BigEndian.AppendUint64(append(dst, len64Bit), n)
	}
}
