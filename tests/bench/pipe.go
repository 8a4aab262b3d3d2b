package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/tidwall/redcon"

	"treedis/tests/harness"
)

// replyTime bounds the wait for any reply, those to commands that walk all keys included.
const replyTime = time.Minute

// errReply is wrapped by the error for an error reply.
var errReply = errors.New("the server answered with an error")

// pipe is a connection whose replies are counted rather than kept: it costs the client a fraction of what harness.Conn costs. Its
// two halves, write and readOne, may be used by a goroutine each.
type pipe struct {
	conn net.Conn
	in   []byte // received
	at   int    // in[:at] has been used
}

func dialPipe(addr string) (*pipe, error) {
	conn, err := net.DialTimeout("tcp", addr, harness.Patience)
	if err != nil {
		return nil, err
	}
	return &pipe{conn: conn, in: make([]byte, 0, 64<<10)}, nil
}

func (p *pipe) close() { p.conn.Close() }

func (p *pipe) write(commands []byte) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(replyTime)); err != nil {
		return err
	}
	_, err := p.conn.Write(commands)
	return err
}

// readOne reads a reply and forgets it. An error reply is an error.
func (p *pipe) readOne() error {
	for {
		n, reply := redcon.ReadNextRESP(p.in[p.at:])
		if n > 0 {
			p.at += n
			if reply.Type == redcon.Error {
				return fmt.Errorf("%w: %s", errReply, reply.Data)
			}
			return nil
		}
		if err := p.more(); err != nil {
			return err
		}
	}
}

// more waits for bytes.
func (p *pipe) more() error {
	p.in = append(p.in[:0], p.in[p.at:]...)
	p.at = 0
	if err := p.conn.SetReadDeadline(time.Now().Add(replyTime)); err != nil {
		return err
	}
	p.in = slices.Grow(p.in, 4<<10)
	n, err := p.conn.Read(p.in[len(p.in):cap(p.in)])
	p.in = p.in[:len(p.in)+n]
	if n > 0 {
		return nil
	}
	return err
}
