package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// countingReader adds what it reads to a counter.
type countingReader struct {
	net.Conn
	n *atomic.Int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// transfer receives a snapshot, loads it beside the data being served, and swaps.
// Until the swap nothing changes: if the transfer fails, the history that the
// server had can still be continued.
func (x *exchange) transfer(reply syncReply) error {
	l := x.l
	l.syncTotal.Store(-1)
	l.syncRead.Store(0)
	x.become(LinkTransfer)
	r, err := x.awaitPayload()
	if err != nil {
		return err
	}
	info := SyncInfo{
		ReplID: reply.replid, Offset: reply.offset, Size: r.size(),
		SameHistory: reply.replid != "" && reply.replid == l.o.Identity.Get().ID,
		Known:       x.s.known(),
	}
	l.o.Logf(Notice, "MASTER <-> REPLICA sync: Loading DB in memory")
	data, err := l.o.Target.LoadRDB(x.ctx, r, info)
	if errors.Is(err, ErrUnwanted) {
		return err
	}
	if err != nil {
		if r.err != nil && !errors.Is(err, r.err) {
			err = fmt.Errorf("%w: %w", err, r.err) // where the loader saw the stream end, and why it did
		}
		l.o.Logf(Warning, "Failed trying to load the MASTER synchronization DB from socket, check server logs.")
		return fmt.Errorf("loading the master's snapshot: %w", err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // to the mark or the announced end
		l.o.Target.Discard(data)
		return err
	}
	if err := x.keepDiverged(); err != nil {
		l.o.Target.Discard(data)
		return err
	}
	if err := x.install(data, info); err != nil {
		l.o.Target.Discard(data)
		return err
	}
	l.o.Logf(Notice, "MASTER <-> REPLICA sync: Finished with success")
	if r.mark != nil {
		return x.sendAck() // what makes the master begin with the stream
	}
	return nil
}

// install swaps the loaded data set in, and adopts the master's history with it.
func (x *exchange) install(data Dataset, info SyncInfo) error {
	l := x.l
	l.o.Target.Lock()
	defer l.o.Target.Unlock()
	if x.s.ctx.Err() != nil {
		return ErrStopped
	}
	// Replicas of this server have another data set; they start over as well.
	l.o.Master.DisconnectAll()
	// The log first: its readers must not take what they have for the new history's.
	l.o.Log.Reset(max(info.Offset, 0))
	if info.ReplID == "" {
		l.o.Identity.Change()
		l.o.Identity.Clear()
	} else {
		l.o.Identity.Set(info.ReplID)
	}
	// Kept without replicas too: after a promotion the others will ask for it.
	l.o.Log.EnableBacklog()
	l.setPosition(info.ReplID != "")
	l.readOffset.Store(l.o.Log.EndOffset())
	l.freshAt.Store(0) // the snapshot may be one that others had before
	l.o.Target.InstallLocked(data, info)
	x.become(LinkConnected)
	return nil
}

// awaitPayload reads up to the first byte of the snapshot. A master that gets it
// ready sends empty lines.
func (x *exchange) awaitPayload() (*payload, error) {
	for {
		line, err := x.line()
		switch {
		case err != nil:
			return nil, err
		case line == "":
		case line[0] == '-':
			return nil, x.refused("MASTER aborted replication with an error: %s", line[1:])
		case line[0] != '$':
			return nil, x.refused("Bad protocol from MASTER, the first byte is not '$' (we received '%s'), are you sure the host and port are right?", line)
		case strings.HasPrefix(line, "$EOF:") && len(line) >= len("$EOF:")+IDLen:
			x.l.syncTotal.Store(0)
			x.l.o.Logf(Notice, "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser")
			return &payload{x: x, mark: []byte(line[len("$EOF:"):][:IDLen]), lastSign: time.Now()}, nil
		default:
			n, err := strconv.ParseInt(line[1:], 10, 64)
			if err != nil || n < 0 {
				return nil, x.refused("Bad protocol from MASTER, invalid bulk length '%s'", line)
			}
			x.l.syncTotal.Store(n)
			x.l.o.Logf(Notice, "MASTER <-> REPLICA sync: receiving %d bytes from master to parser", n)
			return &payload{x: x, left: n, lastSign: time.Now()}, nil
		}
	}
}

// payload reads a snapshot and ends, with io.EOF, where it ends: after as many
// bytes as were announced, or before the mark. Bytes that follow stay in the
// exchange's buffer. While it is read the master gets a newline every second:
// it cannot tell a replica that loads from one that hangs otherwise.
type payload struct {
	x        *exchange
	mark     []byte // nil for a snapshot with its length before it
	left     int64  // bytes to come, without a mark
	sure     int    // buffered bytes known to come before the mark
	ended    bool   // the mark was found
	err      error
	lastSign time.Time
}

func (r *payload) size() int64 {
	if r.mark != nil {
		return -1
	}
	return r.left
}

func (r *payload) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.next(p)
	if n > 0 {
		r.x.l.syncRead.Add(int64(n))
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (r *payload) next(p []byte) (int, error) {
	if r.mark == nil {
		if r.left == 0 {
			return 0, io.EOF
		}
		if err := r.prepare(r.x.in.Buffered() == 0); err != nil {
			return 0, err
		}
		n, err := r.x.in.Read(p[:min(int64(len(p)), r.left)])
		r.left -= int64(n)
		return n, noEOF(err)
	}
	if r.sure == 0 {
		if err := r.seekMark(); err != nil {
			return 0, err
		}
	}
	n, err := r.x.in.Read(p[:min(len(p), r.sure)])
	r.sure -= n
	return n, noEOF(err)
}

// seekMark finds out how many of the next bytes are certain to come before the
// mark, at least one. Each byte is searched once, but for the 39 that may begin
// the mark.
func (r *payload) seekMark() error {
	if r.ended {
		return io.EOF
	}
	in := r.x.in
	for {
		b, _ := in.Peek(in.Buffered())
		switch i := bytes.Index(b, r.mark); {
		case i > 0:
			r.sure = i
			return nil
		case i == 0:
			_, _ = in.Discard(len(r.mark)) // cannot fail: it is in the buffer
			r.ended = true
			return io.EOF
		}
		if r.sure = len(b) - len(r.mark) + 1; r.sure > 0 {
			return nil
		}
		r.sure = 0
		if err := r.prepare(true); err != nil {
			return err
		}
		if _, err := in.Peek(len(b) + 1); err != nil {
			return noEOF(err)
		}
	}
}

// prepare is called before a read; wait says that it will go to the connection.
func (r *payload) prepare(wait bool) error {
	if !wait {
		return nil
	}
	if r.x.ctx.Err() != nil {
		return context.Cause(r.x.ctx)
	}
	now := time.Now()
	r.x.l.touch()
	if now.Sub(r.lastSign) >= r.x.l.o.AckPeriod {
		r.lastSign = now
		if err := r.x.write([]byte{'\n'}); err != nil {
			return err
		}
	}
	return r.x.conn.SetReadDeadline(now.Add(r.x.l.o.Config().Timeout))
}

// noEOF makes a connection that ends too early an error of its own: io.EOF is what
// a complete snapshot ends with.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
