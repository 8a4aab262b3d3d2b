package stream

import "math/bits"

// RadixNodes returns the number of nodes that the radix tree would have in which
// Redis keeps the nodes of a stream by their first IDs, as XINFO STREAM reports
// it: a leaf for each, an inner node for each place where IDs part, and one for
// each run of bytes between these. It looks at every node of the stream, a
// hundredth of its entries or so.
func (l *Live) RadixNodes() (n int) {
	if l.nodes.Len() == 0 {
		return 1
	}
	var forks []int // depths, in bytes, of the inner nodes on the way to the current ID
	var last ID
	before, started := -1, false // what the last two IDs have in common; -1: nothing, not even a root
	next := func(common int) {
		n += withRun(IDSize, max(before, common))
		for len(forks) > 0 && forks[len(forks)-1] > common {
			depth := forks[len(forks)-1]
			forks = forks[:len(forks)-1]
			parent := common
			if len(forks) > 0 {
				parent = max(parent, forks[len(forks)-1])
			}
			n += withRun(depth, parent)
		}
		if common >= 0 && (len(forks) == 0 || forks[len(forks)-1] < common) {
			forks = append(forks, common)
		}
		before = common
	}
	for ref := range l.nodes.All() {
		if started {
			next(commonBytes(last, ref.first))
		}
		last, started = ref.first, true
	}
	next(-1)
	return n
}

// withRun counts a node at a depth, and the run of bytes that leads to it, if
// there are any, from the inner node at the depth parent, which takes one byte
// itself.
func withRun(depth, parent int) int {
	if depth > parent+1 {
		return 2
	}
	return 1
}

// commonBytes returns how many bytes at the beginning of their binary form two
// IDs have in common.
func commonBytes(a, b ID) int {
	if a.Ms != b.Ms {
		return bits.LeadingZeros64(a.Ms^b.Ms) / 8
	}
	return 8 + bits.LeadingZeros64(a.Seq^b.Seq)/8
}
