package listpack

import (
	"encoding/binary"
	"fmt"
)

// Validate checks bytes of unknown origin. It looks at header and end only, or
// at every entry when deep is set; after that no function of this package can
// panic on the blob or read outside of it. What the elements mean, say that
// fields are not repeated, is the caller's to check. Errors wrap ErrCorrupt.
func Validate(lp []byte, deep bool) error {
	if len(lp) < EmptySize {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(lp))
	}
	if total := binary.LittleEndian.Uint32(lp); uint64(total) != uint64(len(lp)) {
		return fmt.Errorf("%w: header says %d bytes of %d", ErrCorrupt, total, len(lp))
	}
	if lp[len(lp)-1] != end {
		return fmt.Errorf("%w: no end byte", ErrCorrupt)
	}
	if !deep {
		return nil
	}
	n, pos := 0, headerSize
	for ; lp[pos] != end; n++ {
		size, ok := checkEntry(lp, pos)
		if !ok {
			return fmt.Errorf("%w: entry %d at byte %d", ErrCorrupt, n, pos)
		}
		pos += size
	}
	if pos != len(lp)-1 {
		return fmt.Errorf("%w: ends at byte %d of %d", ErrCorrupt, pos, len(lp))
	}
	if c := count(lp); c != countUnknown && c != n {
		return fmt.Errorf("%w: header says %d elements of %d", ErrCorrupt, c, n)
	}
	return nil
}

// checkEntry returns the size of the entry at pos, backlen included, and
// whether it lies before the end byte and its two sizes agree.
func checkEntry(lp []byte, pos int) (size int, ok bool) {
	room := len(lp) - 1 - pos
	switch b := lp[pos]; {
	case b > tagInt64:
		return 0, false
	case b == tagStr32:
		// Checked apart from encodedSize, whose sum may pass a 32 bit int.
		if room < 5 || uint64(binary.LittleEndian.Uint32(lp[pos+1:])) > uint64(room-5) {
			return 0, false
		}
	case b >= tagStr12 && b < tagStr32 && room < 2:
		return 0, false
	}
	enc := encodedSize(lp, pos)
	size = withBacklen(enc)
	if size > room {
		return 0, false
	}
	return size, readBacklen(lp, pos+size-1) == enc
}
