package script

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openTable replaces the table functions: they must know of protected tables, and sort as Lua does, whose order of
// equal elements shows in replies.
func (vm *VM) openTable() {
	vm.register(vm.library("table"), map[string]func(args) int{
		"concat":   tableConcat,
		"foreach":  tableForEach,
		"foreachi": tableForEachI,
		"getn":     func(a args) int { return a.pushNumber(float64(tableLen(a.table(1)))) },
		"insert":   tableInsert,
		"maxn":     tableMaxN,
		"remove":   tableRemove,
		"setn":     func(a args) int { a.ownTable(1); raise(a.L, "'setn' is obsolete"); return 0 },
		"sort":     tableSort,
	})
}

func tableConcat(a args) int {
	t, sep := a.table(1), a.optString(2, "")
	i, j := a.optInt(3, 1), 0
	if a.L.Get(4) == lua.LNil {
		j = tableLen(t)
	} else {
		j = a.int(4)
	}
	var b strings.Builder
	for ; i <= j; i++ {
		v := t.RawGet(lua.LNumber(i))
		if !lua.LVCanConvToString(v) {
			raise(a.L, "invalid value ("+v.Type().String()+") at index "+itoa(i)+" in table for 'concat'")
		}
		b.WriteString(text(v))
		if i < j {
			b.WriteString(sep)
		}
		a.vm.checkSize(a.L, b.Len())
	}
	return a.pushString(b.String())
}

func tableForEach(a args) int {
	t, fn := a.table(1), a.function(2)
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if r := a.vm.call(a.L, fn, k, v); r != lua.LNil {
			return a.push(r)
		}
	}
	return 0
}

func tableForEachI(a args) int {
	t, fn := a.table(1), a.function(2)
	for i := 1; i <= tableLen(t); i++ {
		if r := a.vm.call(a.L, fn, lua.LNumber(i), element(t, i)); r != lua.LNil {
			return a.push(r)
		}
	}
	return 0
}

func tableInsert(a args) int {
	t := a.ownTable(1)
	end := tableLen(t) + 1
	pos := end
	switch a.L.GetTop() {
	case 2:
	case 3:
		pos = a.int(2)
		if pos > end {
			end = pos
		}
		for i := end; i > pos; i-- {
			t.RawSet(lua.LNumber(i), t.RawGet(lua.LNumber(i-1)))
		}
	default:
		raise(a.L, "wrong number of arguments to 'insert'")
	}
	t.RawSet(lua.LNumber(pos), a.L.Get(-1))
	return 0
}

func tableMaxN(a args) int {
	t, n := a.table(1), 0.0
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		if f, ok := k.(lua.LNumber); ok {
			n = max(n, float64(f))
		}
	}
	return a.pushNumber(n)
}

func tableRemove(a args) int {
	t := a.ownTable(1)
	n := tableLen(t)
	pos := a.optInt(2, n)
	if pos < 1 || pos > n {
		return 0
	}
	v := element(t, pos)
	if t.MaxN() == n {
		t.Remove(pos) // the array's end: it moves as a whole
		return a.push(v)
	}
	for ; pos < n; pos++ {
		t.RawSetInt(pos, element(t, pos+1))
	}
	t.RawSetInt(n, lua.LNil)
	return a.push(v)
}

func tableSort(a args) int {
	t := a.ownTable(1)
	s := sorter{args: a, t: t}
	if a.L.Get(2) != lua.LNil {
		s.fn = a.function(2)
	}
	s.sort(1, tableLen(t))
	return 0
}

// sorter is Lua's quicksort: the median of three as the pivot, and the smaller part sorted first. An unstable
// algorithm has to be the same one for the same result.
type sorter struct {
	args
	t  *lua.LTable
	fn *lua.LFunction
}

func (s *sorter) get(i int) lua.LValue { return element(s.t, i) }

func (s *sorter) swap(i, j int) {
	x, y := s.get(i), s.get(j)
	s.t.RawSetInt(i, y)
	s.t.RawSetInt(j, x)
}

func (s *sorter) less(x, y lua.LValue) bool {
	if s.fn != nil {
		return lua.LVAsBool(s.vm.call(s.L, s.fn, x, y))
	}
	_, number := x.(lua.LNumber)
	_, text := x.(lua.LString)
	if x.Type() != y.Type() || !number && !text && metamethod(s.L, x, "__lt") == lua.LNil {
		s.L.Error(lua.LString(uncomparable(x, y)), 0) // without a place: it is no Lua code that compares
	}
	return s.L.LessThan(x, y)
}

func uncomparable(x, y lua.LValue) string {
	if x.Type() == y.Type() {
		return "attempt to compare two " + x.Type().String() + " values"
	}
	return "attempt to compare " + x.Type().String() + " with " + y.Type().String()
}

func (s *sorter) sort(lo, hi int) {
	for lo < hi {
		if s.less(s.get(hi), s.get(lo)) {
			s.swap(lo, hi)
		}
		if hi-lo == 1 {
			return
		}
		mid := (lo + hi) / 2
		if s.less(s.get(mid), s.get(lo)) {
			s.swap(mid, lo)
		} else if s.less(s.get(hi), s.get(mid)) {
			s.swap(mid, hi)
		}
		if hi-lo == 2 {
			return
		}
		pivot := s.get(mid)
		s.swap(mid, hi-1)
		i := s.partition(lo, hi, pivot)
		s.swap(hi-1, i)
		if i-lo < hi-i {
			s.sort(lo, i-1)
			lo = i + 1
		} else {
			s.sort(i+1, hi)
			hi = i - 1
		}
	}
}

// partition puts what is less than the pivot, which stands at hi-1, before the rest, and returns where that begins.
func (s *sorter) partition(lo, hi int, pivot lua.LValue) int {
	i, j := lo, hi-1
	for {
		for i++; s.less(s.get(i), pivot); i++ {
			if i > hi {
				raise(s.L, "invalid order function for sorting")
			}
		}
		for j--; s.less(pivot, s.get(j)); j-- {
			if j < lo {
				raise(s.L, "invalid order function for sorting")
			}
		}
		if j < i {
			return i
		}
		s.swap(i, j)
	}
}
