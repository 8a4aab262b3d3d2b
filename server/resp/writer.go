package resp

import (
	"strconv"
	"strings"

	"github.com/tidwall/redcon"
)

// Writer appends replies to a byte slice. The zero value is an empty RESP2 writer.
//
// Buf is open to the layer that sends it: it may take the bytes and leave another slice, but not while a deferred length is
// open, whose mark is a position in Buf.
type Writer struct {
	Buf   []byte
	resp3 bool
}

// Protocol returns the version of the replies, 2 or 3.
func (w *Writer) Protocol() int {
	if w.resp3 {
		return 3
	}
	return 2
}

// SetProtocol chooses the version of the replies that follow, 2 or 3.
func (w *Writer) SetProtocol(version int) { w.resp3 = version >= 3 }

// Bytes returns what was appended since the last Reset. It aliases the buffer.
func (w *Writer) Bytes() []byte { return w.Buf }

// Len returns the number of bytes appended since the last Reset.
func (w *Writer) Len() int { return len(w.Buf) }

// Reset empties the buffer and keeps its memory and the protocol version.
func (w *Writer) Reset() { w.Buf = w.Buf[:0] }

// Truncate drops what was appended after the buffer had n bytes.
func (w *Writer) Truncate(n int) { w.Buf = w.Buf[:n] }

// RawBytes appends bytes that are encoded already.
func (w *Writer) RawBytes(encoded []byte) { w.Buf = append(w.Buf, encoded...) }

// RawString appends a string that is encoded already.
func (w *Writer) RawString(encoded string) { w.Buf = append(w.Buf, encoded...) }

// OK appends the status OK.
func (w *Writer) OK() { w.Buf = redcon.AppendOK(w.Buf) }

// Simple appends a status. Line breaks in it become spaces.
func (w *Writer) Simple(s string) { w.Buf = redcon.AppendString(w.Buf, s) }

// Error appends an error; msg begins with its code ("ERR ...", "WRONGTYPE ..."). Line breaks around it are dropped, those
// within become spaces, since a text may quote a client's argument.
func (w *Writer) Error(msg string) {
	w.Buf = redcon.AppendError(w.Buf, strings.Trim(msg, "\r\n"))
}

// Int appends an integer.
func (w *Writer) Int(n int64) { w.Buf = redcon.AppendInt(w.Buf, n) }

// Bulk appends a bulk string.
func (w *Writer) Bulk(b []byte) { w.Buf = redcon.AppendBulk(w.Buf, b) }

// BulkString appends a bulk string.
func (w *Writer) BulkString(s string) { w.Buf = redcon.AppendBulkString(w.Buf, s) }

// BulkInt appends an integer's decimal text as a bulk string.
func (w *Writer) BulkInt(n int64) {
	if n >= 0 && n <= 9 {
		w.Buf = append(w.Buf, '$', '1', '\r', '\n', byte('0'+n), '\r', '\n')
		return
	}
	var text [20]byte
	w.Bulk(strconv.AppendInt(text[:0], n, 10))
}

// Null appends the absence of a value: a null bulk in RESP2.
func (w *Writer) Null() {
	if w.resp3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = redcon.AppendNull(w.Buf)
}

// NullArray appends the absence of an aggregate: a null array in RESP2, the same null as Null's in RESP3.
func (w *Writer) NullArray() {
	if w.resp3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Array begins an array of n replies.
func (w *Writer) Array(n int) { w.Buf = redcon.AppendArray(w.Buf, n) }

// Map begins a map of n pairs, in RESP2 an array of 2n replies.
func (w *Writer) Map(n int) { w.aggregate(TypeMap, n) }

// Set begins a set of n replies, in RESP2 an array.
func (w *Writer) Set(n int) { w.aggregate(TypeSet, n) }

// Push begins an out-of-band message of n replies, in RESP2 an array.
func (w *Writer) Push(n int) { w.aggregate(TypePush, n) }

// Attribute begins n pairs that precede the reply they annotate. RESP2 has no such thing: ask Protocol first, as the pairs
// themselves must not be sent either.
func (w *Writer) Attribute(n int) {
	if w.resp3 {
		w.Buf = appendHeader(w.Buf, TypeAttribute, n)
	}
}

// Double appends a double, in RESP2 as a bulk string. See AppendDouble for the text.
func (w *Writer) Double(f float64) {
	var text [MaxDoubleLen]byte
	w.number(TypeDouble, AppendDouble(text[:0], f))
}

// HumanDouble appends a double without exponent and with at most 17 decimals, in RESP2 as a bulk string.
func (w *Writer) HumanDouble(f float64) {
	var text [64]byte
	w.number(TypeDouble, AppendHuman(text[:0], f))
}

// ScoreBulk appends a score as a bulk string in either protocol, as arguments echoed to a script or a stream of messages need it.
func (w *Writer) ScoreBulk(f float64) {
	var text [MaxDoubleLen]byte
	w.Bulk(AppendDouble(text[:0], f))
}

// DoubleText appends a double whose text is ready, in RESP2 as a bulk string.
func (w *Writer) DoubleText(text []byte) { w.number(TypeDouble, text) }

// BigNumber appends an integer of any size, given as its decimal text, in RESP2 as a bulk string.
func (w *Writer) BigNumber(text []byte) { w.number(TypeBigNumber, text) }

// Bool appends a boolean, in RESP2 the integer 1 or 0.
func (w *Writer) Bool(b bool) {
	text := ":0\r\n"
	switch {
	case b && w.resp3:
		text = "#t\r\n"
	case b:
		text = ":1\r\n"
	case w.resp3:
		text = "#f\r\n"
	}
	w.Buf = append(w.Buf, text...)
}

// Verbatim appends a text with a format of three letters, "txt" or "mkd", in RESP2 as a bulk string. A shorter format is
// padded with spaces, a longer one cut.
func (w *Writer) Verbatim(format, s string) {
	if !w.resp3 {
		w.BulkString(s)
		return
	}
	ext := [4]byte{' ', ' ', ' ', ':'}
	copy(ext[:3], format)
	w.Buf = appendHeader(w.Buf, TypeVerbatim, len(s)+len(ext))
	w.Buf = append(w.Buf, ext[:]...)
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// number appends a number's text as its RESP3 type, or as a bulk string.
func (w *Writer) number(t Type, text []byte) {
	if !w.resp3 {
		w.Bulk(text)
		return
	}
	w.Buf = append(w.Buf, byte(t))
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// aggregate appends the header of an aggregate, with RESP2's array in place of the types that RESP3 brought.
func (w *Writer) aggregate(t Type, n int) {
	t, n = w.downgrade(t, n)
	w.Buf = appendHeader(w.Buf, t, n)
}

// downgrade returns the type and the length that announce an aggregate in the protocol in force.
func (w *Writer) downgrade(t Type, n int) (Type, int) {
	if w.resp3 {
		return t, n
	}
	if t == TypeMap {
		n *= 2
	}
	return TypeArray, n
}

// appendHeader appends a type byte, a length and a line end.
func appendHeader(dst []byte, t Type, n int) []byte {
	at := len(dst)
	dst = redcon.AppendArray(dst, n)
	dst[at] = byte(t)
	return dst
}

// AppendCommand appends a command as clients and replication streams carry it: an array of bulk strings.
func AppendCommand(dst []byte, args ...[]byte) []byte {
	dst = redcon.AppendArray(dst, len(args))
	for _, arg := range args {
		dst = redcon.AppendBulk(dst, arg)
	}
	return dst
}

// AppendCommandStrings is AppendCommand for strings.
func AppendCommandStrings(dst []byte, args ...string) []byte {
	dst = redcon.AppendArray(dst, len(args))
	for _, arg := range args {
		dst = redcon.AppendBulkString(dst, arg)
	}
	return dst
}
