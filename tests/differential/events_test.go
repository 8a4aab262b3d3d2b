package differential

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eventRounds is how many batches of each group are sent for their events, per protocol.
const eventRounds = 2

// TestKeyspaceEvents sends the groups' commands and compares, command by command, the keyspace notifications of both servers: which
// events, of which keys, in which order.
func TestKeyspaceEvents(t *testing.T) {
	t.Parallel()
	for _, gr := range groups() {
		if slices.Contains([]string{"self-test", "waiting", "connection"}, gr.name) {
			continue // no keys
		}
		t.Run(gr.name, func(t *testing.T) {
			t.Parallel()
			gr.setup = append(slices.Clone(gr.setup), []string{"CONFIG", "SET", "notify-keyspace-events", "KEA"})
			gr.conns = 1
			gr.batches = min(eventRounds, cmp.Or(gr.batches, eventRounds))
			d := newDuel(t, gr)
			d.listen()
			productions := d.productions()
			for round := range gr.rounds(t) {
				d.batch(productions, 2+round%2, round)
			}
		})
	}
}

// eventsEnd is the channel of the message that ends the events of one command.
const eventsEnd = "end of events"

// audience is what hears of the events of both servers.
type audience struct{ listeners, publishers *pair }

// listen lets compare compare events too.
func (d *duel) listen() {
	d.audience = &audience{d.dial(2), d.dial(2)}
	for _, c := range d.audience.listeners.both() {
		c.OK(d.t, "PSUBSCRIBE", "__key*__:*")
		c.OK(d.t, "SUBSCRIBE", eventsEnd)
	}
}

// compareEvents compares what the command before caused.
func (d *duel) compareEvents(args []string) {
	d.t.Helper()
	ours, theirs := d.events()
	if !slices.Equal(comparableEvents(args, theirs), comparableEvents(args, ours)) {
		require.FailNow(d.t, "events differ", "%s\nours:   %q\ntheirs: %q", d.tail(), ours, theirs)
	}
}

// events returns the events since it was called last.
func (d *duel) events() (ours, theirs []string) {
	d.t.Helper()
	var out [2][]string
	for i, listener := range d.audience.listeners.both() {
		d.audience.publishers.both()[i].OK(d.t, "PUBLISH", eventsEnd, "")
		for {
			r, err := listener.Read1()
			require.NoError(d.t, err, d.tail())
			if r.Texts()[0] == "message" {
				break
			}
			out[i] = append(out[i], r.Elems[2].Text+" "+r.Elems[3].Text)
		}
	}
	return out[0], out[1]
}

// comparableEvents leaves out the events that 7.2, the reference, notifies of at another time than 7.0, the peer: XREADGROUP, XCLAIM and
// XAUTOCLAIM make their consumer in 7.2 whatever they find, in 7.0 only when they give it something.
func comparableEvents(args, events []string) []string {
	if isCommand(args, 0, "XGROUP") {
		return events
	}
	return slices.DeleteFunc(events, func(e string) bool { return strings.Contains(e, "xgroup-createconsumer") })
}
