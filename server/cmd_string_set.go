package server

import "treedis/store"

// ttlOption is what an option of SET or GETEX says about the expiry. Several that differ are a syntax error.
type ttlOption uint8

const (
	ttlNone ttlOption = iota // the command's default
	ttlEX
	ttlPX
	ttlEXAT
	ttlPXAT
	ttlKeep
	ttlPersist
)

// stringOptions are the options of SET and GETEX.
type stringOptions struct {
	nx, xx, get bool
	ttl         ttlOption
	time        int // which argument is the time of ttlEX to ttlPXAT
}

// timed reports whether an expiry is to be set.
func (o *stringOptions) timed() bool { return o.ttl >= ttlEX && o.ttl <= ttlPXAT }

// parse reads the options from args[i] on: SET's if set, otherwise GETEX's.
func (o *stringOptions) parse(c *Call, i int, set bool) bool {
	for ; i < len(c.args); i++ {
		ttl := ttlNone
		switch last := i == len(c.args)-1; {
		case set && c.is(i, "nx") && !o.xx:
			o.nx = true
			continue
		case set && c.is(i, "xx") && !o.nx:
			o.xx = true
			continue
		case set && c.is(i, "get"):
			o.get = true
			continue
		case set && c.is(i, "keepttl"):
			ttl = ttlKeep
		case !set && c.is(i, "persist"):
			ttl = ttlPersist
		case !last && c.is(i, "ex"):
			ttl = ttlEX
		case !last && c.is(i, "px"):
			ttl = ttlPX
		case !last && c.is(i, "exat"):
			ttl = ttlEXAT
		case !last && c.is(i, "pxat"):
			ttl = ttlPXAT
		}
		if ttl == ttlNone || o.ttl != ttlNone && o.ttl != ttl {
			c.err(errSyntax)
			return false
		}
		if o.ttl = ttl; o.timed() {
			i++
			o.time = i
		}
	}
	return true
}

// expiry returns the expiry that the options ask for, in unix ms, 0 if they ask for none.
func (o *stringOptions) expiry(c *Call) (at int64, ok bool) {
	switch o.ttl {
	case ttlEX:
		return c.positiveExpiry(o.time, inSeconds, c.now)
	case ttlPX:
		return c.positiveExpiry(o.time, inMilliseconds, c.now)
	case ttlEXAT:
		return c.positiveExpiry(o.time, inSeconds, 0)
	case ttlPXAT:
		return c.positiveExpiry(o.time, inMilliseconds, 0)
	}
	return 0, true
}

func cmdSet(c *Call) {
	var o stringOptions
	if o.parse(c, 3, true) && c.set(c.args[2], &o) && !o.get {
		c.out.OK()
	}
}

func cmdSetEx(c *Call)  { c.setFor(ttlEX) }
func cmdPSetEx(c *Call) { c.setFor(ttlPX) }

func (c *Call) setFor(ttl ttlOption) {
	if c.set(c.args[3], &stringOptions{ttl: ttl, time: 2}) {
		c.out.OK()
	}
}

func cmdSetNX(c *Call) {
	key := c.args[1]
	if c.lookupWrite(key) != nil {
		c.out.Int(0)
		return
	}
	c.putString(key, c.args[2], false, 0)
	c.out.Int(1)
}

func cmdGetSet(c *Call) {
	e, ok := c.get()
	if !ok {
		return
	}
	c.putString(c.args[1], c.args[2], e != nil, 0)
	c.rewrite(wordSet, c.args[1], c.args[2])
}

// set is SET, SETEX and PSETEX of args[1]. It returns true if the value was set; if not, or if the
// options ask for the old value, the reply has been made.
func (c *Call) set(val []byte, o *stringOptions) bool {
	key := c.args[1]
	at, ok := o.expiry(c)
	if !ok {
		return false
	}
	var e *store.Entry
	if o.get {
		if e, ok = c.get(); !ok {
			return false
		}
	} else {
		e = c.lookupWrite(key)
	}
	if o.nx && e != nil || o.xx && e == nil {
		if !o.get {
			c.out.Null()
		}
		return false
	}
	if o.ttl == ttlKeep {
		at = store.KeepTTL
	}
	c.putString(key, val, e != nil, at)
	if o.timed() {
		c.gaveExpiry(c.db, key)
		c.srv.notify(notifyGeneric, "expire", key, c.db)
	}
	c.rewriteSet(key, val, o, at)
	return true
}

// putString sets key, which is there already if found is set, to a string.
func (c *Call) putString(key, val []byte, found bool, at int64) {
	c.db.SetString(key, val, at)
	if !found {
		c.created(key)
	}
	c.modified(notifyString, "set", key)
}

// rewriteSet makes what SET logs definite: expiries absolute, and no GET.
func (c *Call) rewriteSet(key, val []byte, o *stringOptions, at int64) {
	switch {
	case o.ttl == ttlPXAT:
	case o.timed():
		var scratch [20]byte
		c.rewrite(wordSet, key, val, wordPXAT, appendInt(&scratch, at))
	case o.get:
		args := append(make([][]byte, 0, len(c.args)), c.args[:3]...)
		for i := 3; i < len(c.args); i++ {
			if !c.is(i, "get") {
				args = append(args, c.args[i])
			}
		}
		c.rewrite(args...)
	}
}

func cmdMSet(c *Call) {
	if len(c.args)%2 == 0 {
		c.wrongArity()
		return
	}
	c.setPairs()
	c.out.OK()
}

func cmdMSetNX(c *Call) {
	if len(c.args)%2 == 0 {
		c.wrongArity()
		return
	}
	for i := 1; i < len(c.args); i += 2 {
		if c.lookupWrite(c.args[i]) != nil {
			c.out.Int(0)
			return
		}
	}
	c.setPairs()
	c.out.Int(1)
}

func (c *Call) setPairs() {
	for i := 1; i < len(c.args); i += 2 {
		key := c.args[i]
		c.putString(key, c.args[i+1], c.lookupWrite(key) != nil, 0)
	}
}

func cmdGetEx(c *Call) {
	var o stringOptions
	if !o.parse(c, 2, false) {
		return
	}
	key := c.args[1]
	e, ok := c.typed(key, store.String)
	if !ok {
		return
	}
	if e == nil {
		c.out.Null()
		return
	}
	at, ok := o.expiry(c)
	if !ok {
		return
	}
	c.bulk(e)
	switch {
	case (o.ttl == ttlEXAT || o.ttl == ttlPXAT) && c.isPast(at):
		c.deletePast(key)
	case o.timed():
		c.expireAt(key, at)
	case o.ttl == ttlPersist && e.Expire() != 0:
		c.persist(key)
		c.rewrite(wordPersist, key)
	}
}
