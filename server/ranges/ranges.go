// Package ranges divides an ordered set of keys into ranges and compares two such sets by a digest for each range. Who
// divides them need not tell the other where: a range begins at a key whose hash says so, and equal keys have equal hashes.
package ranges

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// DigestLen is the length of a digest, and of a key's hash.
const DigestLen = 20

// maxName is how much of a long key is kept to name a range.
const maxName = 256

// ErrFormat: what was received is no list of ranges.
var ErrFormat = errors.New("ranges: bad format")

// Range is a run of keys of one database, from the one it is named after, or from the first, up to the next range.
type Range struct {
	DB    int
	From  []byte // first key, perhaps clipped; nil for what comes before the first key that begins a range
	ID    uint64 // of that key; 0 if From is nil
	Keys  int64
	Total [DigestLen]byte // digests of the keys' contents, xored: so those of neighbours can be put together
}

// Builder makes ranges of keys that come in order.
type Builder struct {
	Bits   int // a range has 2^Bits keys on average
	Ranges []Range
}

// Add adds a key with the hash of its name and the digest of all that it stands for.
func (b *Builder) Add(db int, key []byte, hash, content [DigestLen]byte) {
	id := binary.BigEndian.Uint64(hash[:])
	n := len(b.Ranges)
	switch begins := id&(1<<b.Bits-1) == 0; {
	case begins:
		b.Ranges = append(b.Ranges, Range{DB: db, From: bytes.Clone(key[:min(len(key), maxName)]), ID: id})
	case n == 0 || b.Ranges[n-1].DB != db:
		b.Ranges = append(b.Ranges, Range{DB: db})
	}
	b.Ranges[len(b.Ranges)-1].add(1, content)
}

func (r *Range) add(keys int64, total [DigestLen]byte) {
	r.Keys += keys
	for i := range total {
		r.Total[i] ^= total[i]
	}
}

// Difference is a range that two sets of keys do not agree on.
type Difference struct {
	DB       int
	From, To []byte // first key, and the one after the last; nil for the database's beginning and end
	Keys     [2]int64
}

// Compare returns the ranges that differ. What begins at a key that only one side has is a part of the range before it.
func Compare(a, b []Range) (differ []Difference) {
	both := common(a, b)
	x, y := gather(a, both), gather(b, both)
	all := append(slices.Clone(x), y...)
	slices.SortStableFunc(all, order)
	all = slices.CompactFunc(all, same)
	i, j := 0, 0
	for n, r := range all {
		var keys [2]int64
		var totals [2][DigestLen]byte
		if i < len(x) && same(x[i], r) {
			keys[0], totals[0] = x[i].Keys, x[i].Total
			i++
		}
		if j < len(y) && same(y[j], r) {
			keys[1], totals[1] = y[j].Keys, y[j].Total
			j++
		}
		if keys[0] == keys[1] && totals[0] == totals[1] {
			continue
		}
		d := Difference{DB: r.DB, From: r.From, Keys: keys}
		if n+1 < len(all) && all[n+1].DB == r.DB {
			d.To = all[n+1].From
		}
		differ = append(differ, d)
	}
	return differ
}

// start is what a range begins at.
type start struct {
	db int
	id uint64
}

func (r Range) start() start { return start{r.DB, r.ID} }

func same(a, b Range) bool { return a.DB == b.DB && a.ID == b.ID && bytes.Equal(a.From, b.From) }

// order is that of databases and of the keys that ranges begin at.
func order(a, b Range) int {
	return cmp.Or(cmp.Compare(a.DB, b.DB), bytes.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID))
}

// common returns what ranges of both begin at.
func common(a, b []Range) map[start]bool {
	mine, both := make(map[start]bool, len(a)), make(map[start]bool, len(a))
	for _, r := range a {
		mine[r.start()] = true
	}
	for _, r := range b {
		if r.From != nil && mine[r.start()] {
			both[r.start()] = true
		}
	}
	return both
}

// gather puts together what begins at no common key with what is before it.
func gather(list []Range, both map[start]bool) (out []Range) {
	for _, r := range list {
		n := len(out)
		switch {
		case r.From != nil && both[r.start()]:
			out = append(out, r)
		case n > 0 && out[n-1].DB == r.DB:
			out[n-1].add(r.Keys, r.Total)
		default:
			out = append(out, Range{DB: r.DB, Keys: r.Keys, Total: r.Total})
		}
	}
	return out
}

// Append encodes ranges: for each, with numbers as uvarints, database, 1 if it is named, ID, keys, the name's length and the name,
// digest.
func Append(dst []byte, list []Range) []byte {
	for _, r := range list {
		named := uint64(0)
		if r.From != nil {
			named = 1
		}
		for _, n := range []uint64{uint64(r.DB), named, r.ID, uint64(r.Keys), uint64(len(r.From))} {
			dst = binary.AppendUvarint(dst, n)
		}
		dst = append(dst, r.From...)
		dst = append(dst, r.Total[:]...)
	}
	return dst
}

// Parse decodes what Append has encoded.
func Parse(p []byte) (list []Range, err error) {
	for len(p) > 0 {
		var n [5]uint64
		for i := range n {
			v, size := binary.Uvarint(p)
			if size <= 0 {
				return nil, ErrFormat
			}
			n[i], p = v, p[size:]
		}
		if n[0] > 1<<31 || n[3] > 1<<62 || n[4] > maxName || len(p) < int(n[4])+DigestLen {
			return nil, ErrFormat
		}
		r := Range{DB: int(n[0]), ID: n[2], Keys: int64(n[3])}
		if n[1] == 1 {
			r.From = append([]byte{}, p[:n[4]]...)
		}
		copy(r.Total[:], p[n[4]:])
		p = p[int(n[4])+DigestLen:]
		list = append(list, r)
	}
	return list, nil
}
