package aof

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"treedis/server/resp"
)

// Kind is what a file of the manifest is.
type Kind byte

// The kinds, as the manifest spells them.
const (
	Base    Kind = 'b'
	Incr    Kind = 'i'
	History Kind = 'h' // replaced, and about to be removed
)

// Info is a line of the manifest.
type Info struct {
	Name string
	Seq  int64
	Kind Kind
}

// Manifest lists the files. The zero value lists none. A manifest in use is not
// changed but cloned.
type Manifest struct {
	Base    *Info
	History []Info // newest first
	Incrs   []Info // oldest first

	baseSeq, incrSeq int64 // last given out
}

// maxManifestLine is the longest line, without its end.
const maxManifestLine = 1024

// ManifestError is a fault of a manifest.
type ManifestError struct {
	Line int    // from 1, 0 if none is at fault
	Text string // the line, if it was read
	Why  string // in Redis's words
}

func (e *ManifestError) Error() string {
	if e.Text == "" {
		return e.Why
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Why)
}

// Unwrap makes it an ErrManifest.
func (e *ManifestError) Unwrap() error { return ErrManifest }

// ParseManifest reads a manifest. An error is a *ManifestError.
func ParseManifest(data []byte) (*Manifest, error) {
	if len(data) == 0 {
		return nil, &ManifestError{Why: "Found an empty AOF manifest"}
	}
	m := &Manifest{}
	for n := 1; len(data) > 0; n++ {
		i := bytes.IndexByte(data, '\n')
		long := i < 0 || i >= maxManifestLine
		if data[0] == '#' && i >= 0 {
			data = data[i+1:]
			continue
		}
		if long {
			return nil, &ManifestError{Line: n, Why: "The AOF manifest file contains too long line"}
		}
		line := strings.Trim(string(data[:i]), " \t\r\n")
		data = data[i+1:]
		if why := m.parseLine(line); why != "" {
			return nil, &ManifestError{Line: n, Text: line, Why: why}
		}
	}
	return m, nil
}

const badManifestLine = "Invalid AOF manifest file format"

// parseLine adds a line, or says what is wrong with it.
func (m *Manifest) parseLine(line string) (why string) {
	words, ok := resp.SplitArgs(nil, []byte(line))
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return badManifestLine
	}
	var f Info
	for i := 0; i < len(words); i += 2 {
		switch value := string(words[i+1]); strings.ToLower(string(words[i])) {
		case "file":
			if f.Name = value; strings.ContainsAny(value, `/\`) {
				return "File can't be a path, just a filename"
			}
		case "seq":
			f.Seq, _ = strconv.ParseInt(value, 10, 64)
		case "type":
			if value != "" {
				f.Kind = Kind(value[0])
			}
		}
	}
	if f.Name == "" || f.Seq == 0 || f.Kind == 0 {
		return badManifestLine
	}
	return m.add(f)
}

func (m *Manifest) add(f Info) (why string) {
	switch f.Kind {
	case Base:
		if m.Base != nil {
			return "Found duplicate base file information"
		}
		m.Base, m.baseSeq = &f, f.Seq
	case History:
		m.History = append(m.History, f)
	case Incr:
		if n := len(m.Incrs); n > 0 && f.Seq <= m.Incrs[n-1].Seq || f.Seq <= 0 {
			return "Found a non-monotonic sequence number"
		}
		m.Incrs = append(m.Incrs, f)
		m.incrSeq = f.Seq
	default:
		return "Unknown AOF file type"
	}
	return ""
}

// String is the manifest as its file has it.
func (m *Manifest) String() string {
	var b strings.Builder
	line := func(f Info) {
		fmt.Fprintf(&b, "file %s seq %d type %c\n", quoteWord(f.Name), f.Seq, f.Kind)
	}
	if m.Base != nil {
		line(*m.Base)
	}
	for _, f := range m.History {
		line(f)
	}
	for _, f := range m.Incrs {
		line(f)
	}
	return b.String()
}

// Empty tells whether there is neither base nor increment.
func (m *Manifest) Empty() bool { return m.Base == nil && len(m.Incrs) == 0 }

// Files are the base and the increments, in the order in which they are loaded.
func (m *Manifest) Files() []Info {
	var files []Info
	if m.Base != nil {
		files = append(files, *m.Base)
	}
	return append(files, m.Incrs...)
}

// Clone returns a copy that can be changed.
func (m *Manifest) Clone() *Manifest {
	c := *m
	if m.Base != nil {
		base := *m.Base
		c.Base = &base
	}
	c.History, c.Incrs = slices.Clone(m.History), slices.Clone(m.Incrs)
	return &c
}

// AddIncr adds an increment to files named after prefix.
func (m *Manifest) AddIncr(prefix string) Info {
	m.incrSeq++
	f := Info{Name: fmt.Sprintf("%s.%d.incr.aof", prefix, m.incrSeq), Seq: m.incrSeq, Kind: Incr}
	m.Incrs = append(m.Incrs, f)
	return f
}

// ReplaceBase makes room for a new base, in snapshot format or as commands. The old
// one is history.
func (m *Manifest) ReplaceBase(prefix string, rdb bool) Info {
	if m.Base != nil {
		old := *m.Base
		old.Kind = History
		m.History = slices.Insert(m.History, 0, old)
	}
	m.baseSeq++
	suffix := "aof"
	if rdb {
		suffix = "rdb"
	}
	m.Base = &Info{Name: fmt.Sprintf("%s.%d.base.%s", prefix, m.baseSeq, suffix), Seq: m.baseSeq, Kind: Base}
	return *m.Base
}

// Retire makes history of the increments before the one with the given number.
func (m *Manifest) Retire(before int64) {
	for i := len(m.Incrs) - 1; i >= 0; i-- {
		if f := m.Incrs[i]; f.Seq < before {
			f.Kind = History
			m.History = slices.Insert(m.History, 0, f)
			m.Incrs = slices.Delete(m.Incrs, i, i+1)
		}
	}
}

// quoteWord quotes a name that is more than one plain word.
func quoteWord(name string) string {
	plain := func(c rune) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune(`\"'`, c) }
	if strings.IndexFunc(name, func(c rune) bool { return !plain(c) }) < 0 {
		return name
	}
	return string(resp.AppendQuoted(nil, name))
}
