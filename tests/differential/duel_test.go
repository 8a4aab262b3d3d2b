package differential

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/tests/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// entry is one line of a grammar table.
type entry struct {
	syntax string
	check  check // nil: exact
	asIs   bool  // never spoilt: a wrong argument would do harm
	blocks bool  // may block: with a wrong argument, for ever, it is sent in a transaction only
	later  bool  // a server may lack the command: it is sent to one that lists it
}

// group is a set of commands that are tested together, on servers of their own.
type group struct {
	name    string
	own     string // what the generator "key" makes keys for
	entries []entry
	// conns is how many connections take turns; 1 if zero.
	conns int
	setup [][]string // sent to both servers before anything else
	// target gives each side a second server of its kind, whose port a command names by targetPort; both have the same data in the end.
	target bool
	// batchLen and batches are how much is sent, if not the defaults: less of what is slow.
	batchLen, batches int
}

const (
	batchLen    = 400 // commands between two comparisons of the keyspaces
	batches     = 12  // per group and protocol, by default: 9,600 commands a group
	historyTail = 25
	databases   = 4 // that the generator "db" selects from
)

// rounds is how many batches the group runs per protocol.
func (gr group) rounds(t *testing.T) int {
	n := gr.batches
	if text := os.Getenv("DIFF_ROUNDS"); text != "" {
		times, err := strconv.Atoi(text)
		require.NoError(t, err, "DIFF_ROUNDS")
		n *= times
	}
	return n
}

func seed(t *testing.T) uint64 {
	if text := os.Getenv("DIFF_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "DIFF_SEED")
		return n
	}
	return 20240109
}

// pair is one client's connection to either side.
type pair struct {
	ours, theirs *harness.Conn
}

func (p *pair) both() []*harness.Conn { return []*harness.Conn{p.ours, p.theirs} }

// duel is one group's run.
type duel struct {
	t            *testing.T
	group        group
	ours, theirs *harness.Server
	targets      [2]*harness.Server // of ours and of theirs, if the group has such
	served       map[string]bool    // commands of ours, as COMMAND LIST names them
	gen          *gen
	seed         uint64
	history      []string
	rangeStored  map[string]bool // see sameEncoding
	sorted       map[string]bool // likewise
	thinned      map[string]bool // likewise
	outcomes     outcomes
	audience     *audience // see listen
}

// outcomes counts by command and protocol, "lpush 2", how often it succeeded and how often it failed.
type outcomes map[string]*struct{ succeeded, failed int }

func (o outcomes) note(name string, proto int, reply harness.Reply) {
	name = fmt.Sprint(name, " ", proto)
	if o[name] == nil {
		o[name] = new(struct{ succeeded, failed int })
	}
	if reply.IsError() {
		o[name].failed++
	} else {
		o[name].succeeded++
	}
}

func newDuel(t *testing.T, gr group) *duel {
	t.Helper()
	harness.RequirePeer(t)
	gr.batchLen, gr.batches = cmp.Or(gr.batchLen, batchLen), cmp.Or(gr.batches, batches)
	d := &duel{t: t, group: gr, seed: seed(t), outcomes: make(outcomes)}
	d.ours, d.theirs = harness.Start(t, harness.Treedis), harness.Start(t, harness.Redis)
	if slices.ContainsFunc(gr.entries, func(e entry) bool { return e.blocks }) {
		d.theirs.Once(t, "CONFIG", "SET", "hz", "500") // it looks at timeouts once a tick, by default every 100 ms
	}
	if gr.target {
		d.targets = [2]*harness.Server{harness.Start(t, harness.Treedis), harness.Start(t, harness.Redis)}
	}
	for _, cmd := range gr.setup {
		d.ours.Once(t, cmd...)
		d.theirs.Once(t, cmd...)
	}
	d.served = commandList(t, d.ours)
	d.gen = &gen{Rand: rand.New(rand.NewPCG(d.seed, uint64(len(gr.name)))), own: gr.own}
	return d
}

func commandList(t *testing.T, s *harness.Server) map[string]bool {
	t.Helper()
	served := make(map[string]bool)
	for _, name := range s.Once(t, "COMMAND", "LIST").Texts() {
		served[name] = true
	}
	return served
}

func (d *duel) dial(proto int) *pair {
	d.t.Helper()
	return &pair{ours: d.ours.DialProto(d.t, proto), theirs: d.theirs.DialProto(d.t, proto)}
}

func (p *pair) close() {
	p.ours.Close()
	p.theirs.Close()
}

// TestReplies runs every group.
func TestReplies(t *testing.T) {
	t.Parallel()
	for _, gr := range groups() {
		t.Run(gr.name, func(t *testing.T) {
			t.Parallel()
			d := newDuel(t, gr)
			productions := d.productions()
			if len(productions) == 0 {
				t.Logf("no command of this group is served yet")
				return
			}
			for round := range d.group.rounds(t) {
				for _, proto := range []int{2, 3} {
					d.batch(productions, proto, round)
				}
			}
			d.checkOutcomes(productions)
		})
	}
}

// production is a parsed entry.
type production struct {
	entry
	seq sequence
}

// productions parses the group's table, leaving out what the server may lack and does.
func (d *duel) productions() []production {
	var out []production
	for _, e := range d.group.entries {
		if e.later && !d.served[e.command()] {
			continue
		}
		if e.check == nil {
			e.check = exact
		}
		out = append(out, production{e, parseSyntax(e.syntax)})
	}
	return out
}

// containers are the commands that have subcommands.
var containers = []string{"ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT", "PUBSUB",
	"SCRIPT", "SLOWLOG", "XGROUP", "XINFO"}

// names reports whether args begin with the command, and subcommand, that the entry is about.
func (e entry) names(args []string) bool {
	for i, word := range strings.Split(e.command(), "|") {
		if i >= len(args) || !strings.EqualFold(args[i], word) || generator(word) != nil {
			return false
		}
	}
	return len(args) > 1 || !slices.Contains(containers, strings.ToUpper(args[0]))
}

// command is the name that COMMAND LIST has for an entry.
func (e entry) command() string {
	f := strings.Fields(e.syntax)
	if len(f) > 1 && slices.Contains(containers, f[0]) && f[1] == strings.ToUpper(f[1]) && !strings.ContainsAny(f[1], "([{") {
		return strings.ToLower(f[0] + "|" + f[1])
	}
	return strings.ToLower(f[0])
}

func (d *duel) batch(productions []production, proto, round int) {
	d.t.Helper()
	d.history = []string{fmt.Sprintf("seed %d, group %s, RESP%d, batch %d", d.seed, d.group.name, proto, round)}
	d.rangeStored, d.sorted, d.thinned = make(map[string]bool), make(map[string]bool), make(map[string]bool)
	d.prepare()
	if d.audience != nil {
		d.events()
	}
	conns := make([]*pair, max(1, d.group.conns))
	for i := range conns {
		conns[i] = d.dial(proto)
	}
	if round == 0 {
		for _, p := range productions { // most are wrong without arguments, and some in no other way
			words := strings.Split(p.command(), "|")
			if p.names(words) && !p.asIs {
				d.outcomes.note(p.command(), proto, d.compare(conns[0], 0, p.check, words))
			}
		}
	}
	for range d.group.batchLen {
		d.step(productions, conns, proto)
	}
	for _, p := range conns {
		p.close()
	}
	d.compareData()
}

// step sends a random command, which is now and then spoilt, over one of the connections.
func (d *duel) step(productions []production, conns []*pair, proto int) {
	d.t.Helper()
	p := productions[d.gen.IntN(len(productions))]
	args := p.seq.emit(d.gen, nil)
	spoilt := !p.asIs && d.gen.oneIn(8)
	if spoilt {
		if wrong := d.gen.spoil(slices.Clone(args)); !shortLived(wrong) {
			args = wrong
		}
	}
	if len(args) == 1 && strings.EqualFold(args[0], "COMMAND") {
		return // the whole table, of which each server has its own; TestCommandInfo compares its rows
	}
	at := 0
	if d.gen.oneIn(3) {
		at = d.gen.IntN(len(conns))
	}
	name := ""
	if p.names(args) {
		name = p.command()
	}
	if p.blocks && (spoilt || d.gen.oneIn(8)) {
		d.compareAtomic(conns[at], at, name, proto, args)
		return
	}
	d.outcomes.note(name, proto, d.compare(conns[at], at, p.check, args))
}

// shortLived reports whether a command may give a key so little time to live that one server answers before its end and the
// other after it: less than 100 s, if the number is one of milliseconds. No generator makes such times, but an argument may
// end up in the place of one.
func shortLived(args []string) bool {
	name := strings.ToUpper(args[0])
	if !strings.Contains(name, "EX") && name != "SET" && name != "RESTORE" { // SETEX, PSETEX, GETEX, EXPIRE, PEXPIRE
		return false
	}
	return slices.ContainsFunc(args[1:], func(a string) bool {
		n, err := strconv.Atoi(a)
		return err == nil && 0 < n && n < 100_000
	})
}

// compareAtomic sends one command in a transaction, where nothing blocks.
func (d *duel) compareAtomic(p *pair, conn int, name string, proto int, args []string) {
	d.t.Helper()
	d.compare(p, conn, exact, []string{"MULTI"})
	queued := d.compare(p, conn, exact, args)
	done := d.compare(p, conn, func(d *duel, p *pair, exec []string, ours, theirs harness.Reply) string {
		if len(ours.Elems) == 1 && len(theirs.Elems) == 1 && known(args, ours.Elems[0], theirs.Elems[0]) != nil {
			return ""
		}
		return exact(d, p, exec, ours, theirs)
	}, []string{"EXEC"})
	if !queued.IsError() && len(done.Elems) == 1 {
		queued = done.Elems[0]
	}
	d.outcomes.note(name, proto, queued)
}

// checkOutcomes wants every command of the group's table to have succeeded and to have failed, in both protocols.
func (d *duel) checkOutcomes(productions []production) {
	d.t.Helper()
	for _, p := range productions {
		if !p.names(strings.Split(p.command(), "|")) {
			continue // of unknown commands
		}
		for _, proto := range []int{2, 3} {
			seen := d.outcomes[fmt.Sprint(p.command(), " ", proto)]
			if seen == nil || seen.succeeded == 0 || seen.failed == 0 {
				d.t.Errorf("%s, RESP%d: not both valid and invalid arguments: %+v", p.command(), proto, seen)
			}
		}
	}
}

// compare sends one command to both sides, and returns our reply.
func (d *duel) compare(p *pair, conn int, c check, args []string) harness.Reply {
	d.t.Helper()
	d.history = append(d.history, fmt.Sprintf("%d> %s", conn, quoted(args)))
	d.noteEncodings(args)
	ours, err := p.ours.Do(d.addressed(0, args)...)
	require.NoError(d.t, err, "ours, after\n%s", d.tail())
	theirs, err := p.theirs.Do(d.addressed(1, args)...)
	require.NoError(d.t, err, "theirs, after\n%s", d.tail())
	if d.audience != nil {
		d.compareEvents(args)
	}
	if ours.IsError() || theirs.IsError() {
		c = exact
	}
	if msg := c(d, p, args, ours, theirs); msg != "" {
		excuse := known(args, ours, theirs)
		if excuse == nil {
			require.FailNow(d.t, msg, "%s\nours:   %s\ntheirs: %s", d.tail(), clipped(ours.Raw), clipped(theirs.Raw))
		}
		if excuse.diverges {
			p.ours.OK(d.t, "DEL", args[1])
			p.theirs.OK(d.t, "DEL", args[1])
		}
	}
	if d.audience != nil {
		d.events() // of what the check sent
	}
	return ours
}

// targetPort stands in commands for the port of the target of the server that a command is sent to.
const targetPort = "<target>"

func (d *duel) addressed(side int, args []string) []string {
	if d.targets[side] == nil {
		return args
	}
	args = slices.Clone(args)
	for i, a := range args {
		if a == targetPort {
			args[i] = strconv.Itoa(d.targets[side].Port())
		}
	}
	return args
}

// compareData compares the two keyspaces: content, encodings and whether there is an expiry; of the targets likewise.
func (d *duel) compareData() {
	d.t.Helper()
	p := d.dial(2)
	defer p.close()
	d.compareKeyspaces(p)
	if d.group.target {
		p := &pair{ours: d.targets[0].Dial(d.t), theirs: d.targets[1].Dial(d.t)}
		defer p.close()
		d.compareKeyspaces(p)
	}
}

func (d *duel) compareKeyspaces(p *pair) {
	d.t.Helper()
	for db := range databases {
		p.ours.OK(d.t, "SELECT", strconv.Itoa(db))
		p.theirs.OK(d.t, "SELECT", strconv.Itoa(db))
		ours, err := harness.DumpDB(p.ours)
		require.NoError(d.t, err)
		theirs, err := harness.DumpDB(p.theirs)
		require.NoError(d.t, err)
		if diff := harness.DiffDumps(ours, theirs, d.sameEncoding); diff != "" {
			require.FailNow(d.t, "keyspaces differ", "database %d, ours first:\n%s\nafter\n%s", db, diff, strings.Join(d.history, "\n"))
		}
		d.compareDigests(p, ours)
	}
}

// compareDigests compares DEBUG DIGEST-VALUE of the keys of a dump; sorted sets are left out, whose digest is of the scores'
// digits, which differ by version.
func (d *duel) compareDigests(p *pair, dump harness.Dump) {
	d.t.Helper()
	args := []string{"DEBUG", "DIGEST-VALUE"}
	for name, key := range dump {
		if key.Type != "zset" {
			args = append(args, name)
		}
	}
	ours, theirs := p.ours.OK(d.t, args...).Texts(), p.theirs.OK(d.t, args...).Texts()
	require.Equal(d.t, theirs, ours, "digests of equal values: %q", args)
}

func (d *duel) tail() string {
	h := d.history
	if len(h) > historyTail {
		h = append([]string{h[0], "..."}, h[len(h)-historyTail:]...)
	}
	return strings.Join(h, "\n")
}

func quoted(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = clipped([]byte(a))
	}
	return strings.Join(out, " ")
}

func clipped(b []byte) string {
	if len(b) > 700 {
		return fmt.Sprintf("%q... (%d bytes)", b[:700], len(b))
	}
	return fmt.Sprintf("%q", b)
}
