package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"treedis/server/resp"
)

// The names Origin gives to what is not a file.
const (
	sourceStdin = "standard input"
	sourceArgs  = "command line"
)

// Load reads the command line, without the program's name, in the form
// redis-server has:
//
//	[/path/to/redis.conf] [--directive value ...] [-]
//
// The file comes first, then standard input if the first or last argument is
// "-", then the directives of the command line; what comes later wins. A
// directive and its values may be one argument, and a single value may begin
// with two dashes.
//
// Load returns ErrHelp or ErrVersion when that is what the first argument asks
// for, and a *LoadError when the server cannot start with what it read.
func (c *Config) Load(args []string, stdin io.Reader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(args) > 0 {
		switch args[0] {
		case "-v", "--version":
			return ErrVersion
		case "-h", "--help":
			return ErrHelp
		}
	}
	file, lines, useStdin := parseArgs(args)
	l := newLoader(c)
	if file != "" {
		path, err := filepath.Abs(file)
		if err != nil {
			return &LoadError{Origin{Source: file}, err}
		}
		c.file = path
		if err := l.file(path); err != nil {
			return err
		}
	}
	if useStdin {
		if err := l.text(sourceStdin, stdin); err != nil {
			return err
		}
	}
	if err := l.text(sourceArgs, strings.NewReader(lines)); err != nil {
		return err
	}
	return l.finish()
}

// parseArgs turns the command line into a file's name and the lines that are
// read after it. The rules are those of redis-server 7.2, among them:
//
//   - an argument that begins with two dashes names a directive, unless the
//     one before it named a directive and still lacks a value;
//   - a name and its value may share an argument, which is then taken as a
//     line of the file as it stands;
//   - any other argument is one word of the current line, spaces and all;
//   - --save without a value means --save "".
func parseArgs(args []string) (file, lines string, stdin bool) {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		file, args = args[0], args[1:]
		if file == "" {
			file = "."
		}
	}
	first := file == ""
	var b []byte
	complete := true // the last directive has a value, or needs none
	for i, arg := range args {
		last := i == len(args)-1
		switch {
		case arg == "-" && (first && i == 0 || last):
			stdin = true
		case complete && strings.HasPrefix(arg, "--"):
			if len(b) > 0 {
				b = append(b, '\n')
			}
			b = append(append(b, arg[2:]...), ' ')
			words, ok := splitWords(arg)
			complete = !ok || len(words) != 1
			if strings.EqualFold(arg, "--save") && (last || strings.HasPrefix(args[i+1], "--")) {
				b = append(b, `""`...)
				complete = true
			}
		default:
			b = append(resp.AppendQuoted(b, arg), ' ')
			complete = true
		}
	}
	return file, string(b), stdin
}

// A loader reads one configuration: each line is cut into words and the
// directive set through a pflag.FlagSet.
type loader struct {
	c     *Config
	flags *pflag.FlagSet
	at    Origin   // the line being read
	open  []string // the files being read, the outermost first
}

func newLoader(c *Config) *loader {
	l := &loader{c: c}
	l.flags = l.flagSet()
	return l
}

// ignored are directives of older versions that Redis 7.2 reads over when they
// have one value.
var ignored = []string{"list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"}

func (l *loader) file(path string) error {
	if slices.Contains(l.open, path) {
		return l.at.Fail(errIncludeLoop)
	}
	f, err := os.Open(path)
	if err != nil {
		return l.unreadable(path, err)
	}
	defer f.Close()
	l.open = append(l.open, path)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	return l.text(path, f)
}

// unreadable blames the line that includes the file, or the file itself if it
// was named on the command line.
func (l *loader) unreadable(path string, err error) error {
	err = fmt.Errorf("can't open config file '%s': %s", path, SysReason(err))
	if l.at.Source == "" {
		l.at.Source = path
	}
	return l.at.Fail(err)
}

func (l *loader) text(source string, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return l.unreadable(source, err)
	}
	including := l.at
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		l.at = Origin{Source: source, Line: i + 1, Text: line}
		if err := l.line(line); err != nil {
			return err
		}
	}
	l.at = including
	return nil
}

func (l *loader) line(line string) error {
	words, ok := splitWords(line)
	if !ok {
		return l.at.Fail(errQuotes)
	}
	if len(words) == 0 {
		return nil
	}
	name, args := strings.ToLower(words[0]), words[1:]
	if slices.Contains(ignored, name) && len(args) == 1 {
		return nil
	}
	if strings.Contains(name, ".") {
		return l.at.Fail(errModules)
	}
	if l.flags.Lookup(name) == nil {
		return l.at.Fail(errBadDirective)
	}
	err := l.flags.Set(name, quoteAll(args))
	var nested *LoadError
	if errors.As(err, &nested) {
		return nested // from an included file, which says where
	}
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) {
		err = bad.Unwrap()
	}
	if err != nil {
		return l.at.Fail(err)
	}
	return nil
}

// set gives a directive the words of a line.
func (l *loader) set(d *directive, words []string) error {
	if d.has(multiArg) && len(words) == 1 && words[0] != "" {
		// A single word may hold all the arguments. If its quotes do not match
		// there are none, and the directive's own check says so.
		words, _ = splitWords(words[0])
	}
	s := l.c.scopeOf(d)
	s.add = l.c.mentioned[d.name]
	v, err := d.parse(s, words)
	if err != nil {
		return err
	}
	l.c.slots[d.id].store(v)
	l.c.mentioned[d.name] = true
	return nil
}

func (l *loader) include(pattern string) error {
	if !filepath.IsAbs(pattern) {
		pattern = l.c.Path(pattern)
	}
	if !strings.ContainsAny(pattern, "*?[") {
		return l.file(pattern)
	}
	// Nothing has to match a pattern, so that a folder may be empty.
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	for _, path := range paths {
		if err := l.file(path); err != nil {
			return err
		}
	}
	return nil
}

// finish checks what depends on the whole configuration.
func (l *loader) finish() error {
	name := LogFile.Get(l.c)
	if name == "" {
		return nil
	}
	path := l.c.Path(name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return &LoadError{Origin{Source: path}, fmt.Errorf("%w: %s", errLogFile, SysReason(err))}
	}
	return f.Close()
}
