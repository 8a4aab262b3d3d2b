package server

import (
	"context"
	"time"

	"treedis/server/config"
)

// delayFor returns a function that waits for as many microseconds as a directive says, which tests slow saving and
// loading down with; ctx ends the wait. Of a negative number -n one microsecond is waited for once in n times, since a
// shorter sleep than that there is not. A change of the directive is noticed amid a wait.
func (s *Server) delayFor(ctx context.Context, directive config.Int) func() error {
	return func() error {
		usec := directive.Get(s.cfg)
		if usec < 0 && s.random()%uint64(-usec) == 0 {
			return pause(ctx, time.Microsecond)
		}
		for waited := time.Duration(0); ; {
			left := time.Duration(directive.Get(s.cfg))*time.Microsecond - waited
			if left <= 0 {
				return nil
			}
			left = min(left, delayStep)
			if err := pause(ctx, left); err != nil {
				return err
			}
			waited += left
		}
	}
}

// delayStep is after how long of a wait the directive is looked at again.
const delayStep = 50 * time.Millisecond

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
