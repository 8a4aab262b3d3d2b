package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"treedis/rdb"
	"treedis/repl"
	"treedis/repl/aof"
	"treedis/server/config"
	"treedis/server/function"
	"treedis/server/process"
	"treedis/server/resp"
	"treedis/store"
)

// snapshot is the data set at one instant, with what an RDB says about it. It is written without any lock,
// as often as needed, and each time the same.
type snapshot struct {
	data   *store.Snapshot
	libs   [][]byte // sources of the function libraries
	aux    [][2]string
	opts   rdb.WriterOptions
	clock  rdb.Clock
	filter repl.Filter
	srv    *Server

	// Of the base of an append-only file:
	position aof.Position // zero if there is none
	asRDB    bool         // rather than commands
	stamp    bool         // commands begin with the time
	size     int64        // once written
}

// setAux changes what an RDB says about the snapshot.
func (n *snapshot) setAux(name, value string) {
	for i := range n.aux {
		if n.aux[i][0] == name {
			n.aux[i][1] = value
		}
	}
}

// snapshotLocked takes a snapshot, in constant time. It needs the exclusive lock.
func (s *Server) snapshotLocked(f repl.Filter) *snapshot {
	snap := &snapshot{
		data: s.store.Snapshot(),
		opts: rdb.WriterOptions{
			Compress: config.RDBCompression.Get(s.cfg),
			Checksum: config.RDBChecksum.Get(s.cfg),
		},
		clock:  s.clock.ForSnapshots(config.MaxMemoryPolicy.Get(s.cfg)),
		filter: f,
		srv:    s,
	}
	if !f.ExcludeFunctions {
		snap.libs = s.functions.Sources()
		snap.opts.Functions = len(snap.libs) > 0
	}
	add := func(name, value string) { snap.aux = append(snap.aux, [2]string{name, value}) }
	add("redis-ver", RedisVersion)
	add("redis-bits", strconv.Itoa(strconv.IntSize))
	add("ctime", strconv.FormatInt(s.now()/1000, 10))
	add("used-mem", strconv.FormatInt(s.usedMemory(), 10))
	if db, ok := s.streamDB(); ok {
		add("repl-stream-db", strconv.Itoa(db))
		add("repl-id", s.ids.Get().ID)
		add("repl-offset", strconv.FormatInt(s.log.EndOffset(), 10))
	}
	add("aof-base", "0")
	return snap
}

// streamDB returns the database selected in the replication stream, and whether there is one that a
// snapshot can be continued from.
func (s *Server) streamDB() (int, bool) {
	if s.role.isReplica() {
		return s.masterClient.db.Index(), s.role.link.Status().HasOffset
	}
	return max(s.log.SelectedDB(), 0), s.log.Active()
}

// noFilter leaves nothing out of a snapshot.
var noFilter repl.Filter

// WriteRDB encodes the snapshot for a replica.
func (n *snapshot) WriteRDB(ctx context.Context, w io.Writer) error {
	return n.write(w, rdb.SaveOptions{Context: ctx})
}

func (n *snapshot) write(to io.Writer, o rdb.SaveOptions) error {
	n.opts.Pause = process.Yield
	if n.srv.net != nil {
		defer n.srv.net.Hurry()()
	}
	w := rdb.NewWriter(to, n.opts)
	if err := w.Header(); err != nil {
		return err
	}
	for _, a := range n.aux {
		if err := w.Aux([]byte(a[0]), []byte(a[1])); err != nil {
			return err
		}
	}
	for _, lib := range n.libs {
		if err := w.Function(lib); err != nil {
			return err
		}
	}
	if !n.filter.ExcludeData {
		if o.Context == nil {
			o.Context = n.srv.life
		}
		o.Clock, o.EachKey = n.clock, n.srv.delayFor(o.Context, config.RDBKeySaveDelay)
		if err := rdb.SaveSnapshot(w, n.data, o); err != nil {
			return err
		}
	}
	return w.Close()
}

// Release does nothing: the collector frees a snapshot.
func (n *snapshot) Release() {}

// rdbInfo is what an RDB says of the replication stream that it was taken from.
type rdbInfo struct {
	replID  string
	offset  int64         // -1 if it says nothing
	db      int           // selected in the stream at that offset
	age     time.Duration // of data that began empty, -1 if it says nothing
	created int64         // unix seconds; 0 if it says nothing
	expired []expiredKey  // left out
}

// expiredKey is a key that had expired when it was to be loaded.
type expiredKey struct {
	db   int
	name []byte
}

// dataset is all that snapshots hold.
type dataset struct {
	store     *store.Store
	functions *function.Set
}

func (s *Server) newDataset() dataset { return dataset{s.newStore(), s.newFunctions()} }

// loadInto reads an RDB into a data set that nobody else uses. The server's end ends it, as does ctx.
func (s *Server) loadInto(ctx context.Context, data dataset, r io.Reader, o rdb.LoadOptions) (rdb.LoadCounts, rdbInfo, error) {
	st, info := data.store, rdbInfo{offset: -1, age: -1}
	var l *rdb.Loader
	o.Aux = func(name, value []byte) error {
		n, ok := resp.ParseInt(value)
		switch {
		case string(name) == "repl-id" && repl.ValidID(string(value)):
			// Replicas that know this history may continue from it. They wait for the deletion of expired
			// keys, which are left out here, to be logged.
			info.replID = string(value)
			l.OnExpired = func(db int, name []byte) {
				info.expired = append(info.expired, expiredKey{db, bytes.Clone(name)})
			}
		case string(name) == "repl-offset" && ok:
			info.offset = n
		case string(name) == auxDataAge && ok:
			info.age = time.Duration(n) * time.Millisecond
		case string(name) == "repl-stream-db" && ok && n >= 0 && n < int64(st.Databases()):
			info.db = int(n)
		case string(name) == "ctime" && ok:
			info.created = n
			fallthrough
		default:
			s.logAux(string(name), string(value), n)
		}
		return nil
	}
	o.Function = data.libraryLoader(ctx)
	o.EachKey = s.delayFor(ctx, config.KeyLoadDelay)
	o.Bulk, o.Size = true, s.loading.total.Load()
	l = rdb.NewLoader(st, o)
	st.Bulk(true)
	defer st.Bulk(false)
	skipped := 0
	ro := rdb.ReaderOptions{SkipChecksum: !config.RDBChecksum.Get(s.cfg), EmptyKey: func(name []byte) {
		if skipped++; skipped <= maxEmptyKeysLogged {
			s.logger.noticef("rdbLoadObject skipping empty key: %s", name)
		}
	}}
	in := io.Reader(loadReader{ctx, r, s})
	if br, ok := r.(*bufio.Reader); ok {
		in = br // something follows in it, of which not a byte may be taken
	}
	err := rdb.NewReader(in, ro).Read(l)
	if err == nil {
		err = l.End()
	}
	if err != nil {
		if ctx.Err() == nil {
			s.logger.warningf("%s", rdbErrorText(err))
		}
		return l.LoadCounts, info, err
	}
	text := ""
	if skipped > 0 {
		text = fmt.Sprintf(", empty keys skipped: %d", skipped)
	}
	s.logger.noticef("Done loading RDB, keys loaded: %d, keys expired: %d%s.", l.Keys, l.Expired, text)
	return l.LoadCounts, info, nil
}

// rdbErrorText words for the log why an RDB, or a payload of DUMP, can't be read.
func rdbErrorText(err error) string {
	var at *rdb.Error
	if !errors.As(err, &at) {
		return "Internal error in RDB reading -> " + err.Error()
	}
	text := fmt.Sprintf("Internal error in RDB reading offset %d -> %v", at.Offset, at.Err)
	if at.Key != nil {
		text += fmt.Sprintf(" (key %q)", at.Key)
	}
	return text
}

// maxEmptyKeysLogged is how many of a file's keys without elements the log names.
const maxEmptyKeysLogged = 10

// logAux tells what a file says about itself. number is the value as a number, if it is one.
func (s *Server) logAux(name, value string, number int64) {
	switch {
	case strings.HasPrefix(name, "%"):
		s.logger.noticef("RDB '%s': %s", name, value)
	case name == "redis-ver":
		s.logger.noticef("Loading RDB produced by version %s", value)
	case name == "ctime":
		s.logger.noticef("RDB age %d seconds", max(s.now()/1000-number, 0))
	case name == "used-mem":
		s.loading.usedThen.Store(number)
		s.logger.noticef("RDB memory usage when created %.2f Mb", float64(number)/(1<<20))
	}
}
