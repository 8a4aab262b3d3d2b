package resp

// inline reads a request typed as one line of words.
func (p *Parser) inline(buf []byte) (args [][]byte, n int, err error) {
	end := p.lineEnd(buf, '\n')
	if end < 0 {
		if len(buf) > MaxInline {
			return nil, 0, ErrInlineTooBig
		}
		return nil, 0, nil
	}
	line := buf[:end]
	if end > 0 && line[end-1] == '\r' {
		line = line[:end-1]
	}
	words, ok := SplitArgs(p.args[:0], line)
	if !ok {
		return nil, 0, ErrUnbalancedQuotes
	}
	if p.Master && len(line) > 0 {
		return nil, 0, ErrInlineFromMaster
	}
	p.args = words
	p.pos = end + 1
	n = p.finish()
	return words, n, nil
}

// SplitArgs appends the words of a line to dst by the rules of inline requests and of configuration files: blanks separate words;
// in double quotes \n \r \t \b \a, \xHH and \ before any other byte are escapes; in single quotes only \' is. A NUL ends the line.
// ok is false if a quote is not closed, or is closed before something other than a blank.
//
// Words without quotes alias line, others are copies.
func SplitArgs(dst [][]byte, line []byte) (words [][]byte, ok bool) {
	s := splitter{line: line}
	for {
		s.skipBlanks()
		if s.at() == 0 {
			return dst, true
		}
		word, ok := s.word()
		if !ok {
			return nil, false
		}
		dst = append(dst, word)
	}
}

// splitter walks a line.
type splitter struct {
	line []byte
	pos  int
}

// at returns the byte at the current position, 0 at the line's end.
func (s *splitter) at() byte { return s.peek(0) }

// peek returns the byte i places after the current one, 0 past the line's end.
func (s *splitter) peek(i int) byte {
	if s.pos+i < len(s.line) {
		return s.line[s.pos+i]
	}
	return 0
}

// isBlank is C's isspace.
func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (s *splitter) skipBlanks() {
	for isBlank(s.at()) {
		s.pos++
	}
}

// word returns the word at the current position, which is not a blank. Quotes may begin anywhere in it, and end it.
func (s *splitter) word() (word []byte, ok bool) {
	start := s.pos
	for {
		switch s.at() {
		case 0:
			return s.line[start:s.pos:s.pos], true
		case ' ', '\n', '\r', '\t': // not all that isBlank tells: \v and \f stay within a word
			word = s.line[start:s.pos:s.pos]
			s.pos++
			return word, true
		case '"':
			return s.quoted(append([]byte{}, s.line[start:s.pos]...), '"')
		case '\'':
			return s.quoted(append([]byte{}, s.line[start:s.pos]...), '\'')
		}
		s.pos++
	}
}

// quoted appends what is between the quote at the current position and the next like it to word.
func (s *splitter) quoted(word []byte, quote byte) ([]byte, bool) {
	for s.pos++; ; s.pos++ {
		c := s.at()
		switch {
		case c == 0:
			return nil, false
		case c == quote:
			s.pos++
			return word, s.at() == 0 || isBlank(s.at())
		case c == '\\' && quote == '"' && s.peek(1) != 0:
			c = s.escape()
		case c == '\\' && quote == '\'' && s.peek(1) == '\'':
			s.pos++
			c = '\''
		}
		word = append(word, c)
	}
}

// escape returns the byte that the escape at the current position stands for, and moves to the escape's last byte.
func (s *splitter) escape() byte {
	if s.peek(1) == 'x' {
		hi, ok1 := hexDigit(s.peek(2))
		lo, ok2 := hexDigit(s.peek(3))
		if ok1 && ok2 {
			s.pos += 3
			return hi<<4 | lo
		}
	}
	s.pos++
	switch c := s.at(); c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	default:
		return c
	}
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
