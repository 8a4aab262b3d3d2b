package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// exchange is what goes on over one connection to a master.
type exchange struct {
	s    *session
	l    *Link
	ctx  context.Context
	conn net.Conn
	in   *bufio.Reader

	state   LinkState
	fork    *Divergence // of the master's history and this server's; nil if it is not known
	nextAck time.Time   // real time, like the deadlines it is compared with
	silent  bool        // a master too old for PSYNC: no acknowledgements

	// The stream's.
	p       *parser
	scanned int  // commands of p already looked at
	group   int  // index of the MULTI that is open
	multi   bool // there is one
	args    [][]byte
	ackBuf  []byte
}

// syncReply is what a master answers to PSYNC.
type syncReply struct {
	partial bool
	replid  string // "" from a master that does not say
	offset  int64
}

// pingErrors are the errors that a PING may be answered with: they say that
// the master lives and wants authentication first.
var pingErrors = []string{"-NOAUTH", "-NOPERM", "-ERR operation not permitted"}

func newExchange(s *session, ctx context.Context, conn net.Conn) *exchange {
	x := &exchange{s: s, l: s.l, ctx: ctx, conn: conn, state: LinkConnecting}
	x.in = bufio.NewReaderSize(countingReader{conn, &s.l.input}, readChunk)
	return x
}

// run is the whole life of the connection.
func (x *exchange) run() (LinkState, error) {
	err := x.steps()
	if x.ctx.Err() != nil { // the connection was closed on our account
		return x.state, context.Cause(x.ctx)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return x.state, err
}

func (x *exchange) steps() error {
	x.become(LinkHandshake)
	if err := x.greet(); err != nil {
		return err
	}
	if err := x.findFork(); err != nil {
		return err
	}
	reply, err := x.psync()
	if err != nil {
		return err
	}
	if reply.partial {
		err = x.resume(reply.replid)
	} else {
		err = x.transfer(reply)
	}
	if err != nil {
		return err
	}
	return x.stream()
}

func (x *exchange) become(state LinkState) {
	x.state = state
	x.s.become(state)
}

// greet makes sure that the master is there, and introduces this server.
func (x *exchange) greet() error {
	if err := x.send("PING"); err != nil {
		return err
	}
	line, err := x.line()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "+") && !hasAnyPrefix(line, pingErrors) {
		return x.refused("Error reply to PING from master: '%s'", line)
	}
	x.l.o.Logf(Notice, "Master replied to PING, replication can continue...")

	cfg := x.l.o.Config()
	steps := introduction(cfg)
	sent := x.l.o.Now()
	x.l.stamped.Store(false)
	x.l.askedStamps.Store(int64(cfg.Stamps))
	for _, step := range steps {
		if err := x.send(step.command...); err != nil {
			return err
		}
	}
	for _, step := range steps {
		line, err := x.line()
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(line, "-"):
			if step.stamps {
				x.l.tune(line, sent)
			}
		case step.critical:
			return x.refused("Unable to AUTH to MASTER: %s", line)
		default:
			x.l.o.Logf(Notice, "(Non critical) Master does not understand %s: %s", strings.Join(step.command[:2], " "), line)
		}
	}
	return nil
}

// CapaVerify is what a replica calls its ability to answer with digests of its data. Redis
// passes over it.
const CapaVerify = "treedis-verify"

// step is one command of the introduction. The master may not know it, unless it
// is critical.
type step struct {
	command  []string
	critical bool
	stamps   bool
}

func introduction(cfg LinkConfig) []step {
	var steps []step
	if cfg.MasterAuth != "" {
		auth := []string{"AUTH"}
		if cfg.MasterUser != "" {
			auth = append(auth, cfg.MasterUser)
		}
		steps = append(steps, step{command: append(auth, cfg.MasterAuth), critical: true})
	}
	steps = append(steps, step{command: []string{"REPLCONF", "listening-port", strconv.Itoa(cfg.ListeningPort)}})
	if cfg.AnnounceIP != "" {
		steps = append(steps, step{command: []string{"REPLCONF", "ip-address", cfg.AnnounceIP}})
	}
	steps = append(steps, step{command: []string{"REPLCONF", "capa", "eof", "capa", "psync2", "capa", CapaVerify}})
	if cfg.Stamps > 0 {
		steps = append(steps, step{command: stampsStep(cfg.Stamps), stamps: true})
	}
	return steps
}

// psync asks to synchronize, and falls back to SYNC with a master that does not
// know PSYNC.
func (x *exchange) psync() (syncReply, error) {
	line, err := x.askPSYNC()
	reply, err := x.judge(line, err)
	if x.s.failover {
		x.s.failover = false
		x.takeoverAnswered(err == nil)
		return reply, err
	}
	if !errors.Is(err, errNoPSYNC) {
		return reply, err
	}
	x.l.o.Logf(Notice, "Retrying with SYNC...")
	x.silent = true
	return syncReply{offset: -1}, x.write([]byte("SYNC\r\n"))
}

// takeoverAnswered tells the server whether the other side became the master.
func (x *exchange) takeoverAnswered(accepted bool) {
	x.l.o.Target.Lock()
	defer x.l.o.Target.Unlock()
	if x.s.ctx.Err() == nil && x.l.o.OnTakeoverLocked != nil {
		x.l.o.OnTakeoverLocked(accepted)
	}
}

// errNoPSYNC: the master answered PSYNC with an error that is not a passing one.
var errNoPSYNC = errors.New("repl: master does not support PSYNC")

// askPSYNC sends PSYNC and waits for the reply. The master sends empty lines while
// it makes up its mind, which may take as long as it takes to get a snapshot ready.
func (x *exchange) askPSYNC() (string, error) {
	replid, first := "?", int64(-1)
	if x.l.hasPosition() {
		replid, first = x.l.o.Identity.Get().ID, x.l.o.Log.EndOffset()+1
		if x.fork != nil && x.fork.From == x.fork.To {
			replid = x.fork.ID // all of this server's history is the master's as well, under that id
		}
		x.l.o.Logf(Notice, "Trying a partial resynchronization (request %s:%d).", replid, first)
	} else {
		x.l.o.Logf(Notice, "Partial resynchronization not possible (no cached master)")
	}
	command := []string{"PSYNC", replid, strconv.FormatInt(first, 10)}
	if x.s.failover {
		command = append(command, "FAILOVER")
	}
	if err := x.send(command...); err != nil {
		return "", err
	}
	for {
		line, err := x.line()
		if line != "" || err != nil {
			return line, err
		}
	}
}

// judge understands the reply to PSYNC.
func (x *exchange) judge(line string, err error) (syncReply, error) {
	logf := x.l.o.Logf
	switch {
	case err != nil:
		return syncReply{}, err
	case strings.HasPrefix(line, "+FULLRESYNC"):
		reply, ok := parseFullResync(line)
		if !ok {
			// It does support PSYNC, but what it calls this history is unknown.
			logf(Warning, "Master replied with wrong +FULLRESYNC syntax.")
			x.silent = true
			return syncReply{offset: -1}, nil
		}
		logf(Notice, "Full resync from master: %s:%d", reply.replid, reply.offset)
		return reply, nil
	case strings.HasPrefix(line, "+CONTINUE"):
		if !x.l.hasPosition() {
			return syncReply{}, x.refused("Master wants to continue what was not begun: %s", line)
		}
		reply := syncReply{partial: true}
		if id := strings.TrimPrefix(line, "+CONTINUE "); ValidID(id) {
			reply.replid = id
		}
		return reply, nil
	case hasAnyPrefix(line, []string{"-NOMASTERLINK", "-LOADING"}):
		logf(Notice, "Master is currently unable to PSYNC but should be in the future: %s", line)
		return syncReply{}, fmt.Errorf("%w: %s", ErrTryLater, line)
	case strings.HasPrefix(line, "-ERR"):
		logf(Notice, "Master does not support PSYNC or is in error state (reply: %s)", line)
	default:
		logf(Warning, "Unexpected reply to PSYNC from master: %s", line)
	}
	return syncReply{}, errNoPSYNC
}

// parseFullResync parses "+FULLRESYNC <replid> <offset>".
func parseFullResync(line string) (syncReply, bool) {
	words := strings.Split(line, " ")
	if len(words) != 3 || !ValidID(words[1]) {
		return syncReply{}, false
	}
	offset, err := strconv.ParseInt(words[2], 10, 64)
	if err != nil || offset < 0 {
		return syncReply{}, false
	}
	return syncReply{replid: words[1], offset: offset}, true
}

// resume continues the history after +CONTINUE. A new id means that the master has
// been promoted: both histories are one up to here, and replicas of this server
// have to learn the new id.
func (x *exchange) resume(replid string) error {
	l := x.l
	l.o.Target.Lock()
	defer l.o.Target.Unlock()
	if x.s.ctx.Err() != nil {
		return ErrStopped
	}
	l.o.Logf(Notice, "Successful partial resynchronization with master.")
	if replid != "" && replid != l.o.Identity.Get().ID {
		l.o.Logf(Notice, "Master replication ID changed to %s", replid)
		l.o.Identity.Shift(replid, l.o.Log.EndOffset())
		l.o.Master.DisconnectAll()
	}
	l.o.Log.EnableBacklog()
	l.readOffset.Store(l.o.Log.EndOffset())
	x.become(LinkConnected)
	l.o.Logf(Notice, "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")
	return nil
}

// refused logs the master's refusal and makes an error of it.
func (x *exchange) refused(format, line string) error {
	x.l.o.Logf(Warning, format, line)
	return fmt.Errorf("%w: %s", ErrMasterRefused, line)
}

// send writes a command.
func (x *exchange) send(args ...string) error { return x.write(appendCommand(nil, args...)) }

func (x *exchange) write(p []byte) error {
	if err := x.conn.SetWriteDeadline(time.Now().Add(x.l.o.Config().Timeout)); err != nil {
		return err
	}
	_, err := x.conn.Write(p)
	return err
}

// line reads a line, without its end.
func (x *exchange) line() (string, error) {
	if err := x.awaitInput(); err != nil {
		return "", err
	}
	if err := x.conn.SetReadDeadline(time.Now().Add(x.l.o.Config().Timeout)); err != nil {
		return "", err
	}
	line, err := x.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("%w: %w: reply line", ErrProtocol, ErrTooBig)
	}
	if err != nil {
		return "", err
	}
	x.l.touch()
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}

// timeoutCheck is after how long of a wait repl-timeout is looked at again.
const timeoutCheck = time.Second

// awaitInput waits until there is something to read, for repl-timeout, which may change meanwhile: the wait for a
// snapshot to begin can be a long one.
func (x *exchange) awaitInput() error {
	for began := time.Now(); ; {
		timeout := began.Add(x.l.o.Config().Timeout)
		if err := x.conn.SetReadDeadline(earlier(timeout, time.Now().Add(timeoutCheck))); err != nil {
			return err
		}
		_, err := x.in.Peek(1)
		if !errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(timeout) {
			return err
		}
	}
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
