package resp

// SecondWord returns the second argument of the request that buf begins with, and the request's length: what a command's
// key mostly is, without the work of parsing. It returns no word, and 0, unless buf holds a whole request of at least two
// arguments in the form that clients send. Nothing is checked that Parser would not check again.
func SecondWord(buf []byte) (word []byte, n int) {
	left, pos := header(buf, 0, '*')
	if left < 2 {
		return nil, 0
	}
	for i := range left {
		size, start := header(buf, pos, '$')
		if size < 0 || size > len(buf)-start-2 {
			return nil, 0
		}
		if i == 1 {
			word = buf[start : start+size]
		}
		pos = start + size + 2
	}
	return word, pos
}

// header reads a line of a mark and a number at pos, and returns the number and where the next line begins. The number is -1
// if there is none, or one of more than nine digits.
func header(buf []byte, pos int, mark byte) (n, next int) {
	if pos >= len(buf) || buf[pos] != mark {
		return -1, 0
	}
	for i := pos + 1; i < len(buf) && i <= pos+10; i++ {
		d := buf[i] - '0'
		if d > 9 {
			if buf[i] != '\r' || i == pos+1 {
				return -1, 0
			}
			return n, i + 2
		}
		n = n*10 + int(d)
	}
	return -1, 0
}
