package rdb

import "encoding/binary"

// AppendFunctions appends to dst the payload of FUNCTION DUMP for the sources of function libraries: an item of a snapshot
// for each, in the frame of DUMP.
func AppendFunctions(dst []byte, opts WriterOptions, libraries [][]byte) []byte {
	w := Writer{opts: opts, dump: new(dumpState), buf: dst, count: -1}
	for _, library := range libraries {
		w.buf = append(w.buf, opFunction2)
		w.str(library)
	}
	out := binary.LittleEndian.AppendUint16(w.buf, functionsVersion)
	return binary.LittleEndian.AppendUint64(out, checksum(0, out[len(dst):]))
}

// ReadFunctions reads a payload of FUNCTION DUMP and passes on each library's source, which is valid during the call. It
// returns an error that wraps ErrDump when version or checksum are wrong; ErrNotFunction and ErrUnsupported when
// there is something else than libraries, or libraries as release candidates had them; and what library returns, as it is.
func ReadFunctions(payload []byte, opts ReaderOptions, library func(source []byte) error) error {
	if err := verifyDump(payload, opts.SkipChecksum); err != nil {
		return err
	}
	r := &Reader{opts: opts, started: true}
	r.win = payload[:len(payload)-dumpTrailer]
	for r.err == nil && r.pos < len(r.win) {
		switch op := r.u8(); op {
		case opFunction2:
			source := r.str(&r.valBuf)
			if r.err != nil {
				break
			}
			if err := library(source); err != nil {
				return err
			}
		case opFunctionPre:
			r.fail(errFunctionPre)
		default:
			r.fail(ErrNotFunction)
		}
	}
	return r.finish()
}
