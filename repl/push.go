package repl

import (
	"net"
	"syscall"
)

const (
	// pushLimit is from how many unread bytes on a replica's own goroutine sends them, beside the loop that appends. Some rounds
	// take long.
	pushLimit = 256 << 10
	// pushVec is how many pieces of the log one push writes.
	pushVec = 16
)

// pusher writes to a replica's socket what there is room for, and waits for none. It is for the reader's owner.
type pusher struct {
	raw   syscall.RawConn
	write func(fd uintptr) bool // calls system; kept so that it is made once
	vec   [][]byte
	n     int
	ok    bool
}

// newPusher returns nil for a connection that can't be written to like that.
func newPusher(conn net.Conn) *pusher {
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil // what is encrypted goes through more than the socket
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil || !canPush {
		return nil
	}
	p := &pusher{raw: raw}
	p.write = func(fd uintptr) bool {
		p.n, p.ok = writeNow(fd, p.vec)
		return true
	}
	return p
}

// send writes the beginning of chunks, and reports whether the socket took all that it was given.
func (p *pusher) send(chunks [][]byte) (n int, ok bool) {
	p.vec, p.n, p.ok = chunks[:min(len(chunks), pushVec)], 0, false
	err := p.raw.Write(p.write)
	p.vec = nil
	return p.n, p.ok && err == nil
}

// push sends what the reader has if nobody else does, and returns how much that was. What does not leave at once is left to the
// reader's goroutine.
func (r *Reader) push(p *pusher) (sent int64) {
	if !r.claim() {
		return 0
	}
	for {
		chunks, err := r.Pending()
		if len(chunks) > 0 {
			n, ok := p.send(chunks)
			r.Consume(int64(n))
			sent += int64(n)
			if !ok || len(chunks) > pushVec {
				r.handBack()
				return sent
			}
		}
		if err != nil {
			r.handBack() // it sees that the reader is closed
			return sent
		}
		if r.park() {
			r.noticeClosed()
			return sent
		}
	}
}

// noticeClosed hands a reader that was closed while it was owned back to its goroutine, which may wait for that.
func (r *Reader) noticeClosed() {
	select {
	case <-r.closed:
		if r.asleep.CompareAndSwap(true, false) {
			r.handBack()
		}
	default:
	}
}

// Push sends the log to the replicas as far as their sockets take it at once. A loop calls it at the end of a round, without any
// lock: that takes one write for each replica, where waking their goroutines took two more system calls and 1.4 times the
// processor's time if clients do not pipeline.
func (m *Master) Push() {
	for _, r := range *m.log.readers.Load() {
		if p := r.pusher.Load(); p != nil && r.Lag() > 0 {
			m.stats.output.Add(r.push(p))
		}
	}
}

// WakePushed makes the replicas' goroutines send what the log has, for those who append and will not Push.
// It needs no lock.
func (l *Log) WakePushed() { l.wakePushed(1) }

func (l *Log) wakePushed(from int64) {
	for _, r := range *l.readers.Load() {
		if r.pusher.Load() != nil && r.Lag() >= from {
			r.wakeMissed()
		}
	}
}

// wakeMissed is wake, but an owner that is there looks at the log again.
func (r *Reader) wakeMissed() {
	if r.claim() {
		r.handBack()
	}
}
