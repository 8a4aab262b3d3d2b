package server

import (
	"errors"
	"math"
	"os"
	"slices"
	"time"

	"treedis/server/command"
	"treedis/server/config"
	"treedis/server/resp"
	"treedis/store"
)

var migrateCommands = []row{
	{Spec: command.Spec{Name: "migrate", Arity: -6, Flags: command.Write,
		Categories: command.CatKeyspace | command.CatDangerous,
		Keys: []command.KeySpec{
			command.Key(3, command.RW|command.Access|command.Delete),
			command.KeysAfter("KEYS", -2, -1, 0, command.RW|command.Access|command.Delete|command.Incomplete),
		},
		FindKeys: command.MigrateKeys,
		Since:    "2.6.0", Group: "generic", Complexity: "O(N), N bytes, on top of DUMP, RESTORE and DEL",
		Summary: "Move keys to another server in one step",
		Syntax: "host port:integer key-selector=<key | empty-string=\"\"> destination-db:integer timeout:integer " +
			"[COPY^3.0.0] [REPLACE^3.0.0] authentication=[AUTH auth/password^4.0.7 | auth2=AUTH2 <username " +
			"password>^6.0.0] [KEYS keys/key:key@1^3.0.6...]",
		Tips: []string{"nondeterministic_output"},
		History: []command.Change{
			{"3.0.0", "`COPY` and `REPLACE`"},
			{"3.0.6", "`KEYS`"},
			{"4.0.7", "`AUTH`"},
			{"6.0.0", "`AUTH2`"},
		}}, run: cmdMigrate},
}

const (
	// migrateTimeout is the time limit of a MIGRATE that asks for none.
	migrateTimeout = time.Second
	// migrateChunk is how much is written under one time limit, which so bounds silence, not size.
	migrateChunk = 64 << 10
)

// migration is one execution of MIGRATE. It holds the exclusive lock from beginning to end, as the whole of Redis waits
// for it: no client may see a key on both servers, or on neither. The time limit is one for each step.
type migration struct {
	c             *Call
	address       targetAddress
	db            int64 // on the target
	timeout       time.Duration
	copy, replace bool
	auth          [][]byte // AUTH and what goes with it; empty without a password

	keys     [][]byte // those asked for; from gather on, those that are here
	restores []byte   // a RESTORE for each of keys, encoded

	answered int      // how many of keys the target has answered for
	moved    [][]byte // those of keys that were deleted here
	refusal  string   // the target's first error
}

func cmdMigrate(c *Call) {
	m := migration{c: c}
	if !m.parse() || !m.gather() {
		return
	}
	targets := c.srv.targets
	for attempt := 1; ; attempt++ {
		t, err := targets.open(c.srv, m.address, m.timeout)
		if errors.Is(err, errUnresolved) {
			c.err("IOERR error or timeout connecting to the client")
			return
		}
		if err != nil { // Redis notices only now that nobody listens
			m.finish("writing")
			return
		}
		t.used = c.now
		verb, err := m.transfer(t)
		if err == nil {
			t.db = m.db
			if m.refusal != "" {
				t.db = noDB
			}
			m.finish("")
			return
		}
		targets.close(m.address)
		// The target may have dropped a connection that was kept. What it has answered for is done, though, and what
		// it was too slow for it may have done.
		if attempt > 1 || m.answered > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			m.finish(verb)
			return
		}
	}
}

// parse reads the arguments, or replies with what is wrong and returns false.
func (m *migration) parse() bool {
	c := m.c
	var user, password [][]byte
	m.keys = c.args[3:4]
options:
	for i := 6; i < len(c.args); i++ {
		more := len(c.args) - 1 - i
		switch {
		case c.is(i, "copy"):
			m.copy = true
		case c.is(i, "replace"):
			m.replace = true
		case c.is(i, "auth") && more >= 1:
			password = c.args[i+1 : i+2]
			c.redact(i + 1)
			i++
		case c.is(i, "auth2") && more >= 2:
			user, password = c.args[i+1:i+2], c.args[i+2:i+3]
			c.redact(i + 1)
			c.redact(i + 2)
			i += 2
		case c.is(i, "keys") && len(c.args[3]) > 0:
			c.err("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
			return false
		case c.is(i, "keys"):
			m.keys = c.args[i+1:]
			break options
		default:
			c.err(errSyntax)
			return false
		}
	}
	timeout, ok := c.int(5, "")
	if !ok {
		return false
	}
	if m.db, ok = c.int(4, ""); !ok {
		return false
	}
	m.timeout = migrateTimeout
	if timeout > 0 {
		m.timeout = time.Duration(min(timeout, int64(math.MaxInt64/time.Millisecond))) * time.Millisecond
	}
	if len(password) > 0 {
		m.auth = slices.Concat([][]byte{wordAuth}, user, password)
	}
	m.address.host, m.address.port = string(c.args[1]), string(c.args[2])
	return true
}

// gather encodes the keys that are here. It replies, and returns false, if there are none.
func (m *migration) gather() bool {
	c := m.c
	asked := m.keys
	m.keys = nil
	for _, key := range asked {
		e := c.lookup(key)
		if e == nil {
			continue
		}
		m.keys = append(m.keys, key)
		if err := m.encode(key, e); err != nil {
			c.err("ERR " + err.Error())
			return false
		}
	}
	if len(m.keys) == 0 {
		c.out.Simple("NOKEY")
		return false
	}
	return true
}

// encode appends the RESTORE of one key.
func (m *migration) encode(key []byte, e *store.Entry) error {
	payload, err := dumpPayload(e, config.RDBCompression.Get(m.c.srv.cfg))
	if err != nil {
		return err
	}
	ttl := int64(0)
	if at := e.Expire(); at != 0 {
		ttl = max(at-m.c.now, 1)
	}
	var scratch [20]byte
	words := append(make([][]byte, 0, 5), wordRestore, key, appendInt(&scratch, ttl), payload)
	if m.replace {
		words = append(words, wordReplace)
	}
	m.restores = resp.AppendCommand(m.restores, words...)
	return nil
}

// transfer sends the keys and reads the answers, deleting each key that the target took. Should the connection
// fail, it returns the error and what was being done.
func (m *migration) transfer(t *target) (verb string, err error) {
	var preamble []byte
	questions := 0
	if len(m.auth) > 0 {
		preamble = resp.AppendCommand(preamble, m.auth...)
		questions++
	}
	if t.db != m.db {
		preamble = appendSelect(preamble, int(m.db))
		questions++
	}
	for _, b := range [][]byte{preamble, m.restores} {
		for chunk := range slices.Chunk(b, migrateChunk) {
			if err := t.write(chunk, m.timeout); err != nil {
				return "writing", err
			}
		}
	}
	refusal := ""
	for range questions {
		v, err := t.read(m.timeout)
		if err != nil {
			return "reading", err
		}
		if v.IsError() && refusal == "" {
			refusal = v.String()
		}
	}
	for _, key := range m.keys {
		v, err := t.read(m.timeout)
		if err != nil {
			return "reading", err
		}
		m.answered++
		switch {
		case refusal != "":
			m.refusal = refusal
		case !v.IsError():
			m.took(key)
		case m.refusal == "":
			m.refusal = v.String()
		}
	}
	return "", nil
}

// took deletes a key that the target has.
func (m *migration) took(key []byte) {
	if m.copy {
		return
	}
	m.c.db.Delete(key)
	m.c.modified(notifyGeneric, "del", key)
	m.moved = append(m.moved, key)
}

// finish replies and logs. verb is what the connection failed at, if it did: the target's own error comes first.
func (m *migration) finish(verb string) {
	c := m.c
	if len(m.moved) > 0 {
		c.rewrite(append([][]byte{wordDel}, m.moved...)...)
	}
	switch {
	case m.refusal != "":
		c.err("ERR Target instance replied with error: " + m.refusal)
	case verb != "":
		c.err("IOERR error or timeout " + verb + " to target instance")
	default:
		c.out.OK()
	}
}
