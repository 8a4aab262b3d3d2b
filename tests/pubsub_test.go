package tests

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// TestPubSubClient: a client library subscribes, unsubscribes and receives, in both protocols.
func TestPubSubClient(t *testing.T) {
	t.Parallel()
	for _, proto := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", proto), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
			defer cancel()
			s := harness.Start(t, harness.Treedis, harness.Args("--notify-keyspace-events", "KEA"))
			c := harness.NewClient(t, s.Addr(), proto)
			sub := c.Subscribe(ctx, "news")
			defer sub.Close()
			next := func() any {
				m, err := sub.Receive(ctx)
				require.NoError(t, err)
				return m
			}
			require.Equal(t, &redis.Subscription{Kind: "subscribe", Channel: "news", Count: 1}, next())
			require.NoError(t, sub.PSubscribe(ctx, "__keyevent@0__:*"))
			require.Equal(t, &redis.Subscription{Kind: "psubscribe", Channel: "__keyevent@0__:*", Count: 2}, next())
			for i := range 100 {
				n, err := c.Publish(ctx, "news", i).Result()
				require.NoError(t, err)
				require.EqualValues(t, 1, n)
			}
			for i := range 100 {
				require.Equal(t, &redis.Message{Channel: "news", Payload: fmt.Sprint(i)}, next())
			}
			require.NoError(t, sub.Ping(ctx, "there?"))
			require.Equal(t, &redis.Pong{Payload: "there?"}, next())
			require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
			require.Equal(t, &redis.Message{Pattern: "__keyevent@0__:*", Channel: "__keyevent@0__:set", Payload: "k"}, next())
			require.NoError(t, sub.Unsubscribe(ctx, "news"))
			require.Equal(t, &redis.Subscription{Kind: "unsubscribe", Channel: "news", Count: 1}, next())
			counts, err := c.PubSubNumSub(ctx, "news").Result()
			require.NoError(t, err)
			require.Equal(t, map[string]int64{"news": 0}, counts)
		})
	}
}
