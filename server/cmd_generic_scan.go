package server

import (
	"treedis/server/glob"
	"treedis/store"
)

// cmdKeys looks only where the pattern's literal prefix allows a match.
func cmdKeys(c *Call) {
	pattern := c.args[1]
	mark, n := c.out.DeferArray(), 0
	reply := func(e *store.Entry) {
		if e != nil && !c.expired(e) {
			c.out.Bulk(e.Key())
			n++
		}
	}
	more := func() bool { return n%outputBatch != 0 || n == 0 || !c.outputOver() }
	switch prefix, exact := glob.Prefix(pattern); {
	case exact:
		reply(c.db.Peek(pattern))
	case len(prefix) > 0:
		c.db.Ascend(prefix, nil, func(key []byte) bool {
			if glob.Match(pattern, key) {
				reply(c.db.Peek(key))
			}
			return more()
		})
	default:
		all := glob.All(pattern)
		for e := range c.db.All() {
			if all || glob.Match(pattern, e.Key()) {
				reply(e)
			}
			if !more() {
				break
			}
		}
	}
	c.out.SetArrayLen(mark, n)
}

// scanWhole is how many keys with the pattern's prefix the first step of a SCAN looks at, whatever its COUNT: most
// prefixes have no more, and then the iteration is over without a second step. 128 keys take 30 us.
const scanWhole = 128

// cmdScan iterates over the keys in one of two orders.
//
// If the pattern begins with literal text, only keys with that prefix can match. They are walked in their order,
// and the position, a key, is remembered under a random cursor (scanPositions). Otherwise, the keys
// are walked in hash order, where the cursor is the position. A remembered cursor that is no longer known, or
// belongs to another iteration, goes on at the start of the hash order: that takes longer, and may return
// keys again, but misses none.
func cmdScan(c *Call) {
	cursor, ok := c.scanCursor(1)
	if !ok {
		return
	}
	opts, ok := c.scanOptions(2)
	if !ok {
		return
	}
	k := keyScan{c: c, opts: &opts}
	k.parseType()
	switch prefix, exact := glob.Prefix(opts.pattern); {
	case exact && opts.pattern != nil:
		c.scanReply(0, 1, k.one)
	case len(prefix) > 0 && k.inOrder(cursor, prefix):
	default:
		if isRememberedCursor(cursor) {
			cursor = 0
		}
		c.scanReply(cursor, opts.count, k.inHashOrder)
	}
	for _, e := range k.due {
		c.srv.expireOnAccess(c, e.Key())
	}
}

// keyScan is one step of SCAN.
type keyScan struct {
	c        *Call
	opts     *scanOptions
	anyType  bool
	typ      store.Type // the one to return if not anyType
	noneType bool       // TYPE named no type: nothing is returned
	replies  int
	due      []*store.Entry // found expired; deleted once nothing iterates
}

func (k *keyScan) parseType() {
	k.anyType = k.opts.typeName == nil
	k.noneType = !k.anyType
	for t := store.String; k.noneType && t <= store.Stream; t++ {
		if equalFold(k.opts.typeName, t.String()) {
			k.typ, k.noneType = t, false
		}
	}
}

// visit replies with the key if it is wanted.
func (k *keyScan) visit(e *store.Entry) {
	switch {
	case !k.opts.match(e.Key()):
	case k.c.expired(e):
		k.due = append(k.due, e)
	case k.anyType || !k.noneType && e.Type() == k.typ:
		k.c.out.Bulk(e.Key())
		k.replies++
	}
}

// taken returns how many keys were replied since it was last called.
func (k *keyScan) taken() (n int) {
	n, k.replies = k.replies, 0
	return n
}

// inHashOrder visits the keys of one page.
func (k *keyScan) inHashOrder(cursor uint64) (next uint64, seen, replies int) {
	next = k.c.db.Scan(cursor, func(e *store.Entry) {
		seen++
		k.visit(e)
	})
	return next, seen, k.taken()
}

// one visits the one key that a pattern without special bytes stands for.
func (k *keyScan) one(uint64) (next uint64, seen, replies int) {
	if e := k.c.db.Peek(k.opts.pattern); e != nil {
		k.visit(e)
	}
	return 0, 1, k.taken()
}

// inOrder is a step in key order. It returns false, and has done nothing, if the cursor is none of that order.
func (k *keyScan) inOrder(cursor uint64, prefix []byte) bool {
	c, from, limit := k.c, []byte(nil), k.opts.count
	if cursor == 0 {
		limit = max(limit, scanWhole)
	} else {
		var known bool
		if from, known = c.srv.scans.resume(cursor, c.db.Index(), prefix); !known {
			return false
		}
	}
	c.scanReply(cursor, limit, func(uint64) (next uint64, seen, replies int) {
		c.db.Ascend(prefix, from, func(key []byte) bool {
			if seen == limit {
				next = c.srv.scans.remember(cursor, c.db.Index(), prefix, key, c.srv.random)
				return false
			}
			seen++
			k.visit(c.db.Peek(key))
			return true
		})
		if next == 0 {
			c.srv.scans.forget(cursor)
		}
		return next, seen, k.taken()
	})
	return true
}
