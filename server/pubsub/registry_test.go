package pubsub

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/glob"
)

func names(topics []*Topic[int]) (list []string) {
	for _, t := range topics {
		list = append(list, fmt.Sprint(t.Kind, string(t.Name), t.Len()))
	}
	return list
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	r := New[int](2)
	var a, b Subscriber[int]
	require.False(t, r.Active())
	require.True(t, r.Subscribe(&a, 1, 0, Channel, "news"))
	require.False(t, r.Subscribe(&a, 1, 0, Channel, "news"))
	require.True(t, r.Subscribe(&b, 2, 1, Channel, "news"))
	require.True(t, r.Subscribe(&b, 2, 1, Pattern, "n*"))
	require.True(t, r.Subscribe(&a, 1, 0, Pattern, "?ews"))
	require.True(t, r.Subscribe(&a, 1, 0, Shard, "news"))
	require.True(t, r.Active())
	require.Equal(t, []string{"0news2", "1n*1", "1?ews1"}, names(r.Match(nil, Channel, []byte("news"))))
	require.Equal(t, []string{"1n*1"}, names(r.Match(nil, Channel, []byte("new"))))
	require.Equal(t, []string{"2news1"}, names(r.Match(nil, Shard, []byte("news"))), "no pattern reaches shard channels")
	require.Equal(t, 2, r.Subscribers(Channel, []byte("news")))
	require.Equal(t, 3, a.Total())
	require.Equal(t, []string{"news"}, r.Names(Channel, []byte("*")))
	require.Empty(t, r.Names(Channel, []byte("x*")))
	require.True(t, r.Unsubscribe(&a, Channel, "news"))
	require.False(t, r.Unsubscribe(&a, Channel, "news"))
	require.Equal(t, []string{"0news1", "1n*1", "1?ews1"}, names(r.Match(nil, Channel, []byte("news"))))
	r.UnsubscribeAll(&a)
	r.UnsubscribeAll(&b)
	require.False(t, r.Active())
	require.Zero(t, r.Len(Shard))
}

// A registry does what a plain set of pairs would.
func TestRegistryAgainstModel(t *testing.T) {
	t.Parallel()
	const homes, people = 3, 12
	rnd := rand.New(rand.NewPCG(1, 2))
	r := New[int](homes)
	subs := make([]Subscriber[int], people)
	model := map[Kind]map[string]map[int]bool{Channel: {}, Pattern: {}, Shard: {}}
	words := []string{"a", "b", "ab", "a*", "*", "?b"}
	for range 5000 {
		who, kind, name := rnd.IntN(people), Kind(rnd.IntN(3)), words[rnd.IntN(len(words))]
		set := model[kind][name]
		if set == nil {
			set = map[int]bool{}
			model[kind][name] = set
		}
		if rnd.IntN(2) == 0 {
			require.Equal(t, !set[who], r.Subscribe(&subs[who], who, who%homes, kind, name))
			set[who] = true
		} else {
			require.Equal(t, set[who], r.Unsubscribe(&subs[who], kind, name))
			delete(set, who)
		}
		channel := words[rnd.IntN(3)]
		got, want := map[int]int{}, map[int]int{}
		for _, topic := range r.Match(nil, Channel, []byte(channel)) {
			for home := range homes {
				for i, s := range topic.At(home) {
					require.Equal(t, i, s.at)
					require.Equal(t, home, s.Owner%homes)
					got[s.Owner]++
				}
			}
		}
		for who := range model[Channel][channel] {
			want[who]++
		}
		for pattern, set := range model[Pattern] {
			if glob.Match([]byte(pattern), []byte(channel)) {
				for who := range set {
					want[who]++
				}
			}
		}
		require.Equal(t, want, got)
	}
}
