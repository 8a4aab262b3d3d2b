package differential

// specialGenerators are those of bitmaps, SORT and geospatial indexes.
func specialGenerators() map[string]func(*gen) []string {
	return map[string]func(*gen) []string{
		"bittype":     from([]string{"u1", "u8", "i8", "u16", "i64", "u63", "i5", "u64", "i65", "x8", "u0"}),
		"bitfieldoff": from([]string{"0", "1", "8", "100", "#0", "#3", "-1", "x"}),
		"sortpattern": from([]string{"str:*", "hash:0->*", "#", "nosuch:*", "hash:*->a", "plain"}),
		"lon":         from([]string{"13.361389", "15.087269", "2.349014", "-122.27652", "0", "180", "-180", "181", "x"}),
		"lat":         from([]string{"38.115556", "37.502669", "48.864716", "37.805186", "0", "85", "86", "x"}),
		"radius":      from([]string{"1", "200", "500.5", "10000", "0", "-1", "x"}),
		"distkey":     from([]string{"dist:0", "dist:1", "str:0"}),
		"unit":        from([]string{"m", "km", "mi", "ft", "KM", "parsec"}),
	}
}
