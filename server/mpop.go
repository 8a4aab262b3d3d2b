package server

import "math"

// mpopArguments reads the arguments of the commands that pop off the first of several keys that has anything: from
// args[i] on, the number of keys, the keys, the word for one end or the other, and COUNT.
func (c *Call) mpopArguments(i int, one, other string) (keys [][]byte, atOne bool, count int64, ok bool) {
	n, ok := c.intRange(i, 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return nil, false, 0, false
	}
	if n >= int64(len(c.args)-i-1) {
		c.err(errSyntax)
		return nil, false, 0, false
	}
	i++
	keys, i = c.args[i:i+int(n)], i+int(n)
	if atOne = c.is(i, one); !atOne && !c.is(i, other) {
		c.err(errSyntax)
		return nil, false, 0, false
	}
	for i++; i < len(c.args); i += 2 {
		if count != 0 || i+1 == len(c.args) || !c.is(i, "count") {
			c.err(errSyntax)
			return nil, false, 0, false
		}
		if count, ok = c.intRange(i+1, 1, math.MaxInt64, "ERR count should be greater than 0"); !ok {
			return nil, false, 0, false
		}
	}
	return keys, atOne, max(count, 1), true
}
