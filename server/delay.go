package server

import (
	"context"
	"time"

	"treedis/server/config"
)

// delayFor returns a function that waits for as many microseconds as a directive says, which tests slow saving and
// loading down with; ctx ends the wait. Of a negative number -n one microsecond is waited for once in n times, since a
// shorter sleep than that there is not.
func (s *Server) delayFor(ctx context.Context, directive config.Int) func() error {
	return func() error {
		usec := directive.Get(s.cfg)
		if usec < 0 && s.random()%uint64(-usec) == 0 {
			usec = 1
		}
		if usec <= 0 {
			return nil
		}
		timer := time.NewTimer(time.Duration(usec) * time.Microsecond)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
