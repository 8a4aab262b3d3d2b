package server

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomDraws are commands that choose among the members of "k", with what puts back what they took.
var randomDraws = []struct{ typ, draw string }{
	{"set", "srandmember k"}, {"set", "srandmember k 7"}, {"set", "srandmember k -7"}, {"set", "spop k"}, {"set", "spop k 7"},
	{"set", "srandmember k 20"},
	{"zset", "zrandmember k"}, {"zset", "zrandmember k 7"}, {"zset", "zrandmember k -7"}, {"zset", "zrandmember k 20"},
	{"hash", "hrandfield k"}, {"hash", "hrandfield k 7"}, {"hash", "hrandfield k -7"}, {"hash", "hrandfield k 20"},
}

// TestRandomIsUniform: every member is chosen as often as any other, by a chi-square test on a seeded server, whatever the encoding and
// the algorithm.
func TestRandomIsUniform(t *testing.T) {
	t.Parallel()
	for _, members := range []struct {
		name, prefix string
		n            int
	}{{"compact", "m", 24}, {"integers", "", 24}, {"large", "member", 700}, {"many integers", "", 700}} {
		for _, d := range randomDraws {
			t.Run(members.name+" "+d.draw, func(t *testing.T) {
				t.Parallel()
				ss := newSession(t)
				all := make([]string, members.n)
				for i := range all {
					all[i] = members.prefix + strconv.Itoa(i)
				}
				fill := map[string]func(m string){
					"set":  func(m string) { ss.raw("sadd", "k", m) },
					"zset": func(m string) { ss.raw("zadd", "k", "1", m) },
					"hash": func(m string) { ss.raw("hset", "k", m, "v") },
				}[d.typ]
				for _, m := range all {
					fill(m)
				}
				seen := make(map[string]float64)
				drawn := 0
				for drawn < 60*members.n {
					for _, m := range bulks(ss.raw(strings.Fields(d.draw)...)) {
						seen[m]++
						drawn++
						if strings.HasPrefix(d.draw, "spop") {
							fill(m)
						}
					}
				}
				require.Len(t, seen, members.n)
				requireUniform(t, seen, drawn)
			})
		}
	}
}

// requireUniform fails if counts that a uniform choice gives would be as uneven less than once in a million times.
func requireUniform(t *testing.T, seen map[string]float64, drawn int) {
	t.Helper()
	want, chi := float64(drawn)/float64(len(seen)), 0.0
	for _, n := range seen {
		chi += (n - want) * (n - want) / want
	}
	freedom := float64(len(seen) - 1)
	// The cube root of chi-square over its degrees of freedom is nearly normal (Wilson and Hilferty); 4.75 deviations.
	limit := freedom * math.Pow(1-2/(9*freedom)+4.75*math.Sqrt(2/(9*freedom)), 3)
	require.Less(t, chi, limit, fmt.Sprintf("chi-square with %v degrees of freedom", freedom))
}

// bulks returns the strings of a reply.
func bulks(reply string) []string {
	var out []string
	lines := strings.Split(reply, "\r\n")
	for i := 0; i+1 < len(lines); i++ {
		if strings.HasPrefix(lines[i], "$") {
			out = append(out, lines[i+1])
			i++
		}
	}
	return out
}
