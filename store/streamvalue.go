package store

import "treedis/store/stream"

// streamValue is a stream.
type streamValue struct{ *stream.Live }

func (v streamValue) clone() object { return streamValue{v.Clone()} }

func (v streamValue) memory() int { return v.Bytes() }

func (v streamValue) kept() int { return v.Kept() }

// Stream returns the value of a stream in its plain form, for writing it somewhere. It takes time linear in the
// stream's nodes and pending entries, and shares the nodes with the entry.
func (e *Entry) Stream() *stream.Stream { return e.LiveStream().Stream() }

// LiveStream returns the value of a stream, to be read.
func (e *Entry) LiveStream() *stream.Live { return e.object().value.(streamValue).Live }

// OpenStream returns write access to the stream at key, which must hold a stream or nothing: then it is created,
// empty. It is valid until the next write to the database by other means. Streams are not deleted when they become
// empty.
func (db *DB) OpenStream(key []byte) *stream.Live {
	m := db.open(key)
	if m.e == nil {
		m.setObject(Stream, EncStream, streamValue{stream.NewLive()})
	}
	return m.e.LiveStream()
}

// StreamLimits returns the limits of a stream's nodes.
func (db *DB) StreamLimits() stream.Limits { return db.store.limits.Stream }

// PutStream sets key to a stream, whatever it held, with the given expiry (unix ms, 0 for none, or
// KeepTTL), and returns its entry. The stream, which must be valid, is the store's from then on.
func (db *DB) PutStream(key []byte, s *stream.Stream, expire int64) *Entry {
	h := db.keys.Hash(key)
	old := db.keys.Get(h, key)
	if expire == KeepTTL {
		expire = 0
		if old != nil {
			expire = old.Expire()
		}
	}
	e := newObject(Stream, EncStream, key, expire, streamValue{stream.FromStream(s)})
	db.put(h, e, old)
	return e
}
