package differential

import (
	"strconv"
)

// laterGenerators are those of laterGroups.
func laterGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"bittype":     from([]string{"u1", "u8", "i8", "u16", "i64", "u63", "i5", "u64", "i65", "x8", "u0"}),
		"bitfieldoff": from([]string{"0", "1", "8", "100", "#0", "#3", "-1", "x"}),
		"sortpattern": from([]string{"str:*", "hash:0->*", "#", "nosuch:*", "hash:*->a", "plain"}),
		"newid":       one((*gen).newID),
		"sid":         one((*gen).streamID),
		"srange":      one((*gen).streamRange),
		"sgroup":      from([]string{"g1", "g2", "g1", "nogroup"}),
		"consumer":    from([]string{"alice", "bob", "carol"}),
		"creatable":   from([]string{"dave", "erin"}),
		"lon":         from([]string{"13.361389", "15.087269", "2.349014", "-122.27652", "0", "180", "-180", "181", "x"}),
		"lat":         from([]string{"38.115556", "37.502669", "48.864716", "37.805186", "0", "85", "86", "x"}),
		"radius":      from([]string{"1", "200", "500.5", "10000", "0", "-1", "x"}),
		"unit":        from([]string{"m", "km", "mi", "ft", "KM", "parsec"}),
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
