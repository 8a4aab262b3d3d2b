package server

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"treedis/rdb"
	"treedis/server/config"
)

// syncEvery is after how many bytes a file that is being written goes to the disk, so that the last flush is a short one and does
// not hold up what others write to that disk.
const syncEvery = 4 << 20

// writeRDB writes a snapshot to path: to a temporary file beside it, which is synced and renamed, so
// that there is a whole file at all times.
func (s *Server) writeRDB(path string, snap *snapshot, o rdb.SaveOptions, rename func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	f, err := s.temps.create(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
		s.temps.forget(f.Name())
	}()
	w := syncedFile{File: f, s: s, every: syncEvery}
	if !config.RDBSaveIncrementalFsync.Get(s.cfg) {
		w.every = 0
	}
	if err := snap.write(&w, o); err != nil {
		return err
	}
	if err := s.failpoint("sync"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := s.failpoint("rename"); err != nil {
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// failpoint lets tests make a step of saving fail.
func (s *Server) failpoint(step string) error {
	if s.failAt == nil {
		return nil
	}
	return s.failAt(step)
}

// syncedFile is a file whose bytes go to the disk as they come.
type syncedFile struct {
	*os.File
	s       *Server
	every   int64 // bytes; 0: not before the end
	begun   int64 // up to here bytes are on the disk
	flushed int64 // up to here they are on their way
	end     int64
}

func (f *syncedFile) Write(p []byte) (int, error) {
	if err := f.s.failpoint("write"); err != nil {
		return 0, err
	}
	n, err := f.File.Write(p)
	f.end += int64(n)
	if err == nil && f.every > 0 && f.end-f.flushed >= f.every {
		err = writeOut(f.File, f.begun, f.flushed, f.end)
		f.begun, f.flushed = f.flushed, f.end
	}
	return n, err
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// tempFiles are the files being written that have yet to get their names.
type tempFiles struct {
	mu    sync.Mutex
	names map[string]struct{} // guarded by mu
}

// tempPattern is what they are called, as in Redis: temp-<process id>.rdb, with more to it if there are several, and
// temp-rewriteaof-<process id>.aof, or temp-rewriteaof-bg-, for the bases of append-only files.
var tempPattern = regexp.MustCompile(`^temp-(?:rewriteaof-(?:bg-)?)?([0-9]+)(?:-[0-9]+)?\.(?:rdb|aof)$`)

// create opens a new file in dir.
func (t *tempFiles) create(dir string) (*os.File, error) {
	stem := filepath.Join(dir, "temp-"+strconv.Itoa(os.Getpid()))
	t.mu.Lock() // before the file is there: who removes them all must not miss it
	defer t.mu.Unlock()
	f, err := os.OpenFile(stem+".rdb", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	for i := 1; os.IsExist(err); i++ {
		f, err = os.OpenFile(stem+"-"+strconv.Itoa(i)+".rdb", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	}
	if err != nil {
		return nil, err
	}
	if t.names == nil {
		t.names = map[string]struct{}{}
	}
	t.names[f.Name()] = struct{}{}
	return f, nil
}

// forget says that a file has got its name, or was removed.
func (t *tempFiles) forget(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
}

// remove removes the files from under those who write them.
func (t *tempFiles) remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range t.names {
		_ = os.Remove(name)
	}
}

// removeLeftovers removes the temporary files of servers that were killed while they saved: those of processes that are no more.
func (s *Server) removeLeftovers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // whoever needs the folder will say so
	}
	for _, e := range entries {
		m := tempPattern.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() || s.mayBeWritten(m[1], e) {
			continue
		}
		s.logger.noticef("Removing %s, which a process that is gone has left behind.", e.Name())
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
}

// mayBeWritten reports whether the process that made a temporary file is still there. In a container each server may have the
// process id of the one before.
func (s *Server) mayBeWritten(process string, e os.DirEntry) bool {
	pid, err := strconv.Atoi(process)
	if err != nil || pid != os.Getpid() {
		return err != nil || unix.Kill(pid, 0) != unix.ESRCH
	}
	info, err := e.Info()
	return err != nil || info.ModTime().After(s.started)
}
