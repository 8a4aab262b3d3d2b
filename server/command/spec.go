package command

// Spec is everything a row of the command table declares about a command but its handler.
// A row embeds a Spec; NewTable completes the derived parts. A Spec must not be
// changed once it is in a Table.
type Spec struct {
	// Name is the full name in lower case; a subcommand's is "container|subcommand".
	Name string

	// Arity counts the words of a call, the name (both words of a subcommand's) included.
	// Positive means exactly, negative at least.
	Arity int

	Flags      Flags
	Categories Categories // NewTable adds those the flags imply

	Keys     []KeySpec // where the keys are, in the order COMMAND lists them
	FindKeys KeyFinder // finds the keys where Keys cannot; nil for most commands
	Channels Channels  // where pub/sub channels are, if any

	Since, Group, Complexity string
	Summary                  string
	Syntax                   string   // arguments, in the notation of ParseSyntax
	Tips                     []string // hints for clients and proxies: nondeterministic_output, request_policy:...
	History                  []Change // oldest first
	Doc                      DocFlags
	DeprecatedSince          string // with ReplacedBy, when Doc has Deprecated
	ReplacedBy               string

	derived
}

// Change is an entry of a command's history: the version that brought it, and what it brought.
type Change [2]string

// derived holds what NewTable works out.
type derived struct {
	id                int
	parent            *Spec
	subs              []*Spec // sorted by name
	args              []Arg
	first, last, step int
}

// Meta returns s. Rows that embed Spec get it by promotion, which is how Table reaches the Spec in a row.
func (s *Spec) Meta() *Spec { return s }

// ID numbers the commands of a Table, subcommands included, densely from 0 in the order of
// their names. It is an index for per-command bitmaps and counters and is not stable across versions.
func (s *Spec) ID() int { return s.id }

// Parent is the container of a subcommand, nil for others.
func (s *Spec) Parent() *Spec { return s.parent }

// Subcommands lists a container's subcommands by name. The caller must not change it.
func (s *Spec) Subcommands() []*Spec { return s.subs }

// Args is the argument tree of Syntax. The caller must not change it.
func (s *Spec) Args() []Arg { return s.args }

// KeyRange is the first/last/step triple of COMMAND: the range that covers as many of the keys as
// a single range can. Negative last counts from the end. All zero if there is none.
func (s *Spec) KeyRange() (first, last, step int) { return s.first, s.last, s.step }

// ArityOK reports whether a call of argc words, names included, meets the arity.
func (s *Spec) ArityOK(argc int) bool {
	if s.Arity > 0 {
		return argc == s.Arity
	}
	return argc >= -s.Arity
}

// words is how many words of a call the name takes: 2 for a subcommand.
func (s *Spec) words() int {
	if s.parent != nil {
		return 2
	}
	return 1
}

// setKeyRange derives first, last and step and the movablekeys flag. Neighbouring plain ranges merge into one;
// keys that it leaves out are movable.
func (s *Spec) setKeyRange() {
	if len(s.Keys) == 1 && s.Keys[0].isRange() {
		k := &s.Keys[0]
		s.first, s.last, s.step = k.Index, k.absLast(), k.Step
		if k.Flags.Has(Incomplete) {
			s.Flags |= MovableKeys
		}
		return
	}
	for i := range s.Keys {
		k := &s.Keys[i]
		if !k.isRange() || k.Step != 1 || s.last != 0 && s.last != k.Index-1 {
			s.Flags |= MovableKeys
			continue
		}
		if k.Flags.Has(Incomplete) {
			s.Flags |= MovableKeys
		}
		if s.first == 0 || k.Index < s.first {
			s.first = k.Index
		}
		s.step = 1
		// A last counted from the end is past any that is counted from the start.
		if last := k.absLast(); uint(last) > uint(s.last) {
			s.last = last
		}
	}
}

func (k *KeySpec) isRange() bool { return k.Search == SearchIndex && k.Find == FindRange }

// absLast is Last counted from the start of the call, or still from its end if negative.
func (k *KeySpec) absLast() int {
	if k.Last >= 0 {
		return k.Index + k.Last
	}
	return k.Last
}

// ChannelFlags say what a command does with its channel arguments.
type ChannelFlags uint8

// The channel flags.
const (
	Subscribe ChannelFlags = 1 << iota
	Unsubscribe
	Publish
	Pattern // arguments are patterns
)

// Channels locates channel arguments: Count of them from position First, or all that follow if
// Count is negative. The zero value means none.
type Channels struct {
	First, Count int
	Flags        ChannelFlags
}

// In returns the channel arguments of a call. args includes the command's name.
func (c Channels) In(args [][]byte) [][]byte {
	if c.First <= 0 || c.First >= len(args) {
		return nil
	}
	rest := args[c.First:]
	if c.Count >= 0 && c.Count < len(rest) {
		rest = rest[:c.Count]
	}
	return rest
}
