package server

import (
	"io"
	"strconv"

	"treedis/rdb"
	"treedis/repl"
	"treedis/server/config"
	"treedis/store"
)

// snapshot is the data set at one instant, with what an RDB says about it. It is written without any lock,
// as often as needed, and each time the same.
type snapshot struct {
	data   *store.Snapshot
	aux    [][2]string
	opts   rdb.WriterOptions
	clock  rdb.Clock
	filter repl.Filter
}

// snapshotLocked takes a snapshot, in constant time. It needs the exclusive lock.
func (s *Server) snapshotLocked(f repl.Filter) *snapshot {
	snap := &snapshot{
		data: s.store.Snapshot(),
		opts: rdb.WriterOptions{
			Compress: config.RDBCompression.Get(s.cfg),
			Checksum: config.RDBChecksum.Get(s.cfg),
		},
		clock:  s.clock.forSnapshots(config.MaxMemoryPolicy.Get(s.cfg)),
		filter: f,
	}
	add := func(name, value string) { snap.aux = append(snap.aux, [2]string{name, value}) }
	add("redis-ver", RedisVersion)
	add("redis-bits", strconv.Itoa(strconv.IntSize))
	add("ctime", strconv.FormatInt(s.now()/1000, 10))
	add("used-mem", strconv.FormatUint(usedMemory(), 10))
	add("repl-stream-db", strconv.Itoa(max(s.log.SelectedDB(), 0)))
	add("repl-id", s.ids.Get().ID)
	add("repl-offset", strconv.FormatInt(s.log.EndOffset(), 10))
	add("aof-base", "0")
	return snap
}

// WriteRDB encodes the snapshot.
func (n *snapshot) WriteRDB(w io.Writer) error { return n.write(w, rdb.SaveOptions{}) }

func (n *snapshot) write(to io.Writer, o rdb.SaveOptions) error {
	w := rdb.NewWriter(to, n.opts)
	if err := w.Header(); err != nil {
		return err
	}
	for _, a := range n.aux {
		if err := w.Aux([]byte(a[0]), []byte(a[1])); err != nil {
			return err
		}
	}
	if !n.filter.ExcludeData {
		o.Clock = n.clock
		if err := rdb.SaveSnapshot(w, n.data, o); err != nil {
			return err
		}
	}
	return w.Close()
}

// Release does nothing: the collector frees a snapshot.
func (n *snapshot) Release() {}

// loadInto reads an RDB into a fresh store, and returns the database that the stream it was taken from
// went on in.
func (s *Server) loadInto(st *store.Store, r io.Reader, o rdb.LoadOptions) (streamDB int, err error) {
	aux := o.Aux
	o.Aux = func(name, value []byte) error {
		if string(name) == "repl-stream-db" {
			if n, err := strconv.Atoi(string(value)); err == nil && n >= 0 && n < st.Databases() {
				streamDB = n
			}
		}
		if aux != nil {
			return aux(name, value)
		}
		return nil
	}
	return streamDB, rdb.NewReader(r, rdb.ReaderOptions{}).Read(rdb.NewLoader(st, o))
}
