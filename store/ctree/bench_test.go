package ctree

import (
	"math/rand"
	"runtime"
	"testing"
)

// member is like a sorted set's: reached by a pointer, ordered by score.
type member struct {
	score float64
	name  string
}

func byScore(a, b *member) int {
	switch {
	case a.score < b.score:
		return -1
	case a.score > b.score:
		return 1
	case a.name < b.name:
		return -1
	case a.name > b.name:
		return 1
	}
	return 0
}

func members(n int) []*member {
	rnd := rand.New(rand.NewSource(1))
	out := make([]*member, n)
	for i := range out {
		out[i] = &member{score: rnd.Float64()}
	}
	return out
}

func memberTree(all []*member) Tree[*member] {
	tree := New(byScore, nil)
	for _, m := range all {
		tree.Insert(m)
	}
	return tree
}

// BenchmarkInsert deletes a random member of 100k and puts it in again.
func BenchmarkInsertDelete100k(b *testing.B) {
	all := members(100_000)
	tree := memberTree(all)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m := all[i*7919%len(all)]
		tree.Delete(m)
		tree.Insert(m)
	}
}

// BenchmarkFill100k counts a whole fill of 100k by random inserts as one.
func BenchmarkFill100k(b *testing.B) {
	all := members(100_000)
	b.ReportAllocs()
	for b.Loop() {
		memberTree(all)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/insert")
}

func BenchmarkGet100k(b *testing.B) {
	all := members(100_000)
	tree := memberTree(all)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tree.Get(all[i*7919%len(all)])
	}
}

func BenchmarkRank100k(b *testing.B) {
	all := members(100_000)
	tree := memberTree(all)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tree.Rank(all[i*7919%len(all)])
	}
}

func BenchmarkAt100k(b *testing.B) {
	tree := memberTree(members(100_000))
	for i := 0; b.Loop(); i++ {
		tree.At(i * 7919 % 100_000)
	}
}

func BenchmarkIterate100k(b *testing.B) {
	tree := memberTree(members(100_000))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range tree.All() {
			n++
		}
	}
}

func BenchmarkAppend100k(b *testing.B) {
	b.ReportAllocs()
	items := make([]int, 100_000)
	for b.Loop() {
		tree := intTree()
		tree.Append(items...)
	}
}

// BenchmarkSnapshot clones the tree before every write, the worst case.
func BenchmarkWriteAfterSnapshot100k(b *testing.B) {
	all := members(100_000)
	tree := memberTree(all)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tree.SetEpoch(uint64(i))
		tree.Insert(all[i*7919%len(all)])
	}
}

// BenchmarkMemory reports the bytes that a tree of random inserts keeps beside
// its 8-byte items.
func BenchmarkMemory(b *testing.B) {
	all := members(200_000)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		tree := memberTree(all)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(tree)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(all))-8, "overhead-B/item")
}
