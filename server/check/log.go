package check

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"treedis/repl/aof"
)

// checker checks files of one append-only file, or a snapshot.
type checker struct {
	out   io.Writer
	now   time.Time
	fix   bool  // cut off what is not whole at the end of the last file
	until int64 // unix seconds: cut off what is annotated as later; 0 for nothing
}

// manifest checks the files that a manifest lists.
func (c *checker) manifest(path string, data []byte) error {
	m, err := aof.ParseManifest(data)
	if err != nil {
		fmt.Fprintf(c.out, "DAMAGED manifest: %v\n", err)
		return ErrDamaged
	}
	files := m.Files()
	for i, f := range files {
		if err := c.file(filepath.Join(filepath.Dir(path), f.Name), i == len(files)-1); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.out, "OK: the manifest and its %d files\n", len(files))
	return nil
}

// file checks one file: a snapshot, commands, or a snapshot with commands behind it. Only the last file may be cut.
func (c *checker) file(path string, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s, %d bytes\n", path, info.Size())
	br, begin := bufio.NewReaderSize(f, 256<<10), int64(0)
	if head, _ := br.Peek(len(magic)); string(head) == magic {
		if begin, err = snapshot(br, c.out, c.now); err != nil {
			if c.fix {
				return fmt.Errorf("%w; %w", err, ErrNoFix)
			}
			return err
		}
	}
	cut, bad := c.commands(aof.NewReader(br, begin), begin)
	if cut < 0 {
		return nil
	}
	switch {
	case bad != nil && !errors.Is(bad, errLater):
		fmt.Fprintf(c.out, "DAMAGED: %v\nwhole up to offset %d; %d bytes follow\n", bad, cut, info.Size()-cut)
		if !c.fix {
			return ErrDamaged
		}
	case cut == 0:
		return fmt.Errorf("%s: %w", path, ErrNothing)
	}
	if !last {
		return fmt.Errorf("%s: %w", path, ErrNotLast)
	}
	if err := cutFile(path, cut); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "cut to %d bytes\n", cut)
	return nil
}

// errLater says that what follows was written after the time asked for.
var errLater = errors.New("written later")

// commands reads commands to the end. It returns up to which offset the file is to be kept and why no further, or -1 for all of it.
func (c *checker) commands(r *aof.Reader, whole int64) (int64, error) {
	commands, multi := 0, false
	var first, last int64 // unix seconds annotated
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF && !multi:
			if commands > 0 {
				fmt.Fprintf(c.out, "%d commands\n", commands)
			}
			if first != 0 {
				fmt.Fprintf(c.out, "written from %s to %s\n", clock(first), clock(last))
			}
			return -1, nil
		case err == io.EOF:
			return whole, errors.New("the file ends within a transaction")
		case err != nil:
			return whole, err
		}
		if rec.Annotation != nil {
			at, ok := aof.ParseTime(rec.Annotation)
			if ok && c.until != 0 && at > c.until && !multi {
				return rec.Start, errLater
			}
			if ok {
				first, last = cmp.Or(first, at), at
			}
		} else {
			commands++
			begins, ends := bytes.EqualFold(rec.Args[0], []byte("multi")), bytes.EqualFold(rec.Args[0], []byte("exec"))
			if begins && multi || ends && !multi {
				return whole, fmt.Errorf("at offset %d: %s where none may be", rec.Start, bytes.ToUpper(rec.Args[0]))
			}
			multi = (multi || begins) && !ends
		}
		if !multi {
			whole = rec.End
		}
	}
}

// clock words a unix time.
func clock(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// cutFile shortens a file, for good.
func cutFile(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}
