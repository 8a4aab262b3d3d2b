package script

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// maxArrayIndex is from where on an element is in a table's hash part. gopher-lua fills an array up to the index that is
// assigned to, in one instruction that nothing can stop: t[60000000] = 1 takes gigabytes. With this bound it takes 64 MB, and
// a script that makes many such tables is stopped by who watches the memory.
const maxArrayIndex = 1 << 22

// longestArray is the length of a full array part, behind which the hash part has to be looked at.
const longestArray = maxArrayIndex - 1

func init() { lua.MaxArrayIndex = maxArrayIndex } // before there is a table: the library has no other way to say it

// element returns t[i].
func element(t *lua.LTable, i int) lua.LValue { return t.RawGet(lua.LNumber(i)) }

// tableLen returns #t: an n such that t[n] is not nil and t[n+1] is. Behind the array part it is found as Lua does, by doubling
// and bisection.
func tableLen(t *lua.LTable) int {
	n := t.Len()
	if n < longestArray {
		return n
	}
	low, high := n, n+1
	for element(t, high) != lua.LNil {
		if low = high; high > math.MaxInt32 {
			return low
		}
		high *= 2
	}
	for high-low > 1 {
		if mid := (low + high) / 2; element(t, mid) == lua.LNil {
			high = mid
		} else {
			low = mid
		}
	}
	return low
}

// lengthOf is the length operator.
func lengthOf(L *lua.LState) int {
	switch v := L.Get(1).(type) {
	case *lua.LTable:
		L.Push(lua.LNumber(tableLen(v)))
	case lua.LString:
		L.Push(lua.LNumber(len(v)))
	default:
		raise(L, "attempt to get length of a "+v.Type().String()+" value")
	}
	return 1
}
