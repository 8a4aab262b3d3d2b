package server

import (
	"fmt"

	"treedis/server/function"
	"treedis/server/script"
)

// newFunctions returns an empty set of libraries, with a machine of its own for their functions.
func (s *Server) newFunctions() *function.Set {
	return function.NewSet(func() *script.VM { return script.New(s.scriptOptions()) })
}

// loadLibrary adds a library of a snapshot.
func (d dataset) loadLibrary(source []byte) error {
	if _, err := d.functions.Load(string(source), false, 0); err != nil {
		return fmt.Errorf("loading a library: %w", err)
	}
	return nil
}
