package acl

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"treedis/server/command"
	"treedis/server/resp"
)

// apply applies a rule about commands, keys or channels.
func (s *selector) apply(c *Catalog, rule string) error {
	switch lower(rule) {
	case "":
		return ErrSyntax
	case "allkeys", "~*":
		s.allKeys, s.keys = true, nil
		return nil
	case "resetkeys":
		s.allKeys, s.keys = false, nil
		return nil
	case "allchannels", "&*":
		s.allChannels, s.channels = true, nil
		return nil
	case "resetchannels":
		s.allChannels, s.channels = false, nil
		return nil
	case "allcommands", "+@all":
		s.setAll(true)
		return nil
	case "nocommands", "-@all":
		s.setAll(false)
		return nil
	}
	switch allow := rule[0] == '+'; rule[0] {
	case '~', '%':
		return s.addKeys(rule)
	case '&':
		return s.addChannels(rule[1:])
	case '+', '-':
		switch name := rule[1:]; {
		case strings.HasPrefix(name, "@"):
			return s.setCategory(c, name, allow)
		case allow && strings.Contains(name, "|"):
			return s.allowPart(c, name)
		default:
			spec := c.find(name)
			if spec == nil {
				return ErrUnknown
			}
			s.setCommand(spec, allow)
			s.note(spec.Name, allow)
			return nil
		}
	}
	return ErrSyntax
}

// addKeys is ~pattern, %R~pattern and the like.
func (s *selector) addKeys(rule string) error {
	if s.allKeys {
		return ErrAfterAllKeys
	}
	may, pattern := read|write, rule[1:]
	if rule[0] == '%' {
		var letters string
		letters, pattern, _ = strings.Cut(rule[1:], "~")
		switch lower(letters) {
		case "r":
			may = read
		case "w":
			may = write
		case "rw", "wr":
		default: // also none, which would be a pattern that no access fits
			return ErrSyntax
		}
	}
	if hasSpaces(pattern) {
		return ErrSyntax
	}
	if i := slices.IndexFunc(s.keys, func(k keyPattern) bool { return k.pattern == pattern }); i >= 0 {
		s.keys[i].access |= may
	} else {
		s.keys = append(s.keys, keyPattern{pattern, may})
	}
	return nil
}

func (s *selector) addChannels(pattern string) error {
	switch {
	case s.allChannels:
		return ErrAfterAllChannels
	case hasSpaces(pattern):
		return ErrSyntax
	case !slices.Contains(s.channels, pattern):
		s.channels = append(s.channels, pattern)
	}
	return nil
}

// setCategory allows or forbids the commands of a category, which is given with its @.
func (s *selector) setCategory(c *Catalog, name string, allow bool) error {
	category, ok := command.CategoryByName([]byte(name[1:]))
	if !ok {
		return ErrUnknown
	}
	s.note(name, allow)
	for _, spec := range c.specs {
		if spec.Categories.Has(category) {
			s.setCommand(spec, allow)
		}
	}
	return nil
}

// allowPart allows a subcommand, or a command that has none with a certain first argument only.
func (s *selector) allowPart(c *Catalog, name string) error {
	bar := strings.LastIndexByte(name, '|')
	spec, part := c.find(name[:bar]), name[bar+1:]
	switch {
	case spec == nil:
		return ErrUnknown
	case spec.Parent() != nil:
		return ErrFirstArg
	case part == "", hasSpaces(part): // with a space the rule could not be read again
		return ErrSyntax
	case len(spec.Subcommands()) == 0:
		s.setFirstArg(spec.ID(), part)
	default:
		sub := c.find(name)
		if sub == nil {
			return ErrUnknown
		}
		s.setCommand(sub, true)
	}
	s.note(name, true)
	return nil
}

// apply applies any rule.
func (r *rights) apply(us *Users, rule string) error {
	switch lower(rule) {
	case "": // says nothing
	case "on":
		r.on = true
	case "off":
		r.on = false
	case "skip-sanitize-payload":
		r.skipSanitize = true
	case "sanitize-payload":
		r.skipSanitize = false
	case "nopass":
		r.noPass, r.passwords = true, nil
	case "resetpass":
		r.noPass, r.passwords = false, nil
	case "clearselectors":
		r.selectors = r.selectors[:1]
	case "reset":
		*r = newRights(us)
	default:
		return r.applyArgument(us, rule)
	}
	return nil
}

// applyArgument applies a rule that is more than a word.
func (r *rights) applyArgument(us *Users, rule string) error {
	switch rest := rule[1:]; rule[0] {
	case '>', '<':
		return r.setPassword(hash(rest), rule[0] == '>')
	case '#', '!':
		if !isHash(rest) {
			return ErrBadHash
		}
		return r.setPassword(rest, rule[0] == '#')
	case '(':
		if !strings.HasSuffix(rest, ")") {
			break
		}
		words, ok := resp.SplitArgs(nil, []byte(rest[:len(rest)-1]))
		if !ok {
			return ErrSyntax
		}
		s := newSelector(us.catalog, us.allChannels())
		for _, w := range words {
			if err := s.apply(us.catalog, string(w)); err != nil {
				return err
			}
		}
		r.selectors = append(r.selectors, s)
		return nil
	}
	return r.selectors[0].apply(us.catalog, rule)
}

// setPassword adds or removes a hashed password.
func (r *rights) setPassword(hashed string, add bool) error {
	i := slices.Index(r.passwords, hashed)
	switch {
	case add:
		r.noPass = false
		if i < 0 {
			r.passwords = append(r.passwords, hashed)
		}
	case i < 0:
		return ErrNoPassword
	default:
		r.passwords = slices.Delete(r.passwords, i, i+1)
	}
	return nil
}

// hash is how passwords are kept: the hexadecimal digits of their SHA-256.
func hash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

func isHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// mergeSelectors joins the words of selectors that were cut at their spaces.
func mergeSelectors(rules []string) ([]string, error) {
	merged := make([]string, 0, len(rules))
	for i := 0; i < len(rules); i++ {
		rule := rules[i]
		if !strings.HasPrefix(rule, "(") || strings.HasSuffix(rule, ")") {
			merged = append(merged, rule)
			continue
		}
		end := i + 1
		for end < len(rules) && !strings.HasSuffix(rules[end], ")") {
			end++
		}
		if end == len(rules) {
			return nil, &RuleError{rule, ErrUnmatched}
		}
		merged = append(merged, strings.Join(rules[i:end+1], " "))
		i = end
	}
	return merged, nil
}
