// Package glob matches strings against Redis's glob patterns, as KEYS, SCAN, PSUBSCRIBE, ACL and CONFIG
// GET use them:
//
//	?       any byte
//	*       any text
//	[a-z]   one byte of a class; [^a-z] one outside of it; a class that is not closed ends with the pattern
//	\c      the byte c as it is
//
// Matching takes at most len(pattern)*len(s) steps and a constant amount of memory, whatever the pattern:
// when a byte does not fit, only the last star is given more text, since what an earlier one could
// gain by more text the later one gains as well.
package glob

// Match reports whether s fits the pattern. As in Redis 7.2 the empty string fits the empty pattern only,
// not "*": who wants all strings asks All first.
func Match(pattern, s []byte) bool { return match(pattern, s, false) }

// MatchFold is Match without regard to the case of ASCII letters.
func MatchFold(pattern, s []byte) bool { return match(pattern, s, true) }

// All reports whether the pattern is the one star that commands take for "no filter".
func All(pattern []byte) bool { return len(pattern) == 1 && pattern[0] == '*' }

// Prefix returns the text with which every match begins: the pattern up to its first special byte. exact is
// set if there is none, so that the prefix is the only match.
func Prefix(pattern []byte) (prefix []byte, exact bool) {
	for i, c := range pattern {
		switch c {
		case '*', '?', '[', '\\':
			return pattern[:i], false
		}
	}
	return pattern, true
}

func match(p, s []byte, fold bool) bool {
	if len(s) == 0 {
		return len(p) == 0
	}
	i, j := 0, 0
	star, mark := -1, 0 // behind the last star, and where the text after it was tried last
	for j < len(s) {
		if i < len(p) {
			if p[i] == '*' {
				if i = skipStars(p, i); i == len(p) {
					return true
				}
				star, mark = i, j
				continue
			}
			if n, ok := one(p[i:], s[j], fold); ok {
				i, j = i+n, j+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		i, j = star, mark
	}
	return skipStars(p, i) == len(p)
}

func skipStars(p []byte, i int) int {
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i
}

// one matches c against the first element of p, which is no star, and returns the length of that element.
func one(p []byte, c byte, fold bool) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		return class(p, c, fold)
	case '\\':
		if len(p) > 1 {
			return 2, same(p[1], c, fold)
		}
	}
	return 1, same(p[0], c, fold)
}

// class matches c against the class that p begins with. Ranges compare bytes as signed, and escaped bytes
// with regard to case, as Redis does.
func class(p []byte, c byte, fold bool) (n int, ok bool) {
	i := 1
	negated := i < len(p) && p[i] == '^'
	if negated {
		i++
	}
	for ; i < len(p) && p[i] != ']'; i++ {
		switch {
		case p[i] == '\\' && i+1 < len(p):
			i++
			ok = ok || p[i] == c
		case i+2 < len(p) && p[i+1] == '-':
			ok = ok || inRange(p[i], p[i+2], c, fold)
			i += 2
		default:
			ok = ok || same(p[i], c, fold)
		}
	}
	return min(i+1, len(p)), ok != negated
}

func inRange(from, to, c byte, fold bool) bool {
	lo, hi := min(int8(from), int8(to)), max(int8(from), int8(to))
	if fold {
		lo, hi, c = int8(lower(byte(lo))), int8(lower(byte(hi))), lower(c)
	}
	return lo <= int8(c) && int8(c) <= hi
}

func same(a, b byte, fold bool) bool { return a == b || fold && lower(a) == lower(b) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
