package process

import (
	"os"
	"strconv"
	"strings"
	"unsafe"
)

// Title writes over the memory in which the process got its arguments, and behind them its environment: that is what the kernel
// shows as the command line.
type Title struct{ area []byte }

// NewTitle takes that memory over. It gives os.Args copies of the arguments, which lie there; what was made of them before would
// change with the title. It is called once, first of all.
func NewTitle() *Title {
	if len(os.Args) == 0 || os.Args[0] == "" {
		return &Title{}
	}
	first := unsafe.StringData(os.Args[0])
	for i, a := range os.Args {
		os.Args[i] = strings.Clone(a)
	}
	begin, end := argumentArea()
	if uintptr(unsafe.Pointer(first)) != begin || end <= begin {
		return &Title{}
	}
	return &Title{area: unsafe.Slice(first, end-begin)}
}

// argumentArea returns where the arguments begin, and where the environment behind them ends; zeros if they are not
// side by side.
func argumentArea() (begin, end uintptr) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0
	}
	// The fields are counted behind the program's name, which is in parentheses and may hold anything.
	_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')')+1:]), " ")
	fields := strings.Fields(rest)
	const argStart, argEnd, envStart, envEnd = 48 - 3, 49 - 3, 50 - 3, 51 - 3 // the first one here is the third of proc(5)
	if len(fields) <= envEnd {
		return 0, 0
	}
	at := func(i int) uintptr {
		n, _ := strconv.ParseUint(fields[i], 10, 64)
		return uintptr(n)
	}
	if at(argEnd) != at(envStart) {
		return at(argStart), at(argEnd)
	}
	return at(argStart), at(envEnd)
}

// Set sets the title. One that is too long is cut.
func (t *Title) Set(title string) {
	if len(t.area) == 0 {
		return
	}
	n := copy(t.area[:len(t.area)-1], title)
	clear(t.area[n:])
}
