package command

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// groups are those COMMAND DOCS knows.
var groups = [...]string{
	"generic", "string", "list", "set", "sorted-set", "hash", "pubsub", "transactions", "connection",
	"server", "scripting", "hyperloglog", "cluster", "geo", "stream", "bitmap",
}

// tips are the hints that clients and proxies understand.
var tips = [...]string{
	"nondeterministic_output", "nondeterministic_output_order",
	"request_policy:all_nodes", "request_policy:all_shards", "request_policy:multi_shard", "request_policy:special",
	"response_policy:agg_logical_and", "response_policy:agg_min", "response_policy:agg_sum",
	"response_policy:all_succeeded", "response_policy:one_succeeded", "response_policy:special",
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

// check holds a completed row against itself: what it declares in two places must agree, and nothing may
// contradict the way the server uses it.
func (s *Spec) check() error {
	return errors.Join(s.checkName(), s.checkFlags(), s.checkArity(), s.checkKeys(), s.checkDoc())
}

func (s *Spec) checkName() error {
	if s.Name == "" || s.Name != strings.ToLower(s.Name) || strings.ContainsAny(s.Name, " \r\n") || strings.Count(s.Name, "|") > 1 {
		return errors.New("name is not one or two words in lower case")
	}
	if s.Arity == 0 || s.Arity > 0 && s.Arity < s.words() {
		return fmt.Errorf("arity %d", s.Arity)
	}
	if len(s.subs) > 0 && (len(s.Keys) > 0 || s.Syntax != "" && s.Arity != -1) {
		return errors.New("a container has arguments of its own")
	}
	return nil
}

func (s *Spec) checkFlags() error {
	switch f := s.Flags; {
	case f >= flagsEnd || s.Categories >= categoriesEnd:
		return errors.New("unknown flag or category")
	case f.Has(Write) && f.Has(ReadOnly):
		return errors.New("write and readonly")
	case f.Has(DenyOOM) && !f.Has(Write) && !s.Categories.Has(CatScripting) && !f.Has(MayReplicate):
		return errors.New("denyoom, yet writes nothing")
	case f.Has(Blocking) && !f.Has(Write) && !f.Has(ReadOnly) && len(s.Keys) > 0:
		return errors.New("blocks on keys, yet touches none")
	case f.Has(NoMandatoryKeys) && !s.HasKeys():
		return errors.New("no_mandatory_keys without key specs")
	}
	return nil
}

// checkArity compares the arity with what the syntax allows.
func (s *Spec) checkArity() error {
	if len(s.subs) > 0 {
		return nil
	}
	fewest, most := wordsOf(s.args)
	fewest += s.words()
	most = addWords(most, s.words())
	if s.Arity > 0 && (fewest != s.Arity || most != s.Arity) || s.Arity < 0 && (-s.Arity > fewest || most == fewest) {
		if most == math.MaxInt {
			return fmt.Errorf("arity %d, but the syntax takes %d words or more", s.Arity, fewest)
		}
		return fmt.Errorf("arity %d, but the syntax takes %d to %d words", s.Arity, fewest, most)
	}
	return nil
}

// checkKeys makes sure that specs and key arguments refer to each other, and that fixed positions
// exist in the shortest call.
func (s *Spec) checkKeys() error {
	used := make([]bool, len(s.Keys))
	if err := markKeys(s.args, used); err != nil {
		return err
	}
	shortest := max(s.Arity, -s.Arity)
	for i := range s.Keys {
		k := &s.Keys[i]
		switch {
		case !used[i] && !k.Flags.Has(NotKey):
			return fmt.Errorf("no argument belongs to key spec %d", i)
		case !k.Flags.Has(NotKey) && k.accesses() != 1:
			return fmt.Errorf("key spec %d has %d of RO, RW, OW and RM", i, k.accesses())
		case (s.Flags.Has(ReadOnly) || !s.Flags.Has(Write)) && k.Flags&(RW|OW|RM) != 0 && !s.Categories.Has(CatScripting):
			return fmt.Errorf("key spec %d writes, the command does not", i)
		case k.Find != FindUnknown && k.Step < 1:
			return fmt.Errorf("key spec %d steps by %d", i, k.Step)
		case k.Search == SearchIndex && (k.Index < s.words() || k.Index >= shortest && !s.Flags.Has(NoMandatoryKeys) && !k.Flags.Has(NotKey)):
			return fmt.Errorf("key spec %d begins outside the shortest call", i)
		case k.Find == FindUnknown && s.FindKeys == nil:
			return fmt.Errorf("key spec %d is unknown and there is no key finder", i)
		}
	}
	return nil
}

func (k *KeySpec) accesses() (n int) {
	for _, f := range [...]KeyFlags{RO, RW, OW, RM} {
		if k.Flags.Has(f) {
			n++
		}
	}
	return n
}

// markKeys notes which key specs the arguments refer to.
func markKeys(args []Arg, used []bool) error {
	for i := range args {
		a := &args[i]
		if a.KeySpec >= len(used) {
			return fmt.Errorf("argument %q refers to key spec %d of %d", a.Name, a.KeySpec, len(used))
		}
		if a.KeySpec >= 0 {
			used[a.KeySpec] = true
		}
		if err := markKeys(a.Args, used); err != nil {
			return err
		}
	}
	return nil
}

func (s *Spec) checkDoc() error {
	switch {
	case s.Summary == "" || s.Since == "":
		return errors.New("undocumented")
	case !slices.Contains(groups[:], s.Group):
		return fmt.Errorf("group %q", s.Group)
	case s.Doc&Deprecated != 0 != (s.DeprecatedSince != ""):
		return errors.New("deprecated without a version, or the other way round")
	}
	for _, tip := range s.Tips {
		if !slices.Contains(tips[:], tip) {
			return fmt.Errorf("tip %q", tip)
		}
	}
	return nil
}
