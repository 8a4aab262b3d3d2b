package server

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"treedis/repl"
	"treedis/server/digest"
	"treedis/server/ranges"
	"treedis/server/resp"
	"treedis/store"
)

const (
	// verifyMark begins the argument of the PING that marks, in the stream, the point at which data is compared. To Redis it is a PING
	// like others.
	verifyMark = "treedis-verify:"
	// verifyRanges is how many ranges data is divided into, about; what has fewer keys has a range for each.
	verifyRanges = 1024
	// verifyChunk is how many bytes of ranges a replica sends at once, about.
	verifyChunk = 64 << 10
)

// verifications are the comparisons under way on a master, by the token that its replicas answer with.
type verifications struct {
	mu   sync.Mutex
	jobs map[string]*verification // guarded by mu
}

// verification is the comparison of a master with its replicas at one offset.
type verification struct {
	token  string
	offset int64
	keys   int64
	pause  time.Duration // for which the lock was held
	bits   int
	peers  []*verifiedPeer

	// Guarded by verifications.mu.
	mine []ranges.Range
	done bool // mine is complete
	left int  // peers that have not answered
	open func()
}

// verifiedPeer is a replica that is compared. Guarded by verifications.mu once it has been asked.
type verifiedPeer struct {
	repl.ReplicaInfo
	asked bool // it can answer
	gone  bool // it went before it had
	ready bool // it has
	list  []ranges.Range
}

// newVerificationLocked returns a comparison with the replicas of now. It needs the exclusive lock.
func (s *Server) newVerificationLocked() *verification {
	n := s.store.Len()
	v := &verification{token: s.randomHex(16), keys: int64(n), bits: bits.Len(uint(n / verifyRanges))}
	for _, r := range s.master.Replicas() {
		p := &verifiedPeer{ReplicaInfo: r.ReplicaInfo, asked: r.CapaVerify && r.State == repl.Online}
		if p.asked {
			v.left++
		}
		v.peers = append(v.peers, p)
	}
	return v
}

// beginVerifyLocked marks this point of the stream, takes the data as it is here and begins to work out its digests. It needs the
// exclusive lock.
func (s *Server) beginVerifyLocked(v *verification) {
	began := s.mono()
	if v.left > 0 {
		mark := verifyMark + v.token + ":" + strconv.Itoa(v.bits)
		s.log.Append(resp.AppendCommand(nil, []byte("PING"), []byte(mark)))
	}
	v.offset = s.log.EndOffset()
	snap := s.store.Snapshot()
	v.pause = s.mono() - began
	s.wg.Go(func() {
		list, err := rangesOf(s.life, snap, v.bits)
		if err == nil {
			s.verify.change(v, func() { v.mine, v.done = list, true })
		}
	})
}

// change changes a comparison, and opens it if all is known then.
func (vs *verifications) change(v *verification, f func()) {
	vs.mu.Lock()
	f()
	ready := v.left == 0 && (v.done || v.deserted())
	vs.mu.Unlock()
	if ready {
		v.open()
	}
}

// add makes a comparison known to those who answer.
func (vs *verifications) add(v *verification) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.jobs == nil {
		vs.jobs = map[string]*verification{}
	}
	vs.jobs[v.token] = v
}

func (vs *verifications) remove(v *verification) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	delete(vs.jobs, v.token)
}

// receive takes what a replica says: REPLCONF verify <token> <ranges>, none of which end the list.
func (vs *verifications) receive(clientID uint64, token string, data []byte) error {
	list, err := ranges.Parse(data)
	if err != nil {
		return err
	}
	vs.mu.Lock()
	v := vs.jobs[token]
	vs.mu.Unlock()
	if v == nil {
		return nil // it was given up
	}
	vs.change(v, func() {
		for _, p := range v.peers {
			if p.ClientID != clientID || !p.asked || p.ready {
				continue
			}
			if p.list = append(p.list, list...); len(list) == 0 {
				p.ready = true
				v.left--
			}
		}
	})
	return nil
}

// gone says that a replica will not answer any more.
func (vs *verifications) gone(clientID uint64) {
	vs.mu.Lock()
	jobs := slices.Collect(maps.Values(vs.jobs))
	vs.mu.Unlock()
	for _, v := range jobs {
		vs.change(v, func() {
			for _, p := range v.peers {
				if p.ClientID == clientID && p.asked && !p.ready && !p.gone {
					p.gone = true
					v.left--
				}
			}
		})
	}
}

// dropGone looks for replicas that went before the comparison was known.
func (s *Server) dropGone(v *verification) {
	left := s.master.Replicas()
	for _, p := range v.peers {
		if !slices.ContainsFunc(left, func(r repl.ReplicaStatus) bool { return r.ClientID == p.ClientID }) {
			s.verify.gone(p.ClientID)
		}
	}
}

// deserted reports whether all that could answer have gone. It needs mu.
func (v *verification) deserted() bool {
	asked := 0
	for _, p := range v.peers {
		if p.asked && !p.gone {
			return false
		} else if p.asked {
			asked++
		}
	}
	return asked > 0
}

// noteVerifyMark answers the master's mark in the stream: with the digests of the data as it is here. It needs the exclusive lock.
func (s *Server) noteVerifyMark(args [][]byte) {
	if len(args) != 2 || !equalFold(args[0], "ping") || !bytes.HasPrefix(args[1], []byte(verifyMark)) {
		return
	}
	token, width, ok := strings.Cut(string(args[1][len(verifyMark):]), ":")
	n, err := strconv.Atoi(width)
	if !ok || err != nil || n < 0 || n > 62 {
		return
	}
	snap := s.store.Snapshot()
	s.wg.Go(func() {
		if err := s.answerVerify(token, snap, n); err != nil {
			s.logger.noticef("The master asked for digests of the data, which could not be sent: %v", err)
		}
	})
}

func (s *Server) answerVerify(token string, snap *store.Snapshot, width int) error {
	list, err := rangesOf(s.life, snap, width)
	if err != nil {
		return err
	}
	for len(list) > 0 {
		n, size := 0, 0
		for n < len(list) && size < verifyChunk {
			size += len(list[n].From) + 64
			n++
		}
		if err := s.role.link.Send("REPLCONF", "verify", token, string(ranges.Append(nil, list[:n]))); err != nil {
			return err
		}
		list = list[n:]
	}
	return s.role.link.Send("REPLCONF", "verify", token, "")
}

// rangesOf divides a snapshot. It takes a few microseconds and eight bytes for each key, and no lock.
func rangesOf(ctx context.Context, snap *store.Snapshot, width int) ([]ranges.Range, error) {
	b := ranges.Builder{Bits: width}
	for db := range snap.Databases() {
		n, _ := snap.Len(db)
		entries := make([]*store.Entry, 0, n)
		for e := range snap.All(db) {
			entries = append(entries, e)
		}
		slices.SortFunc(entries, func(a, b *store.Entry) int { return bytes.Compare(a.Key(), b.Key()) })
		for i, e := range entries {
			if i%1024 == 0 && ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			var d digest.Sum
			d.Mix(e.Key())
			d.Entry(e)
			d.Mix(binary.BigEndian.AppendUint64(nil, uint64(e.Expire())))
			b.Add(db, e.Key(), sha1.Sum(e.Key()), d)
		}
	}
	return b.Ranges, nil
}
