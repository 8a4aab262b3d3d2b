package server

import (
	"context"
	"fmt"

	"treedis/server/function"
	"treedis/server/script"
)

// newFunctions returns an empty set of libraries, with a machine of its own for their functions.
func (s *Server) newFunctions() *function.Set {
	return function.NewSet(func() *script.VM { return script.New(s.scriptOptions()) })
}

// libraryLoader returns what adds a library of a snapshot. It takes its time, as long as ctx is not done.
func (d dataset) libraryLoader(ctx context.Context) func(source []byte) error {
	return func(source []byte) error {
		if _, err := d.functions.Load(ctx, string(source), false); err != nil {
			return fmt.Errorf("loading a library: %w", err)
		}
		return nil
	}
}
