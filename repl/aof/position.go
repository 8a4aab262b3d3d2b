package aof

import (
	"bytes"
	"fmt"
	"strconv"

	"treedis/repl"
)

// Position is a place in a replication history.
type Position struct {
	ID     string
	Offset int64 // bytes of the history before it
}

// Known tells whether it is a place at all.
func (p Position) Known() bool { return p.ID != "" }

// The annotations that are understood.
const (
	markTime     = "#TS:"
	markPosition = "#REPL:"
)

// Annotation is the line that says: what follows stands at p.
func (p Position) Annotation() []byte {
	return fmt.Appendf(nil, "%s%s %d\r\n", markPosition, p.ID, p.Offset)
}

// TimeAnnotation is the line that says: what follows happened at the given second, or
// later.
func TimeAnnotation(unix int64) []byte { return fmt.Appendf(nil, "%s%d\r\n", markTime, unix) }

// ParseTime reads an annotation of the time.
func ParseTime(line []byte) (unix int64, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(markTime))
	if !ok {
		return 0, false
	}
	unix, err := strconv.ParseInt(string(rest), 10, 64)
	return unix, err == nil
}

// ParsePosition reads an annotation of the position.
func ParsePosition(line []byte) (p Position, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(markPosition))
	if !ok {
		return p, false
	}
	id, offset, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.ParseInt(string(offset), 10, 64)
	if err != nil || n < 0 || !repl.ValidID(string(id)) {
		return p, false
	}
	return Position{ID: string(id), Offset: n}, true
}
