package aof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"treedis/repl"
)

// Target takes what is loaded.
type Target interface {
	// LoadRDB reads a snapshot, and not a byte behind it.
	LoadRDB(br *bufio.Reader) (BaseInfo, error)
	// Apply executes a command. ErrUnknownCommand stops the loading.
	Apply(args [][]byte) error
	// Ahead is called before the first command, and again after every 16. The file goes on with raw, which may end anywhere.
	Ahead(raw []byte)
	// Pause is called now and then between two commands, outside transactions.
	Pause()
	// Drop forgets the commands of a transaction whose end is missing.
	Drop()
}

// BaseInfo is what a snapshot tells of when it was taken, as far as it does.
type BaseInfo struct {
	Position Position
	Time     int64 // unix seconds, 0 if it does not tell
}

// LoadOptions say how to load.
type LoadOptions struct {
	Truncate bool             // a last file that ends too early is cut to what is whole
	Total    func(size int64) // told how many bytes all files have; nil for nobody
	Progress func(at int64)   // told how many bytes of all files have been read
	// Until is where loading ends: the data is then as it was at that point. The files stay as they are, even with
	// Truncate. It has to lie between the base and the end, else the error is ErrTooEarly, ErrTooLate or ErrNoPoints. The zero
	// value is the files' end.
	Until Point
	Logf  repl.Logf
}

// Loaded is what Load found.
type Loaded struct {
	Size     int64 // of all files
	BaseSize int64
	Position Position // of the end
	Found    bool     // there was a file that is not empty
	Stopped  bool     // by LoadOptions.Until
	Spans    []Span   // the increments, as far as it is known which part of the history is in them
}

// pauseEvery is how many commands lie between two calls of Pause.
const pauseEvery = 256

// aheadEvery is how many lie between two calls of Ahead.
const aheadEvery = 16

// Load executes the files of a manifest. What is wrong with them is logged in Redis's
// words; the error then wraps ErrLoad.
func (d *Dir) Load(m *Manifest, t Target, o LoadOptions) (Loaded, error) {
	l := &loader{d: d, t: t, o: o}
	if !o.Until.IsZero() {
		l.cutter = &cutter{to: o.Until}
	}
	err := l.all(m)
	if err == nil && l.cutter != nil && !l.Stopped {
		err = l.cutter.end(l.Position)
	}
	return l.Loaded, err
}

type loader struct {
	Loaded
	d      *Dir
	t      Target
	o      LoadOptions
	cutter *cutter  // nil if all is to be loaded
	done   int64    // bytes of the files before the one being read
	start  Position // of that one
}

func (l *loader) logf(level repl.Level, format string, args ...any) { l.o.Logf(level, format, args...) }

func (l *loader) all(m *Manifest) error {
	files := m.Files()
	sizes := make([]int64, len(files))
	for i, f := range files {
		size, err := l.d.Size(f.Name)
		if err != nil {
			l.logf(repl.Warning, "Unable to obtain the AOF file %s length. stat: %s", f.Name, Cause(err))
			return fmt.Errorf("%w: %w", ErrLoad, err)
		}
		sizes[i] = size
		l.Size += size
		if f.Kind == Base {
			l.BaseSize = size
		}
	}
	l.Found = l.Size > 0
	if l.o.Total != nil {
		l.o.Total(l.Size)
	}
	for i, f := range files {
		l.start = l.Position
		if err := l.file(f, i == len(files)-1, sizes[i]); err != nil {
			return err
		}
		l.span(f)
		if l.Stopped {
			return nil
		}
		l.done += sizes[i]
	}
	return nil
}

// span notes what an increment that has been read holds of the history.
func (l *loader) span(f Info) {
	switch {
	case f.Kind == Base:
	case !l.start.Known() || !l.Position.Known():
		l.Spans = nil // there is a gap
	default:
		l.Spans = append(l.Spans, Span{Name: f.Name, Start: l.start, End: l.Position})
	}
}

// kindName is what log lines call a file's kind.
func kindName(k Kind) string {
	if k == Base {
		return "base"
	}
	return "incr"
}

func (l *loader) file(f Info, last bool, size int64) error {
	began := time.Now()
	file, err := l.d.FS.OpenFile(l.d.path(f.Name), os.O_RDONLY)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			l.logf(repl.Warning, "The append log file %s doesn't exist: %s", f.Name, Cause(err))
		} else {
			l.logf(repl.Warning, "Fatal error: can't open the append log file %s for reading: %s", f.Name, Cause(err))
		}
		return fmt.Errorf("%w: %w", ErrLoad, err)
	}
	defer file.Close()
	if size == 0 {
		return nil
	}
	x := &fileLoader{loader: l, info: f, br: bufio.NewReaderSize(file, readSize)}
	err = x.run()
	if errors.Is(err, ErrTruncated) {
		l.Position = x.place
		err = l.cut(f, last, x.whole, size, err)
	} else if err != nil && !errors.Is(err, ErrLoad) && !errors.Is(err, ErrPoint) {
		err = l.hopeless(f, err)
	}
	if err != nil {
		l.t.Drop()
		return err
	}
	l.logf(repl.Notice, "DB loaded from %s file %s: %.3f seconds", kindName(f.Kind), f.Name, time.Since(began).Seconds())
	return nil
}

// cut ends a file behind its last whole command or transaction, if that is allowed.
func (l *loader) cut(f Info, last bool, whole, size int64, cause error) error {
	if l.o.Truncate {
		l.logf(repl.Warning, "!!! Warning: short read while loading the AOF file %s!!!", f.Name)
		l.logf(repl.Warning, "!!! Truncating the AOF %s at offset %d !!!", f.Name, whole)
		if !last {
			l.logf(repl.Warning, "Fatal error: the truncated file is not the last file")
			return fmt.Errorf("%w: %s: %w", ErrLoad, f.Name, cause)
		}
		var err error
		if l.cutter == nil {
			err = l.d.truncate(f.Name, whole)
		}
		if err == nil {
			l.logf(repl.Warning, "AOF %s loaded anyway because aof-load-truncated is enabled", f.Name)
			l.Size -= size - whole
			l.t.Drop()
			return nil
		}
		l.logf(repl.Warning, "Error truncating the AOF file %s: %s", f.Name, Cause(err))
	}
	l.logf(repl.Warning, "Unexpected end of file reading the append only file %s. You can: "+
		"1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. "+
		"2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.", f.Name)
	return fmt.Errorf("%w: %s: %w", ErrLoad, f.Name, cause)
}

// hopeless words what is wrong with a file otherwise.
func (l *loader) hopeless(f Info, cause error) error {
	var unknown *unknownCommandError
	switch {
	case errors.As(cause, &unknown):
		l.logf(repl.Warning, "Unknown command '%s' reading the append only file %s", unknown.name, f.Name)
	case errors.Is(cause, ErrFormat):
		l.logf(repl.Debug, "%s: %v", f.Name, cause)
		l.logf(repl.Warning, "Bad file format reading the append only file %s: "+
			"make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>", f.Name)
	default:
		l.logf(repl.Warning, "Unrecoverable error reading the append only file %s: %s", f.Name, Cause(cause))
	}
	return fmt.Errorf("%w: %s: %w", ErrLoad, f.Name, cause)
}

type unknownCommandError struct{ name []byte }

func (e *unknownCommandError) Error() string {
	return ErrUnknownCommand.Error() + " " + string(e.name)
}
func (e *unknownCommandError) Unwrap() error { return ErrUnknownCommand }

// fileLoader executes one file.
type fileLoader struct {
	*loader
	info  Info
	br    *bufio.Reader
	whole int64    // all before is executed
	place Position // there
	multi bool     // within a transaction
	began int64    // the first time that an annotation tells, unix seconds
}

func (x *fileLoader) run() error {
	offset, err := x.snapshot()
	if err != nil {
		return err
	}
	r := NewReader(x.br, offset)
	x.whole, x.place = offset, x.Position
	for n := 1; ; n++ {
		if n%aheadEvery == 1 {
			raw, _ := x.br.Peek(x.br.Buffered())
			x.t.Ahead(raw)
		}
		rec, err := r.Next()
		switch {
		case err == io.EOF && x.multi:
			x.logf(repl.Warning, "Revert incomplete MULTI/EXEC transaction in AOF file %s", x.info.Name)
			return fmt.Errorf("%w: within a transaction", ErrTruncated)
		case err == io.EOF:
			x.progress(r.Offset())
			return x.commandsBase(offset)
		case err != nil:
			return err
		}
		if stop, err := x.behind(rec); stop || err != nil {
			x.Stopped = stop
			return err
		}
		if err := x.record(rec); err != nil {
			return err
		}
		if n%pauseEvery == 0 && !x.multi {
			x.progress(rec.End)
			x.t.Pause()
		}
	}
}

// single tells whether the file is that of a Redis before 7, in which commands follow what was the data when it was last
// rewritten.
func (x *fileLoader) single() bool { return x.info.Kind == Base && x.info.Name == x.d.Name }

// behind reports whether a record lies behind the point that is to be loaded up to. A transaction counts as written at its end.
func (x *fileLoader) behind(rec Record) (bool, error) {
	if x.cutter == nil || x.info.Kind == Base && !x.single() {
		return false, nil
	}
	if x.multi && (rec.Args == nil || !isWord(rec.Args[0], "exec")) {
		return false, nil
	}
	stop, err := x.cutter.stop(rec, x.Position)
	if stop {
		x.t.Drop()
		x.Position = x.place
	}
	return stop, err
}

// commandsBase has the point judged by what a base of commands, which has been executed, told of itself. One that is a snapshot
// ended at the given offset, and has been judged.
func (x *fileLoader) commandsBase(offset int64) error {
	if x.cutter == nil || x.info.Kind != Base || x.single() || offset > 0 {
		return nil
	}
	return x.cutter.base(BaseInfo{x.Position, x.began})
}

// isWord tells whether an argument is a command's name, given in lower case.
func isWord(arg []byte, name string) bool { return bytes.EqualFold(arg, []byte(name)) }

func (x *fileLoader) progress(at int64) {
	if x.o.Progress != nil {
		x.o.Progress(x.done + at)
	}
}

// snapshot loads the snapshot that the file may begin with, and returns where it ends.
func (x *fileLoader) snapshot() (int64, error) {
	if magic, _ := x.br.Peek(5); !bytes.Equal(magic, []byte("REDIS")) {
		return 0, nil
	}
	old := x.single()
	if old {
		x.logf(repl.Notice, "Reading RDB preamble from AOF file...")
	} else {
		x.logf(repl.Notice, "Reading RDB base file on AOF loading...")
	}
	counted := &countingReader{r: x.br}
	br := bufio.NewReaderSize(counted, readSize)
	base, err := x.t.LoadRDB(br)
	if err != nil {
		if old {
			x.logf(repl.Warning, "Error reading the RDB preamble of the AOF file %s, AOF loading aborted", x.info.Name)
		} else {
			x.logf(repl.Warning, "Error reading the RDB base file %s, AOF loading aborted", x.info.Name)
		}
		return 0, fmt.Errorf("%w: %s: %w", ErrLoad, x.info.Name, err)
	}
	x.Position = base.Position
	if x.cutter != nil {
		if err := x.cutter.base(base); err != nil {
			return 0, err
		}
	}
	x.br = br
	end := counted.n - int64(br.Buffered())
	x.progress(end)
	x.t.Pause()
	if old {
		x.logf(repl.Notice, "Reading the remaining AOF tail...")
	}
	return end, nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (x *fileLoader) record(rec Record) error {
	if rec.Args == nil {
		if p, ok := ParsePosition(rec.Annotation); ok {
			if p.Offset != x.Position.Offset && p.Offset != x.start.Offset {
				x.Spans, x.start = nil, Position{} // the offsets jump
			}
			x.Position = p
		}
		if at, ok := ParseTime(rec.Annotation); ok && x.began == 0 {
			x.began = at
		}
		x.executed(rec)
		return nil
	}
	name := rec.Args[0]
	switch {
	case isWord(name, "multi"):
		x.multi = true
	case isWord(name, "exec"), isWord(name, "discard"):
		x.multi = false
	}
	if err := x.t.Apply(rec.Args); err != nil {
		if errors.Is(err, ErrUnknownCommand) {
			err = &unknownCommandError{bytes.Clone(name)}
		}
		return err
	}
	if x.Position.Known() {
		x.Position.Offset += rec.End - rec.Start
	}
	x.executed(rec)
	return nil
}

// executed notes that all up to the end of a record has been executed, unless it is within a
// transaction.
func (x *fileLoader) executed(rec Record) {
	if !x.multi {
		x.whole, x.place = rec.End, x.Position
	}
}
