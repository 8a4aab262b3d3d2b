package repl

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Divergence is a part of this server's history that its new master's does not have: the
// bytes behind offset From, up to To. ID is the history that both share before it.
type Divergence struct {
	ID       string
	From, To int64
}

// maxInfo bounds the reply to INFO that is read.
const maxInfo = 1 << 20

// findFork learns where the master's history and this server's part: from the ids and
// offsets in the master's INFO, so that any master can tell. It leaves x.fork nil if they
// have nothing in common, or the master does not say.
func (x *exchange) findFork() error {
	if !x.l.o.Config().KeepDiverged || !x.l.hasPosition() || x.s.failover {
		return nil
	}
	if err := x.send("INFO", "replication"); err != nil {
		return err
	}
	line, err := x.line()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(line, "$"))
	if line == "" || line[0] != '$' || err != nil || n < 0 || n > maxInfo {
		if strings.HasPrefix(line, "-") {
			x.l.o.Logf(Notice, "(Non critical) Master does not tell where histories part: %s", line)
			return nil
		}
		return fmt.Errorf("%w: reply to INFO: %q", ErrProtocol, clip([]byte(line)))
	}
	text := make([]byte, n+2)
	if _, err := io.ReadFull(x.in, text); err != nil {
		return err
	}
	x.fork = forkOf(x.l.o.Identity.Get(), x.l.o.Log.EndOffset(), string(text))
	return nil
}

// forkOf compares a server's ids, and the end of its history, with a master's INFO.
func forkOf(ids IDs, end int64, info string) *Divergence {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		fields[name] = value
	}
	number := func(name string) int64 {
		n, err := strconv.ParseInt(fields[name], 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	type branch struct {
		id  string
		end int64 // its last offset that is shared
	}
	mine := []branch{{ids.ID, end}, {ids.ID2, min(end, ids.SecondOffset-1)}}
	theirs := []branch{{fields["master_replid"], number("master_repl_offset")}, {fields["master_replid2"], number("second_repl_offset") - 1}}
	var fork *Divergence
	for _, m := range mine {
		for _, t := range theirs {
			at := min(m.end, t.end)
			if m.id == t.id && len(m.id) == IDLen && m.id != noID && at >= 0 && (fork == nil || at > fork.From) {
				fork = &Divergence{ID: m.id, From: at, To: end}
			}
		}
	}
	return fork
}

// keepDiverged has what a full synchronization is about to discard kept.
func (x *exchange) keepDiverged() error {
	l := x.l
	switch {
	case !l.o.Config().KeepDiverged || !l.hasPosition() || l.o.OnDiverged == nil:
		return nil
	case x.fork == nil:
		l.o.Logf(Notice, "It is not known where the master's history and this server's part: nothing of the latter is kept")
		return nil
	case x.fork.From >= x.fork.To:
		return nil
	}
	return l.o.OnDiverged(*x.fork)
}
