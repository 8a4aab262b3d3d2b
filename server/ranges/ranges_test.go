package ranges

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// build makes ranges of keys and their values; the length of a key is its database.
func build(data map[string]string, bits int) []Range {
	b := Builder{Bits: bits}
	for db := range 3 {
		var keys []string
		for k := range data {
			if len(k)%3 == db {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			b.Add(db, []byte(k), sha1.Sum([]byte(k)), sha1.Sum([]byte(k+data[k])))
		}
	}
	return b.Ranges
}

// TestCompareFindsEveryChange: a key that was changed, added or taken away is within a range that is named, and few others are.
func TestCompareFindsEveryChange(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 1))
	for round := range 200 {
		bits := rnd.IntN(6)
		mine, theirs := map[string]string{}, map[string]string{}
		for range rnd.IntN(1000) {
			k := fmt.Sprint(rnd.IntN(1 << 20))
			mine[k], theirs[k] = "v", "v"
		}
		require.Empty(t, Compare(build(mine, bits), build(theirs, bits)))
		var changed []string
		for range rnd.IntN(5) {
			k := fmt.Sprint(rnd.IntN(1 << 20))
			for have := range theirs {
				if rnd.IntN(2) == 0 {
					k = have
				}
				break
			}
			if _, ok := theirs[k]; ok && rnd.IntN(2) == 0 {
				delete(theirs, k)
			} else {
				theirs[k] = "other" + fmt.Sprint(round)
			}
			changed = append(changed, k)
		}
		a, err := Parse(Append(nil, build(mine, bits)))
		require.NoError(t, err)
		differ := Compare(a, build(theirs, bits))
		require.LessOrEqual(t, len(differ), len(changed))
		for _, k := range changed {
			if mine[k] == theirs[k] {
				continue
			}
			require.True(t, slices.ContainsFunc(differ, func(d Difference) bool {
				return d.DB == len(k)%3 && bytes.Compare([]byte(k), d.From) >= 0 && (d.To == nil || bytes.Compare([]byte(k), d.To) < 0)
			}), "key %s in %v", k, differ)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, build(map[string]string{"a": "1", "bb": "2", "": "3"}, 0)))
	f.Fuzz(func(t *testing.T, p []byte) {
		list, err := Parse(p)
		if err == nil {
			again, err := Parse(Append(nil, list))
			require.NoError(t, err)
			require.Equal(t, list, again)
		}
	})
}
