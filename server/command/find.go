package command

// KeyFinders for the commands whose specs cannot tell the whole truth. Each appends what it can
// make out and leaves it to the handler to refuse what makes no sense.

// CountedKeys finds keys that follow their count: the count at position count, the keys from count+1 on,
// and a destination at position store if that is not 0, listed last. It is for calls whose count the specs reject
// yet begins with a number; the flags of such keys are unknown.
func CountedKeys(store, count int) KeyFinder {
	return func(dst []KeyRef, args [][]byte) []KeyRef {
		first := count + 1
		if len(args) < first {
			return dst
		}
		n := leadingInt(args[count])
		if n < 1 || n > len(args)-first {
			return dst
		}
		for i := range n {
			dst = append(dst, KeyRef{Pos: first + i})
		}
		if store != 0 {
			dst = append(dst, KeyRef{Pos: store})
		}
		return dst
	}
}

// SetKeys is for SET: with GET it also reads the old value.
func SetKeys(dst []KeyRef, args [][]byte) []KeyRef {
	for i := 3; i < len(args); i++ {
		if equalFold(args[i], "get") {
			return append(dst, KeyRef{1, RW | Access | Update})
		}
	}
	return append(dst, KeyRef{1, OW | Update})
}

// BitfieldKeys is for BITFIELD: nothing but GET (and OVERFLOW) only reads.
func BitfieldKeys(dst []KeyRef, args [][]byte) []KeyRef {
	for i := 2; i < len(args); {
		left := len(args) - i - 1
		switch {
		case equalFold(args[i], "get") && left >= 2:
			i += 3
		case equalFold(args[i], "overflow") && left >= 1:
			i += 2
		default: // SET, INCRBY, or a syntax error, for which writing is the safe guess
			return append(dst, KeyRef{1, RW | Access | Update})
		}
	}
	return append(dst, KeyRef{1, RO | Access})
}

// SortROKeys is for SORT_RO. What BY and GET read depends on the data.
func SortROKeys(dst []KeyRef, _ [][]byte) []KeyRef { return append(dst, KeyRef{1, RO | Access}) }

// SortKeys is for SORT: the last STORE wins, as it does when SORT runs.
func SortKeys(dst []KeyRef, args [][]byte) []KeyRef {
	dst = SortROKeys(dst, args)
	store := 0
	for i := 2; i < len(args); i++ {
		switch {
		case equalFold(args[i], "limit"):
			i += 2
		case equalFold(args[i], "get"), equalFold(args[i], "by"):
			i++
		case equalFold(args[i], "store") && i+1 < len(args):
			store = i + 1
		}
	}
	if store != 0 {
		dst = append(dst, KeyRef{store, OW | Update})
	}
	return dst
}

// MigrateKeys is for MIGRATE: one key at position 3, or, if that is empty, all that follow KEYS.
func MigrateKeys(dst []KeyRef, args [][]byte) []KeyRef {
	first, last := 3, 3
	for i := 6; i < len(args); i++ {
		switch {
		case equalFold(args[i], "keys"):
			if len(args[3]) > 0 {
				return dst // both forms at once: an error of syntax
			}
			first, last = i+1, len(args)-1
			i = last
		case equalFold(args[i], "auth"):
			i++
		case equalFold(args[i], "auth2"):
			i += 2
		}
	}
	for pos := first; pos <= last; pos++ {
		dst = append(dst, KeyRef{pos, RW | Access | Delete})
	}
	return dst
}

// GeoRadiusKeys is for GEORADIUS and GEORADIUSBYMEMBER whose STORE or STOREDIST lacks its key; of
// several the last counts.
func GeoRadiusKeys(dst []KeyRef, args [][]byte) []KeyRef {
	dst = append(dst, KeyRef{Pos: 1})
	store := 0
	for i := 5; i+1 < len(args); i++ {
		if equalFold(args[i], "store") || equalFold(args[i], "storedist") {
			store = i + 1
			i++
		}
	}
	if store != 0 {
		dst = append(dst, KeyRef{Pos: store})
	}
	return dst
}

// StreamKeys is for XREAD and XREADGROUP: it skips the options on the way to STREAMS, as that may be the name
// of a group, too. After it come as many keys as ids.
func StreamKeys(dst []KeyRef, args [][]byte) []KeyRef {
	for i := 1; i < len(args); i++ {
		switch {
		case equalFold(args[i], "block"), equalFold(args[i], "count"):
			i++
		case equalFold(args[i], "group"):
			i += 2
		case equalFold(args[i], "noack"):
		case equalFold(args[i], "streams"):
			n := len(args) - i - 1
			if n%2 != 0 {
				return dst
			}
			for j := range n / 2 {
				dst = append(dst, KeyRef{Pos: i + 1 + j})
			}
			return dst
		default:
			return dst
		}
	}
	return dst
}
