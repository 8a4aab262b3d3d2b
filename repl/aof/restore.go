package aof

import (
	"fmt"
	"time"
)

// Point is an instant of the history that files tell of: a second, whose writes it includes, or a replication offset. The
// zero value is none.
type Point struct {
	Time     int64 // unix seconds; 0 if the point is an offset
	Offset   int64 // bytes of the history before it
	ByOffset bool
}

// IsZero tells whether it is no point at all.
func (p Point) IsZero() bool { return p == Point{} }

func (p Point) String() string {
	if p.ByOffset {
		return fmt.Sprintf("offset %d", p.Offset)
	}
	return clock(p.Time)
}

// clock words a unix time.
func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// cutter decides where loading ends so that the data is as it was at a point. It learns when, or at which offset, each command was
// written from what stands before it.
type cutter struct {
	to    Point
	begun int64 // unix seconds of the first thing known, 0 before
	dated bool  // the commands to come follow an annotation of the time
	vague bool  // commands have been executed that nothing tells the time of
}

// base takes note of what a base says of itself. Nothing of it can be left out.
func (c *cutter) base(b BaseInfo) error {
	switch {
	case c.to.ByOffset && !b.Position.Known():
		return fmt.Errorf("%w: the base does not tell which offset it was taken at", ErrNoPoints)
	case c.to.ByOffset && c.to.Offset < b.Position.Offset:
		return fmt.Errorf("%w: the base was taken at offset %d", ErrTooEarly, b.Position.Offset)
	case c.to.ByOffset:
		return nil
	case b.Time == 0:
		return fmt.Errorf("%w: the base does not tell when it was taken", ErrNoPoints)
	case c.to.Time < b.Time:
		return fmt.Errorf("%w: the base was taken at %s", ErrTooEarly, clock(b.Time))
	}
	c.begun = b.Time
	return nil
}

// stop reports whether a record, which begins at a position, lies behind the point. Of a transaction only its end is asked about, and the
// position is that of its end.
func (c *cutter) stop(rec Record, at Position) (bool, error) {
	if rec.Args == nil {
		return c.annotation(rec.Annotation)
	}
	if c.to.ByOffset {
		if !at.Known() {
			return false, fmt.Errorf("%w: the offset is not known at byte %d of the file", ErrNoPoints, rec.Start)
		}
		return at.Offset+rec.End-rec.Start > c.to.Offset, nil
	}
	c.vague = c.vague || !c.dated
	return false, nil
}

func (c *cutter) annotation(line []byte) (bool, error) {
	at, ok := ParseTime(line)
	switch {
	case !ok, c.to.ByOffset:
		return false, nil
	case at > c.to.Time && c.vague:
		return false, fmt.Errorf("%w: nothing tells which of the writes up to %s came before", ErrNoPoints, clock(at))
	case at > c.to.Time && c.begun == 0:
		return false, fmt.Errorf("%w: the first write was at %s", ErrTooEarly, clock(at))
	case at > c.to.Time:
		return true, nil
	}
	c.begun, c.dated, c.vague = at, true, false
	return false, nil
}

// end says what is wrong with a point that was not met before the files' end.
func (c *cutter) end(at Position) error {
	switch {
	case c.to.ByOffset && c.to.Offset > at.Offset:
		return fmt.Errorf("%w: they end at offset %d", ErrTooLate, at.Offset)
	case c.vague:
		return fmt.Errorf("%w: no write is annotated with the time (aof-timestamp-enabled)", ErrNoPoints)
	}
	return nil
}
