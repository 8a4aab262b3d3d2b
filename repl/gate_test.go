package repl

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGateOpensInOrder(t *testing.T) {
	t.Parallel()
	var g Gate
	var order []int
	wait := func(offset int64, name int) *Waiter {
		return g.Wait(offset, func() { order = append(order, name) })
	}
	require.Nil(t, wait(0, 0), "the zero gate is at 0")
	require.NotNil(t, wait(30, 4))
	require.NotNil(t, wait(10, 1))
	require.NotNil(t, wait(20, 2))
	cancelled := wait(20, 99)
	require.NotNil(t, wait(20, 3))
	require.True(t, cancelled.Cancel())
	require.False(t, cancelled.Cancel())
	g.Set(9)
	require.Empty(t, order)
	g.Set(29)
	require.Equal(t, []int{1, 2, 3}, order)
	require.EqualValues(t, 29, g.Passed())
	require.Nil(t, wait(29, 0))
	g.Set(5) // moves back; who has passed has passed
	require.NotNil(t, wait(6, 5))
	g.Set(30)
	require.Equal(t, []int{1, 2, 3, 5, 4}, order)
	require.Zero(t, g.Len())
}

func TestQuorumGate(t *testing.T) {
	t.Parallel()
	var q quorumGate
	opened := map[int]bool{}
	wait := func(offset int64, n, name int) *Waiter {
		return q.wait(offset, n, func() { opened[name] = true })
	}
	require.NotNil(t, wait(0, 1, 1), "no peer has even reached 0")
	require.NotNil(t, wait(10, 2, 2))
	require.NotNil(t, wait(10, 3, 3))
	q.update([]int64{0})()
	require.Equal(t, map[int]bool{1: true}, opened)
	q.update([]int64{5, 50, 10})()
	require.Equal(t, map[int]bool{1: true, 2: true}, opened)
	require.Equal(t, 2, q.count(10))
	require.Equal(t, 3, q.count(5))
	require.Equal(t, 0, q.count(51))
	q.update([]int64{50, 50})() // one left
	require.Len(t, opened, 2)
	require.Nil(t, wait(50, 2, 4))
	require.Nil(t, wait(50, 0, 4))
	q.update([]int64{11, 12, 13})()
	require.True(t, opened[3])
	q.update(nil)()
	require.Empty(t, q.gates, "gates nobody waits at are forgotten")
}

// TestQuorumGateConcurrent checks that no waiter is lost or called twice.
func TestQuorumGateConcurrent(t *testing.T) {
	t.Parallel()
	const each, top = 2000, int64(10000)
	var q quorumGate
	var updates sync.Mutex
	var calls, passed, cancelled atomic.Int64
	var wg sync.WaitGroup
	for seed := range 3 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(seed), 0))
			for range each {
				w := q.wait(rnd.Int64N(top), 1+rnd.IntN(3), func() { calls.Add(1) })
				if w == nil {
					passed.Add(1)
				} else if rnd.IntN(5) == 0 && w.Cancel() {
					cancelled.Add(1)
				}
			}
		})
	}
	for offset := int64(0); offset < top; offset += 7 {
		updates.Lock()
		open := q.update([]int64{offset, offset / 2, offset / 3})
		updates.Unlock()
		open()
	}
	wg.Wait()
	q.update([]int64{top, top, top})()
	require.EqualValues(t, 3*each, calls.Load()+passed.Load()+cancelled.Load())
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	id := NewIdentity(newSeeded(1))
	first := id.Get()
	require.Len(t, first.ID, IDLen)
	require.Equal(t, IDs{ID: first.ID, ID2: noID, SecondOffset: -1}, first)
	require.True(t, first.Accepts(first.ID, 1))
	require.False(t, first.Accepts(noID, 1))
	require.False(t, first.Accepts("?", -1))

	id.Shift("", 100)
	shifted := id.Get()
	require.NotEqual(t, first.ID, shifted.ID)
	require.Equal(t, first.ID, shifted.ID2)
	require.True(t, shifted.Accepts(first.ID, 101), "a peer with all 100 bytes asks for the next")
	require.False(t, shifted.Accepts(first.ID, 102))
	require.True(t, shifted.Accepts(shifted.ID, 102))

	id.Change()
	require.NotEqual(t, shifted.ID, id.Get().ID)
	require.Equal(t, first.ID, id.Get().ID2)
	id.Clear()
	require.EqualValues(t, -1, id.Get().SecondOffset)
	id.Set(first.ID)
	require.Equal(t, first, id.Get())
	id.Restore(shifted.ID, 7)
	require.True(t, id.Get().Accepts(shifted.ID, 8))
	require.False(t, id.Get().Accepts(shifted.ID, 9))
	require.Contains(t, id.Get().String(), first.ID)
	require.Equal(t, noID, NewIdentity(eofReader{}).Get().ID)
}
