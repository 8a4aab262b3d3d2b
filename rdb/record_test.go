package rdb

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/stream"
)

// recorder is a Sink that writes down what it is told, one line per key.
type recorder struct {
	t     *testing.T
	lines []string

	key   string
	kind  string
	n     uint64
	elems []string
	keys  int
	fail  error // returned by everything once set
}

func newRecorder(t *testing.T) *recorder { return &recorder{t: t} }

func (r *recorder) add(format string, args ...any) error {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
	return r.fail
}

func keyText(k *Key) string {
	s := fmt.Sprintf("%q", k.Name)
	if k.ExpireAt != 0 {
		s += fmt.Sprintf(" expire=%d", k.ExpireAt)
	}
	if k.Idle >= 0 {
		s += fmt.Sprintf(" idle=%d", k.Idle)
	}
	if k.Freq >= 0 {
		s += fmt.Sprintf(" freq=%d", k.Freq)
	}
	return s
}

func (r *recorder) Aux(name, value []byte) error   { return r.add("aux %q=%q", name, value) }
func (r *recorder) Function(library []byte) error  { return r.add("function %q", library) }
func (r *recorder) SelectDB(db int) error          { return r.add("db %d", db) }
func (r *recorder) ResizeDB(keys, ex uint64) error { return r.add("resize %d %d", keys, ex) }

func (r *recorder) String(k *Key, v []byte) error {
	r.keys++
	return r.add("string %s: %s", keyText(k), short(v))
}

func (r *recorder) begin(kind string, k *Key, n uint64) error {
	require.Empty(r.t, r.kind, "begun within another key")
	require.NotZero(r.t, n)
	r.key, r.kind, r.n, r.elems = keyText(k), kind, n, nil
	return r.fail
}

func (r *recorder) elem(kind, text string) error {
	require.Equal(r.t, kind, r.kind)
	r.elems = append(r.elems, text)
	return r.fail
}

func (r *recorder) BeginList(k *Key, n uint64) error { return r.begin("list", k, n) }
func (r *recorder) ListItem(v []byte) error          { return r.elem("list", short(v)) }
func (r *recorder) BeginSet(k *Key, n uint64) error  { return r.begin("set", k, n) }
func (r *recorder) SetMember(m []byte) error         { return r.elem("set", short(m)) }
func (r *recorder) BeginHash(k *Key, n uint64) error { return r.begin("hash", k, n) }
func (r *recorder) HashField(f, v []byte) error {
	return r.elem("hash", short(f)+"="+short(v))
}
func (r *recorder) BeginZSet(k *Key, n uint64) error { return r.begin("zset", k, n) }
func (r *recorder) ZSetMember(m []byte, score float64) error {
	require.False(r.t, math.IsNaN(score))
	return r.elem("zset", fmt.Sprintf("%s@%g", short(m), score))
}

func (r *recorder) EndKey() error {
	require.NotEmpty(r.t, r.kind)
	require.NotEmpty(r.t, r.elems)
	if r.n != UnknownLen {
		require.EqualValues(r.t, r.n, len(r.elems))
	}
	if r.kind != "list" {
		sort.Strings(r.elems)
	}
	err := r.add("%s %s: %s", r.kind, r.key, strings.Join(r.elems, " "))
	r.kind, r.elems = "", nil
	r.keys++
	return err
}

func (r *recorder) Stream(k *Key, s *stream.Stream) error {
	require.NoError(r.t, s.Validate())
	r.keys++
	return r.add("stream %s: %s", keyText(k), streamText(s))
}

func streamText(s *stream.Stream) string {
	var b strings.Builder
	fmt.Fprintf(&b, "len=%d last=%v first=%v deleted=%v added=%d", s.Length, s.LastID, s.FirstID, s.MaxDeletedID, s.EntriesAdded)
	for it := s.Iter(); it.Next(); {
		fmt.Fprintf(&b, " [%v", it.ID())
		for range it.NumFields() {
			f, v := it.Field()
			fmt.Fprintf(&b, " %s=%s", short(f), short(v))
		}
		b.WriteString("]")
	}
	for _, g := range s.Groups {
		fmt.Fprintf(&b, " group %q last=%v read=%d", g.Name, g.LastID, g.EntriesRead)
		for _, p := range g.Pending {
			fmt.Fprintf(&b, " (%v %d %d %q)", p.ID, p.DeliveryTime, p.DeliveryCount, g.Consumers[p.Consumer].Name)
		}
		for _, c := range g.Consumers {
			fmt.Fprintf(&b, " consumer %q %d", c.Name, c.SeenTime)
		}
	}
	return b.String()
}

// short shows a string, a long one by length and checksum.
func short(v []byte) string {
	if len(v) <= 40 {
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("<%d bytes %016x>", len(v), checksum(0, v))
}

// content returns the lines that tell data, not remarks or hints.
func (r *recorder) content() []string {
	var out []string
	for _, l := range r.lines {
		if !strings.HasPrefix(l, "aux ") && !strings.HasPrefix(l, "resize ") {
			out = append(out, l)
		}
	}
	return out
}
