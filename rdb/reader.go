package rdb

import (
	"bufio"
	"io"
	"math"
)

// ReaderOptions change how a snapshot is read. The zero value is right for most.
type ReaderOptions struct {
	// SkipChecksum leaves the checksum unchecked, and saves computing it.
	SkipChecksum bool
	// Progress, when set, is told the number of bytes read so far, about every
	// 64 KB and at the end.
	Progress func(bytes int64)
	// EmptyKey, when set, is told of every key that is passed over because its
	// collection has no elements. The name is valid during the call.
	EmptyKey func(name []byte)
}

// Reader reads one snapshot.
type Reader struct {
	source
	opts    ReaderOptions
	sink    Sink
	version int
	empty   int64
	started bool

	key     Key
	inKey   bool
	keyBuf  scratch
	elemBuf scratch // an element that has to outlive the read of its companion
	valBuf  scratch
	cur     packedCursor
	// packedIn is the layout of the collection in one blob that was read last, as errors name it.
	packedIn string
}

// NewReader returns a Reader for the snapshot that r begins with. When r is a
// *bufio.Reader, it stands on the first byte behind the snapshot once Read has
// succeeded; otherwise that is where Tail continues.
func NewReader(r io.Reader, opts ReaderOptions) *Reader {
	br, ok := r.(*bufio.Reader)
	if !ok {
		br = bufio.NewReaderSize(r, readBuffer)
	}
	return &Reader{
		source: source{br: br, sum: !opts.SkipChecksum, progress: opts.Progress},
		opts:   opts,
	}
}

// Version returns the version the snapshot's header states.
func (r *Reader) Version() int { return r.version }

// Offset returns the number of bytes of the snapshot read so far.
func (r *Reader) Offset() int64 { return r.offset() }

// EmptyKeys returns the number of keys that were passed over because their
// collections had no elements, which old Redis had a way to write.
func (r *Reader) EmptyKeys() int64 { return r.empty }

// Tail returns a reader of what follows the snapshot.
func (r *Reader) Tail() *bufio.Reader { return r.br }

// Read reads the snapshot into sink. It may be called once. Errors are of type
// *Error.
func (r *Reader) Read(sink Sink) error {
	if r.started {
		return ErrSequence
	}
	r.started, r.sink = true, sink
	r.header()
	for r.err == nil && r.item() {
	}
	r.trailer()
	return r.finish()
}

// finish gives unused bytes back and puts an error into its frame.
func (r *Reader) finish() error {
	r.sync()
	if r.err == nil {
		return nil
	}
	e := &Error{Offset: r.offset(), Err: r.err}
	if r.inKey {
		e.Key = append([]byte{}, r.key.Name...)
	}
	return e
}

// emit notes what a method of the sink has returned.
func (r *Reader) emit(err error) {
	if err != nil {
		r.fail(err)
	}
}

func (r *Reader) header() {
	var h [headerSize]byte
	r.fixed(h[:])
	if r.err != nil {
		return
	}
	if string(h[:len(magic)]) != magic {
		r.fail(ErrNotRDB)
		return
	}
	digits := h[len(magic):]
	for _, c := range digits {
		if c < '0' || c > '9' {
			r.fail(ErrNotRDB)
			return
		}
		r.version = r.version*10 + int(c-'0')
	}
	if r.version < minVersion || r.version > maxVersion {
		r.fail(versionError(r.version))
	}
}

func (r *Reader) trailer() {
	if r.err != nil || r.version < checksumSince {
		return
	}
	r.sync()
	want := r.crc
	r.sum = false
	got := r.le64()
	if r.err == nil && !r.opts.SkipChecksum && got != 0 && got != want {
		r.fail(checksumError(got, want))
	}
}

// item reads one item and reports whether more follow. Attributes are items of
// their own here: they add up in r.key until the key comes.
func (r *Reader) item() bool {
	r.resetKey()
	for {
		op := r.u8()
		if r.err != nil {
			return false
		}
		switch op {
		case opExpireSec:
			r.expiry(int64(int32(r.le32())) * 1000)
		case opExpireMs:
			r.expiry(int64(r.le64()))
		case opIdle:
			r.key.Idle = int64(min(r.count(), math.MaxInt64))
		case opFreq:
			r.key.Freq = int(r.u8())
		case opEOF:
			return false
		default:
			if op > maxType {
				r.opcode(op)
			} else {
				r.keyValue(op)
			}
			return true
		}
	}
}

func (r *Reader) resetKey() {
	r.key = Key{Idle: -1, Freq: -1}
	r.inKey = false
}

// expiry notes the expiry of the key to come. -1 has always meant none. What
// else lies at or before 1970 has passed, and must not be taken for none.
func (r *Reader) expiry(ms int64) {
	if ms == -1 {
		r.key.ExpireAt = 0
		return
	}
	r.key.ExpireAt = max(ms, 1)
}

// opcode reads an item that is not a key.
func (r *Reader) opcode(op byte) {
	switch op {
	case opAux:
		name := r.keepStr(&r.elemBuf)
		value := r.str(&r.valBuf)
		if r.err == nil {
			r.emit(r.sink.Aux(name, value))
		}
	case opFunction2:
		library := r.str(&r.valBuf)
		if r.err == nil {
			r.emit(r.sink.Function(library))
		}
	case opSelectDB:
		db := r.count()
		if db > math.MaxInt32 {
			r.fail(corruptf("database number %d", db))
		}
		if r.err == nil {
			r.emit(r.sink.SelectDB(int(db)))
		}
	case opResizeDB:
		keys, expires := r.count(), r.count()
		if r.err == nil {
			r.emit(r.sink.ResizeDB(keys, expires))
		}
	case opModuleAux:
		r.moduleAux()
	case opFunctionPre:
		r.fail(errFunctionPre)
	default:
		r.fail(corruptf("unknown type or opcode %d", op))
	}
}

func (r *Reader) keyValue(typ byte) {
	name := r.keepStr(&r.keyBuf)
	if r.err != nil {
		return
	}
	r.key.Name, r.inKey = name, true
	if !r.value(typ) && r.err == nil {
		r.empty++
		if r.opts.EmptyKey != nil {
			r.opts.EmptyKey(name)
		}
	}
	if r.err == nil {
		r.inKey = false
	}
}
