package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// header names the columns of the table. Ratio is treedis's median divided by Redis's; rounds is the least and the greatest
// quotient of two rounds run one after the other.
var header = []string{"row", "measure", "treedis", "redis", "ratio", "rounds", "target"}

// widths are the columns' widths in a terminal.
var widths = []int{16, 30, 12, 12, 8, 14, 14}

// cells returns the result's lines of the table, one for each metric, or one that says why there is none.
func (r result) cells() [][]string {
	if r.unsupported != "" {
		return [][]string{{r.row.name, "not supported: " + r.unsupported, "", "", "", "", ""}}
	}
	if r.failure != "" {
		return [][]string{{r.row.name, r.failure, "", "", "", "", ""}}
	}
	lines := make([][]string, len(r.row.metrics))
	for i, m := range r.row.metrics {
		ours, theirs := median(r.ours[i]), median(r.theirs[i])
		ratio := ours / theirs
		least, greatest := ratios(r.ours[i], r.theirs[i])
		lines[i] = []string{"", m.name + ", " + m.unit, number(ours), number(theirs), quotient(ratio),
			quotient(least) + " - " + quotient(greatest), m.verdict(ratio)}
	}
	lines[0][0] = r.row.name
	return lines
}

// verdict is the target and whether it was reached.
func (m metric) verdict(ratio float64) string {
	if m.target == 0 {
		return ""
	}
	sign, word := "<=", "missed"
	if m.better == higher {
		sign = ">="
	}
	if m.met(ratio) {
		word = "met"
	}
	return fmt.Sprintf("%s %.2f %s", sign, m.target, word)
}

// number writes a value with three significant digits, or all digits before the point where there are more, in groups of three.
func number(v float64) string {
	switch abs := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "-"
	case v == 0:
		return "0"
	case abs >= 100:
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	default:
		digits := 2 - int(math.Floor(math.Log10(abs)))
		return strconv.FormatFloat(v, 'f', min(digits, 4), 64)
	}
}

func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// quotient writes a ratio, small ones with a digit more; "-" where a server was too quick for the clock.
func quotient(r float64) string {
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return "-"
	}
	if r < 0.1 {
		return strconv.FormatFloat(r, 'f', 3, 64)
	}
	return strconv.FormatFloat(r, 'f', 2, 64)
}

// textLine is a line of the table for a terminal: names to the left, figures to the right.
func textLine(cells []string) string {
	var line strings.Builder
	for i, c := range cells {
		pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(c)))
		if i < 2 || i == len(cells)-1 {
			line.WriteString(c + pad + " ")
		} else {
			line.WriteString(pad + c + "  ")
		}
	}
	return line.String()
}

// markdownTable is the same as Markdown.
func markdownTable(lines [][]string) string {
	var out strings.Builder
	write := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	write(header)
	out.WriteString("|---|---|---:|---:|---:|---:|---|\n")
	for _, cells := range lines {
		write(cells)
	}
	return out.String()
}
