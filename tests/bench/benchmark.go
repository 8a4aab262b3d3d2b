package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"treedis/tests/harness"
)

// benchmarkTime bounds one run of redis-benchmark; the longest takes seconds.
const benchmarkTime = 2 * time.Minute

// randomInt is what redis-benchmark replaces by 12 random digits below the key space.
const randomInt = "__rand_int__"

// load is a run of redis-benchmark.
type load struct {
	clients  int
	pipeline int
	requests int
	keyspace int // of randomInt; 0 where the command has none
	command  []string
}

// args is redis-benchmark's command line without the port.
func (l load) args() []string {
	args := []string{"-c", strconv.Itoa(l.clients), "-n", strconv.Itoa(l.requests), "-P", strconv.Itoa(l.pipeline)}
	if l.keyspace > 0 {
		args = append(args, "-r", strconv.Itoa(l.keyspace))
	}
	return append(args, l.command...)
}

// String is the command line as the document shows it, with long arguments cut short.
func (l load) String() string {
	const long = 40
	args := l.args()
	for i, a := range args {
		if len(a) > long {
			args[i] = fmt.Sprintf("<%d bytes>", len(a))
		}
	}
	return "redis-benchmark " + strings.Join(args, " ")
}

// benchmarked is what redis-benchmark says of a run.
type benchmarked struct {
	perSecond float64
	p99       float64 // milliseconds
}

// benchmark runs a load against a server.
func (b *bench) benchmark(s *harness.Server, l load) benchmarked {
	b.checkInterrupt()
	tool := harness.RequireTool(b, "redis-benchmark")
	args := append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(s.Port()), "--csv", "--precision", "3"}, l.args()...)
	out, status := harness.Run(b, benchmarkTime, "", tool, args...)
	if status != 0 {
		b.Fatalf("%v against %v ended with status %d:\n%s", l, s.Kind, status, out)
	}
	got, err := parseBenchmark(out)
	if err != nil {
		b.Fatalf("%v against %v: %v", l, s.Kind, err)
	}
	return got
}

var errBenchmark = errors.New("redis-benchmark")

// parseBenchmark reads the output of redis-benchmark --csv for one test: a line of column names, found by name since versions
// differ in how many there are, and a line of values. Warnings may come before, an error reply of the server after. The test's
// name is the command, whose own quotes it does not escape.
func parseBenchmark(out string) (benchmarked, error) {
	if _, said, found := strings.Cut(out, "Error from server: "); found {
		line, _, _ := strings.Cut(said, "\n")
		return benchmarked{}, fmt.Errorf("%w: the server said %q", errBenchmark, line)
	}
	var rows [][]string
	if at := strings.Index(out, `"test",`); at >= 0 {
		r := csv.NewReader(strings.NewReader(out[at:]))
		r.LazyQuotes = true
		rows, _ = r.ReadAll() // what is missing is told below
	}
	if len(rows) != 2 {
		return benchmarked{}, fmt.Errorf("%w: not one line of results: %q", errBenchmark, out)
	}
	value := func(column string) (float64, error) {
		for i, name := range rows[0] {
			if name == column {
				return strconv.ParseFloat(rows[1][i], 64)
			}
		}
		return 0, fmt.Errorf("%w: no column %s", errBenchmark, column)
	}
	perSecond, errRate := value("rps")
	p99, errP99 := value("p99_latency_ms")
	return benchmarked{perSecond: perSecond, p99: p99}, errors.Join(errRate, errP99)
}
