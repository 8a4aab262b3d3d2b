package main

import (
	"context"
	"os"

	"treedis/tests/harness"
)

// row is one line of the comparison: what is measured, how, and what treedis has to reach.
type row struct {
	name    string   // as --rows takes it
	group   string   // heading in the document
	does    string   // the command line, or what happens
	needs   []string // commands, with arguments that make them fail where they would do something without
	metrics []metric
	rounds  int // at most so many, where a round takes long; 0 for no limit
	open    func(b *bench, kind harness.Kind) round
}

// round measures a server once and returns a value for each of the row's metrics.
type round func() []float64

// direction says which of two values is the better one.
type direction int

const (
	lower direction = iota
	higher
)

// metric is one figure of a row.
type metric struct {
	name   string
	unit   string
	better direction
	target float64 // what treedis's median divided by Redis's has to reach; 0 for none
}

func (m metric) met(ratio float64) bool {
	if m.better == higher {
		return ratio >= m.target
	}
	return ratio <= m.target
}

// series is what one server showed: series[metric][round].
type series [][]float64

// result is a row's outcome: figures, or why there are none.
type result struct {
	row          row
	ours, theirs series
	unsupported  string // the commands that treedis does not have
	failure      string
}

// bench is what the rounds of one row share. It is the T of the servers it starts.
type bench struct {
	*harness.Program
	ctx     context.Context
	scale   scale
	servers []*harness.Server
}

// measure runs a row's rounds in turn: treedis, Redis, treedis, Redis.
func measure(ctx context.Context, opts options, r row) result {
	res := result{row: r, ours: make(series, len(r.metrics)), theirs: make(series, len(r.metrics))}
	b := &bench{Program: harness.NewProgram("bench-"+r.name, os.Stdout), ctx: ctx, scale: opts.scale()}
	rounds := opts.rounds
	if r.rounds > 0 {
		rounds = min(rounds, r.rounds)
	}
	b.Play(func() {
		ours, theirs := r.open(b, harness.Treedis), r.open(b, harness.Redis)
		for range rounds {
			b.collect(res.ours, ours)
			b.collect(res.theirs, theirs)
		}
	})
	if b.Failed() {
		res.failure = "failed"
	}
	res.unsupported = b.Skipped()
	return res
}

func (b *bench) collect(into series, measure round) {
	b.settle()
	for i, v := range measure() {
		into[i] = append(into[i], v)
	}
}

// start runs a server with what every row wants; options of its own come after.
func (b *bench) start(kind harness.Kind, opts ...harness.Option) *harness.Server {
	b.checkInterrupt()
	s := harness.Start(b, kind, opts...)
	b.servers = append(b.servers, s)
	return s
}

// checkInterrupt ends the row after a signal. What has no other bound calls it now and then.
func (b *bench) checkInterrupt() {
	if b.ctx.Err() != nil {
		b.Fatalf("interrupted")
	}
}

func (b *bench) must(err error) {
	if err != nil {
		b.Fatalf("%v", err)
	}
}

// flush empties a server and waits until it has.
func (b *bench) flush(s *harness.Server) { s.Once(b, "FLUSHALL") }

// wantKeys fails the row unless the server holds as many keys as were loaded.
func (b *bench) wantKeys(s *harness.Server, n int) {
	if got := s.Once(b, "DBSIZE").Int(); got != int64(n) {
		b.Fatalf("%v holds %d keys, not %d", s.Kind, got, n)
	}
}
