package harness

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// KeyState is what the tests compare of a key.
type KeyState struct {
	Type     string
	Encoding string
	Volatile bool   // it has an expiry
	Content  string // canonical: the same for the same data, whatever the server's own order
}

// Dump is a database's keys by name.
type Dump map[string]KeyState

// DumpDB reads the whole of the connection's selected database. The server must be quiet. Streams are described by DEBUG
// DIGEST-VALUE, so that a server that cannot read them with commands can still be compared.
func DumpDB(c *Conn) (Dump, error) {
	all, err := c.Do("KEYS", "*")
	if err != nil {
		return nil, err
	}
	if all.IsError() {
		return nil, fmt.Errorf("KEYS: %s", all.Text)
	}
	names := all.Texts()
	slices.Sort(names)
	var ask [][]string
	for _, k := range names {
		ask = append(ask, []string{"TYPE", k}, []string{"OBJECT", "ENCODING", k}, []string{"PTTL", k})
	}
	meta, err := c.Pipeline(ask...)
	if err != nil {
		return nil, err
	}
	ask = ask[:0]
	for i, k := range names {
		ask = append(ask, readCommand(meta[3*i].Text, k))
	}
	contents, err := c.Pipeline(ask...)
	if err != nil {
		return nil, err
	}
	dump := make(Dump, len(names))
	for i, k := range names {
		typ := meta[3*i].Text
		dump[k] = KeyState{
			Type:     typ,
			Encoding: meta[3*i+1].Text,
			Volatile: meta[3*i+2].Int() != -1,
			Content:  canonical(typ, contents[i]),
		}
	}
	return dump, nil
}

// readCommand is the command that tells all of a value.
func readCommand(typ, key string) []string {
	switch typ {
	case "string":
		return []string{"GET", key}
	case "list":
		return []string{"LRANGE", key, "0", "-1"}
	case "set":
		return []string{"SMEMBERS", key}
	case "hash":
		return []string{"HGETALL", key}
	case "zset":
		return []string{"ZRANGE", key, "0", "-1", "WITHSCORES"}
	}
	return []string{"DEBUG", "DIGEST-VALUE", key}
}

// canonical writes a reply of readCommand so that equal data gives equal text under RESP2 and RESP3.
func canonical(typ string, r Reply) string {
	if r.IsError() {
		return "error: " + r.Text
	}
	var parts []string
	var flatten func(Reply)
	flatten = func(r Reply) {
		for _, e := range r.Elems {
			flatten(e)
		}
		if len(r.Elems) == 0 {
			parts = append(parts, fmt.Sprintf("%q", r.Text))
		}
	}
	flatten(r)
	if typ == "hash" {
		pairs := make([]string, 0, len(parts)/2)
		for pair := range slices.Chunk(parts, 2) {
			pairs = append(pairs, strings.Join(pair, "="))
		}
		parts = pairs
	}
	if typ == "zset" {
		for i := 1; i < len(parts); i += 2 {
			parts[i] = shortestDouble(parts[i])
		}
	}
	if typ == "hash" || typ == "set" {
		slices.Sort(parts)
	}
	return strings.Join(parts, " ")
}

// shortestDouble rewrites a quoted score in the fewest digits: versions of Redis differ in how many they write.
func shortestDouble(quoted string) string {
	f, err := strconv.ParseFloat(strings.Trim(quoted, `"`), 64)
	if err != nil {
		return quoted
	}
	if f == 0 {
		f = 0 // without the sign, which only some encodings keep
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// DiffDumps says in which keys two dumps differ, at most ten of them; "" when in none. Encodings are compared by sameEncoding,
// nil for not at all.
func DiffDumps(a, b Dump, sameEncoding func(key, typ, a, b string) bool) string {
	names := make(map[string]bool)
	for k := range a {
		names[k] = true
	}
	for k := range b {
		names[k] = true
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(names)) {
		x, y := a[k], b[k]
		if sameEncoding == nil || sameEncoding(k, x.Type, x.Encoding, y.Encoding) {
			x.Encoding, y.Encoding = "", ""
		}
		if x != y {
			out = append(out, fmt.Sprintf("key %q:\n  %s\n  %s", k, abridged(x), abridged(y)))
		}
	}
	if len(out) > 10 {
		out = append(out[:10], fmt.Sprintf("and %d more", len(out)-10))
	}
	return strings.Join(out, "\n")
}

func abridged(k KeyState) string {
	if len(k.Content) > 400 {
		k.Content = k.Content[:400] + "..."
	}
	return fmt.Sprintf("%+v", k)
}

// Digest returns DEBUG DIGEST: one figure for the content of all databases, expiry included as a yes or no. A million keys
// take the real server four seconds, and more where others run beside it.
func (s *Server) Digest(t T) string {
	t.Helper()
	c, err := Dial(s.Addr())
	if err != nil {
		t.Fatalf("connecting to %v: %v", s.Kind, err)
	}
	defer c.Close()
	c.SetPatience(3 * Patience)
	return c.OK(t, "DEBUG", "DIGEST").Text
}

// WaitSameData waits until the servers hold the same data, and shows where they differ if they never do.
func WaitSameData(t T, a, b *Server) {
	t.Helper()
	if poll(func() bool { return a.Digest(t) == b.Digest(t) }, Patience) {
		return
	}
	x, errX := DumpDB(a.Dial(t))
	y, errY := DumpDB(b.Dial(t))
	t.Fatalf("%v and %v hold different data (%v %v):\n%s", a.Kind, b.Kind, errX, errY, DiffDumps(x, y, nil))
}
