package tests

import (
	"os"
	"testing"

	"treedis/tests/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// pairing is a master and a replica of possibly different kinds.
type pairing struct {
	name            string
	master, replica harness.Kind
}

func (p pairing) needsPeer() bool { return p.master == harness.Redis || p.replica == harness.Redis }

// pairings are all that have treedis on one side at least.
var pairings = []pairing{
	{"ours to ours", harness.Treedis, harness.Treedis},
	{"real to ours", harness.Redis, harness.Treedis},
	{"ours to real", harness.Treedis, harness.Redis},
}

// eachPairing runs a test for every pairing, in parallel.
func eachPairing(t *testing.T, test func(t *testing.T, p pairing)) {
	t.Helper()
	for _, p := range pairings {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			if p.needsPeer() {
				harness.RequirePeer(t)
			}
			test(t, p)
		})
	}
}
