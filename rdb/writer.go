package rdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// WriterOptions choose what a Writer emits. The zero value is a version 9 file
// without compression and checksum.
type WriterOptions struct {
	// Compress packs strings of more than 20 bytes that shrink by it.
	Compress bool
	// Checksum computes the CRC-64; otherwise zero is written in its place, which
	// readers take for none.
	Checksum bool
	// Functions allows Function, which only Redis 7.0 and later can load.
	Functions bool
	// ActiveTime keeps the ActiveTime of stream consumers, in a type that only
	// Redis 7.2 and later can load.
	ActiveTime bool
	// Pause, if set, is called after every 8 KB or so: whoever writes in the background lets others have the processor.
	Pause func()
}

// writeBuffer is how much is gathered before it is written.
const writeBuffer = 64 << 10

// pauseBytes is how much lies between two pauses: a tenth of a millisecond's work, if it is small strings.
const pauseBytes = 8 << 10

// Writer writes one snapshot: Header, the methods of Sink, Close. It buffers
// and does not allocate per key; what is written reaches the underlying writer
// when 64 KB have gathered, or at Flush and Close.
//
// The n of the Begin methods has to be true, as it is written before the
// elements. A list may be begun with UnknownLen and is then held in memory until
// EndKey. Sorted sets load fastest into Redis when their members come from the
// greatest score to the smallest. The first error sticks and is returned by every
// method from then on.
type Writer struct {
	w    io.Writer
	opts WriterOptions
	dump *dumpState // set when this is the Writer of a Dumper: then w is nil
	buf  []byte
	crc  uint64
	lzf  *lzf // made at first use
	err  error

	version int
	written int64
	paused  int // where in buf the last pause was

	open  openKind
	left  uint64 // elements to come before EndKey, counted down from n
	count int    // where in buf the length goes for UnknownLen, -1 otherwise
}

// openKind is what a Begin method has opened.
type openKind byte

const (
	openNone openKind = iota
	openList
	openSet
	openHash
	openZSet
)

// NewWriter returns a Writer that writes to w. Its buffer is ready before the
// first call.
func NewWriter(w io.Writer, opts WriterOptions) *Writer {
	version := plainVersion
	if opts.Functions {
		version = functionsVersion
	}
	if opts.ActiveTime {
		version = activeVersion
	}
	buf := make([]byte, 0, writeBuffer+writeThrough+1<<10)
	return &Writer{w: w, opts: opts, version: version, buf: buf, count: -1}
}

// Version returns the version that Header states.
func (w *Writer) Version() int { return w.version }

// Written returns the size of the snapshot so far, what is buffered included.
func (w *Writer) Written() int64 { return w.written + int64(len(w.buf)) }

// Header writes the header, which comes before anything else.
func (w *Writer) Header() error {
	if w.Written() != 0 || w.dump != nil {
		return w.fail(ErrSequence)
	}
	w.buf = fmt.Appendf(w.buf, "%s%04d", magic, w.version)
	return w.err
}

// Close writes the end of the snapshot and flushes. It does not close the
// underlying writer.
func (w *Writer) Close() error {
	if !w.item() {
		return w.err
	}
	w.buf = append(w.buf, opEOF)
	if err := w.Flush(); err != nil {
		return err
	}
	sum := w.crc
	w.opts.Checksum = false // it does not cover itself
	w.buf = binary.LittleEndian.AppendUint64(w.buf, sum)
	return w.Flush()
}

// Flush hands what is buffered to the underlying writer. A list of unknown
// length that is open stays where it is.
func (w *Writer) Flush() error {
	if w.err == nil && !w.held() {
		w.put(w.buf)
		w.buf, w.paused = w.buf[:0], 0
	}
	return w.err
}

// Aux writes a remark.
func (w *Writer) Aux(name, value []byte) error {
	if w.item() {
		w.buf = append(w.buf, opAux)
		w.str(name)
		w.str(value)
	}
	return w.spill()
}

// Function writes the source of a function library.
func (w *Writer) Function(library []byte) error {
	if w.version < functionsVersion {
		return w.fail(fmt.Errorf("%w: functions", ErrNeeds))
	}
	if w.item() {
		w.buf = append(w.buf, opFunction2)
		w.str(library)
	}
	return w.spill()
}

// SelectDB says which database the keys from here on belong to.
func (w *Writer) SelectDB(db int) error {
	if w.item() {
		w.buf = appendLength(append(w.buf, opSelectDB), uint64(db))
	}
	return w.spill()
}

// ResizeDB announces the size of the current database.
func (w *Writer) ResizeDB(keys, expires uint64) error {
	if w.item() {
		w.buf = appendLength(append(w.buf, opResizeDB), keys)
		w.buf = appendLength(w.buf, expires)
	}
	return w.spill()
}

// String writes a string key.
func (w *Writer) String(k *Key, v []byte) error {
	if w.key(typeString, k) {
		w.str(v)
	}
	return w.spill()
}

// Intset writes a set that is an intset already, checked by the caller.
func (w *Writer) Intset(k *Key, blob []byte) error {
	if w.key(typeSetIntset, k) {
		w.str(blob)
	}
	return w.spill()
}

// BeginList opens a list of n elements, or of UnknownLen.
func (w *Writer) BeginList(k *Key, n uint64) error { return w.begin(openList, typeList, k, n) }

// BeginSet opens a set of n members.
func (w *Writer) BeginSet(k *Key, n uint64) error { return w.begin(openSet, typeSet, k, n) }

// BeginHash opens a hash of n fields.
func (w *Writer) BeginHash(k *Key, n uint64) error { return w.begin(openHash, typeHash, k, n) }

// BeginZSet opens a sorted set of n members.
func (w *Writer) BeginZSet(k *Key, n uint64) error { return w.begin(openZSet, typeZSet2, k, n) }

// ListItem writes the next element of the open list.
func (w *Writer) ListItem(v []byte) error {
	if w.element(openList) {
		w.str(v)
	}
	return w.spill()
}

// SetMember writes a member of the open set.
func (w *Writer) SetMember(m []byte) error {
	if w.element(openSet) {
		w.str(m)
	}
	return w.spill()
}

// HashField writes a field of the open hash.
func (w *Writer) HashField(f, v []byte) error {
	if w.element(openHash) {
		w.str(f)
		w.str(v)
	}
	return w.spill()
}

// ZSetMember writes a member of the open sorted set.
func (w *Writer) ZSetMember(m []byte, score float64) error {
	if w.element(openZSet) {
		w.str(m)
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(score))
	}
	return w.spill()
}

// EndKey closes what a Begin method has opened.
func (w *Writer) EndKey() error {
	switch {
	case w.err != nil:
		return w.err
	case w.open == openNone:
		return w.fail(ErrSequence)
	case w.count >= 0:
		w.insertCount(UnknownLen - w.left)
	case w.left != 0:
		return w.fail(fmt.Errorf("%w: %d missing", ErrCount, w.left))
	}
	w.open = openNone
	return w.spill()
}

// insertCount puts the length of a list of unknown length where it belongs.
func (w *Writer) insertCount(n uint64) {
	if n == 0 {
		w.fail(fmt.Errorf("%w: none at all", ErrCount))
		return
	}
	var room [9]byte
	head := appendLength(room[:0], n)
	w.buf = append(w.buf, head...)
	copy(w.buf[w.count+len(head):], w.buf[w.count:])
	copy(w.buf[w.count:], head)
	w.count = -1
}

// begin opens a collection.
func (w *Writer) begin(open openKind, typ byte, k *Key, n uint64) error {
	if n == 0 {
		return w.fail(fmt.Errorf("%w: none at all", ErrCount))
	}
	if !w.key(typ, k) {
		return w.err
	}
	w.open, w.left = open, n
	if n == UnknownLen {
		w.count = len(w.buf)
	} else {
		w.buf = appendLength(w.buf, n)
	}
	return w.spill()
}

// element checks that an element may come, and counts it.
func (w *Writer) element(kind openKind) bool {
	if w.err != nil {
		return false
	}
	if w.open != kind {
		w.fail(ErrSequence)
		return false
	}
	if w.left == 0 {
		w.fail(fmt.Errorf("%w: one too many", ErrCount))
		return false
	}
	w.left--
	return true
}

// item checks that an item that is not a key may come.
func (w *Writer) item() bool {
	if w.err == nil && (w.open != openNone || w.dump != nil) {
		w.fail(ErrSequence)
	}
	return w.err == nil
}

// held tells that the buffer must not be flushed: it is the payload of a
// Dumper, or there is still a length to be put into it.
func (w *Writer) held() bool { return w.dump != nil || w.count >= 0 }

// key writes what comes before a value.
func (w *Writer) key(typ byte, k *Key) bool {
	if w.dump != nil {
		return w.dumpKey(typ)
	}
	if !w.item() {
		return false
	}
	if k.ExpireAt != 0 {
		w.buf = binary.LittleEndian.AppendUint64(append(w.buf, opExpireMs), uint64(k.ExpireAt))
	}
	if k.Idle >= 0 {
		w.buf = appendLength(append(w.buf, opIdle), uint64(k.Idle))
	}
	if k.Freq >= 0 {
		w.buf = append(w.buf, opFreq, byte(min(k.Freq, math.MaxUint8)))
	}
	w.buf = append(w.buf, typ)
	w.str(k.Name)
	return true
}

// spill makes room in the buffer when it is full, and returns the error that
// sticks.
func (w *Writer) spill() error {
	if w.opts.Pause != nil && len(w.buf)-w.paused >= pauseBytes {
		w.paused = len(w.buf)
		w.opts.Pause()
	}
	if len(w.buf) < writeBuffer || w.held() {
		return w.err
	}
	err := w.Flush()
	if cap(w.buf) > keepBuffer {
		w.buf = make([]byte, 0, writeBuffer+writeThrough)
	}
	return err
}

// put writes to the underlying writer.
func (w *Writer) put(p []byte) {
	if w.err != nil || len(p) == 0 {
		return
	}
	if w.opts.Checksum {
		w.crc = checksum(w.crc, p)
	}
	n, err := w.w.Write(p)
	w.written += int64(n)
	if err != nil {
		w.err = fmt.Errorf("rdb: %w", err)
	}
}

func (w *Writer) fail(err error) error {
	if w.err == nil {
		w.err = err
	}
	return w.err
}
