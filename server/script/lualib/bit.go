package lualib

import (
	"math"
	"math/bits"

	lua "github.com/yuin/gopher-lua"
)

// OpenBit registers the global table bit: operations on the low 32 bits of numbers, with signed results.
func OpenBit(L *lua.LState) {
	register(L, "bit", map[string]lua.LGFunction{
		"tobit":   bitUnary(func(b uint32) uint32 { return b }),
		"bnot":    bitUnary(func(b uint32) uint32 { return ^b }),
		"bswap":   bitUnary(bits.ReverseBytes32),
		"band":    bitFold(func(a, b uint32) uint32 { return a & b }),
		"bor":     bitFold(func(a, b uint32) uint32 { return a | b }),
		"bxor":    bitFold(func(a, b uint32) uint32 { return a ^ b }),
		"lshift":  bitShift(func(b uint32, n int) uint32 { return b << n }),
		"rshift":  bitShift(func(b uint32, n int) uint32 { return b >> n }),
		"arshift": bitShift(func(b uint32, n int) uint32 { return uint32(int32(b) >> n) }),
		"rol":     bitShift(bits.RotateLeft32),
		"ror":     bitShift(func(b uint32, n int) uint32 { return bits.RotateLeft32(b, -n) }),
		"tohex":   bitToHex,
	})
}

// bitArg returns argument n as 32 bits: a number is rounded and taken modulo 2^32. Adding 2^52 + 2^51 leaves just those
// bits at the low end of the double.
func bitArg(L *lua.LState, n int) uint32 {
	return uint32(math.Float64bits(checkNumber(L, n) + (1<<52 + 1<<51)))
}

func bitReturn(L *lua.LState, b uint32) int {
	L.Push(lua.LNumber(int32(b)))
	return 1
}

func bitUnary(op func(uint32) uint32) lua.LGFunction {
	return func(L *lua.LState) int { return bitReturn(L, op(bitArg(L, 1))) }
}

func bitFold(op func(a, b uint32) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		b := bitArg(L, 1)
		for i := L.GetTop(); i > 1; i-- {
			b = op(b, bitArg(L, i))
		}
		return bitReturn(L, b)
	}
}

func bitShift(op func(b uint32, n int) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		b := bitArg(L, 1)
		return bitReturn(L, op(b, int(bitArg(L, 2)&31)))
	}
}

// bitToHex prints the lowest digits of its first argument: as many as the second says, 8 without one, in upper case if that
// is negative.
func bitToHex(L *lua.LState) int {
	b, n := bitArg(L, 1), 8
	if L.GetTop() > 1 {
		n = int(int32(bitArg(L, 2)))
	}
	digits := "0123456789abcdef"
	if n < 0 {
		n, digits = -n, "0123456789ABCDEF"
	}
	n = min(n, 8)
	var text [8]byte
	for i := n - 1; i >= 0; i-- {
		text[i] = digits[b&15]
		b >>= 4
	}
	L.Push(lua.LString(text[:n]))
	return 1
}
