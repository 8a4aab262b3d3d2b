package main

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	values := []float64{9, 1, 5}
	require.Equal(t, 5.0, median(values))
	require.Equal(t, []float64{9, 1, 5}, values, "the rounds keep their order")
	require.Equal(t, 3.0, median([]float64{1, 5}))
	require.Equal(t, 7.0, median([]float64{7}))
	require.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	require.True(t, math.IsNaN(median(nil)))
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var latencies []time.Duration
	for i := range 1000 {
		latencies = append(latencies, time.Duration(1000-i))
	}
	for q, want := range map[float64]time.Duration{0.0001: 1, 0.001: 1, 0.5: 500, 0.99: 990, 0.999: 999, 0.9991: 1000, 1: 1000} {
		require.Equal(t, want, quantile(latencies, q), "%v", q)
	}
	require.Zero(t, quantile([]float64(nil), 0.5))
	require.Equal(t, 3.0, quantile([]float64{3}, 0.001))
}

func TestRatios(t *testing.T) {
	t.Parallel()
	least, greatest := ratios([]float64{2, 9, 4}, []float64{2, 3, 8})
	require.Equal(t, 0.5, least)
	require.Equal(t, 3.0, greatest)
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0", 0.00012: "0.0001", 0.0712: "0.0712", 0.6: "0.600", 1: "1.00", 7.256: "7.26", 12.34: "12.3", 99.94: "99.9",
		100: "100", 999.6: "1,000", 1234: "1,234", 83333.34: "83,333", 1234567.8: "1,234,568", -1234: "-1,234", -2: "-2.00",
	} {
		require.Equal(t, want, number(v), "%v", v)
	}
	require.Equal(t, "-", number(math.NaN()))
	require.Equal(t, "-", number(math.Inf(1)))
	require.Equal(t, "-", quotient(math.NaN()))
	require.Equal(t, "1.26", quotient(1.2556))
	require.Equal(t, "0.10", quotient(0.1))
	require.Equal(t, "0.002", quotient(0.00239))
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		m     metric
		ratio float64
		want  string
	}{
		{metric{better: higher, target: 1.25}, 1.25, ">= 1.25 met"},
		{metric{better: higher, target: 1.25}, 1.2499, ">= 1.25 missed"},
		{metric{better: lower, target: 0.8}, 0.8, "<= 0.80 met"},
		{metric{better: lower, target: 0.8}, 0.81, "<= 0.80 missed"},
		{metric{better: lower, target: 1}, math.NaN(), "<= 1.00 missed"},
		{metric{better: lower}, 5, ""},
	} {
		require.Equal(t, tc.want, tc.m.verdict(tc.ratio))
	}
}

// sample is a row of two metrics over three rounds.
func sample() result {
	return result{
		row: row{name: "get", group: "Plain", does: "redis-benchmark GET __rand_int__", metrics: []metric{
			{name: "throughput", unit: "op/s", better: higher, target: 1},
			{name: "p99", unit: "ms"},
		}},
		ours:   series{{100_000, 120_000, 110_000}, {1, 2, 3}},
		theirs: series{{100_000, 100_000, 100_000}, {4, 4, 4}},
	}
}

func TestCells(t *testing.T) {
	t.Parallel()
	require.Equal(t, [][]string{
		{"get", "throughput, op/s", "110,000", "100,000", "1.10", "1.00 - 1.20", ">= 1.00 met"},
		{"", "p99, ms", "2.00", "4.00", "0.50", "0.25 - 0.75", ""},
	}, sample().cells())
	lacking := result{row: row{name: "scan"}, unsupported: "SCAN"}
	require.Equal(t, [][]string{{"scan", "not supported: SCAN", "", "", "", "", ""}}, lacking.cells())
	failed := result{row: row{name: "scan"}, failure: "failed"}
	require.Equal(t, [][]string{{"scan", "failed", "", "", "", "", ""}}, failed.cells())
}

func TestTextLinesAlign(t *testing.T) {
	t.Parallel()
	lines := append([][]string{header, {"x", "server CPU, µs/op", "1", "2", "3", "4", ""}}, sample().cells()...)
	for _, cells := range lines {
		require.Equal(t, utf8.RuneCountInString(textLine(header)), utf8.RuneCountInString(textLine(cells)), "%q", cells)
	}
	require.Equal(t, len(header), len(widths))
	require.Contains(t, textLine(sample().cells()[0]), "get              throughput, op/s")
}

func TestDocument(t *testing.T) {
	t.Parallel()
	text := section(about{date: "2020-01-02", cpu: "Some CPU", cores: 2, memory: 8 << 30, kernel: "6.1", rounds: 5}, []result{sample()})
	require.Contains(t, text, "- 2020-01-02, 5 rounds\n- Some CPU, 2 cores, 8 GB, Linux 6.1\n")
	require.Contains(t, text, "\n## Plain\n\n| row | measure | treedis | redis | ratio | rounds | target |\n|---|---|---:|---:|---:|---:|---|\n"+
		"| get | throughput, op/s | 110,000 | 100,000 | 1.10 | 1.00 - 1.20 | >= 1.00 met |\n|  | p99, ms |")
	require.Contains(t, text, `| get | redis-benchmark GET \_\_rand\_int\_\_ |`)

	first, err := replaceBetweenMarks(newDocument, text)
	require.NoError(t, err)
	require.Contains(t, first, text)
	prose := strings.Replace(first, "# Performance", "# Performance\n\nProse.", 1) + "More prose.\n"
	second, err := replaceBetweenMarks(prose, "new figures\n")
	require.NoError(t, err)
	require.Contains(t, second, "Prose.")
	require.True(t, strings.HasSuffix(second, beginMark+"\nnew figures\n"+endMark+"\nMore prose.\n"))
	_, err = replaceBetweenMarks("# no marks", text)
	require.ErrorIs(t, err, errNoMarks)
}
