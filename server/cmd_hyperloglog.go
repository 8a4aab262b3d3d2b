package server

import (
	"errors"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/store"
	"treedis/store/hyperloglog"
)

var hyperloglogCommands = []row{
	{Spec: command.Spec{Name: "pfadd", Arity: -2, Flags: command.Write | command.DenyOOM | command.Fast,
		Categories: command.CatHyperLogLog,
		Keys:       []command.KeySpec{command.Key(1, command.RW|command.Insert)},
		Since:      "2.8.9", Group: "hyperloglog", Complexity: "O(1) per element",
		Summary: "Feed elements to a HyperLogLog",
		Syntax:  "key [element...]"}, run: cmdPFAdd},
	{Spec: command.Spec{Name: "pfcount", Arity: -2, Flags: command.ReadOnly | command.MayReplicate,
		Categories: command.CatHyperLogLog,
		Keys: []command.KeySpec{
			command.KeyRange(1, -1, 1, command.RW|command.Access).Note("writes in so far as it caches the estimate in the value"),
		},
		Since: "2.8.9", Group: "hyperloglog",
		Complexity: "O(1) for one key, O(N) for N keys with a much larger constant",
		Summary:    "Estimate how many distinct elements were fed to HyperLogLogs, taken together",
		Syntax:     "key..."}, run: cmdPFCount},
	{Spec: command.Spec{Name: "pfdebug", Arity: 3, Flags: command.Write | command.DenyOOM | command.Admin,
		Categories: command.CatHyperLogLog,
		Keys:       []command.KeySpec{command.Key(2, command.RW|command.Access)},
		Since:      "2.8.9", Group: "hyperloglog", Complexity: "by subcommand",
		Summary: "Look inside a HyperLogLog, for tests",
		Syntax:  "subcommand key",
		Doc:     command.SystemCommand}, run: cmdPFDebug},
	{Spec: command.Spec{Name: "pfmerge", Arity: -2, Flags: command.Write | command.DenyOOM,
		Categories: command.CatHyperLogLog,
		Keys: []command.KeySpec{
			command.Key(1, command.RW|command.Access|command.Insert),
			command.KeyRange(2, -1, 1, command.RO|command.Access),
		},
		Since: "2.8.9", Group: "hyperloglog", Complexity: "O(N), N HyperLogLogs, with a large constant",
		Summary: "Unite HyperLogLogs under one key",
		Syntax:  "destkey:key [sourcekey:key@1...]"}, run: cmdPFMerge},
	{Spec: command.Spec{Name: "pfselftest", Arity: 1, Flags: command.Admin, Categories: command.CatHyperLogLog,
		Since: "2.8.9", Group: "hyperloglog", Complexity: "O(N), N = 10 million elements",
		Summary: "Check the HyperLogLog code on random data, for tests",
		Doc:     command.SystemCommand}, run: cmdPFSelfTest},
}

// hllScratch is how long a sparse value may be to be changed without an allocation: the default of hll-sparse-max-bytes,
// and some.
const hllScratch = 3072

func (c *Call) hllLimit() int { return int(config.HLLSparseMaxBytes.Get(c.srv.cfg)) }

// hll returns the bytes of a HyperLogLog, nil if e is. It replies with an error, and returns false, if the entry is none.
func (c *Call) hll(e *store.Entry) (b []byte, ok bool) {
	if e == nil {
		return nil, true
	}
	if !c.checkType(e, store.String) {
		return nil, false
	}
	var scratch [20]byte
	b = e.Bytes(&scratch)
	if err := hyperloglog.Check(b); err != nil {
		c.hllError(err)
		return nil, false
	}
	return b, true
}

func (c *Call) hllError(err error) {
	if errors.Is(err, hyperloglog.ErrNotHyperLogLog) {
		c.err("WRONGTYPE Key is not a valid HyperLogLog string value.")
	} else {
		c.err("INVALIDOBJ Corrupted HLL object detected")
	}
}

// putHLL makes b, which is no part of the store, the value of key, whose expiry stays.
func (c *Call) putHLL(key, b []byte) { copy(c.db.MutableString(key, len(b)), b) }

func cmdPFAdd(c *Call) {
	key, elements := c.args[1], c.args[2:]
	e := c.lookupWrite(key)
	b, ok := c.hll(e)
	if !ok {
		return
	}
	updated := 0
	if b != nil && !hyperloglog.IsSparse(b) {
		updated = c.addDense(key, b, elements)
	} else if updated, ok = c.addSparse(key, b, elements); !ok {
		return
	}
	if updated > 0 {
		if e == nil {
			c.created(key)
		}
		c.modified(notifyString, "pfadd", key)
		c.dirty += updated - 1
		c.out.Int(1)
	} else {
		c.out.Int(0)
	}
}

// addDense adds elements to the dense value b of key, and returns how many changed it. Most do not, and then b, which a
// snapshot may hold, is only read.
func (c *Call) addDense(key, b []byte, elements [][]byte) (updated int) {
	for _, element := range elements {
		index, value := hyperloglog.Place(element)
		if hyperloglog.Get(b, index) >= value {
			continue
		}
		if updated == 0 {
			b = c.db.MutableString(key, len(b))
		}
		hyperloglog.Put(b, index, value)
		updated++
	}
	if updated > 0 {
		hyperloglog.Invalidate(b)
	}
	return updated
}

// addSparse adds elements to the sparse value b of key, nil if it is to be created, and returns how many changed it. It
// works on a copy, which a sparse value is short enough for.
func (c *Call) addSparse(key, b []byte, elements [][]byte) (updated int, ok bool) {
	var scratch [hllScratch]byte
	var work []byte
	if b == nil {
		work = hyperloglog.New(scratch[:0])
		hyperloglog.Invalidate(work)
		updated++
	} else {
		work = append(scratch[:0], b...)
	}
	limit := c.hllLimit()
	for _, element := range elements {
		index, value := hyperloglog.Place(element)
		var changed bool
		var err error
		if work, changed, err = hyperloglog.Set(work, index, value, limit); err != nil {
			c.hllError(err)
			return 0, false
		}
		if changed {
			updated++
		}
	}
	if updated > 0 {
		c.putHLL(key, work)
	}
	return updated, true
}

func cmdPFCount(c *Call) {
	if len(c.args) > 2 {
		c.countUnion()
		return
	}
	key := c.args[1]
	b, ok := c.hll(c.lookup(key))
	if !ok {
		return
	}
	if b == nil {
		c.out.Int(0)
		return
	}
	n, cached := hyperloglog.Cached(b)
	if !cached {
		var err error
		if n, err = hyperloglog.Count(b); err != nil {
			c.hllError(err)
			return
		}
		hyperloglog.SetCached(c.db.MutableString(key, len(b)), n)
		c.srv.keyChanged(c.db, key) // without an event
		c.dirty++
	}
	c.out.Int(int64(n))
}

func (c *Call) countUnion() {
	var all hyperloglog.Registers
	if _, ok := c.mergeHLLs(&all, c.args[1:]); ok {
		c.out.Int(int64(all.Count()))
	}
}

// mergeHLLs raises the registers in all to those of the values of keys. dense tells that one of them is dense.
func (c *Call) mergeHLLs(all *hyperloglog.Registers, keys [][]byte) (dense, ok bool) {
	for _, key := range keys {
		b, ok := c.hll(c.lookup(key))
		if !ok {
			return false, false
		}
		if b == nil {
			continue
		}
		if err := hyperloglog.Merge(all, b); err != nil {
			c.hllError(err)
			return false, false
		}
		dense = dense || !hyperloglog.IsSparse(b)
	}
	return dense, true
}

func cmdPFMerge(c *Call) {
	key := c.args[1]
	var all hyperloglog.Registers
	dense, ok := c.mergeHLLs(&all, c.args[1:])
	if !ok {
		return
	}
	e := c.lookupWrite(key)
	b, ok := c.hll(e)
	if !ok {
		return
	}
	if b == nil {
		b = hyperloglog.New(nil)
	} else {
		b = append([]byte(nil), b...)
	}
	b, err := hyperloglog.Union(b, &all, dense, c.hllLimit())
	if err != nil {
		c.hllError(err)
		return
	}
	c.putHLL(key, b)
	if e == nil {
		c.created(key)
	}
	c.modified(notifyString, "pfadd", key)
	c.out.OK()
}

func cmdPFSelfTest(c *Call) {
	if err := hyperloglog.SelfTest(10_000_000, c.hllLimit(), c.srv.random); err != nil {
		c.err("ERR TESTFAILED " + err.Error())
		return
	}
	c.out.OK()
}

func cmdPFDebug(c *Call) {
	key := c.args[2]
	e := c.lookupWrite(key)
	if e == nil {
		c.err("ERR The specified key does not exist")
		return
	}
	b, ok := c.hll(e)
	if !ok {
		return
	}
	switch {
	case c.is(1, "getreg"):
		if b, _, ok = c.makeDense(key, b); ok {
			c.replyRegisters(b)
		}
	case c.is(1, "decode"):
		if !hyperloglog.IsSparse(b) {
			c.err("ERR HLL encoding is not sparse")
			return
		}
		c.out.Bulk(hyperloglog.AppendRuns(nil, b))
	case c.is(1, "encoding"):
		if hyperloglog.IsSparse(b) {
			c.out.Simple("sparse")
		} else {
			c.out.Simple("dense")
		}
	case c.is(1, "todense"):
		if _, converted, ok := c.makeDense(key, b); ok {
			c.replyBit(converted)
		}
	default:
		c.err("ERR Unknown PFDEBUG subcommand '" + cString(c.args[1]) + "'")
	}
}

// makeDense makes the value b of key dense. That alone is no change that a client is told of, but replicas are.
func (c *Call) makeDense(key, b []byte) (_ []byte, converted, ok bool) {
	if !hyperloglog.IsSparse(b) {
		return b, false, true
	}
	d, err := hyperloglog.Dense(make([]byte, 0, hyperloglog.DenseSize), b)
	if err != nil {
		c.hllError(err)
		return nil, false, false
	}
	c.putHLL(key, d)
	c.dirty++
	return d, true, true
}

func (c *Call) replyRegisters(b []byte) {
	var all hyperloglog.Registers
	if err := hyperloglog.Merge(&all, b); err != nil {
		c.hllError(err)
		return
	}
	c.out.Array(len(all))
	for _, v := range all {
		c.out.Int(int64(v))
	}
}
