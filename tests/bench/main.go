package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"treedis/tests/harness"
)

// defaultRounds is how often each server is measured: the median of 5 survives two disturbed rounds.
const defaultRounds = 5

// quickRounds is the same for a quick run, which must end within two minutes.
const quickRounds = 3

// document is where a full run writes its results, from the module's root.
const document = "docs/PERFORMANCE.md"

var (
	errUnknownRow = errors.New("no such row (--list shows them)")
	errRounds     = errors.New("at least one round must be run")
)

// options are the command line.
type options struct {
	rows   []string // none: all
	quick  bool
	rounds int
	list   bool
	write  bool // the document, though not all rows are run
}

// full reports whether the results are worth writing down.
func (o options) full() bool { return (len(o.rows) == 0 || o.write) && !o.quick && !harness.StandIn() }

func main() {
	opts, err := parseOptions(os.Args[1:])
	switch {
	case errors.Is(err, pflag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	case opts.list:
		for _, r := range allRows(opts.scale()) {
			fmt.Printf("%-18s %s\n", r.name, r.does)
		}
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		ok := run(ctx, opts)
		stop()
		if !ok {
			os.Exit(1)
		}
	}
}

func parseOptions(args []string) (options, error) {
	var o options
	fs := pflag.NewFlagSet("bench", pflag.ContinueOnError)
	fs.StringSliceVar(&o.rows, "rows", nil, "only these rows")
	fs.BoolVar(&o.quick, "quick", false, "sizes 20 times smaller: shows that all works, not how fast")
	fs.IntVar(&o.rounds, "rounds", 0, fmt.Sprintf("rounds for each server (default %d, %d if quick)", defaultRounds, quickRounds))
	fs.BoolVar(&o.write, "write", false, "write "+document+" after a run of some rows too; it then has these rows only")
	fs.BoolVar(&o.list, "list", false, "list the rows and end")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if !fs.Changed("rounds") {
		o.rounds = defaultRounds
		if o.quick {
			o.rounds = quickRounds
		}
	}
	if o.rounds < 1 {
		return o, errRounds
	}
	_, err := o.choose()
	return o, err
}

func (o options) scale() scale {
	if o.quick {
		return quickScale
	}
	return fullScale
}

// choose returns the rows asked for, in the table's order.
func (o options) choose() ([]row, error) {
	all := allRows(o.scale())
	if len(o.rows) == 0 {
		return all, nil
	}
	for _, name := range o.rows {
		if !slices.ContainsFunc(all, func(r row) bool { return r.name == name }) {
			return nil, fmt.Errorf("%w: %q", errUnknownRow, name)
		}
	}
	return slices.DeleteFunc(all, func(r row) bool { return !slices.Contains(o.rows, r.name) }), nil
}

// run measures the rows, prints the table as it grows and, after a full run, writes the document. It reports whether no row
// failed; targets that were missed are no failure.
func run(ctx context.Context, opts options) bool {
	ok := true
	p := harness.NewProgram("bench", os.Stdout)
	p.Play(func() {
		p.Logf("building treedis if it is not there")
		if err := harness.Build(p.TempDir()); err != nil {
			p.Fatalf("%v", err)
		}
		harness.RaiseFileLimit(p)
		rows, err := opts.choose()
		if err != nil {
			p.Fatalf("%v", err)
		}
		about := describeRun(opts)
		for _, line := range about.lines() {
			p.Logf("%s", line)
		}
		results := measureAll(ctx, opts, rows, missingCommands(p, rows))
		for _, r := range results {
			ok = ok && r.failure == ""
		}
		if !opts.full() || !ok || ctx.Err() != nil {
			return
		}
		path, err := writeDocument(about, results)
		if err != nil {
			p.Fatalf("%v", err)
		}
		p.Logf("written to %s", path)
	})
	return ok && !p.Failed()
}

// measureAll measures row after row and prints each when it is done.
func measureAll(ctx context.Context, opts options, rows []row, missing map[string]string) []result {
	began := time.Now()
	fmt.Println("\n" + strings.TrimRight(textLine(header), " "))
	var results []result
	for _, r := range rows {
		if ctx.Err() != nil {
			break
		}
		res := result{row: r, unsupported: missing[r.name]}
		if res.unsupported == "" {
			res = measure(ctx, opts, r)
		}
		results = append(results, res)
		for _, cells := range res.cells() {
			fmt.Println(strings.TrimRight(textLine(cells), " "))
		}
	}
	fmt.Printf("\n%d rows in %v\n", len(results), time.Since(began).Round(time.Second))
	return results
}
