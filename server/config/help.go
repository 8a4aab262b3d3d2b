package config

import (
	"fmt"
	"io"
	"strings"
)

// Usage writes what --help shows: the forms of the command line, and a line for
// every directive. With words it documents the directives whose names hold one
// of them instead.
func Usage(w io.Writer, words ...string) error {
	if len(words) > 0 {
		return explain(w, words)
	}
	_, err := fmt.Fprintf(w, `Usage: treedis [/path/to/redis.conf] [--directive value ...] [-]
       treedis check <file>                    report on a file, or repair it
       treedis completion bash|zsh|fish        a script for the shell
       treedis --help [word ...]               this, or all about some directives
       treedis --version

The file is read first, then standard input if the first or last argument is -,
then the directives that follow; what comes later wins. Every directive of the
file is also an option here, with two dashes before its name.

  treedis                                       port 6379, with the defaults
  treedis /etc/treedis.conf --loglevel verbose  override a line of the file
  treedis --port 7777 --replicaof 127.0.0.1 6379
  treedis --dir /var/lib/treedis --appendonly yes --maxmemory 2gb
  echo 'maxmemory 128mb' | treedis -
  treedis --help maxmemory                      what the directives about it mean

Not directives, and for one start only, are those that begin with the data as it
was at an instant which the append-only file holds:

  treedis [...] --restore-to 2026-11-22T10:00:00Z
  treedis [...] --restore-to-offset 123456      as in INFO's master_repl_offset

SIGTERM and SIGINT end the server as SHUTDOWN does. A log file that was moved
away is opened anew within a second; SIGHUP is ignored.
`)
	if err != nil {
		return err
	}
	for _, s := range table.sections {
		if err := s.summarize(w); err != nil {
			return err
		}
	}
	return nil
}

// summarize writes a line for each directive of a section.
func (s *section) summarize(w io.Writer) error {
	var b strings.Builder
	for _, d := range s.rows {
		if d.has(hidden) {
			continue
		}
		left := "--" + d.name + " " + d.kind.typeName()
		fmt.Fprintf(&b, "  %-44s %s", left, d.summary())
		if text := d.kind.format(d.def); text != "" {
			fmt.Fprintf(&b, " (%s)", text)
		}
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n%s\n%s", s.title, b.String())
	return err
}

// explain writes the directives whose names hold one of the words as they stand
// in the example file.
func explain(w io.Writer, words []string) error {
	var b strings.Builder
	for _, d := range table.all {
		for _, word := range words {
			if strings.Contains(d.name, strings.ToLower(strings.TrimLeft(word, "-"))) {
				d.example(&b)
				break
			}
		}
	}
	if b.Len() == 0 {
		return fmt.Errorf("no directive's name holds %s", strings.Join(words, " or "))
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

// Example returns the text of redis.conf.example: every directive with its
// documentation and default. Those without effect, and those that stand for
// something to fill in, are comments.
func Example() string {
	var b strings.Builder
	b.WriteString(`# An example of a configuration file: every directive with its default value.
#
# A line is a directive's name and its arguments, separated by blanks. Arguments
# that hold blanks are put in double quotes, where \n \r \t \b \a \xHH \" and \\
# are escapes, or in single quotes, where only \' is. Names are read in any case.
#
# Sizes are bytes, or a number and a unit in any case: k is 1000 bytes, kb 1024,
# m and mb, g and gb likewise.
#
# A line that begins with # is a comment. What is commented out below has no
# effect in this server and is known for the sake of files written for Redis,
# or shows the form of something that has no default.
`)
	heading(&b, "INCLUDES AND COMMANDS", "")
	for _, a := range newLoader(New()).actions() {
		comment(&b, a.doc)
		fmt.Fprintf(&b, "# %s\n", strings.TrimSpace(a.name+" "+a.flag.form))
	}
	for _, s := range table.sections {
		heading(&b, s.title, s.doc)
		for _, d := range s.rows {
			d.example(&b)
		}
	}
	return b.String()
}

func heading(b *strings.Builder, title, doc string) {
	const width = 80
	left := (width - len(title) - 2) / 2
	right := width - len(title) - 2 - left
	fmt.Fprintf(b, "\n%s %s %s\n", strings.Repeat("#", left), title, strings.Repeat("#", right))
	if doc != "" {
		comment(b, doc)
	}
}

func comment(b *strings.Builder, doc string) {
	b.WriteByte('\n')
	for line := range strings.SplitSeq(doc, "\n") {
		fmt.Fprintf(b, "# %s\n", line)
	}
}

// example writes the directive's documentation and default line.
func (d *directive) example(b *strings.Builder) {
	comment(b, d.doc)
	if d.alias != "" {
		fmt.Fprintf(b, "# Older name: %s\n", d.alias)
	}
	if d.newer != "" {
		fmt.Fprintf(b, "# Name in Valkey: %s\n", d.newer)
	}
	off := ""
	if d.has(meaningless) {
		off = "# "
	}
	for _, line := range d.defaultLines() {
		fmt.Fprintf(b, "%s%s\n", off, line)
	}
}

// defaultLines writes the default as lines of a configuration file.
func (d *directive) defaultLines() []string {
	switch d.kind.(type) {
	case dirKind:
		return []string{d.name + " ./"}
	case masterKind:
		return []string{"# " + d.name + " <host> <port>"}
	case bindKind:
		return []string{d.name + " " + d.kind.format(d.def)}
	}
	var lines []string
	for _, l := range d.kind.lines(d, d.def) {
		lines = append(lines, l.text)
	}
	if len(lines) == 0 { // text that is not set
		return []string{d.name + ` ""`}
	}
	return lines
}
