package store

import (
	"unsafe"

	"treedis/store/stream"
)

// streamValue is a stream. What it points at is never written to, so clones share it.
type streamValue struct{ s *stream.Stream }

func (v *streamValue) clone() object { return &streamValue{v.s} }

func (v *streamValue) memory() int {
	n := int(unsafe.Sizeof(*v.s))
	for _, node := range v.s.Nodes {
		n += int(unsafe.Sizeof(node)) + cap(node.Listpack)
	}
	for _, g := range v.s.Groups {
		n += int(unsafe.Sizeof(g)) + cap(g.Pending)*int(unsafe.Sizeof(stream.Pending{})) +
			cap(g.Consumers)*int(unsafe.Sizeof(stream.Consumer{}))
	}
	return n
}

// Stream returns the value of a stream, which must not be changed.
func (e *Entry) Stream() *stream.Stream { return e.object().value.(*streamValue).s }

// PutStream sets key to a stream, whatever it held, with the given expiry (unix ms, 0 for none, or
// KeepTTL), and returns its entry. The stream is the store's from then on.
func (db *DB) PutStream(key []byte, s *stream.Stream, expire int64) *Entry {
	h := db.keys.Hash(key)
	old := db.keys.Get(h, key)
	if expire == KeepTTL {
		expire = 0
		if old != nil {
			expire = old.Expire()
		}
	}
	e := newObject(Stream, EncStream, key, expire, &streamValue{s})
	db.put(h, e, old)
	return e
}
