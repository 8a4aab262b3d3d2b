package repl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForkOf(t *testing.T) {
	t.Parallel()
	id := func(c string) string { return strings.Repeat(c, IDLen) }
	for _, test := range []struct {
		name  string
		mine  IDs
		end   int64
		info  string
		at    int64 // -1 for nothing in common
		under string
	}{
		{"promoted behind us", IDs{id("a"), noID, -1}, 1000, "b 950 a 901", 900, id("a")},
		{"promoted at our end", IDs{id("a"), noID, -1}, 900, "b 950 a 901", 900, id("a")},
		{"promoted ahead of us", IDs{id("a"), noID, -1}, 800, "b 950 a 901", 800, id("a")},
		{"restarted, all known", IDs{id("c"), id("a"), 901}, 900, "b 950 a 901", 900, id("a")},
		{"restarted, written to", IDs{id("c"), id("a"), 901}, 930, "b 950 a 901", 900, id("a")},
		{"restarted with more", IDs{id("c"), id("a"), 1001}, 1000, "b 950 a 901", 900, id("a")},
		{"our replica, not promoted", IDs{id("a"), noID, -1}, 1000, "a 950 0 0", 950, id("a")},
		{"strangers", IDs{id("a"), noID, -1}, 1000, "b 950 0 0", -1, ""},
		{"nothing told", IDs{id("a"), noID, -1}, 1000, "", -1, ""},
	} {
		words := append(strings.Fields(test.info), "", "", "", "")
		name := func(w string) string {
			if w == "0" {
				return noID
			}
			return strings.Repeat(w, IDLen)
		}
		info := fmt.Sprintf("# Replication\r\nmaster_replid:%s\r\nmaster_repl_offset:%s\r\nmaster_replid2:%s\r\nsecond_repl_offset:%s\r\n",
			name(words[0]), words[1], name(words[2]), words[3])
		got := forkOf(test.mine, test.end, info)
		if test.at < 0 {
			require.Nil(t, got, test.name)
			continue
		}
		require.Equal(t, &Divergence{ID: test.under, From: test.at, To: test.end}, got, test.name)
	}
}
