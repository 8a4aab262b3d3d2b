package quicklist

import (
	"errors"
	"fmt"

	"treedis/store/listpack"
)

// ErrInvariant is wrapped by every error that Check returns.
var ErrInvariant = errors.New("quicklist: invariant broken")

// Check walks the whole list and compares it with what the package guarantees. It is for tests.
func (l *List) Check() error {
	if err := l.mid.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvariant, err)
	}
	bytes := 0
	for c := range l.mid.All() {
		bytes += c.bytes()
	}
	if bytes != l.bytes {
		return fmt.Errorf("%w: %d bytes counted of %d", ErrInvariant, l.bytes, bytes)
	}
	if l.tail == nil && l.mid.Len() > 0 {
		return fmt.Errorf("%w: %d chunks without a tail", ErrInvariant, l.mid.Len()+1)
	}
	total := 0
	for ci := range l.chunks() {
		c := l.at(ci)
		total += c.len()
		switch {
		case c.epoch > l.epoch:
			return fmt.Errorf("%w: chunk %d of epoch %d in list of %d", ErrInvariant, ci, c.epoch, l.epoch)
		case c.len() == 0 && l.chunks() > 1:
			return fmt.Errorf("%w: chunk %d is empty", ErrInvariant, ci)
		case c.plain:
			continue
		}
		if err := listpack.Validate(c.blob, true); err != nil {
			return fmt.Errorf("%w: chunk %d: %w", ErrInvariant, ci, err)
		}
	}
	if total != l.Len() {
		return fmt.Errorf("%w: %d elements counted as %d", ErrInvariant, total, l.Len())
	}
	return nil
}
