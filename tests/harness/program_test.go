package harness

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgramEndsAPlay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play    func(p *Program)
		failed  bool
		skipped string
		printed string
	}{
		"by its end": {play: func(p *Program) { p.Logf("seen %d", 1) }, printed: "    seen 1\n"},
		"by failing": {play: func(p *Program) { p.Fatalf("no %s", "answer") }, failed: true, printed: "    FAILED: no answer\n"},
		"by a skip":  {play: func(p *Program) { p.Skipf("no %s", "peer") }, skipped: "no peer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			var order []int
			var dir string
			p := NewProgram("test", &out)
			p.Play(func() {
				dir = p.TempDir()
				p.Cleanup(func() { order = append(order, 1) })
				p.Cleanup(func() {
					order = append(order, 2)
					panic(errUnwind) // must not keep the first from running
				})
				tc.play(p)
			})
			require.Equal(t, []int{2, 1}, order)
			require.NoDirExists(t, dir)
			require.Equal(t, tc.failed, p.Failed())
			require.Equal(t, tc.skipped, p.Skipped())
			require.Equal(t, tc.printed, out.String())
		})
	}
}

func TestProgramLetsOtherPanicsPass(t *testing.T) {
	t.Parallel()
	p := NewProgram("test", os.Stderr)
	cleaned := false
	require.PanicsWithValue(t, "a bug", func() {
		p.Play(func() {
			p.Cleanup(func() { cleaned = true })
			panic("a bug")
		})
	})
	require.True(t, cleaned)
}
