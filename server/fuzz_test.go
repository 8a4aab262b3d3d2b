package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/rdb"
	"treedis/server/digest"
	"treedis/server/resp"
	"treedis/store"
)

// The fuzzers of the whole path of a command: three clients send calls of all commands, in packets that are cut and glued, in
// transactions, in scripts, inline, and bytes that are no command at all. Whatever they send,
//
//   - replies are well-formed, and whoever has sent whole commands is answered or let go, at the latest when CLIENT UNBLOCK ends what it waits for;
//   - the server serves others, and holds nothing of clients that have left;
//   - its memory is bounded;
//   - a snapshot that is loaded again, or a replica, has the same data.

const (
	fuzzSteps    = 48
	fuzzLifetime = 200 // inputs after which a server is replaced
	fuzzMemory   = 64 << 20
)

// FuzzCommands checks that data survives a snapshot.
func FuzzCommands(f *testing.F) { fuzzCommands(f, false) }

// FuzzReplication checks that a replica has its master's data.
func FuzzReplication(f *testing.F) { fuzzCommands(f, true) }

func fuzzCommands(f *testing.F, replicated bool) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		input := make([]byte, 50+40*seed)
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		f.Add(input)
	}
	var w *fuzzWorld
	life := &lifetime{dir: f.TempDir()}
	f.Cleanup(life.end)
	used := 0
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) > 4096 {
			t.Skip("as much can be found with less")
		}
		life.TB = t
		if w == nil || used == fuzzLifetime || w.failed {
			life.end()
			w, used = newFuzzWorld(life, replicated), 0
		}
		used++
		w.try(t, input)
	})
}

// lifetime stands for the test to what lives for several inputs of a fuzzer.
type lifetime struct {
	testing.TB // the input that is tried
	dir        string
	dirs       int
	cleanups   []func()
}

func (l *lifetime) Cleanup(f func()) { l.cleanups = append(l.cleanups, f) }

// TempDir returns a folder that is removed with the fuzzer's.
func (l *lifetime) TempDir() string {
	l.dirs++
	dir := filepath.Join(l.dir, strconv.Itoa(l.dirs))
	require.NoError(l.TB, os.Mkdir(dir, 0o700))
	return dir
}

// end does what is to be done when a test ends.
func (l *lifetime) end() {
	for _, f := range slices.Backward(l.cleanups) {
		f()
	}
	l.cleanups = nil
}

func (l *lifetime) Failed() bool { return false } // the input that failed shows the log itself

// fuzzWorld is what inputs are tried on, one after the other.
type fuzzWorld struct {
	*node
	replica  *node // nil if there is none
	words    *vocabulary
	settings []string // as CONFIG SET takes them, to begin with
	failed   bool

	// Of the input that is tried:
	t       *testing.T
	clients []*fuzzClient
	at      int // the client that sends
	sent    []string
}

func newFuzzWorld(f testing.TB, replicated bool) *fuzzWorld {
	// Small limits, so that values change their encoding with few elements.
	w := &fuzzWorld{node: startNode(f, "enable-debug-command yes", "proto-max-bulk-len 1mb", "hash-max-listpack-entries 4", "list-max-listpack-size 4",
		"zset-max-listpack-entries 4", "set-max-intset-entries 4", "set-max-listpack-entries 4", "stream-node-max-entries 4", "maxclients 50")}
	w.words = newVocabulary(w.s, replicated)
	for _, name := range fuzzSettings {
		for _, p := range w.s.cfg.Get(name) {
			if name != "io-threads" {
				w.settings = append(w.settings, p.Name, p.Value)
			}
		}
	}
	if replicated {
		w.replica = startReplica(f, w.node)
	}
	return w
}

// fuzzClient is a client's side of a connection.
type fuzzClient struct {
	net.Conn
	id      string // as CLIENT UNBLOCK knows it
	glued   []byte // yet to be sent
	whole   bool   // all that was sent is whole commands
	feed    bool   // it may have become a replica's connection
	replies chan error
}

func (w *fuzzWorld) try(t *testing.T, input []byte) {
	w.t, w.sent, w.clients, w.failed = t, nil, nil, true
	defer func() {
		for _, c := range w.clients {
			c.Close()
		}
		if w.failed {
			t.Logf("sent:\n%s\nlog:\n%s", strings.Join(w.sent, "\n"), w.log)
		}
	}()
	w.fill()
	for range 3 {
		w.clients = append(w.clients, w.connect())
	}
	c := &choices{input}
	for range fuzzSteps {
		if c.done() {
			break
		}
		w.step(c)
	}
	w.finish()
	w.check()
	w.failed = false
}

// fill gives the server the data that inputs begin with.
func (w *fuzzWorld) fill() {
	admin := w.admin()
	defer admin.Close()
	lines := [][]string{append([]string{"config", "set"}, w.settings...)}
	for _, line := range []string{"client unpause", "flushall", "function flush", "script flush", "acl deluser u v", "debug set-active-expire 1",
		"debug quicklist-packed-threshold 0", "debug replybuffer resizing 1", "config resetstat", "acl log reset",
		"set s value", "set n 5", "rpush l a b c", "hset h a 1 b 2", "zadd z 1 a 2 b", "sadd set a b 1", "sadd ints 1 2 3", "xadd x 1-1 a b",
		"xadd x 2-0 f 1", "xgroup create x g 0", "xreadgroup group g c count 1 streams x >", "geoadd geo 13.36 38.11 a 15.08 37.5 b",
		"pfadd hll a b", "setbit bits 100 1", "acl setuser u on nopass ~* &* +@all -flushall"} {
		lines = append(lines, strings.Fields(line))
	}
	for _, line := range lines {
		admin.sendWords(line...)
	}
	for _, line := range lines {
		reply := admin.read()
		require.False(w.t, strings.HasPrefix(reply, "-"), "%v: %s", line, reply)
	}
}

// admin connects for the test itself.
func (w *fuzzWorld) admin() *wire {
	c, err := net.Dial("tcp", w.s.Addr().String())
	require.NoError(w.t, err)
	return &wire{t: w.t, Conn: c, r: resp.NewReader(c)}
}

func (w *fuzzWorld) connect() *fuzzClient {
	a := w.admin()
	c := &fuzzClient{Conn: a.Conn, whole: true, replies: make(chan error, 1)}
	a.r.MaxElems = 1 << 30
	w.eventually(func() bool { // not asked for by a command, which may be held back
		w.s.lock.lock()
		defer w.s.lock.unlock()
		for id, client := range w.s.clients {
			if client.addr == c.LocalAddr().String() {
				c.id = strconv.FormatInt(id, 10)
			}
		}
		return c.id != ""
	}, func() string { return "a connection is not accepted" })
	go func() {
		for {
			if _, err := a.r.Read(); err != nil {
				c.replies <- err
				return
			}
		}
	}()
	return c
}

// step does one of the things that clients do.
func (w *fuzzWorld) step(c *choices) {
	switch c.below(16) {
	default:
		w.send(c, w.words.sentence(c))
	case 8:
		w.at = c.below(len(w.clients))
	case 9:
		w.send(c, []string{"multi"})
		for range c.below(4) {
			w.send(c, w.words.sentence(c))
		}
		w.send(c, []string{c.word([]string{"exec", "exec", "discard"})})
	case 10:
		words := w.words.sentence(c)
		for i, word := range words {
			words[i] = string(resp.AppendQuoted(nil, []byte(word)))
		}
		w.note(words)
		w.write(c, []byte(strings.Join(words, " ")+"\r\n"))
	case 11:
		w.write(c, nil)
	case 12:
		raw := c.take(c.below(40))
		w.sent = append(w.sent, fmt.Sprintf("%d: bytes %q", w.at, raw))
		w.clients[w.at].whole = false
		w.write(c, []byte(raw))
	case 13:
		w.pass(time.Duration(1+c.below(3000)) * time.Millisecond)
	case 14:
		w.send(c, strings.Fields(c.word([]string{"hello 3", "hello 2", "reset", "client tracking on", "client tracking on bcast", "subscribe ch", "watch s l h",
			"monitor", "client reply off", "client reply on", "auth u x", "select 9", "select 0", "multi"})))
	case 15:
		w.sent = append(w.sent, fmt.Sprintf("%d: closed", w.at))
		w.clients[w.at].Close()
		w.clients[w.at] = w.connect()
	}
}

// pass lets time pass.
func (w *fuzzWorld) pass(d time.Duration) {
	w.sent = append(w.sent, d.String()+" pass")
	w.skew.Add(int64(d))
	if w.replica != nil {
		w.replica.skew.Add(int64(d))
	}
}

func (w *fuzzWorld) note(words []string) {
	w.sent = append(w.sent, fmt.Sprintf("%d: %.300q", w.at, words))
	if slices.ContainsFunc(words, func(s string) bool { return strings.EqualFold(s, "psync") || strings.EqualFold(s, "sync") }) {
		w.clients[w.at].feed = true
	}
}

func (w *fuzzWorld) send(c *choices, words []string) {
	w.note(words)
	w.write(c, appendCommand(nil, words))
}

func appendCommand(b []byte, words []string) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(words))
	for _, word := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b
}

// write sends bytes, or leaves all or some of them to go with what follows. Errors are those of a connection that the server has
// closed, which its reader sees.
func (w *fuzzWorld) write(c *choices, b []byte) {
	client := w.clients[w.at]
	client.glued = append(client.glued, b...)
	n := len(client.glued)
	switch c.below(4) {
	case 1:
		n = 0
	case 2:
		n = c.below(n + 1)
	}
	client.flush(n)
}

func (c *fuzzClient) flush(n int) {
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	_, _ = c.Conn.Write(c.glued[:n])
	c.glued = c.glued[n:]
}

// finish lets all clients send what they have left, and waits until they are gone.
func (w *fuzzWorld) finish() {
	for _, c := range w.clients {
		switch {
		case c.feed, !c.whole && len(c.glued)%2 == 0:
			c.flush(len(c.glued))
			c.Close()
		case !c.whole:
			c.flush(len(c.glued))
		default:
			c.glued = appendCommand(appendCommand(c.glued, []string{"reset"}), []string{"quit"})
			c.flush(len(c.glued))
		}
	}
	admin := w.admin()
	defer admin.Close()
	for _, c := range w.clients {
		if !c.whole {
			c.Close()
		}
		w.letGo(admin, c)
	}
}

// letGo waits until a client has had its answers, and ends what it waits for.
func (w *fuzzWorld) letGo(admin *wire, c *fuzzClient) {
	end := time.Now().Add(patience)
	for {
		select {
		case err := <-c.replies:
			var network *net.OpError
			if !c.feed && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &network) {
				w.t.Fatalf("client %s: a reply is malformed: %v", c.id, err)
			}
			return
		case <-time.After(time.Millisecond):
		}
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			w.t.Fatalf("client %s waits for ever: %s\n%s", c.id, admin.do("client list"), stacks[:runtime.Stack(stacks, true)])
		}
		admin.do("client unpause")
		for _, other := range w.clients {
			admin.do("client unblock " + other.id + " error")
		}
	}
}

// check looks at the server once all clients are gone.
func (w *fuzzWorld) check() {
	admin := w.admin()
	require.Equal(w.t, "PONG", admin.do("ping"))
	admin.Close()
	w.eventually(func() bool { return w.idle() == "" }, w.idle)
	w.s.lock.lock()
	used := w.s.usedMemory()
	w.s.lock.unlock()
	require.Less(w.t, used, int64(fuzzMemory), "memory in use")
	if w.replica == nil {
		w.s.lock.lock()
		defer w.s.lock.unlock()
		now := w.s.now()
		before := fuzzState(w.s, now, false)
		w.reload()
		require.Equal(w.t, before, fuzzState(w.s, now, false), "data after a snapshot was loaded")
		return
	}
	differ := func() string {
		w.s.lock.lock()
		defer w.s.lock.unlock()
		w.replica.s.lock.lock()
		defer w.replica.s.lock.unlock()
		if w.s.log.EndOffset() != w.replica.s.log.EndOffset() {
			return "replica is behind"
		}
		now := w.s.now()
		if m, r := fuzzState(w.s, now, true), fuzzState(w.replica.s, now, true); m != r {
			return "master has\n" + m + "\nreplica has\n" + r
		}
		return ""
	}
	w.eventually(func() bool { return differ() == "" }, differ)
}

// eventually waits for a condition, and tells what is not so if it waits in vain.
func (w *fuzzWorld) eventually(cond func() bool, what func() string) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience / 4); !cond(); <-tick.C {
		if time.Now().After(end) {
			w.t.Fatal(what())
		}
	}
}

// idle tells what the server still holds of clients, "" if nothing.
func (w *fuzzWorld) idle() string {
	s := w.s
	s.lock.lock()
	defer s.lock.unlock()
	clients := 0
	for _, c := range s.clients {
		if c.conn != nil {
			clients++
		}
	}
	held := [...]int64{int64(clients), int64(len(s.waits.of)), int64(len(s.watchers)), int64(len(s.monitors)), int64(s.trackers.count.Load()), s.clientSums.extra.Load()}
	if held == [len(held)]int64{} {
		return ""
	}
	return fmt.Sprintf("clients, keys waited for, keys watched, monitors, tracking clients, bytes: %v", held)
}

// reload loads a snapshot of the data in its place, for whoever holds the lock.
func (w *fuzzWorld) reload() {
	var b bytes.Buffer
	s := w.s
	require.NoError(w.t, s.snapshotLocked(noFilter).WriteRDB(context.Background(), &b))
	into := s.newDataset()
	_, _, err := s.loadInto(s.life, into, &b, rdb.LoadOptions{SetClock: s.clock.Restore})
	require.NoError(w.t, err)
	s.store.Adopt(into.store)
	s.functions = into.functions
	clear(s.expiry.cursors)
}

// fuzzState describes all data that has not expired by now, as far as it must be the same elsewhere, for whoever holds the lock.
func fuzzState(s *Server, now int64, replicated bool) string {
	var lines []string
	for i := range s.store.Databases() {
		for e := range s.store.DB(i).All() {
			if e.Expire() != 0 && e.Expire() <= now {
				continue
			}
			var d digest.Sum
			d.Entry(e)
			line := fmt.Sprintf("db %d %q type %v expires %d %x", i, e.Key(), e.Type(), e.Expire(), d[:4])
			if e.Type() == store.Stream {
				line += streamState(e, replicated)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	for _, lib := range s.functions.Sources() {
		lines = append(lines, strconv.Quote(string(lib)))
	}
	return strings.Join(lines, "\n")
}

// streamState describes what the digest leaves out, but for the times at which consumers were seen.
func streamState(e *store.Entry, replicated bool) string {
	st := e.Stream()
	b := fmt.Appendf(nil, " %+v", st.Counters)
	for _, g := range st.Groups {
		b = fmt.Appendf(b, "\n  group %q %v", g.Name, g.LastID)
		if !replicated { // XREADGROUP goes to replicas as XCLAIM, which does not tell it
			b = fmt.Appendf(b, " read %d", g.EntriesRead)
		}
		for _, c := range g.Consumers {
			b = fmt.Appendf(b, " consumer %q", c.Name)
		}
		for _, p := range g.Pending {
			b = fmt.Appendf(b, " %v of %q at %d times %d", p.ID, g.Consumers[p.Consumer].Name, p.DeliveryTime, p.DeliveryCount)
		}
	}
	return string(b)
}
