package aof

import (
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"treedis/repl"
)

// Policy says when what was written is fsynced.
type Policy int

// The values of appendfsync.
const (
	SyncNo       Policy = iota // when the system likes
	SyncEverySec               // once a second
	SyncAlways                 // before a reply
)

const (
	// syncPeriod is how often SyncEverySec fsyncs.
	syncPeriod = time.Second
	// retryPeriod is how long after an error it is tried again.
	retryPeriod = time.Second
	// maxPostponed is for how long an fsync in progress keeps SyncEverySec from writing without
	// that anybody waits for it, as in Redis.
	maxPostponed = 2 * time.Second
	// writeSize is how much is put together for one write.
	writeSize = 256 << 10
	// errorLogPeriod is how often an error that persists is logged.
	errorLogPeriod = 30 * time.Second
)

// WriterOptions are what a Writer needs.
type WriterOptions struct {
	Reader *repl.Reader // at the offset that the file's next byte stands for; the writer's from now on
	File   File         // opened for appending; the writer's from now on
	Size   int64        // of File
	Policy func() Policy
	// HoldSync reports whether there is to be no fsync now (no-appendfsync-on-rewrite).
	HoldSync func() bool
	Synced   func(offset int64) // told of each offset that is on disk; nil for nobody
	// Fatal is told of an error under SyncAlways, once: nothing is written any more. It is called
	// without a lock and must not wait for the writer.
	Fatal func(error)
	Logf  repl.Logf
	Delay func() time.Duration // before each write; nil for none. For tests
}

// Writer appends the log to a file. What it writes it takes from the log by itself; Kick tells it that there
// may be something.
//
// Written and Fsynced are at the offsets up to which the log is in the file, and on disk.
type Writer struct {
	Written repl.Gate
	Fsynced repl.Gate

	o    WriterOptions
	kick chan struct{}
	quit chan struct{}
	done chan struct{}

	syncMu  sync.Mutex  // held while fsyncing; taken before mu
	busy    atomic.Bool // syncMu is held
	mu      sync.Mutex  // held while writing
	file    File        // guarded by mu
	size    int64       // of file, guarded by mu
	retired []File      // guarded by mu: files to be fsynced and closed
	dirty   bool        // guarded by mu: something in file is not fsynced
	buf     []byte      // guarded by mu
	synced  time.Time   // guarded by mu: when the last fsync began
	failed  time.Time   // guarded by mu: when the last error was logged
	closed  bool        // guarded by mu: nothing is written any more

	markMu sync.Mutex
	marks  []mark // guarded by markMu; by offset

	total     atomic.Int64 // bytes written since the start, annotations included
	syncSince atomic.Int64 // unix ns at which the fsync in progress began, 0 without one
	syncMean  atomic.Int64 // ns that an fsync takes
	writeErr  atomic.Pointer[error]
	syncErr   atomic.Pointer[error]
	delayed   atomic.Int64
}

// mark is something to be done between two bytes of the log.
type mark struct {
	offset int64
	text   []byte // an annotation, or what a new file begins with
	file   File   // the file to go on with, nil for the same
}

// NewWriter begins to write.
func NewWriter(o WriterOptions) *Writer {
	w := &Writer{
		o: o, file: o.File, size: o.Size, synced: time.Now(),
		kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	w.Written.Set(o.Reader.Pos())
	w.Fsynced.Set(o.Reader.Pos())
	go w.run()
	return w
}

// Kick says that there may be something to write, or to fsync.
func (w *Writer) Kick() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// Annotate writes text between the log's bytes before and behind the given offset. Needs the
// keyspace lock: the offset is the log's end, nothing has been appended behind it.
func (w *Writer) Annotate(offset int64, text []byte) { w.mark(mark{offset: offset, text: text}) }

// Switch goes on in another file behind the given offset; the file begins with text. Needs the
// keyspace lock, like Annotate.
func (w *Writer) Switch(offset int64, f File, text []byte) {
	w.mark(mark{offset: offset, text: text, file: f})
	w.Kick()
}

func (w *Writer) mark(m mark) {
	w.markMu.Lock()
	defer w.markMu.Unlock()
	w.marks = append(w.marks, m)
}

// nextMark returns the first mark if it is at offset or before, and where the next is, -1 for nowhere.
func (w *Writer) nextMark(offset int64) (m mark, due bool, next int64) {
	w.markMu.Lock()
	defer w.markMu.Unlock()
	switch {
	case len(w.marks) == 0:
		return m, false, -1
	case w.marks[0].offset > offset:
		return m, false, w.marks[0].offset
	}
	m = w.marks[0]
	w.marks = w.marks[1:]
	return m, true, -1
}

// Total is the number of bytes written since the start, annotations included.
func (w *Writer) Total() int64 { return w.total.Load() }

// FileSize is the size of the file being written.
func (w *Writer) FileSize() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// Delayed counts the fsyncs that others had to wait for under SyncEverySec.
func (w *Writer) Delayed() int64 { return w.delayed.Load() }

// Busy tells whether Commit would have to wait for somebody else's fsync.
func (w *Writer) Busy() bool { return w.busy.Load() }

// SyncTime returns how long an fsync takes: a mean that follows the last dozen or so, 0 before the first.
func (w *Writer) SyncTime() time.Duration { return time.Duration(w.syncMean.Load()) }

// Syncing tells whether an fsync is in progress.
func (w *Writer) Syncing() bool { return w.syncSince.Load() != 0 }

// Err is why writing, or fsyncing, fails at present, or nil.
func (w *Writer) Err() error {
	for _, p := range []*atomic.Pointer[error]{&w.writeErr, &w.syncErr} {
		if err := p.Load(); err != nil {
			return *err
		}
	}
	return nil
}

// Lag is the number of bytes of the log that are not written yet.
func (w *Writer) Lag() int64 { return w.o.Reader.Lag() }

// run is the writer's goroutine.
func (w *Writer) run() {
	defer close(w.done)
	timer := time.NewTimer(syncPeriod)
	defer timer.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-w.kick:
		case <-timer.C:
		}
		timer.Reset(w.step())
	}
}

// step writes and fsyncs what is due, and returns after how long to look again.
func (w *Writer) step() time.Duration {
	if err := w.Flush(); err != nil {
		return retryPeriod
	}
	policy := w.o.Policy()
	w.mu.Lock()
	wait, old := syncPeriod-time.Since(w.synced), len(w.retired) > 0
	w.mu.Unlock()
	switch {
	case w.o.HoldSync(), policy == SyncNo && !old:
		return syncPeriod
	case policy == SyncEverySec && wait > 0:
		return wait
	}
	if err := w.syncAndNote(); err != nil {
		return retryPeriod
	}
	return syncPeriod
}

// Commit writes and fsyncs what there is, and takes note of how that ended. It waits for the disk.
func (w *Writer) Commit() {
	if w.Flush() == nil {
		_ = w.syncAndNote()
	}
}

// Flush writes all that is in the log. Under SyncAlways an error is the end.
func (w *Writer) Flush() error {
	w.mu.Lock()
	err := w.flushLocked()
	w.mu.Unlock()
	return w.flushed(err)
}

// TryFlush is Flush for an event loop: it does not wait, neither for another write nor for an fsync. It
// reports whether everything up to offset is written, or need not be waited for.
func (w *Writer) TryFlush(offset int64) bool {
	if since := w.syncSince.Load(); since != 0 {
		return time.Now().UnixNano()-since < int64(maxPostponed)
	}
	if w.writeErr.Load() != nil {
		return true // writes are refused; reads go on
	}
	if !w.mu.TryLock() {
		return false
	}
	err := w.flushLocked()
	w.mu.Unlock()
	return w.flushed(err) != nil || w.Written.Passed() >= offset
}

// flushed takes note of how a flush ended.
func (w *Writer) flushed(err error) error {
	if err == nil || err == ErrClosed {
		return err
	}
	if w.o.Policy() == SyncAlways {
		w.o.Logf(repl.Warning, "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
		w.fatal(err)
	}
	return err
}

// fatal ends all writing.
func (w *Writer) fatal(err error) {
	w.mu.Lock()
	first := !w.closed
	w.closed = true
	w.mu.Unlock()
	if first {
		w.o.Fatal(err)
	}
}

func (w *Writer) flushLocked() error {
	if w.closed {
		return ErrClosed
	}
	defer func() { w.Written.Set(w.o.Reader.Pos()) }()
	for {
		chunks, err := w.o.Reader.Pending()
		if err != nil {
			return ErrClosed // the log continues another history
		}
		// Marks are set before what follows them is appended: none within chunks is missed.
		m, due, next := w.nextMark(w.o.Reader.Pos())
		switch {
		case due:
			err = w.carryOut(m)
		case len(chunks) == 0:
			w.wroteWell()
			return nil
		default:
			err = w.writeChunks(chunks, next)
		}
		if err != nil {
			return err
		}
	}
}

// carryOut does what a mark asks for. If that fails it is asked for again.
func (w *Writer) carryOut(m mark) error {
	if m.file != nil {
		w.retired = append(w.retired, w.file)
		w.file, w.size, w.dirty = m.file, 0, true
	}
	if len(m.text) == 0 {
		return nil
	}
	if _, err := w.write(m.text, false); err != nil {
		w.markMu.Lock()
		defer w.markMu.Unlock()
		m.file = nil
		w.marks = append([]mark{m}, w.marks...)
		return err
	}
	return nil
}

// writeChunks writes bytes of the log, but none behind the offset until, if that is not negative.
func (w *Writer) writeChunks(chunks [][]byte, until int64) error {
	pos := w.o.Reader.Pos()
	room := int64(writeSize)
	if until >= 0 {
		room = min(room, until-pos)
	}
	p := chunks[0][:min(int64(len(chunks[0])), room)]
	if len(chunks) > 1 && int64(len(p)) < room {
		w.buf = append(w.buf[:0], p...)
		for _, c := range chunks[1:] {
			w.buf = append(w.buf, c[:min(int64(len(c)), room-int64(len(w.buf)))]...)
		}
		p = w.buf
	}
	n, err := w.write(p, true)
	w.o.Reader.Consume(int64(n))
	return err
}

// write appends p to the file, whole or not at all. What of it could not be taken back, if it is a part of the
// log, counts as written.
func (w *Writer) write(p []byte, partial bool) (int, error) {
	if w.o.Delay != nil {
		time.Sleep(w.o.Delay())
	}
	n, err := w.file.Write(p)
	if n == len(p) && err == nil {
		w.advance(n)
		return n, nil
	}
	if err == nil {
		err = io.ErrShortWrite
	}
	report := time.Since(w.failed) > errorLogPeriod
	if report {
		w.failed = time.Now()
		w.o.Logf(repl.Warning, "Error writing to the AOF file: %s", Cause(err))
	}
	w.writeErr.Store(&err)
	if n > 0 {
		terr := w.file.Truncate(w.size)
		switch {
		case terr == nil:
			n = 0
		case report:
			w.o.Logf(repl.Warning, "Could not remove short write from the append-only file. "+
				"Loading the AOF may fail the next time. ftruncate: %s", Cause(terr))
		}
	}
	if !partial {
		return 0, err
	}
	w.advance(n)
	return n, err
}

func (w *Writer) advance(n int) {
	w.size += int64(n)
	w.total.Add(int64(n))
	if n > 0 {
		w.dirty = true
	}
}

// wroteWell ends an error.
func (w *Writer) wroteWell() {
	if w.writeErr.Swap(nil) != nil {
		w.o.Logf(repl.Notice, "AOF write error looks solved, Redis can write again.")
		w.failed = time.Time{}
	}
}

// sync makes durable what is written.
func (w *Writer) sync() error {
	w.syncMu.Lock()
	w.busy.Store(true)
	defer func() {
		w.busy.Store(false)
		w.syncMu.Unlock()
	}()
	w.mu.Lock()
	upto := w.o.Reader.Pos()
	old := w.retired
	files := append(slices.Clone(old), w.file)
	dirty := w.dirty || len(old) > 0
	w.retired, w.dirty, w.synced = nil, false, time.Now()
	if dirty {
		w.syncSince.Store(w.synced.UnixNano())
	}
	w.mu.Unlock()
	if dirty {
		err := syncAll(files)
		took := time.Duration(time.Now().UnixNano() - w.syncSince.Swap(0))
		if took > maxPostponed {
			w.delayed.Add(1)
		}
		mean := time.Duration(w.syncMean.Load())
		w.syncMean.Store(int64(mean + (took-mean)/8))
		if err != nil {
			w.mu.Lock()
			w.retired, w.dirty = append(old, w.retired...), true
			w.mu.Unlock()
			return err
		}
	}
	for _, f := range old {
		_ = f.Close()
	}
	w.passed(upto)
	return nil
}

func syncAll(files []File) error {
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) passed(offset int64) {
	w.Fsynced.Set(offset)
	if w.o.Synced != nil {
		w.o.Synced(offset)
	}
}

// syncAndNote is sync that takes note of how it ended.
func (w *Writer) syncAndNote() error {
	err := w.sync()
	if err == nil {
		w.syncErr.Store(nil)
		return nil
	}
	if w.o.Policy() == SyncAlways {
		w.o.Logf(repl.Warning, "Can't persist AOF for fsync error when the AOF fsync policy is 'always': %s. Exiting...", Cause(err))
		w.fatal(err)
	} else if w.syncErr.Swap(&err) == nil {
		w.o.Logf(repl.Warning, "Fail to fsync the AOF file: %s", Cause(err))
	}
	return err
}

// Persist writes and fsyncs what there is.
func (w *Writer) Persist() error {
	if err := w.Flush(); err != nil {
		return err
	}
	return w.sync()
}

// Close writes and fsyncs what there is, as far as that goes, and closes the file. Whoever waits for an offset is
// let go. The error is what kept some of the log from the disk.
func (w *Writer) Close() error {
	close(w.quit)
	<-w.done
	err := w.Persist()
	w.abandon()
	return err
}

// Abandon closes the file without writing what there is.
func (w *Writer) Abandon() {
	close(w.quit)
	<-w.done
	w.abandon()
}

func (w *Writer) abandon() {
	w.mu.Lock()
	w.closed = true
	files := append(w.retired, w.file)
	w.mu.Unlock()
	for _, f := range files {
		_ = f.Close()
	}
	w.o.Reader.Close()
	w.Written.Set(math.MaxInt64)
	w.Fsynced.Set(math.MaxInt64)
}
