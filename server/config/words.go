package config

import "strings"

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// splitWords cuts a line into words at blanks. A word may be in double quotes,
// with the escapes \n \r \t \b \a, \xHH and a backslash before any other
// character, or in single quotes, where only \' is an escape. ok is false when
// a quote is left open, or closes before something other than a blank.
//
// The format is that of Redis's sdssplitargs.
func splitWords(line string) (words []string, ok bool) {
	for i := 0; ; {
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i == len(line) {
			return words, true
		}
		word, next, ok := nextWord(line, i)
		if !ok {
			return nil, false
		}
		words = append(words, word)
		i = next
	}
}

// nextWord reads the word that starts at i and returns where it ends. A quote
// may open in the middle of a word; closing it ends the word.
func nextWord(line string, i int) (word string, next int, ok bool) {
	var b strings.Builder
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\n', '\r', '\t':
			return b.String(), i, true
		case '"', '\'':
			next, ok = quoted(&b, line, i+1, c)
			return b.String(), next, ok
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), i, true
}

// quoted reads from after the opening quote q to past the closing one.
func quoted(b *strings.Builder, line string, i int, q byte) (next int, ok bool) {
	for ; i < len(line); i++ {
		c := line[i]
		switch {
		case c == q:
			i++
			return i, i == len(line) || isBlank(line[i])
		case c != '\\' || i+1 == len(line):
			b.WriteByte(c)
		case q == '\'':
			if line[i+1] == '\'' {
				i++
			}
			b.WriteByte(line[i])
		default:
			i = escape(b, line, i)
		}
	}
	return i, false
}

// escape decodes the escape whose backslash is at i and returns the index of
// its last character.
func escape(b *strings.Builder, line string, i int) int {
	if line[i+1] == 'x' && i+3 < len(line) {
		if hi, lo := hexDigit(line[i+2]), hexDigit(line[i+3]); hi >= 0 && lo >= 0 {
			b.WriteByte(byte(hi<<4 | lo))
			return i + 3
		}
	}
	i++
	c := line[i]
	switch c {
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'a':
		c = '\a'
	}
	b.WriteByte(c)
	return i
}

// appendQuoted writes s as a double-quoted word that splitWords gives back,
// whatever bytes it holds.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '"':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\a':
			dst = append(dst, `\a`...)
		case '\b':
			dst = append(dst, `\b`...)
		default:
			if c >= ' ' && c <= '~' {
				dst = append(dst, c)
			} else {
				dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
			}
		}
	}
	return append(dst, '"')
}

func quote(s string) string { return string(appendQuoted(nil, s)) }

// quoteAll joins words into a line that splitWords cuts into the same words.
func quoteAll(words []string) string {
	var b []byte
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendQuoted(b, w)
	}
	return string(b)
}
