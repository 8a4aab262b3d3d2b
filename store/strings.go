package store

import (
	"encoding/binary"
	"strconv"
	"unsafe"
)

// embstrMax is the longest string, in bytes, that OBJECT ENCODING calls embstr.
const embstrMax = 44

// KeepTTL as an expiry keeps the one that the key has.
const KeepTTL int64 = -1

// rawString is a string too long to lie in its entry.
type rawString struct{ b []byte }

func (r *rawString) clone() object { return &rawString{append([]byte(nil), r.b...)} }

func (r *rawString) memory() int { return int(unsafe.Sizeof(*r)) + allocated(cap(r.b)) }

func (r *rawString) kept() int { return 0 } // it is copied whole: see Store.lost

// StringLen returns the length of a string value in bytes.
func (e *Entry) StringLen() int {
	if e.Encoding() == EncInt {
		var scratch [20]byte
		return len(e.Bytes(&scratch))
	}
	return len(e.rawBytes())
}

// rawBytes returns the bytes of a string that is not int-encoded.
func (e *Entry) rawBytes() []byte {
	if e.flat() {
		return e.blob()
	}
	return e.object().value.(*rawString).b
}

// Bytes returns a string value. It is valid until the key is written to, and must not be changed;
// an integer is formatted into scratch.
func (e *Entry) Bytes(scratch *[20]byte) []byte {
	if e.Encoding() == EncInt {
		return strconv.AppendInt(scratch[:0], e.int(), 10)
	}
	return e.rawBytes()
}

// intBytes is how many bytes an int-encoded string takes.
const intBytes = 8

func (e *Entry) int() int64 { return int64(binary.LittleEndian.Uint64(e.blob())) }

func (e *Entry) setInt(n int64) { binary.LittleEndian.PutUint64(e.blob(), uint64(n)) }

// Int returns the value of an int-encoded string.
func (e *Entry) Int() (n int64, ok bool) {
	if e.meta != uint8(String)<<4|uint8(EncInt) {
		return 0, false
	}
	return e.int(), true
}

// SetString sets key to a string, whatever it held, with the given expiry (unix ms, 0 for none, or
// KeepTTL), and returns its entry. As in Redis a canonical 64-bit integer is held as such.
func (db *DB) SetString(key, val []byte, expire int64) *Entry {
	if n, ok := canonicalInt(val); ok {
		return db.SetInt(key, n, expire)
	}
	return db.SetText(key, val, expire)
}

// SetText is SetString for a value that is held as its bytes even if it is an integer, as Redis does with the
// results of floating-point arithmetic.
func (db *DB) SetText(key, val []byte, expire int64) *Entry {
	b, e := db.replaceString(key, textEncoding(val), len(val), expire)
	copy(b, val)
	return e
}

// textEncoding is how a string is encoded that is held as its bytes.
func textEncoding(val []byte) Encoding {
	if len(val) <= embstrMax {
		return EncEmbstr
	}
	return EncRaw
}

// SetRaw is SetText for a value that the caller gives away, without expiry, and whose encoding is raw however short it is.
func (db *DB) SetRaw(key, val []byte) {
	if len(val) <= maxFlatValue {
		b, _ := db.replaceString(key, EncRaw, len(val), 0)
		copy(b, val)
		return
	}
	h := db.keys.Hash(key)
	db.put(h, newObject(String, EncRaw, key, 0, &rawString{val}), db.keys.Get(h, key))
}

// SetInt sets key to an integer, held as such.
func (db *DB) SetInt(key []byte, n int64, expire int64) *Entry {
	_, e := db.replaceString(key, EncInt, intBytes, expire)
	e.setInt(n)
	return e
}

// replaceString makes key a string of n bytes, to be filled in by the caller.
func (db *DB) replaceString(key []byte, enc Encoding, n int, expire int64) ([]byte, *Entry) {
	h := db.keys.Hash(key)
	old, owned := db.keys.GetMut(h, key)
	had := int64(0)
	if old != nil {
		if had = old.Expire(); expire == KeepTTL {
			expire = had
		}
	} else if expire == KeepTTL {
		expire = 0
	}
	if n <= maxFlatValue && owned && old.flat() && (expire == 0 || old.hasExpirySlot()) {
		if own := old.blob(); n <= cap(own) && cap(own)-n < 64+n {
			m := handle{db: db, key: key, h: h, e: old}
			m.resize(n)
			old.setMeta(String, enc)
			if expire != had {
				db.setOwnedExpire(h, old, expire)
			}
			return old.blob(), old
		}
	}
	b, e := newText(enc, key, expire, n)
	db.put(h, e, old)
	return b, e
}

// setOwnedExpire changes the expiry of an entry that may be changed in place and has room for it.
func (db *DB) setOwnedExpire(h uint64, e *Entry, at int64) {
	e.setExpire(at)
	if at == 0 {
		db.expires.Delete(h, e.Key())
	} else {
		db.expires.Set(h, e)
	}
}

// MutableString returns the bytes of a string value, made n bytes long, to be written to: the string
// is grown with zeroes, or cut. An absent key is created. As in Redis its encoding becomes raw.
func (db *DB) MutableString(key []byte, n int) []byte {
	m := db.open(key)
	if m.e != nil && !m.e.flat() {
		r := m.e.object().value.(*rawString)
		if n > cap(r.b) {
			r.b = append(make([]byte, 0, n+n/4), r.b...)
		}
		if old := len(r.b); n > old {
			clear(r.b[old:n])
		}
		r.b = r.b[:n]
		m.e.setMeta(String, EncRaw)
		return r.b
	}
	var scratch [20]byte
	var have []byte
	if m.e != nil {
		have = m.e.Bytes(&scratch)
	}
	if n > maxFlatValue {
		room := n // a value that has grown once may do so again
		if m.e != nil {
			room += n / 4
		}
		r := &rawString{make([]byte, n, room)}
		copy(r.b, have)
		m.setObject(String, EncRaw, r)
		return r.b
	}
	if m.e == nil || m.e.Encoding() == EncInt {
		m.setFlat(String, EncRaw, have)
	}
	m.e.setMeta(String, EncRaw)
	old := len(m.e.blob())
	if n > old {
		b := m.reserve(n - old)
		clear(b[old:n])
	}
	m.resize(n)
	return m.e.blob()
}

// canonicalInt parses the decimal form that FormatInt writes, and no other.
func canonicalInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits := b
	neg := b[0] == '-'
	if neg {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	var n uint64
	for _, c := range digits {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		// 20 digits may overflow uint64 only past 18446744073709551615; 19 digits never do.
		if n > (1<<63)/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	switch {
	case neg && n <= 1<<63:
		return -int64(n), true
	case !neg && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}
