package script

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// TestVMMemory holds the figure against the heap. No other test runs meanwhile.
func TestVMMemory(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC() // what pools kept
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	vms := make([]*VM, 20)
	for i := range vms {
		vms[i] = New(Options{Eval: true, Rand: &Rand{}})
	}
	each := float64(heap()-before) / float64(len(vms))
	require.InEpsilon(t, vms[0].Memory(), each, 0.1)
	require.Zero(t, (*VM)(nil).Memory())
	const left = 1000
	for range left {
		vms[0].L.Push(lua.LNil)
	}
	require.EqualValues(t, vms[1].Memory()+left*valueBytes, vms[0].Memory(), "what a run leaves on the stack is seen")
	runtime.KeepAlive(vms)
}
