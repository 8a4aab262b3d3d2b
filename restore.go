package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"treedis/repl/aof"
)

// The options that are no directives: they are for one start, and a file or CONFIG REWRITE must not keep them for the next.
const (
	restoreTo       = "--restore-to"
	restoreToOffset = "--restore-to-offset"
)

// takeRestorePoint takes these options, as --name value or --name=value, out of the command line's words. The point is zero if
// there are none.
func takeRestorePoint(words []string) (rest []string, to aof.Point, err error) {
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(words[i], "=")
		if name != restoreTo && name != restoreToOffset {
			rest = append(rest, words[i])
			continue
		}
		if !given {
			if i++; i == len(words) {
				return nil, to, fmt.Errorf("%s needs a value", name)
			}
			value = words[i]
		}
		if !to.IsZero() {
			return nil, to, fmt.Errorf("only one of %s and %s can be given, once", restoreTo, restoreToOffset)
		}
		if to, err = parsePoint(name, value); err != nil {
			return nil, to, err
		}
	}
	return rest, to, nil
}

func parsePoint(name, value string) (aof.Point, error) {
	if name == restoreToOffset {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return aof.Point{}, fmt.Errorf("%s %s: not a replication offset", name, value)
		}
		return aof.Point{Offset: n, ByOffset: true}, nil
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil || at.Unix() <= 0 {
		return aof.Point{}, fmt.Errorf("%s %s: not a time such as 2026-11-22T10:00:00Z", name, value)
	}
	return aof.Point{Time: at.Unix()}, nil
}
