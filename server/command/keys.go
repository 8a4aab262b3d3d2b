package command

import (
	"bytes"
	"strconv"
)

// KeyFlags say what a command does with the keys of a KeySpec. Bit order is COMMAND's.
type KeyFlags uint16

// The first four tell the access, exactly one of which applies to a real key; the next four what
// happens to the user's data; the rest qualify the spec.
const (
	RO KeyFlags = 1 << iota // reads the value
	RW                      // changes the value in place
	OW                      // replaces the value
	RM                      // deletes the key

	Access // returns, copies or otherwise uses the stored data
	Update // changes data that is there
	Insert // only adds data
	Delete // removes data

	NotKey        // routed like a key in a cluster but names none
	Incomplete    // the spec may miss keys
	VariableFlags // other arguments may change the flags
)

var keyFlagNames = [...]string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete", "variable_flags",
}

// Has reports whether all bits of g are set in f.
func (f KeyFlags) Has(g KeyFlags) bool { return f&g == g }

// Names lists the flags in COMMAND's order.
func (f KeyFlags) Names() []string { return namesOf(uint32(f), keyFlagNames[:]) }

// SearchKind is how a KeySpec finds where its keys begin.
type SearchKind uint8

// The searches.
const (
	SearchUnknown SearchKind = iota // cannot be told
	SearchIndex                     // at a fixed position
	SearchKeyword                   // after a keyword
)

// FindKind is how a KeySpec finds its keys once it knows where they begin.
type FindKind uint8

// The ways.
const (
	FindUnknown FindKind = iota // cannot be told
	FindRange                   // up to a last position
	FindKeyNum                  // as many as an argument says
)

// KeySpec locates key arguments of a command. Positions count the words of a call, its name being 0.
// Use the constructors below.
type KeySpec struct {
	Flags KeyFlags
	Notes string

	Search  SearchKind
	Index   int    // SearchIndex: where the keys begin. SearchKeyword: where to look first; negative looks backwards from the end
	Keyword string // SearchKeyword

	Find     FindKind
	Last     int // FindRange: last key relative to the first, or from the end if negative
	Step     int // distance between keys
	Limit    int // FindRange with Last -1: keys take up the first 1/Limit of what is left; 0 and 1 all of it
	NumIndex int // FindKeyNum: position of the count, relative to where the keys begin
	First    int // FindKeyNum: position of the first key, likewise
}

// Key is one key at position pos.
func Key(pos int, flags KeyFlags) KeySpec { return KeyRange(pos, 0, 1, flags) }

// KeyRange is every step-th argument from first to last; last is relative to first, or counted
// from the end if negative.
func KeyRange(first, last, step int, flags KeyFlags) KeySpec {
	return KeySpec{Search: SearchIndex, Index: first, Find: FindRange, Last: last, Step: step, Flags: flags}
}

// KeyNum is a count of keys at position pos, followed by that many keys.
func KeyNum(pos int, flags KeyFlags) KeySpec {
	return KeySpec{Search: SearchIndex, Index: pos, Find: FindKeyNum, First: 1, Step: 1, Flags: flags}
}

// KeyAfter is one key after a keyword, which is looked for from position from on.
func KeyAfter(keyword string, from int, flags KeyFlags) KeySpec {
	return KeysAfter(keyword, from, 0, 0, flags)
}

// KeysAfter is the arguments from a keyword to last, of which limit > 1 takes the first 1/limit.
func KeysAfter(keyword string, from, last, limit int, flags KeyFlags) KeySpec {
	return KeySpec{Search: SearchKeyword, Keyword: keyword, Index: from,
		Find: FindRange, Last: last, Step: 1, Limit: limit, Flags: flags}
}

// UnknownKeys stands for keys that no spec can express; Spec.FindKeys knows more.
func UnknownKeys(flags KeyFlags) KeySpec { return KeySpec{Flags: flags} }

// Note returns k with a remark for COMMAND.
func (k KeySpec) Note(text string) KeySpec {
	k.Notes = text
	return k
}

// KeyRef is a key argument of a particular call. Flags are those of its KeySpec, or what a
// KeyFinder knows to be true of the call.
type KeyRef struct {
	Pos   int
	Flags KeyFlags
}

// KeyFinder appends the keys of a call to dst. args includes the name. It is asked when the key
// specs are incomplete, do not fit the call, or have variable flags.
type KeyFinder func(dst []KeyRef, args [][]byte) []KeyRef

// HasKeys reports whether calls of the command may name keys.
func (s *Spec) HasKeys() bool { return s.FindKeys != nil || s.hasRealSpec() }

func (s *Spec) hasRealSpec() bool {
	for i := range s.Keys {
		if !s.Keys[i].Flags.Has(NotKey) {
			return true
		}
	}
	return false
}

// AppendKeys appends the keys of a call to dst and returns it. args includes the command's name. A call whose
// arguments make no sense yields no keys. With room in dst it does not allocate.
func (s *Spec) AppendKeys(dst []KeyRef, args [][]byte) []KeyRef {
	if s.hasRealSpec() && !s.variableFlags() {
		if keys, ok := s.appendSpecKeys(dst, args); ok {
			return keys
		}
	}
	if s.FindKeys != nil {
		return s.FindKeys(dst, args)
	}
	return dst
}

// GetKeys is COMMAND GETKEYSANDFLAGS: the keys of a call, or the reason there are none to tell,
// one of ErrNoKeyArgs, ErrArgCount and ErrInvalidArgs. args includes the command's name.
func (s *Spec) GetKeys(args [][]byte) ([]KeyRef, error) {
	if !s.HasKeys() {
		return nil, ErrNoKeyArgs
	}
	if !s.ArityOK(len(args)) {
		return nil, ErrArgCount
	}
	keys := s.AppendKeys(nil, args)
	if len(keys) == 0 && !s.Flags.Has(NoMandatoryKeys) {
		return nil, ErrInvalidArgs
	}
	return keys, nil
}

func (s *Spec) variableFlags() bool {
	for i := range s.Keys {
		if s.Keys[i].Flags.Has(VariableFlags) {
			return true
		}
	}
	return false
}

// appendSpecKeys goes by the key specs alone. It reports false, and dst as it was, if one of them
// is incomplete or does not fit the arguments.
func (s *Spec) appendSpecKeys(dst []KeyRef, args [][]byte) ([]KeyRef, bool) {
	keys := dst
	for i := range s.Keys {
		k := &s.Keys[i]
		if k.Flags.Has(NotKey) {
			continue
		}
		first, ok := k.begin(args)
		if !ok {
			return dst, false
		}
		if first == 0 {
			continue // the keyword is absent, and so are its keys
		}
		first, last, ok := k.bounds(first, args)
		if !ok || first >= len(args) || last >= len(args) || last < first || k.Flags.Has(Incomplete) {
			return dst, false
		}
		for pos := first; pos <= last; pos += k.Step {
			keys = append(keys, KeyRef{Pos: pos, Flags: k.Flags})
		}
	}
	return keys, true
}

// begin is where the keys begin, 0 if their keyword is absent.
func (k *KeySpec) begin(args [][]byte) (first int, ok bool) {
	switch k.Search {
	case SearchIndex:
		return k.Index, true
	case SearchKeyword:
		return k.afterKeyword(args), true
	}
	return 0, false
}

// afterKeyword scans forwards up to the last argument but one, which the last may follow as a key, or backwards
// down to position 2: there is no keyword among the fixed arguments at the start.
func (k *KeySpec) afterKeyword(args [][]byte) int {
	i, end, dir := k.Index, len(args)-1, 1
	if k.Index <= 0 {
		i, end, dir = len(args)+k.Index, 1, -1
	}
	for ; i != end && i >= 1 && i < len(args); i += dir {
		if equalFold(args[i], k.Keyword) {
			return i + 1
		}
	}
	return 0
}

// bounds turns the place where keys begin into the positions of the first and last.
func (k *KeySpec) bounds(begin int, args [][]byte) (first, last int, ok bool) {
	switch {
	case k.Find == FindRange && k.Last >= 0:
		return begin, begin + k.Last, true
	case k.Find == FindRange && k.Limit == 0:
		return begin, len(args) + k.Last, true
	case k.Find == FindRange:
		return begin, begin + (len(args)-begin)/k.Limit + k.Last, true
	case k.Find == FindKeyNum && begin+k.NumIndex < len(args):
		n, ok := parseCount(args[begin+k.NumIndex])
		if !ok || n > len(args) {
			return 0, 0, false
		}
		first = begin + k.First
		return first, first + (n-1)*k.Step, true
	}
	return 0, 0, false
}

// parseCount reads a count of keys as strictly as the commands themselves: digits only, no leading
// zero. Counts of more than 9 digits exceed any argument vector and are refused too.
func parseCount(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 9 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	return leadingInt(b), isDigits(b)
}

func isDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// leadingInt is the number that b begins with, 0 if none, as C's atoi reads it: after blanks and a sign, at the bounds of
// 64 bits if it is beyond them, and then cut to 32.
func leadingInt(b []byte) int {
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	end := 0
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		end = 1
	}
	for end < len(b) && '0' <= b[end] && b[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(string(b[:end]), 10, 64) // out of range it is the bound, without digits 0
	return int(int32(n))
}
