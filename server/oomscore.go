package server

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"treedis/server/config"
)

// oomScorePath is where Linux keeps which process it kills first when memory runs out: from -1000, never, to 1000.
const oomScorePath = "/proc/self/oom_score_adj"

// errOOMScore is CONFIG SET's error, in Redis's words.
var errOOMScore = errors.New("Failed to apply new oom_score_adj configuration, check server logs.") //lint:ignore ST1005 wire text

// oomScore remembers the process's score from before it was adjusted. Guarded by the keyspace lock.
type oomScore struct {
	adjusted bool
	base     int // valid if adjusted
}

// applyOOMScore sets the score by the configuration and the role, or puts the former one back. It needs the
// exclusive lock.
func (s *Server) applyOOMScore() error {
	if err := s.oom.set(config.OOMScoreAdj.Get(s.cfg), config.OOMScoreAdjValues.Get(s.cfg), s.role.isReplica()); err != nil {
		s.logger.warningf("Adjusting the score of the process: %v", err)
		return errOOMScore
	}
	return nil
}

func (o *oomScore) set(how config.OOMAdjust, values [3]int64, replica bool) error {
	if how == config.OOMScoreNo && !o.adjusted {
		return nil
	}
	if !o.adjusted {
		text, err := os.ReadFile(oomScorePath)
		if err != nil {
			return err
		}
		if o.base, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
			return err
		}
	}
	o.adjusted = how != config.OOMScoreNo
	score := o.base
	if o.adjusted {
		value := values[0]
		if replica {
			value = values[1]
		}
		if how == config.OOMScoreRelative {
			value += int64(o.base)
		}
		score = int(min(max(value, -1000), 1000))
	}
	return os.WriteFile(oomScorePath, strconv.AppendInt(nil, int64(score), 10), 0o644)
}
