package stream

import (
	"fmt"

	"treedis/store/listpack"
)

// NodeInfo is what ValidateNode has found out about a node.
type NodeInfo struct {
	Live, Deleted int
	FirstLive     ID // 0-0 when all entries are deleted
	Last          ID // of the last entry, deleted or not
}

// ValidateNode checks a node of unknown origin: that its blob is a listpack,
// that every entry is complete, that the counters are true and that the IDs
// ascend from First. Errors wrap ErrCorrupt.
func ValidateNode(n Node) (NodeInfo, error) {
	if err := listpack.Validate(n.Listpack, true); err != nil {
		return NodeInfo{}, fmt.Errorf("%w %v: %w", ErrNode, n.First, err)
	}
	c := checker{lp: n.Listpack, pos: listpack.First(n.Listpack)}
	info := c.node(n.First)
	if c.bad != "" {
		return NodeInfo{}, fmt.Errorf("%w %v: %s", ErrNode, n.First, c.bad)
	}
	return info, nil
}

// Validate checks a stream of unknown origin: every node, their order, and that
// counters, groups and consumers agree with one another. Errors wrap ErrCorrupt.
func (s *Stream) Validate() error {
	var live uint64
	var last ID
	for i, n := range s.Nodes {
		info, err := ValidateNode(n)
		if err != nil {
			return err
		}
		if i > 0 && !last.Less(n.First) {
			return fmt.Errorf("%w: node %v does not follow %v", ErrCorrupt, n.First, last)
		}
		live += uint64(info.Live)
		last = info.Last
	}
	switch {
	case live != s.Length:
		return fmt.Errorf("%w: %d entries, length says %d", ErrCorrupt, live, s.Length)
	case s.LastID.Less(last):
		return fmt.Errorf("%w: entry %v is beyond the last ID %v", ErrCorrupt, last, s.LastID)
	}
	names := make(map[string]struct{}, len(s.Groups))
	for i := range s.Groups {
		g := &s.Groups[i]
		if _, dup := names[string(g.Name)]; dup {
			return fmt.Errorf("%w: group %q twice", ErrCorrupt, g.Name)
		}
		names[string(g.Name)] = struct{}{}
		if err := g.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (g *Group) validate() error {
	for i, p := range g.Pending {
		if i > 0 && !g.Pending[i-1].ID.Less(p.ID) {
			return fmt.Errorf("%w: group %q: pending entry %v out of order", ErrCorrupt, g.Name, p.ID)
		}
		if p.Consumer < 0 || p.Consumer >= len(g.Consumers) {
			return fmt.Errorf("%w: group %q: pending entry %v has no consumer", ErrCorrupt, g.Name, p.ID)
		}
	}
	names := make(map[string]struct{}, len(g.Consumers))
	for _, c := range g.Consumers {
		if _, dup := names[string(c.Name)]; dup {
			return fmt.Errorf("%w: group %q: Duplicate stream consumer detected: %q", ErrCorrupt, g.Name, c.Name)
		}
		names[string(c.Name)] = struct{}{}
	}
	return nil
}

// checker reads a valid listpack element by element. bad keeps the first thing
// found wrong; once it is set everything reads as zero.
type checker struct {
	lp  []byte
	pos int // -1 at the end
	bad string
}

func (c *checker) fail(why string) {
	if c.bad == "" {
		c.bad, c.pos = why, -1
	}
}

// node checks a whole node and returns what it is made of.
func (c *checker) node(base ID) (info NodeInfo) {
	live, deleted, fields := c.count("live"), c.count("deleted"), c.count("field")
	c.skip(fields)
	if c.int() != 0 {
		c.fail("master entry without its end")
	}
	for range live + deleted {
		id, isDeleted := c.entry(base, fields)
		if c.bad != "" {
			return info
		}
		if entries := info.Live + info.Deleted; entries == 0 && id.Less(base) || entries > 0 && !info.Last.Less(id) {
			c.fail("entry IDs do not ascend")
			return info
		}
		info.Last = id
		if isDeleted {
			info.Deleted++
			continue
		}
		if info.Live++; info.Live == 1 {
			info.FirstLive = id
		}
	}
	switch {
	case c.bad != "":
	case c.pos >= 0:
		c.fail("elements behind the last entry")
	case info.Live+info.Deleted == 0:
		c.fail("no entries")
	case int64(info.Live) != live:
		c.fail("counters differ from the entries")
	}
	return info
}

// entry checks one entry.
func (c *checker) entry(base ID, masterFields int64) (id ID, deleted bool) {
	flags := c.int()
	id = ID{Ms: base.Ms + uint64(c.int()), Seq: base.Seq + uint64(c.int())}
	fields, count := masterFields, 3+masterFields
	if flags&flagSameFields == 0 {
		fields = c.count("field")
		c.skip(fields)
		count = 3 + 1 + 2*fields
	}
	c.skip(fields)
	if c.int() != count {
		c.fail("entry with a wrong element count")
	}
	return id, flags&flagDeleted != 0
}

// int reads an element that has to be an integer.
func (c *checker) int() int64 {
	if c.pos < 0 {
		c.fail("ends early")
		return 0
	}
	n, ok := listpack.Int(c.lp, c.pos)
	if !ok {
		c.fail("integer expected")
		return 0
	}
	c.pos = listpack.Next(c.lp, c.pos)
	return n
}

// count reads a number of things, of which there cannot be more than bytes.
func (c *checker) count(what string) int64 {
	n := c.int()
	if n < 0 || n > int64(len(c.lp)) {
		c.fail(what + " count out of range")
		return 0
	}
	return n
}

// skip passes over n elements of any kind.
func (c *checker) skip(n int64) {
	for ; n > 0; n-- {
		if c.pos < 0 {
			c.fail("ends early")
			return
		}
		c.pos = listpack.Next(c.lp, c.pos)
	}
}
