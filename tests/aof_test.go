package tests

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// killRounds is how often TestKillLosesNothing kills the server; TREEDIS_KILL_ROUNDS asks for more.
const killRounds = 10

// TestKillLosesNothing: a server with appendfsync always is killed amid writes and rewrites, again and again. What was
// acknowledged is there every time, and of transactions nothing or all.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	rounds := killRounds
	if n, err := strconv.Atoi(os.Getenv("TREEDIS_KILL_ROUNDS")); err == nil {
		rounds = n
	}
	s := harness.Start(t, harness.Treedis, harness.Args("--appendonly", "yes", "--appendfsync", "always",
		"--auto-aof-rewrite-percentage", "0"))
	const writers = 8
	acked := make([]int, writers)
	for round := range rounds {
		var wg sync.WaitGroup
		before := int64(acked[0]) // read before anybody writes to it
		for w := range writers {
			c := s.Client(t)
			wg.Go(func() {
				for {
					p := c.TxPipeline()
					p.Incr(context.Background(), fmt.Sprint("a", w))
					p.Incr(context.Background(), fmt.Sprint("b", w))
					if _, err := p.Exec(context.Background()); err != nil {
						return
					}
					acked[w]++
				}
			})
		}
		c := s.Client(t)
		harness.Eventually(t, func() bool {
			n, _ := c.Get(context.Background(), "a0").Int64()
			return n > before+int64(20+7*round)
		}, cliTime, "writes in round %d", round)
		if round%2 == 0 {
			require.NoError(t, c.Do(context.Background(), "bgrewriteaof").Err())
		}
		s.Kill()
		wg.Wait()
		s.Restart(t)
		c = s.Client(t)
		for w := range writers {
			a, err := c.Get(context.Background(), fmt.Sprint("a", w)).Int()
			require.NoError(t, err)
			b, err := c.Get(context.Background(), fmt.Sprint("b", w)).Int()
			require.NoError(t, err)
			require.Equal(t, a, b, "half of a transaction")
			require.GreaterOrEqual(t, a, acked[w], "an acknowledged write is lost")
			acked[w] = a
		}
	}
}

// TestFilesAreExchanged: the real Redis loads what treedis has written, and the other way round.
func TestFilesAreExchanged(t *testing.T) {
	t.Parallel()
	harness.RequirePeer(t)
	for _, preamble := range []string{"yes", "no"} {
		dir := t.TempDir()
		kinds := []harness.Kind{harness.Treedis, harness.Redis, harness.Treedis, harness.Redis}
		for i, kind := range kinds {
			s := harness.Start(t, kind, harness.Dir(dir), harness.Args("--appendonly", "yes", "--appendfsync", "always",
				"--aof-use-rdb-preamble", preamble, "--aof-timestamp-enabled", "yes", "--save", ""))
			c, ctx := s.Client(t), context.Background()
			n, err := c.LLen(ctx, "l").Result()
			require.NoError(t, err)
			require.Equal(t, int64(2*i), n, "%v of what %v wrote", kind, kinds[max(0, i-1)])
			require.NoError(t, c.RPush(ctx, "l", i).Err())
			s.RewriteAOF(t)
			p := c.TxPipeline()
			p.RPush(ctx, "l", "x")
			p.ZAdd(ctx, "z", redis.Z{Score: 1.5, Member: i})
			_, err = p.Exec(ctx)
			require.NoError(t, err)
			s.Kill()
		}
	}
}
