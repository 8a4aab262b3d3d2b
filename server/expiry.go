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

// isPast reports whether a key that is given the expiry at is to be deleted at once. A replica, and whoever
// replays a log, leaves that to the master, and keeps the key with its expiry in the past.
func (c *Call) isPast(at int64) bool {
	return at <= c.now && !c.c.isMaster && !c.srv.role.isReplica() && !c.srv.loading.active()
}

// deletePast deletes a key that was given an expiry in the past.
func (c *Call) deletePast(key []byte) {
	c.db.Delete(key)
	c.rewrite(c.srv.expiryWord(), key)
	c.modified(notifyGeneric, "del", key)
}

// expireAt gives a key an expiry in unix ms. The options that the command had are logged with it.
func (c *Call) expireAt(key []byte, at int64, options ...[]byte) {
	c.db.SetExpire(key, max(at, 1)) // 0 would mean none; all that is not above is past alike
	c.gaveExpiry(c.db, key)
	if len(options) == 0 {
		var scratch [20]byte
		c.rewrite(wordPExpireAt, key, appendInt(&scratch, at))
	} else {
		c.rewrite(append([][]byte{wordPExpireAt, key, appendInt(new([20]byte), at)}, options...)...)
	}
	c.modified(notifyGeneric, "expire", key)
}

// persist removes a key's expiry.
func (c *Call) persist(key []byte) {
	c.db.SetExpire(key, 0)
	c.modified(notifyGeneric, "persist", key)
}
