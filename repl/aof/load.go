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
	// LoadRDB reads a snapshot, and not a byte behind it, and returns the position
	// that the snapshot was taken at, if it tells.
	LoadRDB(br *bufio.Reader) (Position, error)
	// Apply executes a command. ErrUnknownCommand stops the loading.
	Apply(args [][]byte) error
	// Pause is called now and then between two commands, outside transactions.
	Pause()
	// Drop forgets the commands of a transaction whose end is missing.
	Drop()
}

// LoadOptions say how to load.
type LoadOptions struct {
	Truncate bool             // a last file that ends too early is cut to what is whole
	Total    func(size int64) // told how many bytes all files have; nil for nobody
	Progress func(at int64)   // told how many bytes of all files have been read
	Until    func(Record, Position) bool
	Logf     repl.Logf
}

// Loaded is what Load found.
type Loaded struct {
	Size     int64 // of all files
	BaseSize int64
	Position Position // of the end
	Found    bool     // there was a file that is not empty
	Stopped  bool     // by LoadOptions.Until
}

// pauseEvery is how many commands lie between two calls of Pause.
const pauseEvery = 256

// Load executes the files of a manifest. What is wrong with them is logged in Redis's
// words; the error then wraps ErrLoad.
func (d *Dir) Load(m *Manifest, t Target, o LoadOptions) (Loaded, error) {
	l := &loader{d: d, t: t, o: o}
	err := l.all(m)
	return l.Loaded, err
}

type loader struct {
	Loaded
	d    *Dir
	t    Target
	o    LoadOptions
	done int64 // bytes of the files before the one being read
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
		if err := l.file(f, i == len(files)-1, sizes[i]); err != nil {
			return err
		}
		if l.Stopped {
			return nil
		}
		l.done += sizes[i]
	}
	return nil
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
	} else if err != nil && !errors.Is(err, ErrLoad) {
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
		err := l.d.truncate(f.Name, whole)
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
}

func (x *fileLoader) run() error {
	offset, err := x.snapshot()
	if err != nil {
		return err
	}
	r := NewReader(x.br, offset)
	x.whole, x.place = offset, x.Position
	for n := 1; ; n++ {
		rec, err := r.Next()
		switch {
		case err == io.EOF && x.multi:
			x.logf(repl.Warning, "Revert incomplete MULTI/EXEC transaction in AOF file %s", x.info.Name)
			return fmt.Errorf("%w: within a transaction", ErrTruncated)
		case err == io.EOF:
			x.progress(r.Offset())
			return nil
		case err != nil:
			return err
		}
		if !x.multi && x.o.Until != nil && x.o.Until(rec, x.Position) {
			x.Stopped = true
			return nil
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
	old := x.info.Kind == Base && x.info.Name == x.d.Name // of a single file, with commands to follow
	if old {
		x.logf(repl.Notice, "Reading RDB preamble from AOF file...")
	} else {
		x.logf(repl.Notice, "Reading RDB base file on AOF loading...")
	}
	counted := &countingReader{r: x.br}
	br := bufio.NewReaderSize(counted, readSize)
	pos, err := x.t.LoadRDB(br)
	if err != nil {
		if old {
			x.logf(repl.Warning, "Error reading the RDB preamble of the AOF file %s, AOF loading aborted", x.info.Name)
		} else {
			x.logf(repl.Warning, "Error reading the RDB base file %s, AOF loading aborted", x.info.Name)
		}
		return 0, fmt.Errorf("%w: %s: %w", ErrLoad, x.info.Name, err)
	}
	x.Position = pos
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
			x.Position = p
		}
		x.executed(rec)
		return nil
	}
	name := rec.Args[0]
	switch {
	case bytes.EqualFold(name, []byte("multi")):
		x.multi = true
	case bytes.EqualFold(name, []byte("exec")), bytes.EqualFold(name, []byte("discard")):
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
