package stream

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/store/listpack"
)

// nodeOf is a node of these elements, numbers as integers.
func nodeOf(elems ...any) Node {
	lp := listpack.New(0)
	for _, e := range elems {
		switch e := e.(type) {
		case int:
			lp = listpack.AppendInt(lp, int64(e))
		case string:
			lp = listpack.Append(lp, []byte(e))
		}
	}
	return Node{First: ID{100, 5}, Listpack: lp}
}

func TestValidateNode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		node Node
		info *NodeInfo // nil when it has to be refused
	}{
		"one, shared fields": {nodeOf(1, 0, 1, "f", 0, 2, 0, 0, "v", 4), &NodeInfo{1, 0, ID{100, 5}, ID{100, 5}}},
		"one, own fields":    {nodeOf(1, 0, 1, "f", 0, 0, 0, 0, 1, "g", "v", 6), &NodeInfo{1, 0, ID{100, 5}, ID{100, 5}}},
		"smaller sequence": {nodeOf(2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 1, -5, "v", 4),
			&NodeInfo{2, 0, ID{100, 5}, ID{101, 0}}},
		"deleted first": {nodeOf(1, 1, 1, "f", 0, 3, 0, 0, "v", 4, 2, 0, 1, "v", 4), &NodeInfo{1, 1, ID{100, 6}, ID{100, 6}}},
		"all deleted":   {nodeOf(0, 1, 1, "f", 0, 3, 0, 0, "v", 4), &NodeInfo{0, 1, ID{}, ID{100, 5}}},
		"no fields":     {nodeOf(1, 0, 0, 0, 2, 0, 0, 3), &NodeInfo{1, 0, ID{100, 5}, ID{100, 5}}},

		"nothing":               {nodeOf(), nil},
		"no entries":            {nodeOf(0, 0, 1, "f", 0), nil},
		"live is text":          {nodeOf("x", 0, 1, "f", 0, 2, 0, 0, "v", 4), nil},
		"negative live":         {nodeOf(-1, 2, 1, "f", 0, 2, 0, 0, "v", 4), nil},
		"huge live":             {nodeOf(1<<60, 0, 1, "f", 0, 2, 0, 0, "v", 4), nil},
		"live wrong":            {nodeOf(0, 1, 1, "f", 0, 2, 0, 0, "v", 4), nil},
		"huge fields":           {nodeOf(1, 0, 1<<60, "f", 0, 2, 0, 0, "v", 4), nil},
		"negative fields":       {nodeOf(1, 0, -1, "f", 0, 2, 0, 0, "v", 4), nil},
		"no end of master":      {nodeOf(1, 0, 1, "f", 1, 2, 0, 0, "v", 4), nil},
		"flags are text":        {nodeOf(1, 0, 1, "f", 0, "x", 0, 0, "v", 4), nil},
		"count wrong":           {nodeOf(1, 0, 1, "f", 0, 2, 0, 0, "v", 5), nil},
		"own count wrong":       {nodeOf(1, 0, 1, "f", 0, 0, 0, 0, 1, "g", "v", 4), nil},
		"own fields negative":   {nodeOf(1, 0, 1, "f", 0, 0, 0, 0, -1, 2), nil},
		"no value":              {nodeOf(1, 0, 1, "f", 0, 2, 0, 0), nil},
		"no count":              {nodeOf(1, 0, 1, "f", 0, 2, 0, 0, "v"), nil},
		"one missing":           {nodeOf(2, 0, 1, "f", 0, 2, 0, 0, "v", 4), nil},
		"one too many":          {nodeOf(1, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 1, "v", 4), nil},
		"before the node's own": {nodeOf(1, 0, 1, "f", 0, 2, 0, -1, "v", 4), nil},
		"twice the same":        {nodeOf(2, 0, 1, "f", 0, 2, 0, 0, "v", 4, 2, 0, 0, "v", 4), nil},
		"descending":            {nodeOf(2, 0, 1, "f", 0, 2, 1, 0, "v", 4, 2, 0, 0, "v", 4), nil},
	} {
		info, err := ValidateNode(c.node)
		if c.info == nil {
			require.ErrorIs(t, err, ErrCorrupt, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, *c.info, info, name)
	}
}

// TestDamagedNodes flips every bit of a node: what is still accepted must be
// safe to walk.
func TestDamagedNodes(t *testing.T) {
	t.Parallel()
	s := &Stream{}
	for i := range uint64(6) {
		p := pairs("field", "value", "n", "12345")
		if i%2 == 1 {
			p = pairs("other", "x")
		}
		require.NoError(t, s.Append(ID{5, i}, p, DefaultLimits()), i)
		if i == 0 {
			s.Nodes[0].Listpack = bytes.Clone(s.Nodes[0].Listpack)
		}
	}
	n := s.Nodes[0]
	for i := range n.Listpack {
		for bit := range 8 {
			n.Listpack[i] ^= 1 << bit
			if info, err := ValidateNode(n); err == nil {
				live := 0
				for it := n.Iter(); it.Next(); live++ {
					for range it.NumFields() {
						it.Field()
					}
				}
				require.Equal(t, info.Live, live)
			}
			n.Listpack[i] ^= 1 << bit
		}
	}
	for cut := range n.Listpack {
		_, err := ValidateNode(Node{First: n.First, Listpack: n.Listpack[:cut:cut]})
		require.ErrorIs(t, err, ErrCorrupt)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	build := func() *Stream {
		s := &Stream{}
		for i := range uint64(6) {
			require.NoError(t, s.Append(ID{i + 1, 0}, pairs("f", "v"), Limits{Entries: 2}))
		}
		s.Groups = []Group{{
			Name:      []byte("g"),
			Pending:   []Pending{{ID: ID{1, 0}}, {ID: ID{2, 0}, Consumer: 1}},
			Consumers: []Consumer{{Name: []byte("a")}, {Name: []byte("b")}},
		}, {Name: []byte("h")}}
		return s
	}
	require.NoError(t, build().Validate())
	require.NoError(t, (&Stream{}).Validate())
	for name, damage := range map[string]func(s *Stream){
		"length":               func(s *Stream) { s.Length++ },
		"last ID":              func(s *Stream) { s.LastID = ID{5, 9} },
		"order of nodes":       func(s *Stream) { s.Nodes[0], s.Nodes[1] = s.Nodes[1], s.Nodes[0] },
		"node twice":           func(s *Stream) { s.Nodes[1] = s.Nodes[0] },
		"broken node":          func(s *Stream) { s.Nodes[2].Listpack = nil },
		"group twice":          func(s *Stream) { s.Groups[1].Name = []byte("g") },
		"consumer twice":       func(s *Stream) { s.Groups[0].Consumers[1].Name = []byte("a") },
		"order of pending":     func(s *Stream) { s.Groups[0].Pending[1].ID = ID{} },
		"pending twice":        func(s *Stream) { s.Groups[0].Pending[1].ID = ID{1, 0} },
		"pending of nobody":    func(s *Stream) { s.Groups[0].Pending[1].Consumer = 2 },
		"pending of minus one": func(s *Stream) { s.Groups[0].Pending[1].Consumer = -1 },
	} {
		s := build()
		damage(s)
		require.ErrorIs(t, s.Validate(), ErrCorrupt, name)
	}
}
