package differential

import "strconv"

// streamGenerators are those of the streams groups. Idle times and the bounds they are compared with are so far apart that no reply
// depends on how fast a server was.
func streamGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"streamkey": ofType("stream"),
		"newid":     one((*gen).newID),
		"sid":       one((*gen).streamID),
		"srange":    one((*gen).streamRange),
		"sgroup":    from([]string{"g1", "g2", "g1", "nogroup"}),
		"consumer":  from([]string{"alice", "bob", "carol"}),
		"creatable": from([]string{"dave", "erin"}),
		"idle":      from([]string{"1000", "500000", "90000000", "0", "-1", "x", "9223372036854775808"}),
		"minidle":   from([]string{"0", "0", "250000", "40000000", "-1", "x", "9223372036854775807"}),
		"pasttime":  from([]string{"1700000000000", "1", "0", "-1", "x"}),
		"retries":   from([]string{"0", "1", "7", "-1", "x", "9223372036854775807"}),
		"scount":    from([]string{"10", "10", "3", "1", "0", "-1", "x"}),
		"maxlen":    from([]string{"0", "1", "5", "10", "20", "-1", "x"}),
		"limit":     from([]string{"0", "1", "3", "8", "100", "-1", "x"}),
	}
}

// newID is for XADD: mostly beyond the last, so that streams grow.
func (g *gen) newID() string {
	if g.oneIn(6) {
		return g.pick([]string{"0-0", "0-1", "1-1", "x", "-", "5-*", "1-2-3", "18446744073709551616-1", ""})
	}
	g.streamClock += uint64(g.IntN(3))
	return strconv.FormatUint(g.streamClock/4, 10) + "-" + strconv.FormatUint(g.streamClock%4+1, 10)
}

func (g *gen) streamID() string {
	if g.oneIn(10) {
		return g.pick([]string{"0", "0-0", "1", "x", "", "18446744073709551615-18446744073709551615"})
	}
	at := g.Uint64N(g.streamClock + 4)
	return strconv.FormatUint(at/4, 10) + "-" + strconv.FormatUint(at%4+1, 10)
}

func (g *gen) streamRange() string {
	switch g.IntN(5) {
	case 0:
		return "-"
	case 1:
		return "+"
	case 2:
		return "(" + g.streamID()
	}
	return g.streamID()
}
