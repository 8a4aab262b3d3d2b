package tlsconf

import "os"

// stamp is the state of all files: what it was read from is unchanged as long as the stamp is the same.
type stamp []fileState

// fileState is a file's state, nil if there is no such file.
type fileState struct {
	path string
	info os.FileInfo
}

// stamp returns the state of the files that are named.
func (s Settings) stamp() stamp {
	paths := []string{s.CertFile, s.KeyFile, s.ClientCertFile, s.ClientKeyFile, s.CAFile, s.CADir}
	if s.CADir != "" {
		more, _ := folderFiles(s.CADir) // its own state shows if it can't be read
		paths = append(paths, more...)
	}
	list := make(stamp, 0, len(paths))
	for _, path := range paths {
		state := fileState{path: path}
		if path != "" {
			state.info, _ = os.Stat(path)
		}
		list = append(list, state)
	}
	return list
}

func (a stamp) equal(b stamp) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].equal(b[i]) {
			return false
		}
	}
	return true
}

func (a fileState) equal(b fileState) bool {
	if a.path != b.path || (a.info == nil) != (b.info == nil) {
		return false
	}
	return a.info == nil ||
		os.SameFile(a.info, b.info) && a.info.Size() == b.info.Size() && a.info.ModTime().Equal(b.info.ModTime())
}

// Watch notices that files have changed. It is for one goroutine, which asks every so often.
type Watch struct {
	seen  stamp // at the last look, if that differed from what was loaded
	tried stamp // what was last said to be due
}

// Due reports whether the files of m should be loaded anew: they differ from what was loaded, and two looks have found them the
// same, since a certificate and its key are replaced one after the other. It says so once for each change.
func (w *Watch) Due(m *Material) bool {
	now := m.settings.stamp()
	if now.equal(m.stamp) || now.equal(w.tried) {
		w.seen = nil
		return false
	}
	if !now.equal(w.seen) {
		w.seen = now
		return false
	}
	w.seen, w.tried = nil, now
	return true
}
