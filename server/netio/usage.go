package netio

import "sync/atomic"

// Usage is the memory that a connection holds for input and output, in bytes.
type Usage struct {
	InLen, InCap   int // not consumed, and held for it
	OutLen, OutCap int // not written, and held for it
	OutQueued      int // of OutLen, what stands in buffers that were put aside because they were full
	OutBuffers     int // how many those are
}

// usage is what Usage returns: written by the connection's loop, read by anybody.
type usage struct{ input, output figures }

// figures are written where they change only: nearly always they are zero, and an atomic store costs ten times a comparison.
type figures struct{ length, capacity, queued, buffers figure }

type figure struct {
	n      int // the loop's own copy
	shared atomic.Int64
}

func (f *figure) set(n int) {
	if f.n != n {
		f.n = n
		f.shared.Store(int64(n))
	}
}

func (f *figure) get() int { return int(f.shared.Load()) }

// publish returns by how much capacity has grown.
func (f *figures) publish(length, capacity, queued, buffers int) (growth int) {
	growth = capacity - f.capacity.n
	f.length.set(length)
	f.capacity.set(capacity)
	f.queued.set(queued)
	f.buffers.set(buffers)
	return growth
}

// publishInput and publishOutput publish what a connection holds.
func (l *Loop) publishInput(c *Conn) {
	if n := c.usage.input.publish(c.InLen(), c.InCap(), 0, 0); n != 0 {
		l.held.add(n)
	}
}

func (l *Loop) publishOutput(c *Conn) {
	if n := c.usage.output.publish(c.OutLen(), c.OutCap(), c.queued, len(c.queue)); n != 0 {
		l.held.add(n)
	}
}

// Held returns the bytes that the connections hold for input and output, as Usage tells them of each. It is safe for concurrent use.
func (l *Loop) Held() int64 { return l.held.n.Load() }

// Usage returns what the connection held when its last callback had ended, and its last output was written. It is safe for
// concurrent use.
func (c *Conn) Usage() Usage {
	in, out := &c.usage.input, &c.usage.output
	return Usage{
		InLen: in.length.get(), InCap: in.capacity.get(),
		OutLen: out.length.get(), OutCap: out.capacity.get(),
		OutQueued: out.queued.get(), OutBuffers: out.buffers.get(),
	}
}
