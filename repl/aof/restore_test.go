package aof

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/resp"
)

// history is files in which something is written at the seconds 100, 200 and 300, the last being a transaction; the base is of
// second 90 and offset 1000.
func history(t *testing.T, base, incr string) (*Dir, *Manifest) {
	dir := t.TempDir()
	d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
	m := &Manifest{}
	b, i := m.ReplaceBase("a", false), m.AddIncr("a")
	require.NoError(t, os.WriteFile(filepath.Join(dir, b.Name), []byte(base), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, i.Name), []byte(incr), 0o600))
	return d, m
}

func command(words ...string) string { return string(resp.AppendCommandStrings(nil, words...)) }

func at(unix int) string { return fmt.Sprintf("#TS:%d\r\n", unix) }

func TestRestorePoints(t *testing.T) {
	t.Parallel()
	position := string(Position{ID: strings.Repeat("a", 40), Offset: 1000}.Annotation())
	base := at(90) + command("SET", "base", "x") + position
	one, two := command("SET", "one", "1"), command("SET", "two", "2")
	three := command("MULTI") + command("INCR", "three") + command("INCR", "four") + command("EXEC")
	incr := at(100) + one + at(200) + two + at(300) + three
	first, second := 1000+int64(len(one)), 1000+int64(len(one)+len(two))
	end := second + int64(len(three))
	done := []string{"SET base x", "SET one 1", "SET two 2", "INCR three;INCR four"}
	for i, test := range []struct {
		base, incr string
		to         Point
		commands   int
		offset     int64
		err        error
	}{
		{base, incr, Point{Time: 90}, 1, 1000, nil},
		{base, incr, Point{Time: 100}, 2, first, nil},
		{base, incr, Point{Time: 199}, 2, first, nil},
		{base, incr, Point{Time: 200}, 3, second, nil},
		{base, incr, Point{Time: 300}, 4, end, nil},
		{base, incr, Point{Time: 301}, 4, end, nil},
		{base, incr, Point{Time: 89}, 0, 0, ErrTooEarly},
		{base, "", Point{Time: 91}, 1, 1000, nil},
		{base, one, Point{Time: 100}, 0, 0, ErrNoPoints},
		{base, one + at(200) + two, Point{Time: 150}, 0, 0, ErrNoPoints}, // it may be of any second from 90 on
		{base, one + at(200) + two, Point{Time: 200}, 3, second, nil},
		{position, incr, Point{Time: 200}, 0, 0, ErrNoPoints},
		{"", incr, Point{Time: 99}, 0, 0, ErrTooEarly},
		{base, at(100) + one + at(200) + "damage", Point{Time: 100}, 2, first, nil},
		{base, at(100) + one + at(200) + two[:9], Point{Time: 200}, 2, first, nil}, // torn

		{base, incr, Point{ByOffset: true, Offset: 999}, 0, 0, ErrTooEarly},
		{base, incr, Point{ByOffset: true, Offset: 1000}, 1, 1000, nil},
		{base, incr, Point{ByOffset: true, Offset: first - 1}, 1, 1000, nil},
		{base, incr, Point{ByOffset: true, Offset: first}, 2, first, nil},
		{base, incr, Point{ByOffset: true, Offset: end - 1}, 3, second, nil}, // a transaction is whole
		{base, incr, Point{ByOffset: true, Offset: end}, 4, end, nil},
		{base, incr, Point{ByOffset: true, Offset: end + 1}, 0, 0, ErrTooLate},
		{at(90), incr, Point{ByOffset: true, Offset: first}, 0, 0, ErrNoPoints},
	} {
		d, m := history(t, test.base, test.incr)
		r := &recorder{}
		found, err := d.Load(m, r, LoadOptions{Truncate: true, Until: test.to, Logf: quiet})
		if test.err != nil {
			require.ErrorIs(t, err, test.err, "%d: %v", i, test.to)
			require.ErrorIs(t, err, ErrPoint)
		} else {
			require.NoError(t, err, "%d: %v", i, test.to)
			require.Equal(t, done[:test.commands], r.done, "%d: %v", i, test.to)
			require.Equal(t, test.offset, found.Position.Offset, "%d: %v", i, test.to)
			require.False(t, r.open)
		}
		left, err := os.ReadFile(filepath.Join(d.Path, m.Incrs[0].Name))
		require.NoError(t, err)
		require.Equal(t, test.incr, string(left), "the files stay")
	}
}

// A file of Redis before 7 is a base and its increment in one.
func TestRestoreFromASingleFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &Dir{FS: OS{}, Root: dir, Path: dir, Name: "a", Logf: quiet}
	m := &Manifest{Base: &Info{Name: "a", Seq: 1, Kind: Base}}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte(at(10)+command("SET", "a", "1")+at(20)+command("DEL", "a")), 0o600))
	r := &recorder{}
	_, err := d.Load(m, r, LoadOptions{Until: Point{Time: 15}, Logf: quiet})
	require.NoError(t, err)
	require.Equal(t, []string{"SET a 1"}, r.done)
	_, err = d.Load(m, &recorder{}, LoadOptions{Until: Point{Time: 9}, Logf: quiet})
	require.ErrorIs(t, err, ErrTooEarly)
}

func TestPreserve(t *testing.T) {
	t.Parallel()
	d, m := history(t, at(90), at(100)+command("SET", "a", "1"))
	m.History = []Info{{Name: "gone", Seq: 1, Kind: History}}
	kept := *d
	kept.Path = filepath.Join(d.Path, "kept")
	require.NoError(t, d.Preserve(m, kept.Path))
	for _, f := range m.Files() {
		d.Remove(f.Name)
	}
	m, err := kept.Read()
	require.NoError(t, err)
	r := &recorder{}
	_, err = kept.Load(m, r, LoadOptions{Logf: quiet})
	require.NoError(t, err)
	require.Equal(t, []string{"SET a 1"}, r.done)
	require.ErrorIs(t, d.Preserve(m, kept.Path), os.ErrExist, "nothing that was kept is lost")
}
