package tests

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// TestAsynq has a job queue of others, all scripts within, run its jobs: from two queues, some delayed, some failing once, each
// accepted one time only.
func TestAsynq(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis)
	redis := asynq.RedisClientOpt{Addr: s.Addr()}
	client := asynq.NewClient(redis)
	t.Cleanup(func() { client.Close() })

	const jobs = 300
	for i := range jobs {
		options := []asynq.Option{asynq.TaskID(strconv.Itoa(i)), asynq.Retention(time.Hour)}
		if i%3 == 0 {
			options = append(options, asynq.Queue("urgent"))
		}
		if i%10 == 0 {
			options = append(options, asynq.ProcessIn(50*time.Millisecond))
		}
		task := asynq.NewTask("job", []byte(strconv.Itoa(i)))
		_, err := client.Enqueue(task, options...)
		require.NoError(t, err)
		_, err = client.Enqueue(task, options...)
		require.ErrorIs(t, err, asynq.ErrTaskIDConflict)
	}

	var mu sync.Mutex
	runs := make(map[string]int)
	worker := asynq.NewServer(redis, asynq.Config{
		Concurrency: 8, Queues: map[string]int{"urgent": 3, "default": 1}, LogLevel: asynq.FatalLevel,
		TaskCheckInterval: 10 * time.Millisecond, DelayedTaskCheckInterval: 50 * time.Millisecond,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 10 * time.Millisecond },
	})
	require.NoError(t, worker.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		mu.Lock()
		defer mu.Unlock()
		id := string(task.Payload())
		if runs[id]++; runs[id] == 1 && id[len(id)-1] == '7' {
			return errors.New("not yet")
		}
		return nil
	})))
	t.Cleanup(worker.Shutdown)

	inspector := asynq.NewInspector(redis)
	t.Cleanup(func() { inspector.Close() })
	harness.Eventually(t, func() bool {
		completed := 0
		for _, queue := range []string{"urgent", "default"} {
			info, err := inspector.GetQueueInfo(queue)
			require.NoError(t, err)
			completed += info.Completed
		}
		return completed == jobs
	}, 30*time.Second, "all jobs are done")
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, runs, jobs)
	for id, n := range runs {
		if id[len(id)-1] == '7' {
			n--
		}
		require.Equal(t, 1, n, "job %s", id)
	}
}
