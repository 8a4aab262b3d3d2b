package rdb

import (
	"encoding/binary"
	"fmt"
)

// Dumper makes payloads of DUMP. It may be used again and again, which saves
// setting up the compressor each time.
type Dumper struct {
	w     Writer
	state dumpState
}

// dumpState is what the Writer of a Dumper knows about the payload.
type dumpState struct {
	begun   bool
	version uint16 // the oldest that can carry the value
}

// NewDumper returns a Dumper. Of the options, Compress and ActiveTime matter;
// the checksum is always there.
func NewDumper(opts WriterOptions) *Dumper {
	return &Dumper{w: Writer{opts: opts}}
}

// Append appends to dst the payload of one value, which fill passes to the sink:
// one String or Stream call, or a Begin method with its elements and EndKey. The
// keys given there are not looked at. The version in the payload is the oldest
// one that the value needs, so that RESTORE of an older server may take it.
func (d *Dumper) Append(dst []byte, fill func(w *Writer) error) ([]byte, error) {
	d.state = dumpState{}
	d.w = Writer{opts: d.w.opts, lzf: d.w.lzf, dump: &d.state, buf: dst, count: -1}
	err := fill(&d.w)
	if err == nil {
		err = d.w.err
	}
	if err == nil && (!d.state.begun || d.w.open != openNone) {
		err = fmt.Errorf("%w: a dump is one value", ErrSequence)
	}
	out := d.w.buf
	d.w.buf = nil
	if err != nil {
		return dst, err
	}
	out = binary.LittleEndian.AppendUint16(out, d.state.version)
	return binary.LittleEndian.AppendUint64(out, checksum(0, out[len(dst):])), nil
}

// dumpKey writes the type, all that a payload has before the value.
func (w *Writer) dumpKey(typ byte) bool {
	if w.err == nil && (w.dump.begun || w.open != openNone) {
		w.fail(ErrSequence)
	}
	if w.err != nil {
		return false
	}
	w.dump.begun = true
	switch typ {
	case typeStream2:
		w.dump.version = functionsVersion
	case typeStream3:
		w.dump.version = activeVersion
	default:
		w.dump.version = plainVersion
	}
	w.buf = append(w.buf, typ)
	return true
}

// AppendDump is Append of a new Dumper.
func AppendDump(dst []byte, opts WriterOptions, fill func(w *Writer) error) ([]byte, error) {
	return NewDumper(opts).Append(dst, fill)
}

// ReadDump reads a payload of DUMP and passes its value to sink under the key
// k. It returns an error that wraps ErrDump when version or checksum are
// wrong; with any other error, all of them *Error, the value is, which includes
// a collection without elements. Offsets are those in the payload. With
// SkipChecksum any checksum is taken, as after DEBUG
// SET-SKIP-CHECKSUM-VALIDATION.
func ReadDump(payload []byte, k *Key, sink Sink, opts ReaderOptions) error {
	if err := verifyDump(payload, opts.SkipChecksum); err != nil {
		return err
	}
	r := &Reader{opts: opts, sink: sink, started: true}
	r.win = payload[:len(payload)-dumpTrailer]
	r.progress = opts.Progress
	r.key, r.inKey = *k, true
	typ := r.u8()
	if r.err == nil && !r.value(typ) && r.err == nil {
		r.fail(corruptf("collection without elements"))
	}
	return r.finish()
}

func verifyDump(payload []byte, skipChecksum bool) error {
	if len(payload) < dumpTrailer {
		return fmt.Errorf("rdb: %w: %d bytes", ErrDump, len(payload))
	}
	trailer := payload[len(payload)-dumpTrailer:]
	if v := binary.LittleEndian.Uint16(trailer); v > maxVersion {
		return fmt.Errorf("rdb: %w: %w", ErrDump, versionError(int(v)))
	}
	if skipChecksum {
		return nil
	}
	got, want := binary.LittleEndian.Uint64(trailer[2:]), checksum(0, payload[:len(payload)-8])
	if got != want {
		return fmt.Errorf("rdb: %w: %w", ErrDump, checksumError(got, want))
	}
	return nil
}
