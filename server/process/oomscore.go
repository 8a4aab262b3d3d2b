package process

import (
	"os"
	"strconv"
	"strings"
)

// oomScorePath is where Linux keeps which process it kills first when memory runs out: from -1000, never, to 1000.
const oomScorePath = "/proc/self/oom_score_adj"

// OOMScore is that score of the process. It remembers what it was before it was adjusted. It is not safe for concurrent use.
type OOMScore struct {
	adjusted bool
	base     int64 // valid if adjusted
}

// Adjust sets the score to what from returns, cut to its range, when it is given what it was at first.
func (o *OOMScore) Adjust(from func(base int64) int64) error {
	if !o.adjusted {
		text, err := os.ReadFile(oomScorePath)
		if err != nil {
			return err
		}
		if o.base, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err != nil {
			return err
		}
		o.adjusted = true
	}
	return o.write(min(max(from(o.base), -1000), 1000))
}

// Restore gives the process the score back that it had at first.
func (o *OOMScore) Restore() error {
	if !o.adjusted {
		return nil
	}
	o.adjusted = false
	return o.write(o.base)
}

func (o *OOMScore) write(score int64) error {
	return os.WriteFile(oomScorePath, strconv.AppendInt(nil, score, 10), 0o644)
}
