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

// check holds a completed row against itself: what it declares in two places must agree, and nothing may
// contradict the way the server uses it.
func (s *Spec) check() error {
	return errors.Join(s.checkName(), s.checkFlags(), s.checkArity(), s.checkKeys(), s.checkDoc())
}

func (s *Spec) checkName() error {
	if s.Name == "" || s.Name != strings.ToLower(s.Name) ||
		strings.ContainsAny(s.Name, " \r\n") || strings.Count(s.Name, "|") > 1 {
		return errors.New("name is not one or two words in lower case")
	}
	if s.Arity == 0 || s.Arity > 0 && s.Arity < s.words() {
		return fmt.Errorf("arity %d", s.Arity)
	}
	if len(s.subs) > 0 && (len(s.Keys) > 0 || s.Syntax != "") {
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

// checkArity compares the arity with what the syntax allows. Some commands document no syntax: containers,
// which have none, and those that look at no argument or are not for people.
func (s *Spec) checkArity() error {
	if len(s.args) == 0 && s.Arity < 0 {
		return nil
	}
	fewest, most := wordsOf(s.args)
	fewest, most = fewest+s.words(), addWords(most, s.words())
	switch {
	case s.Arity < 0 && -s.Arity <= fewest, s.Arity == fewest && s.Arity == most:
		return nil
	case most == math.MaxInt:
		return fmt.Errorf("arity %d, but the syntax takes %d words or more", s.Arity, fewest)
	}
	return fmt.Errorf("arity %d, but the syntax takes %d to %d words", s.Arity, fewest, most)
}

// checkKeys makes sure that specs and arguments refer to each other, that the keys which may not be left
// out are within the shortest call, and that only commands that may write say so of keys.
func (s *Spec) checkKeys() error {
	used := make([]keyUse, len(s.Keys))
	if err := markKeys(s.args, keyMandatory, used); err != nil {
		return err
	}
	writes := s.Flags&(Write|MayReplicate) != 0
	for i := range s.Keys {
		if err := s.Keys[i].check(s, used[i], writes); err != nil {
			return fmt.Errorf("key spec %d: %w", i, err)
		}
	}
	return nil
}

func (k *KeySpec) check(s *Spec, use keyUse, writes bool) error {
	switch {
	case k.Search == SearchIndex && k.Index < s.words():
		return fmt.Errorf("begins at %d, in the name", k.Index)
	case k.Find != FindUnknown && k.Step < 1:
		return fmt.Errorf("steps by %d", k.Step)
	case k.Find == FindUnknown && s.FindKeys == nil:
		return errors.New("unknown, and there is no key finder")
	case k.Flags.Has(NotKey):
		return nil
	case use == keyUnused:
		return errors.New("belongs to no argument")
	case use == keyMandatory && k.Search == SearchIndex && k.Index >= max(s.Arity, -s.Arity):
		return fmt.Errorf("begins at %d, past the shortest call", k.Index)
	case k.accesses() != 1:
		return fmt.Errorf("has %d of RO, RW, OW and RM", k.accesses())
	case k.Flags&(RW|OW|RM) != 0 && !writes:
		return errors.New("writes, the command does not")
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

// keyUse is what an argument tree makes of a key spec.
type keyUse uint8

const (
	keyUnused keyUse = iota
	keyOptional
	keyMandatory
)

// markKeys notes which key specs the arguments refer to, and whether any must be given.
func markKeys(args []Arg, use keyUse, used []keyUse) error {
	for i := range args {
		a, use := &args[i], use
		if a.Flags.Has(Optional) {
			use = keyOptional
		}
		if a.KeySpec >= len(used) {
			return fmt.Errorf("argument %q refers to key spec %d of %d", a.Name, a.KeySpec, len(used))
		}
		if a.KeySpec >= 0 {
			used[a.KeySpec] = max(used[a.KeySpec], use)
		}
		if err := markKeys(a.Args, use, used); err != nil {
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
