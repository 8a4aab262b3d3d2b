package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Completion writes a script that makes a shell (bash, zsh or fish) complete
// the command line: subcommands, directives, and their values where these are
// words from a list or names of files.
func Completion(w io.Writer, shell string) error {
	var script string
	switch shell {
	case "bash":
		script = bashCompletion()
	case "zsh":
		script = zshCompletion()
	case "fish":
		script = fishCompletion()
	default:
		return fmt.Errorf("no completion for %q: bash, zsh and fish are known", shell)
	}
	_, err := io.WriteString(w, script)
	return err
}

// completed lists the directives that are offered.
func completed() (list []*directive) {
	for _, d := range table.all {
		if !d.has(hidden | meaningless) {
			list = append(list, d)
		}
	}
	return list
}

// choices are the words a directive's value is one of, nil if there is no list.
func (d *directive) choices() []string {
	switch k := d.kind.(type) {
	case boolKind:
		return []string{"yes", "no"}
	case interface{ names() []string }:
		return k.names()
	}
	return nil
}

// files reports whether a directive's value is the path of a file or folder.
func (d *directive) files() bool {
	if _, ok := d.kind.(dirKind); ok {
		return true
	}
	return strings.HasSuffix(d.name, "file") || strings.HasSuffix(d.name, "-dir") || d.name == "unixsocket"
}

var completedWords = []string{"check", "completion", "--help", "--version"}

func bashCompletion() string {
	words, cases, files := slices.Clone(completedWords), "", []string{}
	for _, d := range completed() {
		words = append(words, "--"+d.name)
		if choices := d.choices(); choices != nil {
			cases += fmt.Sprintf("    --%s) COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return ;;\n", d.name, strings.Join(choices, " "))
		} else if d.files() {
			files = append(files, "--"+d.name)
		}
	}
	return fmt.Sprintf(`# Completion of treedis for bash: source this file, or put it into /etc/bash_completion.d.
_treedis() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  case $before in
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")); return ;;
    check|%s) COMPREPLY=($(compgen -f -- "$word")); return ;;
%s  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "%s" -- "$word"))
  elif [[ $COMP_CWORD == 1 ]]; then
    COMPREPLY=($(compgen -W "check completion" -- "$word") $(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _treedis treedis
`, strings.Join(files, "|"), cases, strings.Join(words, " "))
}

func zshCompletion() string {
	var b strings.Builder
	b.WriteString(`#compdef treedis
# Completion of treedis for zsh: put this file, as _treedis, into a folder of $fpath.
_treedis() {
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _alternative 'commands:command:((check\:"report on a file" completion\:"a script for the shell"))' 'files:configuration file:_files'
    return
  fi
  case $words[2] in
    completion) _values shell bash zsh fish; return ;;
    check) _files; return ;;
  esac
  _arguments '*:configuration file:_files' \
    '--help[show the directives]' '--version[show the version]'`)
	for _, d := range completed() {
		action := " "
		if choices := d.choices(); choices != nil {
			action = "(" + strings.Join(choices, " ") + ")"
		} else if d.files() {
			action = "_files"
		}
		fmt.Fprintf(&b, " \\\n    '*--%s[%s]:%s:%s'", d.name, zshText(d.summary()), d.name, action)
	}
	b.WriteString("\n}\n_treedis \"$@\"\n")
	return b.String()
}

// zshText makes a text fit to stand within brackets and single quotes.
func zshText(s string) string {
	return strings.NewReplacer("'", "’", "[", "(", "]", ")", ":", "\\:").Replace(s)
}

func fishCompletion() string {
	var b strings.Builder
	b.WriteString(`# Completion of treedis for fish: put this file into ~/.config/fish/completions as treedis.fish.
complete -c treedis -n __fish_use_subcommand -a check -d 'Report on a file, or repair it'
complete -c treedis -n __fish_use_subcommand -a completion -d 'A script for the shell'
complete -c treedis -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c treedis -l help -d 'Show the directives'
complete -c treedis -l version -d 'Show the version'
`)
	for _, d := range completed() {
		fmt.Fprintf(&b, "complete -c treedis -l %s -d '%s'", d.name, strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(d.summary()))
		switch choices := d.choices(); {
		case choices != nil:
			fmt.Fprintf(&b, " -x -a '%s'", strings.Join(choices, " "))
		case d.files():
			b.WriteString(" -r -F")
		default:
			b.WriteString(" -x")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
