package server

import (
	"bufio"
	"io"
	"strconv"

	"github.com/tidwall/redcon"

	"treedis/rdb"
	"treedis/repl/aof"
	"treedis/server/config"
	"treedis/store/double"
	"treedis/store/stream"
)

// itemsPerCommand is how many elements of a collection one command of a base adds, as in Redis.
const itemsPerCommand = 64

// commandSink writes what it receives as the commands that make it: the base of an append-only file without snapshot.
type commandSink struct {
	w     *bufio.Writer
	buf   []byte // a command
	verb  string // that adds to the open collection
	width int    // words that an element takes up
	key   []byte
	until int64  // its expiry
	items []byte // elements of the command in progress, encoded
	count int    // of them
}

// writeCommands writes a snapshot as commands. It ends with the position in the history that the snapshot was taken
// at, if there is one.
func (n *snapshot) writeCommands(to io.Writer, at aof.Position, o rdb.SaveOptions) error {
	s := &commandSink{w: bufio.NewWriterSize(to, 64<<10)}
	out, done := rdb.NewEntryWriter(s), 0
	for _, lib := range n.libs {
		s.command("FUNCTION", []byte("LOAD"), lib)
	}
	o.EachKey = n.srv.delayFor(o.Context, config.RDBKeySaveDelay)
	for db := range n.data.Databases() {
		if keys, _ := n.data.Len(db); keys == 0 {
			continue
		}
		s.command("SELECT", strconv.AppendInt(nil, int64(db), 10))
		for e := range n.data.All(db) {
			if err := out.Write(rdb.NewKey(e.Key(), e.Expire()), e); err != nil {
				return err
			}
			done++
			if err := o.Saved(done); err != nil {
				return err
			}
		}
	}
	if at.Known() {
		_, _ = s.w.Write(at.Annotation()) // sticks
	}
	return s.w.Flush()
}

// command writes a command. The writer's error sticks until Flush.
func (s *commandSink) command(name string, args ...[]byte) {
	s.buf = redcon.AppendBulkString(redcon.AppendArray(s.buf[:0], 1+len(args)), name)
	for _, a := range args {
		s.buf = redcon.AppendBulk(s.buf, a)
	}
	_, _ = s.w.Write(s.buf)
	s.buf = trim(s.buf)
}

func (s *commandSink) expire(k *rdb.Key) {
	if k.ExpireAt != 0 {
		s.command("PEXPIREAT", k.Name, strconv.AppendInt(nil, k.ExpireAt, 10))
	}
}

// Aux, Function, SelectDB and ResizeDB are not called for single entries.
func (s *commandSink) Aux(_, _ []byte) error      { return nil }
func (s *commandSink) Function(_ []byte) error    { return nil }
func (s *commandSink) SelectDB(int) error         { return nil }
func (s *commandSink) ResizeDB(_, _ uint64) error { return nil }

// String writes a string.
func (s *commandSink) String(k *rdb.Key, v []byte) error {
	s.command("SET", k.Name, v)
	s.expire(k)
	return nil
}

func (s *commandSink) begin(k *rdb.Key, verb string, width int) error {
	s.verb, s.width, s.until = verb, width, k.ExpireAt
	s.key = append(s.key[:0], k.Name...)
	return nil
}

// BeginList, BeginSet, BeginHash and BeginZSet open a collection.
func (s *commandSink) BeginList(k *rdb.Key, _ uint64) error { return s.begin(k, "RPUSH", 1) }
func (s *commandSink) BeginSet(k *rdb.Key, _ uint64) error  { return s.begin(k, "SADD", 1) }
func (s *commandSink) BeginHash(k *rdb.Key, _ uint64) error { return s.begin(k, "HMSET", 2) }
func (s *commandSink) BeginZSet(k *rdb.Key, _ uint64) error { return s.begin(k, "ZADD", 2) }

// item adds an element.
func (s *commandSink) item(words ...[]byte) error {
	for _, w := range words {
		s.items = redcon.AppendBulk(s.items, w)
	}
	if s.count++; s.count == itemsPerCommand {
		s.flush()
	}
	return nil
}

// flush writes the elements that have come since the last command.
func (s *commandSink) flush() {
	if s.count == 0 {
		return
	}
	s.buf = redcon.AppendArray(s.buf[:0], 2+s.count*s.width)
	s.buf = redcon.AppendBulk(redcon.AppendBulk(s.buf, []byte(s.verb)), s.key)
	_, _ = s.w.Write(s.buf)
	_, _ = s.w.Write(s.items)
	s.items, s.count = trim(s.items), 0
}

// ListItem, SetMember, HashField and ZSetMember add to the open collection.
func (s *commandSink) ListItem(v []byte) error     { return s.item(v) }
func (s *commandSink) SetMember(m []byte) error    { return s.item(m) }
func (s *commandSink) HashField(f, v []byte) error { return s.item(f, v) }
func (s *commandSink) ZSetMember(m []byte, score float64) error {
	var scratch [double.MaxLen]byte
	return s.item(double.Append(scratch[:0], score), m)
}

// EndKey closes a collection.
func (s *commandSink) EndKey() error {
	s.flush()
	s.expire(&rdb.Key{Name: s.key, ExpireAt: s.until})
	return nil
}

// Stream writes a stream with its groups. What a group has pending of entries that are deleted is not kept, nor is
// when its consumers were last seen: there are no commands for it.
func (s *commandSink) Stream(k *rdb.Key, st *stream.Stream) error {
	id := func(id stream.ID) []byte { return id.Append(nil) }
	args := [][]byte{}
	for it := st.Iter(); it.Next(); {
		args = append(args[:0], k.Name, id(it.ID()))
		for range it.NumFields() {
			f, v := it.Field()
			args = append(args, append([]byte{}, f...), append([]byte{}, v...))
		}
		s.command("XADD", args...)
	}
	if st.Length == 0 {
		s.command("XADD", k.Name, []byte("MAXLEN"), []byte("0"), []byte("0-1"), []byte("x"), []byte("y"))
	}
	s.command("XSETID", k.Name, id(st.LastID), []byte("ENTRIESADDED"), strconv.AppendUint(nil, st.EntriesAdded, 10),
		[]byte("MAXDELETEDID"), id(st.MaxDeletedID))
	for i := range st.Groups {
		s.group(k, &st.Groups[i])
	}
	s.expire(k)
	return nil
}

func (s *commandSink) group(k *rdb.Key, g *stream.Group) {
	s.command("XGROUP", []byte("CREATE"), k.Name, g.Name, g.LastID.Append(nil),
		[]byte("ENTRIESREAD"), strconv.AppendInt(nil, g.EntriesRead, 10))
	busy := make([]bool, len(g.Consumers))
	for _, p := range g.Pending {
		busy[p.Consumer] = true
	}
	for i, c := range g.Consumers {
		if !busy[i] {
			s.command("XGROUP", []byte("CREATECONSUMER"), k.Name, g.Name, c.Name)
		}
	}
	for _, p := range g.Pending {
		s.command("XCLAIM", k.Name, g.Name, g.Consumers[p.Consumer].Name, []byte("0"), p.ID.Append(nil),
			[]byte("TIME"), strconv.AppendInt(nil, p.DeliveryTime, 10),
			[]byte("RETRYCOUNT"), strconv.AppendUint(nil, p.DeliveryCount, 10), []byte("JUSTID"), []byte("FORCE"))
	}
}
