package stream

import (
	"treedis/store/listpack"
)

// Defaults of the node limits, those of stream-node-max-bytes and
// stream-node-max-entries.
const (
	DefaultNodeBytes   = 4096
	DefaultNodeEntries = 100
)

// maxNodeBytes is what a node may hold whatever the limits say, and more than
// any one entry may have in fields and values: the bound Redis keeps to.
const maxNodeBytes = 1 << 30

// Limits say when a node is full. Zero means no limit of that kind.
type Limits struct {
	Bytes   int
	Entries int
}

// DefaultLimits returns the limits that Redis has by default.
func DefaultLimits() Limits { return Limits{Bytes: DefaultNodeBytes, Entries: DefaultNodeEntries} }

// Append adds an entry behind the last one. pairs holds field, value, field,
// value and so on, and is copied. It returns ErrOrder when id is not greater
// than LastID, ErrPairs when pairs are odd or none, ErrTooLarge when they have
// more than 1 GiB in all; the stream is as before then.
func (s *Stream) Append(id ID, pairs [][]byte, lim Limits) error {
	size, err := checkAppend(s.LastID, id, pairs)
	if err != nil {
		return err
	}
	if len(s.Nodes) == 0 || s.Nodes[len(s.Nodes)-1].full(size, lim) {
		s.Nodes = append(s.Nodes, newNode(id, pairs))
	}
	s.Nodes[len(s.Nodes)-1].add(id, pairs)
	s.added(id)
	return nil
}

// checkAppend returns the bytes of fields and values, or why they cannot follow
// the entry last.
func checkAppend(last, id ID, pairs [][]byte) (size int, err error) {
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		return 0, ErrPairs
	}
	if !last.Less(id) {
		return 0, ErrOrder
	}
	for _, p := range pairs {
		if size += len(p); size > maxNodeBytes {
			return 0, ErrTooLarge
		}
	}
	return size, nil
}

// full reports whether an entry of size bytes has to go to a new node.
func (n Node) full(size int, lim Limits) bool {
	maxBytes := lim.Bytes
	if maxBytes <= 0 || maxBytes > maxNodeBytes {
		maxBytes = maxNodeBytes
	}
	if listpack.Bytes(n.Listpack)+size >= maxBytes {
		return true
	}
	live, deleted := n.Counts()
	return lim.Entries > 0 && live+deleted >= lim.Entries
}

// Counts returns the numbers of live and of deleted entries.
func (n Node) Counts() (live, deleted int) {
	pos := listpack.First(n.Listpack)
	l, _ := listpack.Int(n.Listpack, pos)
	d, _ := listpack.Int(n.Listpack, listpack.Next(n.Listpack, pos))
	return int(l), int(d)
}

// newNode returns a node without entries whose master entry has the fields of
// pairs.
func newNode(first ID, pairs [][]byte) Node {
	lp := listpack.New(0)
	lp = listpack.AppendInt(lp, 0)
	lp = listpack.AppendInt(lp, 0)
	lp = listpack.AppendInt(lp, int64(len(pairs)/2))
	for i := 0; i < len(pairs); i += 2 {
		lp = listpack.Append(lp, pairs[i])
	}
	return Node{First: first, Listpack: listpack.AppendInt(lp, 0)}
}

// add appends a live entry.
func (n *Node) add(id ID, pairs [][]byte) {
	lp, fields := n.Listpack, int64(len(pairs)/2)
	live, _ := n.Counts()
	lp = listpack.ReplaceInt(lp, listpack.First(lp), int64(live+1))
	same := sameFields(lp, pairs)
	flags, count := int64(0), 3+fields
	if same {
		flags = flagSameFields
	} else {
		count += fields + 1
	}
	lp = listpack.AppendInt(lp, flags)
	lp = listpack.AppendInt(lp, int64(id.Ms-n.First.Ms))
	lp = listpack.AppendInt(lp, int64(id.Seq-n.First.Seq))
	if !same {
		lp = listpack.AppendInt(lp, fields)
	}
	for i, p := range pairs {
		if i%2 == 1 || !same {
			lp = listpack.Append(lp, p)
		}
	}
	n.Listpack = listpack.AppendInt(lp, count)
}

// sameFields reports whether the fields of pairs are those of the master entry.
func sameFields(lp []byte, pairs [][]byte) bool {
	pos := listpack.Next(lp, listpack.Next(lp, listpack.First(lp)))
	if n, _ := listpack.Int(lp, pos); n != int64(len(pairs)/2) {
		return false
	}
	for i := 0; i < len(pairs); i += 2 {
		pos = listpack.Next(lp, pos)
		if !listpack.Equal(lp, pos, pairs[i]) {
			return false
		}
	}
	return true
}
