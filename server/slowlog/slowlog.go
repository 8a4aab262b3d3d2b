// Package slowlog remembers the latest commands that took long, each with an id that is never given twice. It decides
// nothing: which command is slow is the caller's business.
package slowlog

import (
	"slices"
	"strconv"
	"sync"
)

const (
	// MaxArgs is how many words of a command are kept; the last one then tells how many there were besides.
	MaxArgs = 32
	// MaxArgLen is how many bytes of a word are kept; what follows them tells how many there were besides.
	MaxArgLen = 128
)

// Entry is a slow command.
type Entry struct {
	ID     int64
	Time   int64    // unix seconds
	Micros int64    // it took so long
	Args   [][]byte // its words, shortened: see Shorten
	Addr   string   // of the client, "" for the commands of scripts
	Name   string   // of the client, "" if it has none
}

// Log keeps a number of entries, the latest ones. The zero Log keeps none. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	entries []Entry // oldest first
	limit   int
	nextID  int64
}

// SetLimit sets how many entries are kept.
func (l *Log) SetLimit(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = n
	l.trimLocked()
}

// Add enters a command, and gives it its id. The log keeps e.Args.
func (l *Log) Add(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = l.nextID
	l.nextID++
	l.entries = append(l.entries, e)
	l.trimLocked()
}

// trimLocked forgets the oldest entries. The slice moves on through its array, which append replaces now and then.
func (l *Log) trimLocked() {
	if n := len(l.entries) - l.limit; n > 0 {
		clear(l.entries[:n]) // their words are garbage from now on
		l.entries = l.entries[n:]
	}
}

// Latest returns at most n entries, newest first; all if n is negative.
func (l *Log) Latest(n int64) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > int64(len(l.entries)) {
		n = int64(len(l.entries))
	}
	latest := slices.Clone(l.entries[len(l.entries)-int(n):])
	slices.Reverse(latest)
	return latest
}

// Len is how many entries there are.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Reset forgets all entries. Ids go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// Shorten copies a command's words as far as an entry keeps them. In place of those whose index is in hidden, which are
// secret, it puts a stand-in.
func Shorten(args [][]byte, hidden []int, standIn string) [][]byte {
	n := min(len(args), MaxArgs)
	kept := make([][]byte, n)
	for i := range kept {
		switch a := args[i]; {
		case i == MaxArgs-1 && len(args) > MaxArgs:
			kept[i] = more(nil, len(args)-MaxArgs+1, "arguments")
		case slices.Contains(hidden, i):
			kept[i] = []byte(standIn)
		case len(a) > MaxArgLen:
			kept[i] = more(slices.Clone(a[:MaxArgLen]), len(a)-MaxArgLen, "bytes")
		default:
			kept[i] = slices.Clone(a)
		}
	}
	return kept
}

// more appends how many of something were left out.
func more(dst []byte, n int, what string) []byte {
	dst = strconv.AppendInt(append(dst, "... ("...), int64(n), 10)
	return append(append(append(dst, " more "...), what...), ')')
}
