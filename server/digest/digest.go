// Package digest has Redis's fingerprints of data, as DEBUG DIGEST shows them: equal data of a real server gives an equal one.
package digest

import (
	"crypto/sha1"
	"encoding/binary"
	"math"
	"strconv"

	"treedis/store"
)

// Sum is a fingerprint: SHA-1 sums mixed so that what has no order, the keys of a database or the members of a set, may come
// in any.
type Sum [sha1.Size]byte

// xor mixes in p where order does not count.
func (d *Sum) xor(p []byte) {
	sum := sha1.Sum(p)
	for i := range d {
		d[i] ^= sum[i]
	}
}

// Mix mixes in p where order counts.
func (d *Sum) Mix(p []byte) {
	d.xor(p)
	*d = sha1.Sum(d[:])
}

func (d *Sum) mixUint32(n uint32) { d.Mix(binary.BigEndian.AppendUint32(nil, n)) }

// typeNumbers are those that Redis's digest has for the types.
var typeNumbers = [...]uint32{store.String: 0, store.List: 1, store.Set: 2, store.ZSet: 3, store.Hash: 4, store.Stream: 6}

// Dataset is the fingerprint of all databases, for whoever holds the lock.
func Dataset(s *store.Store) (final Sum) {
	for i := range s.Databases() {
		db := s.DB(i)
		if db.Len() == 0 {
			continue
		}
		final.mixUint32(uint32(i))
		for e := range db.All() {
			var d Sum
			d.Mix(e.Key())
			d.Entry(e)
			final.xor(d[:])
		}
	}
	return final
}

// Entry mixes in a value with its type and whether it expires.
func (d *Sum) Entry(e *store.Entry) {
	d.mixUint32(typeNumbers[e.Type()])
	switch e.Type() {
	case store.String:
		var scratch [20]byte
		d.Mix(e.Bytes(&scratch))
	case store.List:
		for v := range e.List().All() {
			d.Mix(v)
		}
	case store.Set:
		for m := range e.Set().All() {
			d.xor(m)
		}
	case store.ZSet:
		for m, score := range e.ZSet().All() {
			var pair Sum
			pair.Mix(m)
			pair.Mix(appendScore17(nil, score))
			d.xor(pair[:])
		}
	case store.Hash:
		for f, v := range e.Hash().All() {
			var pair Sum
			pair.Mix(f)
			pair.Mix(v)
			d.xor(pair[:])
		}
	case store.Stream:
		d.stream(e)
	}
	if e.Expire() != 0 {
		d.xor([]byte("!!expire!!"))
	}
}

func (d *Sum) stream(e *store.Entry) {
	it := e.Stream().Iter()
	var id []byte
	for it.Next() {
		id = strconv.AppendUint(id[:0], it.ID().Ms, 10)
		id = append(id, '.')
		d.Mix(strconv.AppendUint(id, it.ID().Seq, 10))
		for range it.NumFields() {
			f, v := it.Field()
			d.Mix(f)
			d.Mix(v)
		}
	}
}

// appendScore17 formats a score as C's %.17g does, which is how digests of Redis up to 7.0 have it. From 7.2 on they have the
// fewest digits that read back the same, so that they equal ours only where 17 digits are no more than these.
func appendScore17(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}
