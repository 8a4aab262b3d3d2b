package config

import "treedis/server/resp"

// splitWords cuts a line into words; see resp.SplitArgs for the quotes. ok is
// false if they do not match.
func splitWords(line string) (words []string, ok bool) {
	parts, ok := resp.SplitArgs(nil, []byte(line))
	for _, p := range parts {
		words = append(words, string(p))
	}
	return words, ok
}

func quote(s string) string { return string(resp.AppendQuoted(nil, s)) }

// quoteAll joins words into a line that splitWords cuts into the same words.
func quoteAll(words []string) string {
	var b []byte
	for i, w := range words {
		if i > 0 {
			b = append(b, ' ')
		}
		b = resp.AppendQuoted(b, w)
	}
	return string(b)
}
