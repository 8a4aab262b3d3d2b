package config

import "strings"

// glob matches a name against a pattern as Redis does: * is any text, ? any
// character, [a-z] and [^a-z] one character in or out of a class, and a
// backslash takes the next character as it is.
func glob(pattern, s string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			pattern = strings.TrimLeft(pattern, "*")
			for i := 0; i <= len(s); i++ {
				if pattern == "" || glob(pattern, s[i:]) {
					return true
				}
			}
			return false
		case '[':
			if s == "" {
				return false
			}
			in, rest := globClass(pattern[1:], s[0])
			if !in {
				return false
			}
			pattern, s = rest, s[1:]
			continue
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
			fallthrough
		default:
			if s == "" || pattern[0] != s[0] {
				return false
			}
		case '?':
			if s == "" {
				return false
			}
		}
		pattern, s = pattern[1:], s[1:]
	}
	return s == ""
}

// globClass reads a class after its opening bracket. A class that is not
// closed ends with the pattern.
func globClass(class string, c byte) (in bool, rest string) {
	negated := strings.HasPrefix(class, "^")
	class = strings.TrimPrefix(class, "^")
	for class != "" && class[0] != ']' {
		switch {
		case class[0] == '\\' && len(class) > 1:
			in = in || class[1] == c
			class = class[2:]
		case len(class) > 2 && class[1] == '-':
			lo, hi := min(class[0], class[2]), max(class[0], class[2])
			in = in || lo <= c && c <= hi
			class = class[3:]
		default:
			in = in || class[0] == c
			class = class[1:]
		}
	}
	return in != negated, strings.TrimPrefix(class, "]")
}
