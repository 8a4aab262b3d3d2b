package server

import (
	"bytes"

	"treedis/server/command"
	"treedis/store"
)

var sortCommands = []row{
	{Spec: command.Spec{Name: "sort", Arity: -2, Flags: command.Write | command.DenyOOM,
		Categories: command.CatSet | command.CatSortedSet | command.CatList | command.CatDangerous,
		Keys: []command.KeySpec{
			command.Key(1, command.RO|command.Access),
			command.UnknownKeys(command.RO | command.Access).Note("keys of BY and GET depend on the elements"),
			command.UnknownKeys(command.OW | command.Update).Note("the key of STORE may be anywhere among the options"),
		},
		FindKeys: command.SortKeys,
		Since:    "1.0.0", Group: "generic", Complexity: "O(N+M*log(M)), N elements in, M out; O(N) unsorted",
		Summary: "Put the elements of a list, set or sorted set in order, and return or store them",
		Syntax: "key [BY by-pattern/pattern:pattern@1] [limit=LIMIT <offset:integer count:integer>] [GET... " +
			"get-pattern/pattern:pattern@1] order=[ASC | DESC] [sorting=ALPHA] [STORE destination:key@2]"}, run: cmdSort},
	{Spec: command.Spec{Name: "sort_ro", Arity: -2, Flags: command.ReadOnly,
		Categories: command.CatSet | command.CatSortedSet | command.CatList | command.CatDangerous,
		Keys: []command.KeySpec{
			command.Key(1, command.RO|command.Access),
			command.UnknownKeys(command.RO | command.Access).Note("keys of BY and GET depend on the elements"),
		},
		FindKeys: command.SortROKeys,
		Since:    "7.0.0", Group: "generic", Complexity: "O(N+M*log(M)), N elements in, M out; O(N) unsorted",
		Summary: "Put the elements of a list, set or sorted set in order, storing nothing",
		Syntax: "key [BY by-pattern/pattern:pattern@1] [limit=LIMIT <offset:integer count:integer>] [GET... " +
			"get-pattern/pattern:pattern@1] order=[ASC | DESC] [sorting=ALPHA]"}, run: cmdSortRO},
}

func cmdSort(c *Call)   { c.sort(false) }
func cmdSortRO(c *Call) { c.sort(true) }

// sorting is one execution of SORT.
type sorting struct {
	c *Call

	desc, alpha   bool
	offset, limit int64    // a negative limit is none
	by            []byte   // nil: elements are their own weights
	unsorted      bool     // some BY had no asterisk
	get           [][]byte // patterns
	dest          []byte   // nil: the result is the reply

	sortRoom
	scratch [20]byte
}

func (c *Call) sort(readOnly bool) {
	s := sorting{c: c, limit: -1}
	if !s.parse(readOnly) {
		return
	}
	e := c.lookup(c.args[1])
	if e != nil && e.Type() != store.List && e.Type() != store.Set && e.Type() != store.ZSet {
		c.err(errWrongType)
		return
	}
	if s.unsorted && e != nil && e.Type() == store.Set && (s.dest != nil || c.c.isScript) {
		// What is stored, or what a script does, must not depend on the order in which a set happens to have its members: replicas differ in it.
		s.unsorted, s.alpha, s.by = false, true, nil
	}
	n := sortLen(e)
	from, to := s.clip(n)
	s.take()
	defer s.giveBack()
	if s.unsorted {
		s.loadRange(e, n, from, to)
	} else {
		s.load(e, n)
		if !s.weigh() {
			c.err("ERR One or more scores can't be converted into double")
			return
		}
		s.order(from, to)
	}
	if s.dest != nil {
		s.storeResult()
	} else {
		s.reply()
	}
}

// parse reads the options.
func (s *sorting) parse(readOnly bool) (ok bool) {
	c := s.c
	for i := 2; i < len(c.args); i++ {
		left := len(c.args) - i - 1
		switch {
		case c.is(i, "asc"):
			s.desc = false
		case c.is(i, "desc"):
			s.desc = true
		case c.is(i, "alpha"):
			s.alpha = true
		case c.is(i, "limit") && left >= 2:
			if s.offset, ok = c.int(i+1, ""); !ok {
				return false
			}
			if s.limit, ok = c.int(i+2, ""); !ok {
				return false
			}
			i += 2
		case !readOnly && c.is(i, "store") && left >= 1:
			i++
			s.dest = c.args[i]
		case c.is(i, "by") && left >= 1:
			i++
			s.by = c.args[i]
			if asterisk(s.by) < 0 {
				s.unsorted = true
			} else if !c.readsAllKeys() {
				c.err("ERR BY option of SORT denied due to insufficient ACL permissions.")
				return false
			}
		case c.is(i, "get") && left >= 1:
			if !c.readsAllKeys() {
				c.err("ERR GET option of SORT denied due to insufficient ACL permissions.")
				return false
			}
			i++
			s.get = append(s.get, c.args[i])
		default:
			c.err(errSyntax)
			return false
		}
	}
	return true
}

// readsAllKeys reports whether the user may read every key, as it takes to follow patterns.
func (c *Call) readsAllKeys() bool {
	return c.c.checker.CheckAllKeys(c.c.user, c.row.Meta(), c.args, command.RO|command.Access)
}

// asterisk returns the index of the first one in a pattern, -1 if there is none. As a C string it ends at a zero byte.
func asterisk(pattern []byte) int {
	i := bytes.IndexByte(pattern, '*')
	if i >= 0 && bytes.IndexByte(pattern[:i], 0) >= 0 {
		return -1
	}
	return i
}

func sortLen(e *store.Entry) int {
	switch {
	case e == nil:
		return 0
	case e.Type() == store.List:
		return e.List().Len()
	case e.Type() == store.Set:
		return e.Set().Len()
	}
	return e.ZSet().Len()
}

// clip returns the indexes from <= i < to of the result that LIMIT leaves, of n elements.
func (s *sorting) clip(n int) (from, to int) {
	from = int(max(0, min(s.offset, int64(n))))
	if s.limit >= 0 {
		return from, from + int(min(s.limit, int64(n-from)))
	}
	return from, n
}

// add appends an element, of which it keeps a copy.
func (s *sorting) add(value []byte) {
	s.keys = append(s.keys, sortKey{at: len(s.elements)})
	s.elements = append(s.elements, sortElement{value: s.keep(value)})
}

// keep copies bytes that may not outlive the next look-up. What the arena held before it grew stays where it was.
func (s *sorting) keep(b []byte) []byte {
	start := len(s.arena)
	s.arena = append(s.arena, b...)
	return s.arena[start:len(s.arena):len(s.arena)]
}

// load takes all elements.
func (s *sorting) load(e *store.Entry, n int) {
	s.grow(n)
	switch {
	case e == nil:
	case e.Type() == store.List:
		for v := range e.List().All() {
			s.add(v)
		}
	case e.Type() == store.Set:
		for v := range e.Set().All() {
			s.add(v)
		}
	default:
		for v := range e.ZSet().All() {
			s.add(v)
		}
	}
}

// loadRange takes the elements with indexes from <= i < to in the order that the value itself has, from its end if DESC is given. A
// set has none.
func (s *sorting) loadRange(e *store.Entry, n, from, to int) {
	if from >= to {
		return
	}
	if e.Type() == store.Set {
		s.load(e, n)
		s.keys = s.keys[from:to]
		return
	}
	s.grow(to - from)
	first := from
	if s.desc {
		first = n - 1 - from
	}
	if e.Type() == store.List {
		var scratch [20]byte
		it := e.List().Iter(first, s.desc)
		for len(s.elements) < to-from && it.Next() {
			s.add(it.Value(&scratch))
		}
		return
	}
	for at := e.ZSet().At(first); len(s.elements) < to-from; {
		s.add(at.Member())
		if s.desc {
			at.Prev()
		} else {
			at.Next()
		}
	}
}

// resolve returns what a pattern of BY or GET means for an element: the string at the key that results from putting it in place of
// the first asterisk, or, behind "->", a field of the hash at that key. The pattern # is the element itself. The bytes are kept.
func (s *sorting) resolve(pattern, element []byte) (value []byte, ok bool) {
	if string(pattern) == "#" {
		return element, true
	}
	star := asterisk(pattern)
	if star < 0 {
		return nil, false
	}
	prefix, rest := pattern[:star], pattern[star+1:]
	var field []byte
	if i := bytes.Index(rest, []byte("->")); i >= 0 && i+2 < len(rest) {
		rest, field = rest[:i], rest[i+2:]
	}
	s.key = append(append(append(s.key[:0], prefix...), element...), rest...)
	e := s.c.lookup(s.key)
	switch {
	case e == nil:
	case field == nil && e.Type() == store.String:
		return s.keep(e.Bytes(&s.scratch)), true
	case field != nil && e.Type() == store.Hash:
		if value, ok = e.Hash().Get(field, &s.scratch); ok {
			return s.keep(value), true
		}
	}
	return nil, false
}

// reply replies with the result, or with what GET makes of them.
func (s *sorting) reply() {
	out := s.c.out
	out.Array(len(s.keys) * max(1, len(s.get)))
	for _, k := range s.keys {
		element := s.elements[k.at].value
		if len(s.get) == 0 {
			out.Bulk(element)
		}
		for _, pattern := range s.get {
			if value, ok := s.resolve(pattern, element); ok {
				out.Bulk(value)
			} else {
				out.Null()
			}
		}
	}
}

// storeResult makes a list of the elements, or of what GET makes of them, the value of the destination.
func (s *sorting) storeResult() {
	c := s.c
	values := make([][]byte, 0, len(s.keys)*max(1, len(s.get)))
	for _, k := range s.keys {
		element := s.elements[k.at].value
		if len(s.get) == 0 {
			values = append(values, element)
		}
		for _, pattern := range s.get {
			value, _ := s.resolve(pattern, element) // nothing is an empty element
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		if c.db.Delete(s.dest) {
			c.modified(notifyGeneric, "del", s.dest)
		}
		c.out.Int(0)
		return
	}
	isNew := c.lookupWrite(s.dest) == nil
	c.db.Delete(s.dest)
	w := c.db.OpenList(s.dest)
	w.PushBack(values...)
	if isNew {
		c.created(s.dest)
	}
	c.modified(notifyList, "sortstore", s.dest)
	c.dirty += len(values) - 1
	c.out.Int(int64(len(values)))
}
