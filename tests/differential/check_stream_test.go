package differential

import (
	"bytes"
	"fmt"
	"slices"

	"treedis/tests/harness"
)

// clockTolerance is how far apart, in milliseconds, two measured times, idle times or times to live may be: what may pass between
// two commands on a machine that does much else. Most times that are made to differ do so by minutes.
const clockTolerance = 20_000

// pending compares extended XPENDING: id, consumer, idle time, deliveries.
func pending(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	if ours.Kind != theirs.Kind || len(ours.Elems) != len(theirs.Elems) {
		return "replies differ in kind or length"
	}
	for i := range ours.Elems {
		a, b := ours.Elems[i].Elems, theirs.Elems[i].Elems
		if len(a) != 4 || len(b) != 4 {
			if !bytes.Equal(ours.Raw, theirs.Raw) {
				return "replies differ"
			}
			return ""
		}
		if msg := near(clockTolerance)(nil, nil, nil, a[2], b[2]); msg != "" {
			return "idle times: " + msg
		}
		for _, at := range []int{0, 1, 3} {
			if !bytes.Equal(a[at].Raw, b[at].Raw) {
				return fmt.Sprintf("element %d differs in %d", i, at)
			}
		}
	}
	return ""
}

// described compares replies of XINFO. Times are compared within a tolerance. How many nodes a radix tree has is how Redis stores
// its streams; how many keys, and so blocks of entries, is compared. 7.2 has two fields more than 7.0.
func described(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	return sameDescription("", ours, theirs)
}

var (
	newIn72    = []string{"active-time", "inactive"}
	timeFields = []string{"idle", "seen-time"}
)

func sameDescription(field string, ours, theirs harness.Reply) string {
	if field == "radix-tree-nodes" {
		return ""
	}
	if ours.Kind != theirs.Kind || ours.Null != theirs.Null {
		return "replies differ in kind at " + field
	}
	if ours.Kind == ':' && (slices.Contains(timeFields, field) || isMoment(ours) && isMoment(theirs)) {
		if msg := near(clockTolerance)(nil, nil, nil, ours, theirs); msg != "" {
			return field + ": " + msg
		}
		return ""
	}
	a, b := withoutNew(ours.Elems), theirs.Elems
	if len(a) != len(b) {
		return fmt.Sprintf("%d and %d elements at %q", len(a), len(b), field)
	}
	if len(b) == 0 && !bytes.Equal(ours.Raw, theirs.Raw) {
		return "replies differ at " + field
	}
	for i := range a {
		name := field
		if i%2 == 1 && b[i-1].Kind == '$' {
			name = b[i-1].Text
		}
		if msg := sameDescription(name, a[i], b[i]); msg != "" {
			return msg
		}
	}
	return ""
}

// isMoment reports whether a number is a time in milliseconds of this century.
func isMoment(r harness.Reply) bool {
	return r.Int() > 1_600_000_000_000 && r.Int() < 4_000_000_000_000
}

func withoutNew(elems []harness.Reply) []harness.Reply {
	var out []harness.Reply
	for i := 0; i < len(elems); i++ {
		if elems[i].Kind == '$' && slices.Contains(newIn72, elems[i].Text) {
			i++
			continue
		}
		out = append(out, elems[i])
	}
	return out
}
