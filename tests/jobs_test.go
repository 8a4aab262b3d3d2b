package tests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// jobLibrary is a job queue as libraries for it are written: jobs wait in a sorted set by their priority, those that a worker has
// stand in another by when it took them, and each is a hash. What moves a job is one script.
const jobLibrary = `#!lua name=jobs
local function fields(flat)
  local t = {}
  for i = 1, #flat, 2 do t[flat[i]] = flat[i + 1] end
  return t
end

-- add(queue; payload, priority) -> id
redis.register_function('add', function(keys, args)
  local id = redis.call('INCR', keys[1] .. ':id')
  redis.call('HSET', keys[1] .. ':' .. id, 'payload', args[1], 'priority', args[2], 'tries', 0)
  redis.call('ZADD', keys[1] .. ':waiting', args[2], string.format('%010d', id))
  return id
end)

-- take(queue; worker, n) -> JSON of up to n jobs
redis.register_function('take', function(keys, args)
  local taken = {}
  for _, member in ipairs(redis.call('ZRANGE', keys[1] .. ':waiting', 0, args[2] - 1)) do
    local id = tonumber(member)
    local job = keys[1] .. ':' .. id
    local tries = redis.call('HINCRBY', job, 'tries', 1)
    redis.call('HSET', job, 'worker', args[1])
    redis.call('ZREM', keys[1] .. ':waiting', member)
    redis.call('ZADD', keys[1] .. ':active', redis.call('INCR', keys[1] .. ':clock'), member)
    taken[#taken + 1] = {id = id, tries = tries, payload = cjson.decode(fields(redis.call('HGETALL', job)).payload)}
  end
  if #taken == 0 then return false end
  return cjson.encode(taken)
end)

-- finish(queue; worker, id, ok) -> state
redis.register_function('finish', function(keys, args)
  local member, job = string.format('%010d', args[2]), keys[1] .. ':' .. args[2]
  if redis.call('HGET', job, 'worker') ~= args[1] then return redis.error_reply('OWNER the job is not yours') end
  redis.call('ZREM', keys[1] .. ':active', member)
  redis.call('HDEL', job, 'worker')
  if args[3] == '1' then
    redis.call('RPUSH', keys[1] .. ':done', cmsgpack.pack({tonumber(args[2]), tonumber(redis.call('HGET', job, 'tries'))}))
    redis.call('DEL', job)
    return {ok = 'DONE'}
  end
  redis.call('ZADD', keys[1] .. ':waiting', redis.call('HGET', job, 'priority'), member)
  return {ok = 'AGAIN'}
end)

redis.register_function{function_name = 'counts', flags = {'no-writes'}, callback = function(keys)
  return {redis.call('ZCARD', keys[1] .. ':waiting'), redis.call('ZCARD', keys[1] .. ':active'), redis.call('LLEN', keys[1] .. ':done')}
end}
`

// TestJobQueue runs jobs end to end, by functions: several producers and workers, jobs that have to be tried again, and in the end
// every job was done once, the replica has all that the master has, and a restart loses nothing.
func TestJobQueue(t *testing.T) {
	t.Parallel()
	const producers, workers, each = 3, 4, 60
	ctx := t.Context()
	master, replica := harness.Start(t, harness.Treedis), harness.Start(t, harness.Treedis)
	replica.ReplicaOf(t, fmt.Sprint(master.Port()))
	replica.WaitLinkUp(t)
	c := master.Client(t)
	name, err := c.FunctionLoad(ctx, jobLibrary).Result()
	require.NoError(t, err)
	require.Equal(t, "jobs", name)

	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				payload := fmt.Sprintf(`{"n":%d,"list":[%d,null,"x"],"flaky":%t}`, i, p, i%7 == 0)
				assert.NoError(t, c.FCall(ctx, "add", []string{"q"}, payload, i%3).Err())
			}
		})
	}
	for w := range workers {
		wg.Go(func() { assert.NoError(t, work(ctx, c, fmt.Sprint("worker", w), producers*each)) })
	}
	wg.Wait()

	counts := func(s *harness.Server) string { return fmt.Sprint(s.Once(t, "FCALL_RO", "counts", "1", "q").Texts()) }
	require.Equal(t, "[0 0 180]", counts(master))
	script := redis.NewScript(`
		local seen, again = {}, 0
		for _, packed in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
			local id, tries = unpack(cmsgpack.unpack(packed))
			if seen[id] then return redis.error_reply('TWICE ' .. id) end
			seen[id] = true
			if tries > 1 then again = again + 1 end
		end
		return {#seen, again}`)
	got, err := script.RunRO(ctx, c, []string{"q:done"}).Int64Slice() // EVALSHA_RO, then EVAL_RO
	require.NoError(t, err)
	require.Equal(t, []int64{producers * each, producers * 9}, got)
	require.Equal(t, int64(0), c.Exists(ctx, "q:1", "q:180").Val())

	requireSame(t, master, replica)
	require.Equal(t, "[0 0 180]", counts(replica))
	require.ErrorContains(t, replica.Client(t).FCall(ctx, "add", []string{"q"}, "{}", 1).Err(), "READONLY")
	master.Once(t, "SAVE")
	master.Stop(t)
	master.Restart(t)
	require.Equal(t, "[0 0 180]", counts(master))
}

// work takes jobs until all are done. Those that are flaky fail the first time.
func work(ctx context.Context, c *redis.Client, worker string, jobs int64) error {
	for c.LLen(ctx, "q:done").Val() < jobs {
		taken, err := c.FCall(ctx, "take", []string{"q"}, worker, 3).Text()
		if errors.Is(err, redis.Nil) {
			continue // others have what is left, and may give it back
		}
		if err != nil {
			return err
		}
		var list []struct {
			ID, Tries int64
			Payload   struct{ Flaky bool }
		}
		if err := json.Unmarshal([]byte(taken), &list); err != nil {
			return fmt.Errorf("%s: %w", taken, err)
		}
		for _, job := range list {
			ok := 1
			if job.Payload.Flaky && job.Tries == 1 {
				ok = 0
			}
			if err := c.FCall(ctx, "finish", []string{"q"}, worker, job.ID, ok).Err(); err != nil {
				return err
			}
			if err := c.FCall(ctx, "finish", []string{"q"}, worker, job.ID, ok).Err(); err == nil || err.Error() != "OWNER the job is not yours" {
				return fmt.Errorf("finished twice: %w", err)
			}
		}
	}
	return ctx.Err()
}
