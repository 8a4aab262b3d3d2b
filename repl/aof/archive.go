package aof

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"sync"

	"treedis/repl"
)

// Archive knows which bytes of the log are in which increment, so that replicas can be served from the files. Increments
// that a rewrite has made superfluous are kept for that, under names of their own, as long as the history is not longer than
// its limit. It is safe for concurrent use; its lock is a leaf, held while files are opened, renamed and removed.
//
// A kept file is named NAME.<id>.<offset>.<id>.<offset>.history after the positions that it begins and ends at, so that a
// restarted server knows what it holds. Redis takes no notice of such files.
type Archive struct {
	o ArchiveOptions

	mu         sync.Mutex
	dir        *Dir
	spans      []Span // guarded by mu; contiguous, oldest first, the last is being written; empty: there is no history
	generation int    // guarded by mu; changes with the history, whose readers end then
}

// ArchiveOptions are what an Archive needs; its lock is held when they are called.
type ArchiveOptions struct {
	Written func() int64 // the offset up to which the log is in the files
	Limit   func() int64 // most bytes of history to serve and to keep files for; 0 for none
	Wanted  func() bool  // whether a peer could ask for the history at all
}

// Span is an increment and the part of the log that is in it.
type Span struct {
	Name       string
	Start, End Position
	// Late: it is an annotation within the file that tells the position, and nothing before it counts.
	Late bool
	kept bool // under a name of its own, for the Archive to remove
}

// unended is the end of the file being written.
var unended = Position{Offset: math.MaxInt64}

const keptSuffix = ".history"

// NewArchive returns an Archive of nothing.
func NewArchive(o ArchiveOptions) *Archive { return &Archive{o: o} }

// Continue begins with the files that lead up to the one being written, which is the last of them. Kept files that lead up to the
// first are taken over, others removed.
func (a *Archive) Continue(d *Dir, spans []Span) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dir = d
	a.generation++
	a.spans = append([]Span(nil), spans...)
	a.spans[len(spans)-1].End = unended
	for kept := a.keptFiles(); len(kept) > 0; {
		i := leadingUpTo(kept, a.spans[0])
		if i < 0 {
			for _, s := range kept {
				d.Remove(s.Name)
			}
			break
		}
		a.spans = append([]Span{kept[i]}, a.spans...)
		kept = append(kept[:i], kept[i+1:]...)
	}
	a.trimLocked()
}

// leadingUpTo finds the file that ends where next begins.
func leadingUpTo(list []Span, next Span) int {
	for i, s := range list {
		if !next.Late && next.Start.Known() && s.End == next.Start && s.Start.Offset < s.End.Offset {
			return i
		}
	}
	return -1
}

// keptFiles lists the kept files that there are.
func (a *Archive) keptFiles() (list []Span) {
	names, err := a.dir.FS.ReadDir(a.dir.Path)
	if err != nil {
		return nil
	}
	for _, name := range names {
		rest, mine := strings.CutPrefix(name, a.dir.Name+".")
		rest, kept := strings.CutSuffix(rest, keptSuffix)
		if words := strings.Split(rest, "."); mine && kept && len(words) == 4 {
			start, err1 := strconv.ParseInt(words[1], 10, 64)
			end, err2 := strconv.ParseInt(words[3], 10, 64)
			if err1 == nil && err2 == nil {
				list = append(list, Span{Name: name, Start: Position{words[0], start}, End: Position{words[2], end}, kept: true})
			}
		}
	}
	return list
}

// Switch notes that the log goes on in another file of d from a position on.
func (a *Archive) Switch(d *Dir, name string, at Position) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dir = d
	if n := len(a.spans); n > 0 {
		a.spans[n-1].End = at
	}
	a.spans = append(a.spans, Span{Name: name, Start: at, End: unended})
}

// Clear forgets the history, and removes what was kept for it: the log continues another one, or is not written any more.
func (a *Archive) Clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
	a.dropLocked(len(a.spans))
}

// dropLocked forgets the first n files, and removes those of them that were kept.
func (a *Archive) dropLocked(n int) {
	for _, s := range a.spans[:n] {
		if s.kept {
			a.dir.Remove(s.Name)
		}
	}
	a.spans = a.spans[n:]
}

// Retain is asked for each increment that is about to be removed, and reports whether it has taken it over.
func (a *Archive) Retain(d *Dir, name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := 0
	for i < len(a.spans) && a.spans[i].Name != name {
		i++
	}
	if i == len(a.spans) || a.spans[i].kept || a.spans[i].End == unended {
		return false
	}
	s := &a.spans[i]
	to := fmt.Sprintf("%s.%s.%d.%s.%d%s", d.Name, s.Start.ID, s.Start.Offset, s.End.ID, s.End.Offset, keptSuffix)
	if s.End.Offset <= a.bottomLocked() || s.Late || d.FS.Rename(d.path(name), d.path(to)) != nil {
		a.dropLocked(i + 1) // what came before is of no use either
		return false
	}
	s.Name, s.kept = to, true
	return true
}

// Trim removes the kept files that nobody is to be served from any more.
func (a *Archive) Trim() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trimLocked()
}

func (a *Archive) trimLocked() {
	bottom := a.bottomLocked()
	n := 0
	for n < len(a.spans) && a.spans[n].kept && a.spans[n].End.Offset <= bottom {
		n++
	}
	a.dropLocked(n)
}

// bottomLocked is the offset before the first byte that may be served.
func (a *Archive) bottomLocked() int64 {
	if limit := a.o.Limit(); limit > 0 && a.o.Wanted() {
		return a.o.Written() - limit
	}
	return math.MaxInt64
}

// Range returns the offsets between which the log can be had from the files.
func (a *Archive) Range() (start, end int64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rangeLocked()
}

func (a *Archive) rangeLocked() (start, end int64, ok bool) {
	if len(a.spans) == 0 {
		return 0, 0, false
	}
	start, end = max(a.spans[0].Start.Offset, a.bottomLocked()), a.o.Written()
	return start, end, start <= end
}

// Open returns a reader of the log from the given offset on, or false if that is not there.
func (a *Archive) Open(offset int64) (repl.ArchiveReader, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	start, end, ok := a.rangeLocked()
	if !ok || offset < start || offset > end {
		return nil, false
	}
	r := &archiveReader{a: a, generation: a.generation}
	r.pos.Store(offset)
	return r, true
}

// openAt opens the file that holds what follows offset.
func (a *Archive) openAt(offset int64, generation int) (File, Span, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if generation == a.generation {
		for _, s := range a.spans {
			if offset >= s.Start.Offset && offset < s.End.Offset {
				f, err := a.dir.FS.OpenFile(a.dir.path(s.Name), os.O_RDONLY)
				return f, s, err
			}
		}
	}
	return nil, Span{}, fmt.Errorf("%w: offset %d", ErrArchive, offset)
}

// written is the offset that the log is written up to.
func (a *Archive) written(generation int) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if generation != a.generation {
		return 0, ErrArchive
	}
	return a.o.Written(), nil
}
