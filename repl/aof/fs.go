package aof

import (
	"io"
	"io/fs"
	"os"
)

// FS is what the package needs of a file system. Tests make it fail.
type FS interface {
	OpenFile(path string, flag int) (File, error)
	Rename(from, to string) error
	// Link gives a file another name besides its own.
	Link(from, to string) error
	Remove(path string) error
	Mkdir(path string) error
	Stat(path string) (fs.FileInfo, error)
	// ReadDir returns the names of what is in a directory.
	ReadDir(path string) ([]string, error)
	// SyncDir makes the directory's entries durable.
	SyncDir(path string) error
}

// File is an open file.
type File interface {
	io.Reader
	io.Writer
	// Sync makes what was written durable.
	Sync() error
	Truncate(size int64) error
	Close() error
}

// OS is the system's own file system.
type OS struct{}

// OpenFile opens a file; one that is created can be read by everybody.
func (OS) OpenFile(path string, flag int) (File, error) {
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (OS) Rename(from, to string) error          { return os.Rename(from, to) }
func (OS) Link(from, to string) error            { return os.Link(from, to) }
func (OS) Remove(path string) error              { return os.Remove(path) }
func (OS) Mkdir(path string) error               { return os.Mkdir(path, 0o755) }
func (OS) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }

// ReadDir lists a directory.
func (OS) ReadDir(path string) (names []string, err error) {
	list, err := os.ReadDir(path)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names, err
}

// SyncDir fsyncs a directory.
func (OS) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// osFile adds to a file a Sync that leaves out what is not needed to read it again.
type osFile struct{ *os.File }

// Create opens a file anew, for appending.
const createFlags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC | os.O_APPEND
