package server

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"treedis/server/resp"
	"treedis/store"
)

// zoperation is an operation on several sorted sets, or sets.
type zoperation uint8

const (
	zunion zoperation = iota
	zinter
	zdiff
)

// zinput is a sorted set that takes part, or a set, whose members all have score 1.
type zinput struct {
	z      store.ZSetView
	set    store.SetView
	isSet  bool
	weight float64
}

func (in *zinput) len() int {
	if in.isSet {
		return in.set.Len()
	}
	return in.z.Len()
}

func (in *zinput) score(member []byte) (float64, bool) {
	if in.isSet {
		return 1, in.set.Has(member)
	}
	return in.z.Score(member)
}

func (in *zinput) all() iter.Seq2[[]byte, float64] {
	if !in.isSet {
		return in.z.All()
	}
	return func(yield func([]byte, float64) bool) {
		for m := range in.set.All() {
			if !yield(m, 1) {
				return
			}
		}
	}
}

// weighted returns a score by the input's weight. What would be no number, infinity times 0, is 0.
func (in *zinput) weighted(score float64) float64 {
	if score *= in.weight; math.IsNaN(score) {
		return 0
	}
	return score
}

// zaggregate combines the scores that a member has in two inputs.
type zaggregate uint8

const (
	aggregateSum zaggregate = iota
	aggregateMin
	aggregateMax
)

func (a zaggregate) combine(x, y float64) float64 {
	switch {
	case a == aggregateSum:
		if x += y; math.IsNaN(x) { // of infinities with opposite signs
			return 0
		}
	case a == aggregateMin && y < x, a == aggregateMax && y > x:
		return y
	}
	return x
}

// zcombination is a parsed command of this file.
type zcombination struct {
	op         zoperation
	inputs     []zinput
	aggregate  zaggregate
	withScores bool
	limit      int64 // ZINTERCARD: 0 for none
}

// zform is the form of a command of this file.
type zform uint8

const (
	zreply zform = iota // with the members
	zstore              // them
	zcount              // them
)

func cmdZUnion(c *Call)      { c.zreply(zunion) }
func cmdZInter(c *Call)      { c.zreply(zinter) }
func cmdZDiff(c *Call)       { c.zreply(zdiff) }
func cmdZUnionStore(c *Call) { c.zstore(zunion, "zunionstore") }
func cmdZInterStore(c *Call) { c.zstore(zinter, "zinterstore") }
func cmdZDiffStore(c *Call)  { c.zstore(zdiff, "zdiffstore") }

func (c *Call) zreply(op zoperation) {
	k := zcombination{op: op}
	if !c.zcombinationArguments(&k, 1, zreply) {
		return
	}
	b := c.db.NewZSetBuilder(0)
	defer b.Release()
	k.run(b)
	c.scoredArray(b.Len(), k.withScores)
	for member, score := range b.All() {
		c.scored(member, score, k.withScores)
	}
}

func (c *Call) zstore(op zoperation, event string) {
	k := zcombination{op: op}
	if !c.zcombinationArguments(&k, 2, zstore) {
		return
	}
	b := c.db.NewZSetBuilder(0)
	k.run(b)
	c.storeZSet(event, b, false)
}

func cmdZInterCard(c *Call) {
	k := zcombination{op: zinter}
	if !c.zcombinationArguments(&k, 1, zcount) {
		return
	}
	n := int64(0)
	k.intersect(func([]byte, float64) bool {
		n++
		return n != k.limit
	})
	c.out.Int(n)
}

// zcombinationArguments reads the number of keys at args[at], looks up the keys that follow, and reads the options.
func (c *Call) zcombinationArguments(k *zcombination, at int, form zform) bool {
	n, ok := c.int(at, "")
	if !ok {
		return false
	}
	if n < 1 {
		c.err("ERR at least 1 input key is needed for '" + c.row.Name + "' command")
		return false
	}
	if n > int64(len(c.args)-at-1) {
		c.err(errSyntax)
		return false
	}
	options := at + 1 + int(n)
	k.inputs = make([]zinput, n)
	for i, key := range c.args[at+1 : options] {
		in := &k.inputs[i]
		in.weight = 1
		e := c.lookup(key)
		switch {
		case e == nil:
		case e.Type() == store.ZSet:
			in.z = e.ZSet()
		case e.Type() == store.Set:
			in.isSet, in.set = true, e.Set()
		default:
			c.err(errWrongType)
			return false
		}
	}
	return c.zcombinationOptions(k, options, form)
}

func (c *Call) zcombinationOptions(k *zcombination, i int, form zform) bool {
	combines := k.op != zdiff && form != zcount
	for i < len(c.args) {
		left := len(c.args) - i
		switch {
		case combines && left > len(k.inputs) && c.is(i, "weights"):
			if !c.zweights(k, i+1) {
				return false
			}
			i += 1 + len(k.inputs)
		case combines && left >= 2 && c.is(i, "aggregate"):
			switch {
			case c.is(i+1, "sum"):
				k.aggregate = aggregateSum
			case c.is(i+1, "min"):
				k.aggregate = aggregateMin
			case c.is(i+1, "max"):
				k.aggregate = aggregateMax
			default:
				c.err(errSyntax)
				return false
			}
			i += 2
		case form == zreply && c.is(i, "withscores"):
			k.withScores = true
			i++
		case form == zcount && left >= 2 && c.is(i, "limit"):
			var ok bool
			if k.limit, ok = c.intRange(i+1, 0, math.MaxInt64, "ERR LIMIT can't be negative"); !ok {
				return false
			}
			i += 2
		default:
			c.err(errSyntax)
			return false
		}
	}
	return true
}

// zweights reads a weight for each input from args[i] on.
func (c *Call) zweights(k *zcombination, i int) (ok bool) {
	for j := range k.inputs {
		if k.inputs[j].weight, ok = resp.ParseFloat(c.args[i+j]); !ok {
			c.err("ERR weight value is not a float")
			return false
		}
	}
	return true
}

// run gathers the result.
func (k *zcombination) run(b *store.ZSetBuilder) {
	add := func(member []byte, score float64) bool {
		b.Add(member, score)
		return true
	}
	switch k.op {
	case zunion:
		k.unite(b)
	case zinter:
		k.intersect(add)
	case zdiff:
		k.subtract(add)
	}
}

// sort puts the smallest inputs first, which makes for few lookups. It also settles in which order scores are added up,
// so that sums are rounded as in Redis.
func (k *zcombination) sort() {
	slices.SortStableFunc(k.inputs, func(a, b zinput) int { return cmp.Compare(a.len(), b.len()) })
}

func (k *zcombination) unite(b *store.ZSetBuilder) {
	k.sort()
	for i := range k.inputs {
		in := &k.inputs[i]
		for member, score := range in.all() {
			score = in.weighted(score)
			if sum := b.Add(member, score); sum != nil {
				*sum = k.aggregate.combine(*sum, score)
			}
		}
	}
}

// intersect calls yield with the members that all inputs have, until it returns false.
func (k *zcombination) intersect(yield func(member []byte, score float64) bool) {
	k.sort()
	first, others := &k.inputs[0], k.inputs[1:]
	for member, score := range first.all() {
		sum, everywhere := first.weighted(score), true
		for i := range others {
			in := &others[i]
			if score, everywhere = in.score(member); !everywhere {
				break
			}
			// Not weighted: a product that is no number is left to combine.
			sum = k.aggregate.combine(sum, score*in.weight)
		}
		if everywhere && !yield(member, sum) {
			return
		}
	}
}

// subtract calls yield with the members of the first input that no other has, until it returns false. Either it looks
// each of them up in the others, or it goes through the others and notes which it finds.
func (k *zcombination) subtract(yield func(member []byte, score float64) bool) {
	first, others := &k.inputs[0], k.inputs[1:]
	if first.len() == 0 {
		return
	}
	lookUp, goThrough := 0, first.len()
	for i := range others {
		lookUp += first.len()
		goThrough += others[i].len()
	}
	// A lookup ends at the first hit, which is worth a factor of two, as Redis reckons.
	absent := k.absentFromOthers
	if lookUp/2 > goThrough {
		found := map[string]struct{}{}
		for i := range others {
			for member := range others[i].all() {
				if _, ok := first.score(member); ok {
					found[string(member)] = struct{}{}
				}
			}
		}
		absent = func(member []byte) bool {
			_, ok := found[string(member)]
			return !ok
		}
	} else {
		slices.SortStableFunc(others, func(a, b zinput) int { return cmp.Compare(b.len(), a.len()) })
	}
	for member, score := range first.all() {
		if absent(member) && !yield(member, score) {
			return
		}
	}
}

func (k *zcombination) absentFromOthers(member []byte) bool {
	for i := range k.inputs[1:] {
		if _, ok := k.inputs[1+i].score(member); ok {
			return false
		}
	}
	return true
}
