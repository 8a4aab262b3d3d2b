package acl

import (
	"crypto/subtle"
	"slices"
	"strings"

	"treedis/server/command"
)

// DefaultName is the user that every connection begins as.
const DefaultName = "default"

// User is who somebody may be logged in as.
type User struct {
	name string
	rights
}

// rights are all that rules say of a user. A change makes new ones.
type rights struct {
	on, noPass, skipSanitize bool
	passwords                []string    // hashed, oldest first
	selectors                []*selector // the root, then those in parentheses
	unrestricted             bool        // derived
}

func newRights(us *Users) rights {
	return rights{selectors: []*selector{newSelector(us.catalog, us.allChannels())}}
}

func (r *rights) clone() rights {
	n := *r
	n.passwords = slices.Clone(r.passwords)
	n.selectors = make([]*selector, len(r.selectors))
	for i, s := range r.selectors {
		n.selectors[i] = s.clone()
	}
	return n
}

// Name returns the user's name.
func (u *User) Name() string {
	if u == nil {
		return "(superuser)"
	}
	return u.name
}

// Unrestricted reports whether the user may do everything, so that nothing needs to be checked.
func (u *User) Unrestricted() bool { return u == nil || u.unrestricted }

// NeedsNoPassword reports whether any password will do.
func (u *User) NeedsNoPassword() bool { return u.noPass }

// Accepts reports whether the user may log in with a password. How long it takes does not depend on how alike passwords are.
func (u *User) Accepts(password []byte) bool {
	if !u.on || u.noPass {
		return u.on
	}
	given, ok := hash(string(password)), 0
	for _, p := range u.passwords {
		ok |= subtle.ConstantTimeCompare([]byte(given), []byte(p))
	}
	return ok == 1
}

// MayListen reports whether the user may subscribe to a channel, or a pattern of channels, by any of its selectors.
func (u *User) MayListen(name []byte, isPattern bool) bool {
	return u == nil || slices.ContainsFunc(u.selectors, func(s *selector) bool { return s.permitsChannel(name, isPattern) })
}

// losesChannels reports whether the change to other rights takes any channel away.
func (r *rights) losesChannels(to *rights) bool {
	var kept []string
	for _, s := range to.selectors {
		if s.allChannels {
			return false
		}
		kept = append(kept, s.channels...)
	}
	return slices.ContainsFunc(r.selectors, func(s *selector) bool {
		return s.allChannels || slices.ContainsFunc(s.channels, func(p string) bool { return !slices.Contains(kept, p) })
	})
}

// Flags lists what is set of the user, in the order of ACL GETUSER.
func (u *User) Flags() []string {
	flags := []string{"off"}
	if u.on {
		flags[0] = "on"
	}
	if u.noPass {
		flags = append(flags, "nopass")
	}
	if u.skipSanitize {
		return append(flags, "skip-sanitize-payload")
	}
	return append(flags, "sanitize-payload")
}

// Passwords lists the hashed passwords. The caller must not change it.
func (u *User) Passwords() []string { return u.passwords }

// Rights describes one selector: the rules about commands, keys and channels, each in one line.
type Rights struct{ Commands, Keys, Channels string }

// Rights describes the user's selectors, the root first.
func (u *User) Rights() []Rights {
	list := make([]Rights, len(u.selectors))
	for i, s := range u.selectors {
		list[i] = Rights{s.commandRules(), strings.Join(s.keyRules(), " "), strings.Join(s.channelRules(), " ")}
	}
	return list
}

func (s *selector) commandRules() string {
	first := "-@all"
	if s.future {
		first = "+@all"
	}
	return strings.Join(append([]string{first}, s.rules...), " ")
}

func (s *selector) keyRules() []string {
	if s.allKeys {
		return []string{"~*"}
	}
	var rules []string
	for _, k := range s.keys {
		rules = append(rules, k.String())
	}
	return rules
}

func (s *selector) channelRules() []string {
	if s.allChannels {
		return []string{"&*"}
	}
	var rules []string
	for _, c := range s.channels {
		rules = append(rules, "&"+c)
	}
	return rules
}

// describe writes the rules that make the selector.
func (s *selector) describe() string {
	words := s.keyRules()
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	words = append(words, s.channelRules()...)
	return strings.Join(append(words, s.commandRules()), " ")
}

// Describe writes the name and the rules that make the user, as ACL LIST does after the word user.
func (u *User) Describe() string {
	words := append([]string{u.name}, u.Flags()...)
	for _, p := range u.passwords {
		words = append(words, "#"+p)
	}
	for i, s := range u.selectors {
		if i == 0 {
			words = append(words, s.describe())
		} else {
			words = append(words, "("+s.describe()+")")
		}
	}
	return strings.Join(words, " ")
}

// compile derives what is asked of every command.
func (r *rights) compile() {
	r.unrestricted = slices.ContainsFunc(r.selectors, (*selector).unrestricted)
}

// Reason is why something is refused. Of several the greatest is told.
type Reason uint8

// The reasons.
const (
	Allowed Reason = iota
	Command
	Key
	Auth
	Channel
)

var reasonNames = [...]string{"", "command", "key", "auth", "channel"}

func (r Reason) String() string { return reasonNames[r] }

// Verdict is whether a call is allowed, and if not, why: Arg is the position of the key or channel that is not.
type Verdict struct {
	Reason Reason
	Arg    int
}

// Checker checks calls. Its zero value is ready; what it remembers is memory to be used again. It is not safe for
// concurrent use.
type Checker struct {
	keys  []command.KeyRef
	found bool // keys are those of the call
}

// Check tells whether a user may make a call. args includes the name, both words of a subcommand's.
func (k *Checker) Check(u *User, spec *command.Spec, args [][]byte) Verdict {
	if u.Unrestricted() {
		return Verdict{}
	}
	k.found = false
	worst := Verdict{Reason: Command}
	for _, s := range u.selectors {
		v := k.selector(s, spec, args)
		if v.Reason == Allowed {
			return v
		}
		if v.Reason > worst.Reason || v.Reason == worst.Reason && v.Arg > worst.Arg {
			worst = v
		}
	}
	return worst
}

// CheckAllKeys tells whether a user may make a call, and use any key in such a way besides.
func (k *Checker) CheckAllKeys(u *User, spec *command.Spec, args [][]byte, flags command.KeyFlags) bool {
	if u.Unrestricted() {
		return true
	}
	k.found = false
	return slices.ContainsFunc(u.selectors, func(s *selector) bool {
		return k.selector(s, spec, args).Reason == Allowed && s.permitsAllKeys(flags)
	})
}

func (k *Checker) selector(s *selector, spec *command.Spec, args [][]byte) Verdict {
	if !s.permits(spec, args) {
		return Verdict{Reason: Command}
	}
	if !s.allKeys && spec.HasKeys() {
		if !k.found {
			k.keys, k.found = spec.AppendKeys(k.keys[:0], args), true
		}
		for _, key := range k.keys {
			if !s.permitsKey(args[key.Pos], key.Flags) {
				return Verdict{Key, key.Pos}
			}
		}
	}
	if !s.allChannels && spec.Channels.Flags&(command.Publish|command.Subscribe) != 0 {
		isPattern := spec.Channels.Flags&command.Pattern != 0
		for i, name := range spec.Channels.In(args) {
			if !s.permitsChannel(name, isPattern) {
				return Verdict{Channel, spec.Channels.First + i}
			}
		}
	}
	return Verdict{}
}
