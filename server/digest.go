package server

import (
	"crypto/sha1"
	"encoding/binary"
	"math"
	"strconv"

	"treedis/store"
)

// digest is Redis's fingerprint of data: SHA-1 sums mixed so that what has no order, the keys of a
// database or the members of a set, may come in any. Equal data of a real server gives an equal one.
type digest [sha1.Size]byte

// xor mixes in p where order does not count.
func (d *digest) xor(p []byte) {
	sum := sha1.Sum(p)
	for i := range d {
		d[i] ^= sum[i]
	}
}

// mix mixes in p where order counts.
func (d *digest) mix(p []byte) {
	d.xor(p)
	*d = sha1.Sum(d[:])
}

func (d *digest) mixUint32(n uint32) { d.mix(binary.BigEndian.AppendUint32(nil, n)) }

// digestTypes are the numbers that Redis's digest has for the types.
var digestTypes = [...]uint32{store.String: 0, store.List: 1, store.Set: 2, store.ZSet: 3, store.Hash: 4, store.Stream: 6}

// datasetDigest is the fingerprint of all databases, for whoever holds the lock.
func datasetDigest(s *store.Store) (final digest) {
	for i := range s.Databases() {
		db := s.DB(i)
		if db.Len() == 0 {
			continue
		}
		final.mixUint32(uint32(i))
		for e := range db.All() {
			var d digest
			d.mix(e.Key())
			d.entry(e)
			final.xor(d[:])
		}
	}
	return final
}

// entry mixes in a value with its type and whether it expires.
func (d *digest) entry(e *store.Entry) {
	d.mixUint32(digestTypes[e.Type()])
	switch e.Type() {
	case store.String:
		var scratch [20]byte
		d.mix(e.Bytes(&scratch))
	case store.List:
		for v := range e.List().All() {
			d.mix(v)
		}
	case store.Set:
		for m := range e.Set().All() {
			d.xor(m)
		}
	case store.ZSet:
		for m, score := range e.ZSet().All() {
			var pair digest
			pair.mix(m)
			pair.mix(appendScore17(nil, score))
			d.xor(pair[:])
		}
	case store.Hash:
		for f, v := range e.Hash().All() {
			var pair digest
			pair.mix(f)
			pair.mix(v)
			d.xor(pair[:])
		}
	case store.Stream:
		d.stream(e)
	}
	if e.Expire() != 0 {
		d.xor([]byte("!!expire!!"))
	}
}

func (d *digest) stream(e *store.Entry) {
	it := e.Stream().Iter()
	var id []byte
	for it.Next() {
		id = strconv.AppendUint(id[:0], it.ID().Ms, 10)
		id = append(id, '.')
		d.mix(strconv.AppendUint(id, it.ID().Seq, 10))
		for range it.NumFields() {
			f, v := it.Field()
			d.mix(f)
			d.mix(v)
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
