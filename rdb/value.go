package rdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// value reads the value of r.key and reports whether there was one: a
// collection without elements is none.
func (r *Reader) value(typ byte) bool {
	switch typ {
	case typeString:
		v := r.str(&r.valBuf)
		if r.err == nil {
			r.emit(r.sink.String(&r.key, v))
		}
		return true
	case typeList:
		return r.plainList()
	case typeSet:
		return r.plainSet()
	case typeHash:
		return r.plainHash()
	case typeZSet, typeZSet2:
		return r.plainZSet(typ)
	case typeListQuicklist, typeListQuicklist2:
		return r.quicklist(typ)
	case typeStream, typeStream2, typeStream3:
		r.stream(typ)
		return true
	case typeModule2:
		r.fail(unsupportedf("value of module type %s", moduleName(r.count())))
	case typeModulePre:
		r.fail(unsupportedf("module value in the format of a Redis 4.0 release candidate"))
	case typeHashZipmap, typeListZiplist, typeSetIntset, typeZSetZiplist, typeHashZiplist,
		typeHashListpack, typeZSetListpack, typeSetListpack:
		return r.packed(typ)
	default:
		r.fail(corruptf("unknown type %d", typ))
	}
	return false
}

// begin calls a Begin method, unless n is 0.
func (r *Reader) begin(n uint64, method func(*Key, uint64) error) bool {
	if n == 0 || r.err != nil {
		return false
	}
	r.emit(method(&r.key, n))
	return true
}

// end closes a collection.
func (r *Reader) end() bool {
	if r.err == nil {
		r.emit(r.sink.EndKey())
	}
	return true
}

func (r *Reader) plainList() bool {
	n := r.count()
	if !r.begin(n, r.sink.BeginList) {
		return false
	}
	for ; n > 0 && r.err == nil; n-- {
		if v := r.str(&r.valBuf); r.err == nil {
			r.emit(r.sink.ListItem(v))
		}
	}
	return r.end()
}

func (r *Reader) plainSet() bool {
	n := r.count()
	if !r.begin(n, r.sink.BeginSet) {
		return false
	}
	for ; n > 0 && r.err == nil; n-- {
		if m := r.str(&r.valBuf); r.err == nil {
			r.emit(r.sink.SetMember(m))
		}
	}
	return r.end()
}

func (r *Reader) plainHash() bool {
	n := r.count()
	if !r.begin(n, r.sink.BeginHash) {
		return false
	}
	for ; n > 0 && r.err == nil; n-- {
		f := r.keepStr(&r.elemBuf)
		if v := r.str(&r.valBuf); r.err == nil {
			r.emit(r.sink.HashField(f, v))
		}
	}
	return r.end()
}

func (r *Reader) plainZSet(typ byte) bool {
	n := r.count()
	if !r.begin(n, r.sink.BeginZSet) {
		return false
	}
	for ; n > 0 && r.err == nil; n-- {
		m := r.keepStr(&r.elemBuf)
		var score float64
		if typ == typeZSet2 {
			score = math.Float64frombits(r.le64())
		} else {
			score = r.textScore()
		}
		r.zsetMember(m, score, r.emit)
	}
	return r.end()
}

// zsetMember hands on a member, whose score has to be a number.
func (r *Reader) zsetMember(m []byte, score float64, emit func(error)) {
	if math.IsNaN(score) {
		r.fail(corruptf("score is not a number"))
	}
	if r.err == nil {
		emit(r.sink.ZSetMember(m, score))
	}
}

// textScore reads a score of type 3.
func (r *Reader) textScore() float64 {
	switch n := r.u8(); n {
	case scoreNaN:
		return math.NaN()
	case scorePosInf:
		return math.Inf(1)
	case scoreNegInf:
		return math.Inf(-1)
	default:
		return r.parseScore(r.take(uint64(n), &r.valBuf.plain))
	}
}

// parseScore reads the text of a score. One too large for a float64 is
// infinite, as it is for strtod.
func (r *Reader) parseScore(b []byte) float64 {
	if r.err != nil {
		return 0
	}
	score, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		r.fail(corruptf("score %.32q is not a number", b))
	}
	return score
}

// quicklist reads a list that comes in nodes. It is begun when the first
// element has come, as nodes may be empty.
func (r *Reader) quicklist(typ byte) bool {
	kind, what := packedListpack, "Listpack"
	if typ == typeListQuicklist {
		kind, what = packedZiplist, "Ziplist"
	}
	begun := false
	for nodes := r.count(); nodes > 0 && r.err == nil; nodes-- {
		container := uint64(containerPacked)
		if typ == typeListQuicklist2 {
			container = r.count()
		}
		node := r.str(&r.valBuf)
		n := 1
		switch {
		case r.err != nil:
		case len(node) == 0:
			r.fail(corruptf("list node without data"))
		case container == containerPacked:
			n = r.unpack(kind, node, what)
		case container != containerPlain:
			r.fail(corruptf("unknown list node container %d", container))
		}
		if !begun && n > 0 {
			begun = r.begin(UnknownLen, r.sink.BeginList)
		}
		for ; n > 0 && r.err == nil; n-- {
			if container == containerPacked {
				node = r.cur.next()
			}
			r.emit(r.sink.ListItem(node))
		}
	}
	if !begun {
		return false
	}
	return r.end()
}

// packed reads a collection that is a single string.
func (r *Reader) packed(typ byte) bool {
	blob := r.str(&r.valBuf)
	if r.err != nil {
		return false
	}
	switch typ {
	case typeListZiplist:
		return r.packedElems(r.unpack(packedZiplist, blob, "List ziplist"), r.sink.BeginList, r.sink.ListItem)
	case typeSetIntset:
		return r.packedElems(r.unpack(packedIntset, blob, "Intset"), r.sink.BeginSet, r.sink.SetMember)
	case typeSetListpack:
		return r.packedElems(r.unpack(packedListpack, blob, "Set listpack"), r.sink.BeginSet, r.sink.SetMember)
	case typeHashZipmap:
		return r.packedHash(r.unpack(packedZipmap, blob, "Zipmap"))
	case typeHashZiplist:
		return r.packedHash(r.unpack(packedZiplist, blob, "Hash ziplist"))
	case typeHashListpack:
		return r.packedHash(r.unpack(packedListpack, blob, "Hash listpack"))
	case typeZSetZiplist:
		return r.packedZSet(r.unpack(packedZiplist, blob, "Zset ziplist"))
	default: // typeZSetListpack
		return r.packedZSet(r.unpack(packedListpack, blob, "Zset listpack"))
	}
}

// unpack checks a blob, so that nothing of a broken one reaches the sink, and
// sets r.cur to walk it. It returns the number of elements. what is the layout's name in errors.
func (r *Reader) unpack(kind packedKind, blob []byte, what string) int {
	r.packedIn = what
	n, err := r.cur.open(kind, blob)
	if err != nil {
		r.failPacked(err)
		return 0
	}
	return n
}

// failPacked is fail for what is wrong with a collection in one blob. Logs are searched for these words.
func (r *Reader) failPacked(err error) {
	r.fail(fmt.Errorf("%s integrity check failed: %w", r.packedIn, err))
}

// emitPacked is emit for an element of a collection in one blob.
func (r *Reader) emitPacked(err error) {
	switch {
	case errors.Is(err, ErrDuplicate):
		r.failPacked(fmt.Errorf("%s with dup elements: %w", strings.ToLower(r.packedIn), err))
	case err != nil:
		r.fail(err)
	}
}

// packedElems hands on the n elements of r.cur.
func (r *Reader) packedElems(n int, begin func(*Key, uint64) error, elem func([]byte) error) bool {
	if !r.begin(uint64(n), begin) {
		return false
	}
	for ; n > 0 && r.err == nil; n-- {
		r.emitPacked(elem(r.cur.next()))
	}
	return r.end()
}

func (r *Reader) packedHash(n int) bool {
	if !r.begin(r.pairs(n), r.sink.BeginHash) {
		return false
	}
	for ; n > 0 && r.err == nil; n -= 2 {
		f := r.nextFirst()
		r.emitPacked(r.sink.HashField(f, r.cur.next()))
	}
	return r.end()
}

func (r *Reader) packedZSet(n int) bool {
	if !r.begin(r.pairs(n), r.sink.BeginZSet) {
		return false
	}
	for ; n > 0 && r.err == nil; n -= 2 {
		m := r.nextFirst()
		r.zsetMember(m, r.parseScore(r.cur.next()), r.emitPacked)
	}
	return r.end()
}

// pairs returns how many pairs n elements make.
func (r *Reader) pairs(n int) uint64 {
	if n%2 != 0 {
		r.failPacked(corruptf("odd number of elements"))
		return 0
	}
	return uint64(n / 2)
}

// nextFirst returns the first element of a pair, out of the way of the second.
func (r *Reader) nextFirst() []byte {
	r.elemBuf.plain = append(r.elemBuf.plain[:0], r.cur.next()...)
	return r.elemBuf.plain
}
