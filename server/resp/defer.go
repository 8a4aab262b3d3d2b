package resp

import "github.com/tidwall/redcon"

// Mark is the place of an aggregate's header whose length is not known yet.
type Mark int

// deferredHeader is what a Defer method leaves room for: a type, one digit, a line end. Aggregates whose length has more digits
// are moved up once when it is set, 0.05 ms for each megabyte that follows the mark: less than encoding that megabyte took.
const deferredHeader = 4

// DeferArray begins an array whose length SetArrayLen gives later. Nested marks are set innermost first.
func (w *Writer) DeferArray() Mark { return w.deferLen() }

// DeferMap begins a map whose number of pairs SetMapLen gives later.
func (w *Writer) DeferMap() Mark { return w.deferLen() }

// DeferSet begins a set whose length SetSetLen gives later.
func (w *Writer) DeferSet() Mark { return w.deferLen() }

// DeferPush begins an out-of-band message whose length SetPushLen gives later.
func (w *Writer) DeferPush() Mark { return w.deferLen() }

// SetArrayLen gives the length of the array begun at m.
func (w *Writer) SetArrayLen(m Mark, n int) { w.setLen(m, TypeArray, n) }

// SetMapLen gives the number of pairs of the map begun at m.
func (w *Writer) SetMapLen(m Mark, n int) {
	t, n := w.downgrade(TypeMap, n)
	w.setLen(m, t, n)
}

// SetSetLen gives the length of the set begun at m.
func (w *Writer) SetSetLen(m Mark, n int) {
	t, n := w.downgrade(TypeSet, n)
	w.setLen(m, t, n)
}

// SetPushLen gives the length of the out-of-band message begun at m.
func (w *Writer) SetPushLen(m Mark, n int) {
	t, n := w.downgrade(TypePush, n)
	w.setLen(m, t, n)
}

// SetNullArray turns the aggregate begun at m into a null array and drops what was appended since.
func (w *Writer) SetNullArray(m Mark) {
	w.Truncate(int(m))
	w.NullArray()
}

func (w *Writer) deferLen() Mark {
	m := Mark(len(w.Buf))
	w.Buf = redcon.AppendArray(w.Buf, 0)
	return m
}

func (w *Writer) setLen(m Mark, t Type, n int) {
	var text [24]byte
	header := appendHeader(text[:0], t, n)
	if more := len(header) - deferredHeader; more > 0 {
		end := len(w.Buf)
		w.Buf = append(w.Buf, header[:more]...) // any bytes: it is the room that counts
		copy(w.Buf[int(m)+len(header):], w.Buf[int(m)+deferredHeader:end])
	}
	copy(w.Buf[m:], header)
}
