package script

import (
	"math"
	"time"

	"treedis/server/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

// Rand is the generator of the C library's drand48, which all scripts of a server share. Its numbers are the same after
// each start.
type Rand struct{ x uint64 }

// NewRand returns a generator at its start.
func NewRand() *Rand { return &Rand{x: 0x1234ABCD330E} }

func (r *Rand) seed(n int32) { r.x = uint64(uint32(n))<<16 | 0x330E }

// next returns a number of 31 bits.
func (r *Rand) next() int32 {
	r.x = (r.x*0x5DEECE66D + 0xB) & (1<<48 - 1)
	return int32(r.x >> 17)
}

// invalid computes, and gives a result that is no number the sign that processors give it where the arguments were numbers.
func invalid(f func(x, y float64) float64, x, y float64) float64 {
	v := f(x, y)
	if math.IsNaN(v) && !math.IsNaN(x) && !math.IsNaN(y) {
		return math.Copysign(v, -1)
	}
	return v
}

func logOf(f func(float64) float64) func(x, _ float64) float64 {
	return func(x, _ float64) float64 { return f(x) }
}

// cosh is math.Cosh, but that it does not overflow too early.
func cosh(x float64) float64 {
	if x = math.Abs(x); x > 700 {
		half := math.Exp(x / 2)
		return half / 2 * half
	}
	return math.Cosh(x)
}

// openMath replaces math.random, and makes the one function of os that scripts may use.
func (vm *VM) openMath() {
	vm.register(vm.library("math"), map[string]func(args) int{
		"random": mathRandom,
		"randomseed": func(a args) int {
			a.vm.opts.Rand.seed(int32(lualib.ToInt64(a.number(1))))
			return 0
		},
		"fmod":  func(a args) int { return a.pushNumber(invalid(math.Mod, a.number(1), a.number(2))) },
		"mod":   func(a args) int { return a.pushNumber(invalid(math.Mod, a.number(1), a.number(2))) },
		"pow":   func(a args) int { return a.pushNumber(invalid(math.Pow, a.number(1), a.number(2))) },
		"log":   func(a args) int { return a.pushNumber(invalid(logOf(math.Log), a.number(1), 0)) },
		"log10": func(a args) int { return a.pushNumber(invalid(logOf(math.Log10), a.number(1), 0)) },
		"ldexp": func(a args) int { return a.pushNumber(math.Ldexp(a.number(1), a.int(2))) },
		"frexp": func(a args) int {
			f, e := math.Frexp(a.number(1))
			a.pushNumber(f)
			a.pushNumber(float64(e))
			return 2
		},
		"modf": func(a args) int {
			f := a.number(1)
			whole, part := math.Modf(f)
			if math.IsInf(f, 0) {
				part = 0
			}
			a.pushNumber(whole)
			a.pushNumber(part)
			return 2
		},
		"max": mathMax,
		"min": mathMin,
	})
	for name, fn := range map[string]func(float64) float64{
		"abs": math.Abs, "acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "ceil": math.Ceil, "cos": math.Cos,
		"cosh": cosh, "exp": math.Exp, "floor": math.Floor, "sin": math.Sin,
		"sinh": math.Sinh, "sqrt": math.Sqrt, "tan": math.Tan, "tanh": math.Tanh,
		"deg": func(f float64) float64 { return f / (math.Pi / 180) },
		"rad": func(f float64) float64 { return f * (math.Pi / 180) },
	} {
		vm.register(vm.library("math"), map[string]func(args) int{
			name: func(a args) int { return a.pushNumber(fn(a.number(1))) },
		})
	}
	for name, fn := range map[string]func(x, y float64) float64{"atan2": math.Atan2} {
		vm.register(vm.library("math"), map[string]func(args) int{
			name: func(a args) int { return a.pushNumber(fn(a.number(1), a.number(2))) },
		})
	}
	vm.library("math").RawSetString("huge", lua.LNumber(math.Inf(1)))
	os := vm.L.CreateTable(0, 1)
	began := time.Now()
	vm.register(os, map[string]func(args) int{
		"clock": func(a args) int { return a.pushNumber(time.Since(began).Seconds()) },
	})
	vm.globals.RawSetString("os", os)
}

func mathRandom(a args) int {
	r := float64(a.vm.opts.Rand.next()%math.MaxInt32) / math.MaxInt32
	switch a.L.GetTop() {
	case 0:
		return a.pushNumber(r)
	case 1:
		hi := int32(lualib.ToInt64(a.number(1)))
		if hi < 1 {
			a.fail(1, "interval is empty")
		}
		return a.pushNumber(math.Floor(r*float64(hi)) + 1)
	case 2:
		lo, hi := int32(lualib.ToInt64(a.number(1))), int32(lualib.ToInt64(a.number(2)))
		if lo > hi {
			a.fail(2, "interval is empty")
		}
		return a.pushNumber(math.Floor(r*float64(hi-lo+1)) + float64(lo))
	}
	raise(a.L, "wrong number of arguments")
	return 0
}

func mathMax(a args) int {
	m := a.number(1)
	for i := 2; i <= a.L.GetTop(); i++ {
		if f := a.number(i); f > m {
			m = f
		}
	}
	return a.pushNumber(m)
}

func mathMin(a args) int {
	m := a.number(1)
	for i := 2; i <= a.L.GetTop(); i++ {
		if f := a.number(i); f < m {
			m = f
		}
	}
	return a.pushNumber(m)
}
