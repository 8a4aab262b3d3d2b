package stream

import "treedis/store/listpack"

// Trim says which entries XTRIM drops from the beginning of a stream: those that
// are more than MaxLen or, if ByID, those before MinID.
type Trim struct {
	ByID   bool
	MaxLen uint64
	MinID  ID

	Approx bool  // only whole nodes are dropped
	Limit  int64 // no more entries than this are dropped; 0: as many as there are
}

// Trim drops entries and returns how many.
func (l *Live) Trim(t Trim) (deleted int64) {
	for l.nodes.Len() > 0 && (t.ByID || l.Length > t.MaxLen) {
		ref, _ := l.nodes.First()
		live, _ := ref.node.Counts()
		if t.Limit > 0 && deleted+int64(live) > t.Limit {
			break
		}
		if l.dropsWhole(ref.node, live, &t) {
			l.drop(ref.node, live)
			deleted += int64(live)
			continue
		}
		if !t.Approx {
			deleted += l.trimNode(ref.node, &t)
		}
		break
	}
	if deleted > 0 {
		l.FirstID, _ = l.firstLive()
	}
	return deleted
}

// dropsWhole reports whether none of a node's entries is to stay.
func (l *Live) dropsWhole(n *liveNode, live int, t *Trim) bool {
	if !t.ByID {
		return l.Length-uint64(live) >= t.MaxLen
	}
	var it Iter
	it.openLast(n.Node)
	return it.back() && it.id.Less(t.MinID)
}

// trimNode drops entries of the first node, some of which are to stay.
func (l *Live) trimNode(n *liveNode, t *Trim) (deleted int64) {
	n = l.own(n)
	it := n.Iter()
	for it.advance() {
		if t.ByID && !it.id.Less(t.MinID) || !t.ByID && l.Length <= t.MaxLen {
			break
		}
		if !it.deleted {
			it.markDeleted()
			deleted++
			l.Length--
		}
	}
	l.replace(n, countDeleted(it.lp, deleted))
	return deleted
}

// markDeleted flags the current entry as deleted, in its listpack of old.
func (it *Iter) markDeleted() {
	flags, _ := listpack.Int(it.lp, it.flagsPos)
	lp := listpack.ReplaceInt(it.lp, it.flagsPos, flags|flagDeleted)
	it.pos += len(lp) - len(it.lp) // nothing, unless the flags were encoded in an unusual way
	it.lp = lp
}

// countDeleted notes in the master entry that n live entries have been deleted.
func countDeleted(lp []byte, n int64) []byte {
	pos := listpack.First(lp)
	live, _ := listpack.Int(lp, pos)
	lp = listpack.ReplaceInt(lp, pos, live-n)
	pos = listpack.Next(lp, pos)
	deleted, _ := listpack.Int(lp, pos)
	return listpack.ReplaceInt(lp, pos, deleted+n)
}
