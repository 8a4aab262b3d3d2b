package lualib

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	structMaxInt   = 32 // the largest integer of a format, in bytes
	structMaxAlign = 8  // the alignment of "!" without a number
)

// OpenStruct registers the global table struct: packing and unpacking of values in binary layouts.
func OpenStruct(L *lua.LState) {
	register(L, "struct", map[string]lua.LGFunction{
		"pack":   structPack,
		"unpack": structUnpack,
		"size":   structSize,
	})
}

// byteOrder reads and writes numbers.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// structFormat reads a format. Its fields are the state that options change.
type structFormat struct {
	L      *lua.LState
	text   string
	order  byteOrder
	align  uint64
	option byte   // the current one
	size   uint64 // of what it stands for; 0 if that is not known from the format
}

func newStructFormat(L *lua.LState) *structFormat {
	return &structFormat{L: L, text: checkString(L, 1), order: binary.LittleEndian, align: 1}
}

// next reads an option and returns how many bytes of padding precede what it stands for at pos. As in C, a zero byte ends
// the format.
func (f *structFormat) next(pos uint64) (padding uint64, ok bool) {
	f.option = byteAt(f.text, 0)
	if f.option == 0 {
		return 0, false
	}
	f.text = f.text[1:]
	f.size = f.optionSize()
	size := min(f.size, f.align)
	if size == 0 || f.option == 'c' {
		return 0, true
	}
	return (size - pos&(size-1)) & (size - 1), true
}

func (f *structFormat) optionSize() uint64 {
	switch f.option {
	case 'B', 'b', 'x':
		return 1
	case 'H', 'h':
		return 2
	case 'f':
		return 4
	case 'L', 'l', 'T', 'd':
		return 8
	case 'c':
		return f.number(1)
	case 'i', 'I':
		size := f.number(4)
		if size > structMaxInt {
			raise(f.L, "integral size %d is larger than limit of %d", size, structMaxInt)
		}
		return size
	}
	return 0
}

// number reads the number that follows an option.
func (f *structFormat) number(missing uint64) uint64 {
	if !isDigit(byteAt(f.text, 0)) {
		return missing
	}
	n := uint64(0)
	for isDigit(byteAt(f.text, 0)) {
		if n = n*10 + uint64(f.text[0]-'0'); n > math.MaxInt32 {
			raise(f.L, "integral size overflow")
		}
		f.text = f.text[1:]
	}
	return n
}

// control carries out an option that stands for no value.
func (f *structFormat) control() {
	switch f.option {
	case ' ':
	case '>':
		f.order = binary.BigEndian
	case '<':
		f.order = binary.LittleEndian
	case '!':
		n := f.number(structMaxAlign)
		if n == 0 || n&(n-1) != 0 {
			raise(f.L, "alignment %d is not a power of 2", n)
		}
		f.align = n
	default:
		argError(f.L, 1, "invalid format option '"+string([]byte{f.option})+"'")
	}
}

// structPack returns its arguments from the second on, packed as the first says.
func structPack(L *lua.LState) int {
	p := structPacker{structFormat: newStructFormat(L), arg: 2}
	L.Push(lua.LNil) // an argument that is missing is nil
	for pos := uint64(0); ; {
		padding, ok := p.next(pos)
		if !ok {
			break
		}
		for range padding {
			p.out = append(p.out, 0)
		}
		p.value()
		pos += padding + p.size
		if len(p.out) > maxOutput {
			raise(L, noMemory)
		}
	}
	L.Push(lua.LString(p.out))
	return 1
}

// structPacker is one packing in progress.
type structPacker struct {
	*structFormat
	arg int // the next argument
	out []byte
}

// value packs what the current option stands for.
func (p *structPacker) value() {
	switch p.option {
	case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
		p.integer(p.number64())
	case 'x':
		p.out = append(p.out, 0)
	case 'f':
		p.out = p.order.AppendUint32(p.out, math.Float32bits(float32(p.number64())))
	case 'd':
		p.out = p.order.AppendUint64(p.out, math.Float64bits(p.number64()))
	case 'c', 's':
		p.string()
	default:
		p.control()
	}
}

// number64 returns the next argument, a number.
func (p *structPacker) number64() float64 {
	f := checkNumber(p.L, p.arg)
	p.arg++
	return f
}

// integer packs a number of p.size bytes; those past the eighth are zero, also for a negative number.
func (p *structPacker) integer(f float64) {
	var value uint64
	if f < 0 {
		value = uint64(ToInt64(f))
	} else {
		value = toUint64(f)
	}
	n := len(p.out)
	for range p.size {
		p.out = append(p.out, byte(value))
		value >>= 8
	}
	if p.order == binary.BigEndian {
		slices.Reverse(p.out[n:])
	}
}

func (p *structPacker) string() {
	s := checkString(p.L, p.arg)
	p.arg++
	if p.size == 0 {
		p.size = uint64(len(s))
	}
	if p.size > uint64(len(s)) {
		argError(p.L, p.arg, "string too short")
	}
	p.out = append(p.out, s[:p.size]...)
	if p.option == 's' {
		p.out = append(p.out, 0)
		p.size++
	}
}

// structUnpack returns the values of which the second argument is made, as the first says, from the place that the third
// gives, and last the place behind them.
func structUnpack(L *lua.LState) int {
	f := newStructFormat(L)
	data := checkString(L, 2)
	start := optInteger(L, 3, 1)
	if start == 0 {
		argError(L, 3, "offset must be 1 or greater")
	}
	u := structUnpacker{structFormat: f, data: data, pos: uint64(start) - 1}
	for {
		padding, ok := u.next(u.pos)
		if !ok {
			break
		}
		u.pos += padding
		u.need()
		if L.GetTop()+len(u.values)+2 > maxSlots {
			raise(L, "stack overflow (too many results)")
		}
		u.value()
		u.pos += u.size
	}
	for _, v := range u.values {
		L.Push(v)
	}
	L.Push(lua.LNumber(int64(u.pos + 1)))
	return len(u.values) + 1
}

// structUnpacker is one unpacking in progress.
type structUnpacker struct {
	*structFormat
	data   string
	pos    uint64
	values []lua.LValue
}

// need throws unless what the current option stands for lies in the data.
func (u *structUnpacker) need() {
	if n := uint64(len(u.data)); u.size > n || u.pos > n-u.size {
		argError(u.L, 2, "data string too short")
	}
}

// value unpacks what the current option stands for.
func (u *structUnpacker) value() {
	at := u.data[u.pos:]
	switch u.option {
	case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
		u.push(u.integer([]byte(at[:u.size])))
	case 'x':
	case 'f':
		u.push(float64(math.Float32frombits(u.order.Uint32([]byte(at[:4])))))
	case 'd':
		u.push(math.Float64frombits(u.order.Uint64([]byte(at[:8]))))
	case 'c':
		if u.size == 0 {
			u.sizeFromValue()
		}
		u.values = append(u.values, lua.LString(u.data[u.pos:][:u.size]))
	case 's':
		end := strings.IndexByte(at, 0)
		if end < 0 {
			raise(u.L, "unfinished string in data")
		}
		u.values = append(u.values, lua.LString(at[:end]))
		u.size = uint64(end) + 1
	default:
		u.control()
	}
}

func (u *structUnpacker) push(f float64) { u.values = append(u.values, lua.LNumber(f)) }

// sizeFromValue takes the last value back: it is the size.
func (u *structUnpacker) sizeFromValue() {
	last := len(u.values) - 1
	size, ok := 0.0, false
	if last >= 0 {
		size, ok = toNumber(u.values[last])
	}
	if !ok {
		raise(u.L, "format 'c0' needs a previous size")
	}
	u.values = u.values[:last]
	u.size = toUint64(size)
	u.need()
}

// integer reads an integer, of which the last 8 bytes count. Lower case options are signed.
func (u *structUnpacker) integer(b []byte) float64 {
	if u.order == binary.LittleEndian {
		slices.Reverse(b)
	}
	value := uint64(0)
	for _, c := range b {
		value = value<<8 | uint64(c)
	}
	if u.option < 'a' {
		return float64(value)
	}
	// The sign's place is taken modulo 64, as x86 shifts.
	if sign := ^uint64(0) << (uint(u.size*8-1) & 63); value&sign != 0 {
		value |= sign
	}
	return float64(int64(value))
}

// structSize returns how many bytes a format stands for.
func structSize(L *lua.LState) int {
	f := newStructFormat(L)
	pos := uint64(0)
	for {
		padding, ok := f.next(pos)
		if !ok {
			break
		}
		switch {
		case f.option == 's':
			argError(L, 1, "option 's' has no fixed size")
		case f.option == 'c' && f.size == 0:
			argError(L, 1, "option 'c0' has no fixed size")
		case !isDigit(f.option) && (f.option|0x20 < 'a' || f.option|0x20 > 'z'):
			f.control()
		}
		pos += padding + f.size
	}
	L.Push(lua.LNumber(pos))
	return 1
}
