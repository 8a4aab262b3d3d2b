package server

import "math"

// Units of expiry arguments, in milliseconds.
const (
	inSeconds      int64 = 1000
	inMilliseconds int64 = 1
)

// expiry parses args[i] as a time in the given unit, relative to base: the call's now, or 0 for a point in
// unix time. It returns the unix time in milliseconds. On a time that is no number or out of range it
// replies with the error.
func (c *Call) expiry(i int, unit, base int64) (at int64, ok bool) {
	n, ok := c.int(i, "")
	if !ok {
		return 0, false
	}
	if n > math.MaxInt64/unit || n < math.MinInt64/unit || n*unit > math.MaxInt64-base {
		return 0, c.invalidExpiry()
	}
	return n*unit + base, true
}

// positiveExpiry is expiry for commands that, as SET does, refuse 0 and what is below.
func (c *Call) positiveExpiry(i int, unit, base int64) (at int64, ok bool) {
	if at, ok = c.expiry(i, unit, base); ok && at <= base {
		return 0, c.invalidExpiry()
	}
	return at, ok
}

// invalidExpiry replies that an expiry is out of range, and returns false.
func (c *Call) invalidExpiry() bool {
	c.err("ERR invalid expire time in '" + c.row.Name + "' command")
	return false
}
