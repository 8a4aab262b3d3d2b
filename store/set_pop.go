package store

import (
	"treedis/store/intset"
	"treedis/store/listpack"
)

// Pop removes a random member, each with the same probability, and appends it to dst. The set must not be
// empty.
func (w *SetWriter) Pop(rnd func() uint64, dst []byte) []byte {
	if w.large == nil && w.enc == EncListpack {
		pos := listpack.Seek(w.blob, below(rnd, w.Len()))
		dst = listpack.AppendValue(dst, w.blob, pos)
		w.removeAt(pos)
		return dst
	}
	m := w.Random(rnd)
	dst = append(dst, m...)
	w.Remove(m)
	return dst
}

// moveRest tells when PopN makes a new set of the members that remain rather than removing the others: when they
// are fewer than one to so many. As in Redis this decides about the encoding that the set has then.
const moveRest = 5

// PopN removes n distinct random members, n < Len, every choice of them with the same probability, and calls
// fn for each beforehand.
func (w *SetWriter) PopN(n int, rnd func() uint64, fn func([]byte)) {
	if rest := w.Len() - n; rest*moveRest <= n {
		w.popMost(n, rnd, fn)
		return
	}
	if w.large == nil {
		w.popFlat(n, rnd, fn)
		return
	}
	popped := make([]*member, 0, n)
	sampleTable(&w.large.Table, n, rnd, func(m *member) {
		fn(m.Key())
		popped = append(popped, m)
	})
	for _, m := range popped {
		w.large.remove(m.Key())
	}
}

// popMost is PopN by making a new set of what remains.
func (w *SetWriter) popMost(n int, rnd func() uint64, fn func([]byte)) {
	enc := EncListpack
	if w.enc == EncIntset {
		enc = EncIntset
	}
	kept := w.store.NewSet(enc)
	pick := sampler{n: n, total: w.Len(), rnd: rnd}
	kept.AddSet(w.SetView, func(m []byte) bool {
		if pick.take() {
			fn(m)
			return false
		}
		return true
	})
	if kept.large != nil {
		w.setLarge(kept.large)
	} else {
		w.setBlob(kept.enc, kept.blob)
	}
}

// popFlat is PopN of a small set, which keeps its encoding.
func (w *SetWriter) popFlat(n int, rnd func() uint64, fn func([]byte)) {
	pick := sampler{n: n, total: w.Len(), rnd: rnd}
	if w.enc == EncIntset {
		is := intset.New()
		for i, v := range intset.All(w.blob) {
			if pick.take() {
				fn(w.intAt(i))
			} else {
				is, _ = intset.Add(is, v)
			}
		}
		w.setBlob(EncIntset, is)
		return
	}
	lp := listpack.New(len(w.blob))
	for b := range w.All() {
		if pick.take() {
			fn(b)
		} else {
			lp = listpack.Append(lp, b)
		}
	}
	w.setBlob(EncListpack, lp)
}
