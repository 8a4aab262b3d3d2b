package tests

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

// TestWait: WAIT returns how many replicas have what was written, at once when enough have and after its timeout when not.
func TestWait(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := attached(t, p)
		c := master.Dial(t)
		c.OK(t, "SET", "k", "1")
		require.EqualValues(t, 1, c.OK(t, "WAIT", "1", "0").Int())
		require.EqualValues(t, 1, c.OK(t, "WAIT", "2", "50").Int())
		link.Hold()
		c.OK(t, "SET", "k", "2")
		require.EqualValues(t, 0, c.OK(t, "WAIT", "1", "50").Int())
		link.Release()
		require.EqualValues(t, 1, c.OK(t, "WAIT", "1", "0").Int())
		require.Equal(t, "2", replica.Once(t, "GET", "k").Text)
	})
}

// TestMinReplicas: a master that must not write alone refuses writes until a replica acknowledges, and again once it is gone.
func TestMinReplicas(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := linked(t, p, harness.Args("--min-replicas-to-write", "1", "--min-replicas-max-lag", "10"))
		c := master.Dial(t)
		const refusal = "NOREPLICAS Not enough good replicas to write."
		require.Equal(t, refusal, c.Must(t, "SET", "k", "1").Text)
		require.True(t, c.OK(t, "GET", "k").Null)
		replica.ReplicaOf(t, link.Port())
		harness.Eventually(t, func() bool { return !c.Must(t, "SET", "k", "1").IsError() }, harness.Patience, "writes are taken")
		link.Refuse(true)
		link.Cut()
		harness.Eventually(t, func() bool { return c.Must(t, "SET", "k", "1").Text == refusal }, harness.Patience, "writes are refused")
	})
}

// TestStaleReplica: a replica without its master serves what it has, or MASTERDOWN when it must not serve stale data.
func TestStaleReplica(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, link := linked(t, p)
		master.Once(t, "SET", "k", "1")
		replica.ReplicaOf(t, link.Port())
		requireSame(t, master, replica)
		link.Refuse(true)
		link.Cut()
		replica.WaitLinkDown(t)

		c := replica.Dial(t)
		require.Equal(t, "1", c.OK(t, "GET", "k").Text)
		c.OK(t, "CONFIG", "SET", "replica-serve-stale-data", "no")
		require.Equal(t, "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", c.Must(t, "GET", "k").Text)
		c.OK(t, "INFO")
		link.Refuse(false)
		replica.WaitLinkUp(t)
		require.Equal(t, "1", c.OK(t, "GET", "k").Text)
	})
}

// TestReadOnlyReplica: a replica refuses writes until it is promoted.
func TestReadOnlyReplica(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, _ := attached(t, p)
		c := replica.Dial(t)
		const refusal = "READONLY You can't write against a read only replica."
		require.Equal(t, refusal, c.Must(t, "SET", "k", "1").Text)
		c.OK(t, "MULTI")
		require.Equal(t, refusal, c.Must(t, "SET", "k", "1").Text)
		require.Equal(t, "EXECABORT Transaction discarded because of previous errors.", c.Must(t, "EXEC").Text)
		require.Equal(t, "slave", c.OK(t, "ROLE").Elems[0].Text)
		require.Equal(t, "master", master.Once(t, "ROLE").Elems[0].Text)
		replica.Promote(t)
		c.OK(t, "SET", "k", "1")
	})
}

// damage does something to the bytes that come from n bytes behind the beginning of a snapshot on, of which chunk[at] is the
// first, and returns how many of the chunk's bytes pass.
type damage func(chunk []byte, at int) (pass int)

func flip(chunk []byte, at int) int {
	chunk[at] ^= 0x20
	return len(chunk)
}

func truncate(_ []byte, at int) int { return at }

// damageAfter makes manglers that do damage once on every link, n bytes behind the beginning of the snapshot, and count it.
func damageAfter(n int, do damage, count *atomic.Int32) func() harness.Mangler {
	return func() harness.Mangler {
		var seen []byte // the stream up to the snapshot's magic, which chunks may split
		at, done := -1, false
		return func(chunk []byte) int {
			if done {
				return len(chunk)
			}
			if at < 0 {
				start := len(seen)
				seen = append(seen, chunk...)
				magic := bytes.Index(seen, []byte("REDIS00"))
				if magic < 0 {
					return len(chunk)
				}
				at = magic + n - start
			}
			if at < len(chunk) {
				done = true
				count.Add(1)
				return do(chunk, at)
			}
			at -= len(chunk)
			return len(chunk)
		}
	}
}

// TestCorruptSnapshotIsRefused: a snapshot with one changed byte, whatever the byte, or one that ends too early, is not taken
// over, and the log says where it is wrong and why; the replica keeps the data it had and serves it, and takes the next snapshot
// that is whole. The real server ends itself when a checksum is wrong, so it is no replica here, and as a stand-in has to refuse
// the wrong version and the early ends only, in its own words.
func TestCorruptSnapshotIsRefused(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		if p.replica == harness.Redis {
			return
		}
		master, replica, link := linked(t, p, harness.Args("--repl-diskless-load", "swapdb", "--rdbcompression", "no"))
		harness.Fill(t, master, 200, harness.LoadConfig{Seed: 10}, replica)
		harness.Fill(t, replica, 20, harness.LoadConfig{Seed: 11, Prefix: "own:"})
		own := replica.Digest(t)
		const someCause = `rdb: offset [0-9]+( \(key .+\))?: \w+ \w+` // which one depends on what the byte belongs to
		for i, wrong := range []struct {
			behind int
			damage damage
			cause  string
		}{
			{5, flip, "rdb: offset 9: wrong signature"}, // the version
			{300, flip, someCause},                      // any part of keys and values: perhaps only the checksum tells
			{5000, flip, someCause},
			{20_000, flip, someCause},
			{3, truncate, "rdb: offset 0: unexpected end of data"},
			{20_000, truncate, "rdb: offset [0-9]+.*: unexpected end of data"},
		} {
			checksumTells := i > 0 && i < 4
			if harness.StandIn() && checksumTells {
				continue
			}
			var times atomic.Int32
			logged := len(replica.Log())
			link.Mangle(damageAfter(wrong.behind, wrong.damage, &times))
			if i == 0 {
				replica.ReplicaOf(t, link.Port())
			}
			harness.Eventually(t, func() bool { return times.Load() >= 2 }, harness.Patience,
				"the replica has refused damage %d and asked again", i)
			require.False(t, replica.Exited())
			require.Equal(t, own, replica.Digest(t), "the data it had")
			if !harness.StandIn() {
				require.Regexp(t, wrong.cause, replica.Log()[logged:], "damage %d", i)
			}
		}
		link.Mangle(nil)
		link.Cut()
		replica.WaitLinkUp(t)
		requireSame(t, master, replica)
	})
}

// TestGarbageClosesOneConnection: bytes that are no protocol cost the connection they came on, and no other.
func TestGarbageClosesOneConnection(t *testing.T) {
	t.Parallel()
	s := harness.Start(t, harness.Treedis)
	other := s.Dial(t)
	other.OK(t, "SET", "k", "1")
	for i, garbage := range []string{
		"*1\r\n$-5\r\n\r\n", "*1\r\n$99999999999\r\nx", "*2147483648\r\n", "*1\r\n:5\r\n", "*a\r\n",
		"*1\r\n$3x\r\nGET\r\n", "GET \"unbalanced\r\n",
		string(bytes.Repeat([]byte("x"), 70_000)),
	} {
		c := s.Dial(t)
		_, err := c.Write([]byte(garbage))
		require.NoError(t, err)
		r, err := c.Read1()
		require.NoError(t, err, "garbage %d", i)
		require.Regexp(t, "^ERR Protocol error: ", r.Text)
		_, err = c.Read1()
		require.Error(t, err, "garbage %d: the connection is closed", i)
	}
	for _, silent := range []string{"\x16\x03\x01\x02\x00\x01\x00", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "*1\r\n$4\r\nPI"} {
		c := s.Dial(t)
		_, err := c.Write([]byte(silent))
		require.NoError(t, err)
		c.Close()
	}
	require.Equal(t, "1", other.OK(t, "GET", "k").Text)
	require.False(t, s.Exited())
}

// TestReplicasSeeEveryOffset: the master's INFO lists its replicas with the offset each has acknowledged.
func TestReplicasSeeEveryOffset(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		master, replica, _ := attached(t, p)
		harness.Fill(t, master, 5, harness.LoadConfig{Seed: 12}, replica)
		replica.WaitCaughtUp(t, master)
		harness.Eventually(t, func() bool {
			i := master.Info(t)
			slave := i.Sub("slave0")
			return slave["state"] == "online" && slave["port"] == fmt.Sprint(replica.Port()) &&
				slave.Int("offset") >= i.Int("master_repl_offset")-100 && slave.Int("lag") <= 1
		}, harness.Patience, "INFO shows the replica online and caught up")
	})
}

// TestErrorsInTheStream: what to do about a command from the master that fails is the operator's choice.
func TestErrorsInTheStream(t *testing.T) {
	t.Parallel()
	master := harness.Start(t, harness.Treedis)
	patient := harness.Start(t, harness.Treedis)
	strict := harness.Start(t, harness.Treedis, harness.Args("--propagation-error-behavior", "panic-on-replicas"))
	for _, r := range []*harness.Server{patient, strict} {
		r.ReplicaOf(t, strconv.Itoa(master.Port()))
		r.WaitLinkUp(t)
	}
	c := master.Dial(t)
	c.OK(t, "DEBUG", "REPLICATE", "NONSENSE", "1")
	c.OK(t, "SET", "a", "1")
	patient.WaitCaughtUp(t, master)
	patient.WaitLog(t, "== CRITICAL == This replica is sending an error to its master")
	require.Equal(t, "1", patient.Once(t, "GET", "a").Text)
	harness.Eventually(t, strict.Exited, harness.Patience, "the strict replica has ended")
	strict.WaitLog(t, "This replica panicked sending an error to its master after processing the command 'NONSENSE'")
}
