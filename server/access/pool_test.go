package access

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/config"
	"treedis/store"
)

func TestPool(t *testing.T) {
	t.Parallel()
	s := store.New(store.Options{Databases: 1, Limits: store.DefaultLimits()})
	rnd := rand.New(rand.NewPCG(1, 1))
	var p Pool
	for i := range 100 {
		s.SetClock(uint32(i))
		s.DB(0).SetString(fmt.Append(nil, i), []byte("x"), 0)
	}
	for _, i := range rnd.Perm(100) {
		for range 2 { // the second time it is there already
			p.offer(candidate{key: fmt.Append(nil, i), score: uint64(100 - i/2), mark: uint64(i)})
		}
	}
	s.DB(0).Delete([]byte("3"))
	s.DB(0).Peek([]byte("5")).SetClock(1000)
	var got []string
	for {
		_, e := p.Take(s, config.AllKeysLRU)
		if e == nil {
			break
		}
		got = append(got, string(e.Key()))
	}
	require.Len(t, got, poolSize-2)
	require.ElementsMatch(t, []string{"0", "1"}, got[:2])
	require.Equal(t, "2", got[2])
	require.Equal(t, "4", got[3])
	require.NotContains(t, got, "5", "it has been used since")
}
