package script

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
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
	require.InEpsilon(t, VMMemory, each, 0.1)
	runtime.KeepAlive(vms)
}
