package repl

import (
	"errors"
	"os"
	"strconv"
	"time"
)

// applySlice bounds, in bytes, how much of the stream is applied under one hold of
// the keyspace lock (a transaction is never divided): enough to make the lock's
// cost vanish, little enough for readers to get their turn within a millisecond.
const applySlice = 64 << 10

// aheadEvery is how many commands lie between two looks ahead.
const aheadEvery = 16

// pauseCheck is how often it is asked whether a pause is over.
const pauseCheck = 20 * time.Millisecond

// errPaused is what ends the applying of what has come, for now.
var errPaused = errors.New("paused")

// stream applies what the master sends, for as long as the connection lasts.
func (x *exchange) stream() error {
	x.p = newParser(0, true)
	x.l.touch()
	x.nextAck = time.Now().Add(x.l.o.AckPeriod)
	lastIO := time.Now()
	for {
		timeout := lastIO.Add(x.l.o.Config().Timeout)
		until := earlier(timeout, x.nextAck)
		if x.l.o.Target.Paused() {
			until = earlier(until, time.Now().Add(pauseCheck))
		}
		if err := x.conn.SetReadDeadline(until); err != nil {
			return err
		}
		n, err := x.p.fill(x.in)
		now := time.Now()
		if n > 0 {
			lastIO = now
			x.l.touch()
			x.l.readOffset.Add(int64(n))
		}
		began := x.l.o.Now().UnixNano()
		if aerr := x.apply(); aerr != nil {
			return aerr
		}
		if n > 0 && !x.l.stamped.Load() && len(x.p.buf) == x.p.base {
			x.l.fresh(began)
		}
		switch {
		case errors.Is(err, ErrProtocol):
			return x.desynced(err)
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		case now.After(timeout) && n == 0:
			return ErrTimeout
		}
		if !now.Before(x.nextAck) {
			if err := x.periodicAck(); err != nil {
				return err
			}
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// desynced gives up the history: what comes after nonsense cannot be trusted to be
// at the offset it seems to be at.
func (x *exchange) desynced(err error) error {
	x.l.o.Target.Lock()
	defer x.l.o.Target.Unlock()
	if x.s.ctx.Err() == nil {
		x.l.setPosition(false)
	}
	return err
}

// apply applies every complete command that was parsed, but for the commands of a
// transaction whose EXEC is yet to come, and during a pause none.
func (x *exchange) apply() error {
	if x.l.o.Target.Paused() {
		return nil
	}
	done, err := x.applyParsed()
	if errors.Is(err, errPaused) {
		x.scanned, x.multi, err = done, false, nil // what is not applied is scanned anew
	}
	if err != nil {
		return err
	}
	x.p.discard(done)
	x.scanned -= done
	x.group -= done
	return nil
}

// applyParsed is apply without the bookkeeping. It returns how many commands it has dealt with.
//
// Requests to acknowledge that stand in one piece of the stream are answered by one acknowledgement, of what stood before the
// last of them: a master that asks after each of its rounds gets as many answers as the replica has time for.
func (x *exchange) applyParsed() (done int, err error) {
	asked := -1 // the last request that is not answered
	applyTo := func(to int) error {
		if asked >= 0 {
			// Answered with the offset before the request itself, as in Redis.
			if err := x.applyRange(done, asked); err != nil {
				return err
			}
			done, asked = asked, -1
			if err := x.sendAck(); err != nil {
				return err
			}
		}
		err := x.applyRange(done, to)
		if err == nil {
			done = max(done, to)
		}
		return err
	}
	for ; x.scanned < len(x.p.cmds); x.scanned++ {
		i := x.scanned
		name := x.p.word(x.p.cmds[i], 0)
		switch {
		case equalFold(name, "multi"):
			if !x.multi {
				x.multi, x.group = true, i
			}
		case equalFold(name, "exec"), equalFold(name, "discard"):
			x.multi = false
		case !x.multi && equalFold(name, "replconf") && equalFold(x.p.word(x.p.cmds[i], 1), "getack"):
			asked = i
		}
		if !x.multi && x.p.cmds[i].to-x.p.startOf(done) >= applySlice {
			if err := applyTo(i + 1); err != nil {
				return done, err
			}
		}
	}
	end := len(x.p.cmds)
	if x.multi {
		end = x.group
	}
	if end > done {
		err = applyTo(end)
	}
	return done, err
}

// applyRange executes commands from..to-1 and appends their bytes, verbatim, to the
// log: so replicas of this server share the master's id and offsets.
func (x *exchange) applyRange(from, to int) error {
	if from >= to {
		return nil
	}
	l := x.l
	l.o.Target.Lock()
	defer l.o.Target.Unlock()
	if x.s.ctx.Err() != nil {
		return ErrStopped
	}
	if l.o.Target.Paused() {
		return errPaused
	}
	raw := x.p.raw(x.p.cmds[to-1].to)
	for i := from; i < to; i++ {
		if (i-from)%aheadEvery == 0 {
			l.o.Target.AheadLocked(raw[x.p.startOf(i):])
		}
		c := x.p.cmds[i]
		if c.argc == 0 {
			continue
		}
		x.args = x.p.arguments(x.args[:0], c)
		l.o.Target.ApplyLocked(x.args)
		if ms, ok := parseStamp(x.args); ok && l.stamped.Load() {
			l.fresh(time.UnixMilli(ms).UnixNano() - l.ahead.Load())
		}
	}
	l.o.Log.Append(raw[x.p.startOf(from):])
	return nil
}

func (x *exchange) periodicAck() error {
	x.nextAck = time.Now().Add(x.l.o.AckPeriod)
	if x.silent {
		return nil
	}
	return x.sendAck()
}

// sendAck tells the master what has been applied, and what of it is on disk.
func (x *exchange) sendAck() error {
	offset := x.l.o.Log.EndOffset()
	if x.silent {
		offset = -1 // what Redis says to a master whose offsets it does not know
	}
	args := []string{"REPLCONF", "ACK", strconv.FormatInt(offset, 10)}
	if fsynced, ok := x.l.o.Target.FsyncedOffset(); ok {
		args = append(args, "FACK", strconv.FormatInt(fsynced, 10))
	}
	x.ackBuf = appendCommand(x.ackBuf[:0], args...)
	return x.write(x.ackBuf)
}
