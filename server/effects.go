package server

import (
	"strconv"

	"treedis/repl"
	"treedis/server/resp"
)

// effects gathers what the commands of one unit (a command, or a transaction) changed, and appends it to
// the log as one group: effects, not requests, as Redis would propagate them. Guarded by the
// exclusive lock.
type effects struct {
	log    *repl.Log
	before func() // called before the log is appended to
	// muted is set while the server replicates another: its log then is the master's stream, verbatim.
	muted bool
	data  bool     // some of ops changed data
	buf   []byte   // the encoded commands
	ops   []effect // what stands in buf
	out   []byte   // scratch
}

// effect is one encoded command.
type effect struct {
	db  int
	end int // in effects.buf
}

var (
	encodedMulti = resp.AppendCommand(nil, []byte("MULTI"))
	encodedExec  = resp.AppendCommand(nil, []byte("EXEC"))
)

// add appends a command on database db to the unit. Nothing is encoded while nobody reads the log.
func (f *effects) add(db int, args [][]byte) {
	f.data = true
	f.addMessage(db, args)
}

// addMessage is add for a command that changes no data.
func (f *effects) addMessage(db int, args [][]byte) {
	if f.muted || !f.log.Active() {
		return
	}
	f.buf = resp.AppendCommand(f.buf, args...)
	f.ops = append(f.ops, effect{db: db, end: len(f.buf)})
}

// flush appends the unit to the log, with a SELECT where the database changes, and reports whether there was
// anything. If atomic is set, several commands are put in MULTI and EXEC.
func (f *effects) flush(atomic bool) bool {
	if len(f.ops) == 0 {
		f.data = false // nobody reads the log
		return false
	}
	out := f.out[:0]
	atomic = atomic && len(f.ops) > 1
	if atomic {
		out = append(out, encodedMulti...)
	}
	selected, from := f.log.SelectedDB(), 0
	for _, op := range f.ops {
		if op.db != selected {
			selected = op.db
			out = appendSelect(out, selected)
		}
		out = append(out, f.buf[from:op.end]...)
		from = op.end
	}
	if atomic {
		out = append(out, encodedExec...)
	}
	f.before()
	if f.data {
		f.log.Append(out)
	} else {
		f.log.AppendQuiet(out)
	}
	f.data = false
	f.log.SetSelectedDB(selected)
	f.out, f.buf, f.ops = trim(out), trim(f.buf), f.ops[:0]
	return true
}

// trim empties a scratch buffer, and lets go of one that an unusually large command made.
func trim(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b[:0]
}

func appendSelect(dst []byte, db int) []byte {
	var scratch [20]byte
	return resp.AppendCommand(dst, []byte("SELECT"), strconv.AppendInt(scratch[:0], int64(db), 10))
}
