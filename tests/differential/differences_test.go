package differential

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"treedis/tests/harness"
)

// difference is a place where Redis 7.2, the reference, answers otherwise than the peer, Redis 7.0.
type difference struct {
	name, reason string
	applies      func(args []string, ours, theirs harness.Reply) bool
	diverges     bool // the key is another one after it, and so removed
}

// differences72 is the whole list, found by running this package with Redis 7.2.4 as the server under test: it excuses all but
// DUMP, since what 7.2 dumps 7.0 refuses by its version, whereas treedis writes the oldest version that carries the value.
var differences72 = []difference{
	{
		name:   "shortest doubles",
		reason: "7.2 writes a double in the fewest digits that read back the same, 7.0 always in 17",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			return repliesWithScores(args[0]) && sameButDoubles(ours, theirs)
		},
	},
	{
		name:   "COMMAND GETKEYS of a command without arguments",
		reason: "its arity is -3 in 7.2 and -4 in 7.0, so that 7.2 goes on to look at the command that it names",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			return (isCommand(args, 3, "COMMAND", "GETKEYS") || isCommand(args, 3, "COMMAND", "GETKEYSANDFLAGS")) &&
				isArityError(theirs) && ours.IsError() && !isArityError(ours)
		},
	},
	{
		name:   "ZRANK and ZREVRANK WITHSCORE",
		reason: "the option came with 7.2: a fourth argument is a syntax error there and one too many in 7.0",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			return (isCommand(args, 4, "ZRANK") || isCommand(args, 4, "ZREVRANK")) && isArityError(theirs) &&
				ours.Text == "ERR syntax error"
		},
	},
	{
		name:   "LPOS RANK of the smallest integer",
		reason: "7.2 refuses a rank that cannot be negated, 7.0 negates it and overflows",
		applies: func(args []string, ours, _ harness.Reply) bool {
			return isCommand(args, 0, "LPOS") && slices.Contains(args, "-9223372036854775808") &&
				ours.Text == "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
		},
	},
	{
		name:   "XREAD with unequal numbers of keys and IDs",
		reason: "the error was reworded",
		applies: func(_ []string, ours, theirs harness.Reply) bool {
			return strings.HasPrefix(ours.Text, "ERR Unbalanced 'xread") && strings.HasPrefix(theirs.Text, "ERR Unbalanced XREAD")
		},
	},
	{
		name:   "XSETID below both the last entry and the last deletion",
		reason: "7.2 looks at the deletion first, 7.0 at the entry, and at the deletion only if one is given",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			const smaller = "ERR The ID specified in XSETID is smaller than "
			return isCommand(args, 0, "XSETID") && ours.Text == smaller+"current max_deleted_entry_id" &&
				(theirs.Text == smaller+"the target stream top item" || !theirs.IsError())
		},
		diverges: true,
	},
	{
		name:   "timeouts beyond all time",
		reason: "7.2 calls them out of range, in 7.0 they overflow, mostly to negative ones",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			return ours.Text == "ERR timeout is out of range" && (theirs.IsError() || isCommand(args, 3, "WAIT"))
		},
	},
	{
		name:   "EXPIRETIME at the end of time",
		reason: "rounding the largest expiry to seconds overflows in C, and what comes of it depends on the compiler",
		applies: func(args []string, ours, theirs harness.Reply) bool {
			return isCommand(args, 2, "EXPIRETIME") && (theirs.Int() == aroundTheEnd || theirs.Int() == -aroundTheEnd+1)
		},
	},
}

// aroundTheEnd is the largest time in seconds that rounding can make of one in milliseconds.
const aroundTheEnd = math.MaxInt64/1000 + 1

// isCommand reports whether args are that command, of that length unless it is 0.
func isCommand(args []string, length int, words ...string) bool {
	if length != 0 && len(args) != length || len(args) < len(words) {
		return false
	}
	for i, w := range words {
		if !strings.EqualFold(args[i], w) {
			return false
		}
	}
	return true
}

func isArityError(r harness.Reply) bool {
	return r.IsError() && strings.HasPrefix(r.Text, "ERR wrong number of arguments for ")
}

// known returns the entry of the list that a difference of two replies is, or nil.
func known(args []string, ours, theirs harness.Reply) *difference {
	for i, d := range differences72 {
		if d.applies(args, ours, theirs) {
			return &differences72[i]
		}
	}
	return nil
}

// repliesWithScores reports whether a command's reply can hold scores: no other double may be written in another way.
func repliesWithScores(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "Z") || strings.HasPrefix(name, "BZ") || strings.HasPrefix(name, "GEO") || name == "EXEC"
}

// sameButDoubles reports whether two replies are equal but for leaves that are the same double, theirs in 17 digits. Zero and
// minus zero are the same here: only a skiplist keeps the sign, and which sets are skiplists differs, see sameEncoding.
func sameButDoubles(ours, theirs harness.Reply) bool {
	if ours.Kind != theirs.Kind || ours.Null != theirs.Null || len(ours.Elems) != len(theirs.Elems) {
		return false
	}
	for i := range ours.Elems {
		if !sameButDoubles(ours.Elems[i], theirs.Elems[i]) {
			return false
		}
	}
	if ours.Text == theirs.Text {
		return true
	}
	a, errA := strconv.ParseFloat(ours.Text, 64)
	b, errB := strconv.ParseFloat(theirs.Text, 64)
	return errA == nil && errB == nil && (ours.Kind == '$' || ours.Kind == ',') && a == b &&
		theirs.Text == strconv.FormatFloat(b, 'g', 17, 64)
}

// sameEncoding compares the OBJECT ENCODING of a key. 7.2 brought listpacks for small lists, which 7.0 always keeps as
// quicklists, and for small sets of other members than integers, which 7.0 keeps as hash tables. And a sorted set that
// ZRANGESTORE makes of a range by score or member is a skiplist in 7.2, however small: the number of members is not known when
// the encoding is chosen. Redis also makes a skiplist of every sorted set that SORT or SORT_RO reads, which treedis leaves
// as it is. What SPOP with a large count leaves of a small set is a new set: a listpack as before in 7.2, while 7.0 looks at its
// first member and may find an intset enough.
func (d *duel) sameEncoding(key, typ, ours, theirs string) bool {
	if ours == theirs {
		return true
	}
	switch typ {
	case "list":
		return ours == "listpack" && theirs == "quicklist"
	case "set":
		return ours == "listpack" && (theirs == "hashtable" || theirs == "intset" && d.thinned[key])
	case "zset":
		return ours == "skiplist" && theirs == "listpack" && d.rangeStored[key] ||
			ours == "listpack" && theirs == "skiplist" && d.sorted[key]
	}
	return false
}

// noteEncodings remembers for sameEncoding the keys that SORT read, those that ZRANGESTORE wrote by score or member, and those
// of which SPOP took several members.
func (d *duel) noteEncodings(args []string) {
	switch {
	case isCommand(args, 0, "SORT") && len(args) > 1, isCommand(args, 0, "SORT_RO") && len(args) > 1:
		d.sorted[args[1]] = true
	case isCommand(args, 3, "SPOP"):
		d.thinned[args[1]] = true
	case isCommand(args, 0, "ZRANGESTORE") && len(args) >= 6:
		if slices.ContainsFunc(args[5:], func(a string) bool { return strings.EqualFold(a, "BYSCORE") || strings.EqualFold(a, "BYLEX") }) {
			d.rangeStored[args[1]] = true
		}
	}
}

// encoding compares the reply of OBJECT ENCODING by the same rule.
func encoding(d *duel, p *pair, args []string, ours, theirs harness.Reply) string {
	if len(args) < 3 || ours.Kind != theirs.Kind {
		return exact(d, p, args, ours, theirs)
	}
	typ, err := p.theirs.Do("TYPE", args[2])
	if err != nil || !d.sameEncoding(args[2], typ.Text, ours.Text, theirs.Text) {
		return "encodings differ"
	}
	return ""
}
