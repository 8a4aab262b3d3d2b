package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"treedis/tests/harness"
)

// The results stand between these lines; what others wrote around them stays.
const (
	beginMark = "<!-- written by make bench: begin -->"
	endMark   = "<!-- written by make bench: end -->"
)

// newDocument is the document's text where there is none yet.
const newDocument = "# Performance\n\ntreedis beside the real redis-server. `make bench` measures and writes this page.\n\n" +
	beginMark + "\n" + endMark + "\n"

const legend = `Medians of all rounds; the servers take turns. *Ratio* is treedis divided by Redis, *rounds* the least and the greatest ratio of two
rounds run one after the other. *Server CPU* is user and system time of the server's process. *p99* is the client's view.
`

var errNoMarks = errors.New("the lines between which the results belong are missing")

// writeDocument puts the results of a full run into the document and returns its path.
func writeDocument(about about, results []result) (string, error) {
	root, err := harness.ModuleRoot()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, document)
	old, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		old, err = []byte(newDocument), os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err != nil {
		return "", err
	}
	text, err := replaceBetweenMarks(string(old), section(about, results))
	if err != nil {
		return "", fmt.Errorf("%s: %w", document, err)
	}
	return document, os.WriteFile(path, []byte(text), 0o644)
}

func replaceBetweenMarks(old, text string) (string, error) {
	before, rest, begins := strings.Cut(old, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", errNoMarks
	}
	return before + beginMark + "\n" + text + endMark + after, nil
}

// section is the text between the marks: what was measured on, a table for each group of rows, and what each row does.
func section(about about, results []result) string {
	var out strings.Builder
	for _, line := range about.lines() {
		out.WriteString("- " + line + "\n")
	}
	out.WriteString("\n" + legend)
	var groups []string
	lines := make(map[string][][]string)
	for _, r := range results {
		if _, known := lines[r.row.group]; !known {
			groups = append(groups, r.row.group)
		}
		lines[r.row.group] = append(lines[r.row.group], r.cells()...)
	}
	for _, g := range groups {
		fmt.Fprintf(&out, "\n## %s\n\n%s", g, markdownTable(lines[g]))
	}
	out.WriteString("\n## What the rows do\n\n| row | |\n|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&out, "| %s | %s |\n", r.row.name, strings.ReplaceAll(r.row.does, "_", `\_`))
	}
	return out.String()
}
