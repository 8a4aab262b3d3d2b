package aof

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"treedis/repl"
)

// Dir is where the files are. Its methods do not change it.
type Dir struct {
	FS   FS
	Root string // the server's directory, where an old single file would be
	Path string // of the directory itself
	Name string // what file names begin with
	Logf repl.Logf
	// Retain may take over an increment instead of its removal, by renaming it. nil takes none.
	Retain func(d *Dir, name string) bool
}

func (d *Dir) path(name string) string { return filepath.Join(d.Path, name) }

func (d *Dir) manifestPath() string { return d.path(d.Name + ".manifest") }

// Create makes the directory if it is missing.
func (d *Dir) Create() error {
	err := d.FS.Mkdir(d.Path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	d.Logf(repl.Warning, "Can't open or create append-only dir %s: %s", filepath.Base(d.Path), Cause(err))
	return err
}

// Size is the size of a file.
func (d *Dir) Size(name string) (int64, error) {
	st, err := d.FS.Stat(d.path(name))
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// Read reads the manifest; where there is none it is empty. What is wrong with it is
// logged in Redis's words.
func (d *Dir) Read() (*Manifest, error) {
	f, err := d.FS.OpenFile(d.manifestPath(), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return &Manifest{}, nil
	}
	if err != nil {
		d.Logf(repl.Warning, "Fatal error: can't open the AOF manifest file %s for reading: %s", d.manifestPath(), Cause(err))
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		err = &ManifestError{Why: "Read AOF manifest failed"}
	}
	var m *Manifest
	if err == nil {
		m, err = ParseManifest(data)
	}
	var fault *ManifestError
	if errors.As(err, &fault) {
		d.Logf(repl.Warning, "*** FATAL AOF MANIFEST FILE ERROR ***")
		if fault.Text != "" {
			d.Logf(repl.Warning, "Reading the manifest file, at line %d", fault.Line)
			d.Logf(repl.Warning, ">>> '%s'", fault.Text)
		}
		d.Logf(repl.Warning, "%s", fault.Why)
	}
	return m, err
}

// Write replaces the manifest, durably. After an error that wraps ErrUnsettled it is replaced, but perhaps not for good: all files
// that it or the one before it names have to stay.
func (d *Dir) Write(m *Manifest) error {
	name := d.Name + ".manifest"
	temp := "temp-" + name
	f, err := d.FS.OpenFile(d.path(temp), createFlags)
	if err != nil {
		return d.fail("Can't open the AOF manifest file %s: %s", temp, err)
	}
	defer f.Close()
	if _, err := f.Write([]byte(m.String())); err != nil {
		return d.fail("Error trying to write the temporary AOF manifest file %s: %s", temp, err)
	}
	if err := f.Sync(); err != nil {
		return d.fail("Fail to fsync the temp AOF file %s: %s.", temp, err)
	}
	if err := d.FS.Rename(d.path(temp), d.manifestPath()); err != nil {
		return d.fail("Error trying to rename the temporary AOF manifest file %s: %s", temp, err)
	}
	if err := d.FS.SyncDir(d.Path); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsettled, d.fail("Fail to fsync AOF directory %s: %s.", d.Path, err))
	}
	return nil
}

// fail logs what went wrong with a file.
func (d *Dir) fail(format, name string, err error) error {
	d.Logf(repl.Warning, format, name, Cause(err))
	return err
}

// CreateFile opens an empty file for appending.
func (d *Dir) CreateFile(name string) (File, error) {
	f, err := d.FS.OpenFile(d.path(name), createFlags)
	if err != nil {
		return nil, d.fail("Can't open the append-only file %s: %s", name, err)
	}
	return f, nil
}

// Append opens a file to go on with it, and makes it if it is missing.
func (d *Dir) Append(name string) (File, error) {
	f, err := d.FS.OpenFile(d.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return nil, d.fail("Can't open the append-only file %s: %s", name, err)
	}
	return f, nil
}

// Rename gives a file of the server's directory, or of this one, a name in this one.
func (d *Dir) Rename(from, name string) error { return d.FS.Rename(from, d.path(name)) }

// Remove removes a file. That it cannot be removed does no harm.
func (d *Dir) Remove(name string) { _ = d.FS.Remove(d.path(name)) }

// TempIncr is the name of an increment whose base is not finished yet.
func (d *Dir) TempIncr() string { return "temp-" + d.Name + ".incr" }

// RemoveHistory removes the files that m calls history, and returns the manifest without
// them, which is in force. If it could not be written, m is.
func (d *Dir) RemoveHistory(m *Manifest) *Manifest {
	if len(m.History) == 0 {
		return m
	}
	for _, f := range m.History {
		if d.Retain != nil && d.Retain(d, f.Name) {
			continue
		}
		d.Logf(repl.Notice, "Removing the history file %s in the background", f.Name)
		d.Remove(f.Name)
	}
	without := m.Clone()
	without.History = nil
	if err := d.Write(without); err != nil {
		return m
	}
	return without
}

// Preserve makes a new directory at path that has all the files of a manifest, and the manifest, so that these can be had back
// whatever happens to d's. Files are not copied but linked, since none that a manifest named is written to again once another
// has taken its place.
func (d *Dir) Preserve(m *Manifest, path string) error {
	if err := d.FS.Mkdir(path); err != nil {
		return fmt.Errorf("preserving the append-only files: %w", err)
	}
	to := *d
	to.Path = path
	for _, f := range append(m.Files(), m.History...) {
		err := d.FS.Link(d.path(f.Name), to.path(f.Name))
		if err != nil && !(f.Kind == History && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("preserving the append-only files: %w", err)
		}
	}
	if err := to.Write(m); err != nil {
		return fmt.Errorf("preserving the append-only files: %w", err)
	}
	return d.FS.SyncDir(filepath.Dir(path))
}

func (d *Dir) truncate(name string, size int64) error {
	f, err := d.FS.OpenFile(d.path(name), os.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}

func (d *Dir) exists(path string) bool {
	_, err := d.FS.Stat(path)
	return err == nil
}

// Upgrade takes over the single file of a Redis before 7, if there is one that nothing
// has taken the place of, as the base of m, and returns the manifest in force. It can be
// interrupted at any step, and is then completed by the next start.
func (d *Dir) Upgrade(m *Manifest) (*Manifest, error) {
	old := filepath.Join(d.Root, d.Name)
	if !d.exists(old) {
		return m, nil
	}
	interrupted := m.Base != nil && len(m.Incrs) == 0 && m.Base.Name == d.Name && !d.exists(d.path(d.Name))
	if !m.Empty() && !interrupted {
		return m, nil
	}
	if err := d.Create(); err != nil {
		return m, err
	}
	up := &Manifest{Base: &Info{Name: d.Name, Seq: 1, Kind: Base}, baseSeq: 1}
	if err := d.Write(up); err != nil {
		return m, err
	}
	if err := d.Rename(old, d.Name); err != nil {
		d.Logf(repl.Warning, "Error trying to move the old AOF file %s into dir %s: %s", d.Name, filepath.Base(d.Path), Cause(err))
		return m, err
	}
	if err := d.FS.SyncDir(d.Path); err != nil {
		return m, d.fail("Fail to fsync AOF directory %s: %s.", d.Path, err)
	}
	d.Logf(repl.Notice, "Successfully migrated an old-style AOF file (%s) into the AOF directory (%s).", d.Name, filepath.Base(d.Path))
	return up, nil
}
