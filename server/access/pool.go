package access

import (
	"bytes"
	"math"

	"treedis/server/config"
	"treedis/store"
)

// Pool keeps the best candidates for eviction from sample to sample. With it the few keys that are looked at each time
// do nearly as well as if all were. It is not safe for concurrent use.
type Pool struct {
	list [poolSize]candidate // the best last
	n    int
}

// poolSize is how many candidates are kept, as in Redis.
const poolSize = 16

// candidate is a key that may be evicted. It is named, not held, so that one that is deleted meanwhile is not kept in memory.
type candidate struct {
	db    int
	key   []byte
	score uint64 // the more, the better to evict
	mark  uint64 // what the score was made from: when that changes it is void
}

// score returns how good an entry is to evict under a policy.
func (a *Clock) score(e *store.Entry, policy config.Policy) uint64 {
	switch {
	case policy&config.PolicyLFU != 0:
		return math.MaxUint8 - uint64(a.Frequency(e))
	case policy&config.PolicyLRU != 0:
		return uint64(a.Idle(e))
	}
	return math.MaxUint64 - uint64(e.Expire())
}

// mark returns what an entry's score is made from.
func mark(e *store.Entry, policy config.Policy) uint64 {
	if policy == config.VolatileTTL {
		return uint64(e.Expire())
	}
	return uint64(e.Clock())
}

// Candidates returns how many keys of a database a policy chooses among.
func Candidates(db *store.DB, policy config.Policy) int {
	if policy&config.PolicyAllKeys != 0 {
		return db.Len()
	}
	return db.Expires()
}

// Fill looks at so many keys of each database, and reports whether there were any.
func (p *Pool) Fill(st *store.Store, clock *Clock, policy config.Policy, samples int) (any bool) {
	expiring := policy&config.PolicyAllKeys == 0
	for i := range st.Databases() {
		db := st.DB(i)
		if Candidates(db, policy) == 0 {
			continue
		}
		any = true
		db.Sample(clock.random, samples, expiring, func(e *store.Entry) {
			p.offer(candidate{db: i, key: e.Key(), score: clock.score(e, policy), mark: mark(e, policy)})
		})
	}
	return any
}

// offer puts a candidate in its place, if it is better than the worst. The key is copied.
func (p *Pool) offer(c candidate) {
	at := 0
	for at < p.n && p.list[at].score < c.score {
		at++
	}
	if at == 0 && p.n == poolSize {
		return
	}
	for i := at; i < p.n && p.list[i].score == c.score; i++ {
		if p.list[i].db == c.db && bytes.Equal(p.list[i].key, c.key) {
			return
		}
	}
	var room []byte // the memory of a key that is no longer needed
	if p.n < poolSize {
		room = p.list[p.n].key
		copy(p.list[at+1:p.n+1], p.list[at:p.n])
		p.n++
	} else {
		room = p.list[0].key
		at--
		copy(p.list[:at], p.list[1:at+1])
	}
	c.key = append(trimKey(room), c.key...)
	p.list[at] = c
}

// trimKey empties the memory of a key, and lets go of that of an unusually long one.
func trimKey(key []byte) []byte {
	if cap(key) > 256 {
		return nil
	}
	return key[:0]
}

// Take takes the best candidate out that is still what it was: a key that has been used since it was sampled is none any more.
func (p *Pool) Take(st *store.Store, policy config.Policy) (*store.DB, *store.Entry) {
	for p.n > 0 {
		p.n--
		c := &p.list[p.n]
		if c.db >= st.Databases() {
			continue
		}
		db := st.DB(c.db)
		e := db.Peek(c.key)
		if e != nil && mark(e, policy) == c.mark && (policy&config.PolicyAllKeys != 0 || e.Expire() != 0) {
			return db, e
		}
	}
	return nil, nil
}

// Clear forgets all candidates: what another policy thinks of a key means nothing to the next.
func (p *Pool) Clear() { *p = Pool{} }
