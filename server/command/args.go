package command

import "math"

// ArgType is the type of an argument in COMMAND DOCS.
type ArgType uint8

// The types. A pure token is its token and carries no value; OneOf and Block hold further arguments.
const (
	String ArgType = iota
	Integer
	Double
	KeyName
	GlobPattern
	UnixTime
	PureToken
	OneOf
	Block
)

var argTypeNames = [...]string{
	"string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block",
}

// String returns the name COMMAND DOCS uses.
func (t ArgType) String() string {
	if int(t) < len(argTypeNames) {
		return argTypeNames[t]
	}
	return "unknown"
}

// ArgFlags qualify an argument. Bit order is COMMAND DOCS'.
type ArgFlags uint8

// The flags.
const (
	Optional      ArgFlags = 1 << iota
	Multiple               // may be repeated
	MultipleToken          // and its token with it
)

var argFlagNames = [...]string{"optional", "multiple", "multiple_token"}

// Has reports whether all bits of g are set in f.
func (f ArgFlags) Has(g ArgFlags) bool { return f&g == g }

// Names lists the flags in COMMAND DOCS' order.
func (f ArgFlags) Names() []string { return namesOf(uint32(f), argFlagNames[:]) }

// Arg is an argument of a command as COMMAND DOCS describes it.
type Arg struct {
	Name            string
	Type            ArgType
	Display         string // what people call it; empty means Name
	Token           string // the word that introduces it, or that it is; only a pure token may be the empty word
	KeySpec         int    // index into Spec.Keys, -1 if it is no key
	Since           string // version that brought it, if later than the command
	DeprecatedSince string
	Flags           ArgFlags
	Args            []Arg // of OneOf and Block
}

// wordsOf returns the fewest and the most words a list of arguments takes; math.MaxInt stands for
// any number.
func wordsOf(args []Arg) (fewest, most int) {
	for i := range args {
		lo, hi := args[i].words()
		fewest += lo
		most = addWords(most, hi)
	}
	return fewest, most
}

func (a *Arg) words() (fewest, most int) {
	fewest, most = a.wordsOnce()
	if a.Flags.Has(Optional) {
		fewest = 0
	}
	if a.Flags.Has(Multiple) {
		most = math.MaxInt
	}
	return fewest, most
}

// wordsOnce counts the words of an argument that is given, once. Of several alternatives one is given, whether it
// is marked optional or not.
func (a *Arg) wordsOnce() (fewest, most int) {
	switch a.Type {
	case OneOf:
		fewest = math.MaxInt
		for i := range a.Args {
			lo, _ := a.Args[i].wordsOnce()
			_, hi := a.Args[i].words()
			fewest, most = min(fewest, lo), max(most, hi)
		}
	case Block:
		fewest, most = wordsOf(a.Args)
	default: // a value, or the token that stands for itself
		fewest, most = 1, 1
	}
	if a.Token != "" && a.Type != PureToken {
		fewest, most = fewest+1, addWords(most, 1)
	}
	return fewest, most
}

func addWords(a, b int) int {
	if a == math.MaxInt || b == math.MaxInt {
		return math.MaxInt
	}
	return a + b
}
