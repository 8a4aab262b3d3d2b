package server

import (
	"time"

	"treedis/server/config"
)

// blockedCall is a command that waits: its client's further input stays unread until the command is
// answered, by whoever it waits for, or by its timeout.
type blockedCall struct {
	c         *Client
	row       *row
	args      [][]byte        // copies
	redacted  []int           // of args, what the slow log must not show
	took      time.Duration   // of execution, without the wait
	failed    bool            // an error is the answer
	rejected  bool            // it did not run after all, for want of the right
	cancel    func()          // takes the command out of where it waits; exclusive lock
	onTimeout func(c *Client) // nil: it ends neither by a timeout nor by CLIENT UNBLOCK
	timer     *time.Timer     // nil: for ever
	// invalidated is what the client that tracks is to be told after the answer.
	invalidated [][]byte
	answered    bool      // the answer is on its way to the client's loop; exclusive lock
	term        *syncTerm // in which the answer was made, if it tells of data; exclusive lock
}

// block makes the client wait. onTimeout replies if nothing else has; cancel is called under the
// exclusive lock if the wait ends in any way but through unblock. A timeout of 0 is for ever.
func (c *Call) block(timeout time.Duration, cancel func(), onTimeout func(*Client)) *blockedCall {
	b := &blockedCall{c: c.c, row: c.row, args: cloneWords(c.args), cancel: cancel, onTimeout: onTimeout}
	c.c.blocked = b
	c.c.conn.Pause()
	if timeout > 0 {
		b.timer = time.AfterFunc(timeout, func() {
			b.end(func(c *Client) {
				cancel()
				onTimeout(c)
			}, false)
		})
	}
	return b
}

// unblock answers a waiting command, from any goroutine: reply runs on the client's loop, under the
// lock. Only the first of several answers counts.
func (b *blockedCall) unblock(reply func(c *Client)) {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.end(reply, false)
}

// answerLocked answers a waiting command for which something has been done that must not be lost to its
// timeout. It needs the exclusive lock.
func (b *blockedCall) answerLocked(reply func(c *Client)) {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.answered = true
	if b.row.showsData {
		b.term = b.c.srv.sync.term
	}
	b.end(reply, true)
}

// end runs reply on the client's loop and lets the client go on. Once there is an answer nothing else
// counts.
func (b *blockedCall) end(reply func(c *Client), answer bool) {
	c := b.c
	conn := c.conn
	conn.Post(func() {
		c.srv.lock.borrow()
		defer c.srv.lock.unlock()
		if c.blocked != b || b.answered && !answer {
			return
		}
		c.blocked = nil
		if b.rejected {
			c.counters.command(b.row).rejected.add(1)
		} else {
			c.counters.command(b.row).executed(int64(b.took), b.failed, config.LatencyTracking.Get(c.srv.cfg))
			c.srv.logSlow(c, b.row, b.args, b.redacted, b.took)
		}
		mark := c.out.Len()
		reply(c)
		c.mute(mark)
		if b.term == nil && b.row.showsData {
			b.term = c.srv.sync.term
		}
		if b.term != nil {
			c.shows(b.term, c.out.Len()-mark, false)
		}
		c.releasePushes()
		for _, value := range b.invalidated {
			c.srv.pushInvalidation(c, invalidation, value)
		}
		c.srv.checkOutput(c)
		conn.Resume()
	})
}

// abort ends the wait with an error and closes the client, as befits one that waits for something which can no
// longer happen here. It needs the exclusive lock.
func (b *blockedCall) abort(text string) {
	b.cancel()
	b.failed = true
	b.unblock(func(c *Client) {
		c.out.Error(text)
		c.srv.countErrorText(c.loop, text)
		c.closeAfter = true
		c.conn.CloseAfterFlush()
	})
}

// stop ends the wait of a client that goes away. It needs the exclusive lock.
func (b *blockedCall) stop() {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.cancel()
}
