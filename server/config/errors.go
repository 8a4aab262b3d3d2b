//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// What Load reports when the command line asks for something other than a
// running server.
var (
	ErrHelp    = errors.New("help requested")
	ErrVersion = errors.New("version requested")
)

// Replies to CONFIG SET and CONFIG REWRITE. Their texts are the wire's.
var (
	ErrSyntax       = errors.New("ERR syntax error")
	ErrLoading      = errors.New("LOADING Redis is loading the dataset in memory")
	ErrNoConfigFile = errors.New("ERR The server is running without a config file")
)

// Reasons for refusing a value, as CONFIG SET words them.
var (
	errImmutable    = errors.New("can't set immutable config")
	errProtected    = errors.New("can't set protected config")
	errDuplicate    = errors.New("duplicate parameter")
	errArgCount     = errors.New("wrong number of arguments")
	errNotYesNo     = errors.New("argument must be 'yes' or 'no'")
	errNotMemory    = errors.New("argument must be a memory value")
	errNotMemPct    = errors.New("argument must be a memory or percent value")
	errNotOctal     = errors.New("argument couldn't be parsed as an octal number")
	errNotInteger   = errors.New("argument couldn't be parsed into an integer")
	errReplicas     = errors.New("argument must be a number of replicas between 0 and 100, or all")
	errSave         = errors.New("Invalid save parameters")
	errObufArgs     = errors.New("Wrong number of arguments in buffer limit configuration.")
	errObufClass    = errors.New("Invalid client class specified in buffer limit configuration.")
	errObufLimit    = errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
	errOOMScore     = errors.New("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
	errEventClass   = errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
	errManyBinds    = errors.New("Too many bind addresses specified.")
	errMasterPort   = errors.New("Invalid master port")
	errPercentile   = errors.New("Invalid latency-tracking-info-percentiles parameters")
	errPercentRange = errors.New("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
)

// Reasons for refusing a line of the configuration file or the command line.
var (
	errQuotes       = errors.New("Unbalanced quotes in configuration line")
	errBadDirective = errors.New("Bad directive or wrong number of arguments")
	errLogFile      = errors.New("Can't open the log file")
	errModules      = errors.New("loadable modules are not supported")
	errSentinel     = errors.New("sentinel directive while not in sentinel mode")
	errIncludeLoop  = errors.New("the file includes itself")
)

// An Origin says where a line of configuration came from.
type Origin struct {
	Source string // a file's path, "standard input" or "command line"
	Line   int    // counted from 1 within Source; 0 when no line is to blame
	Text   string // the line, without surrounding blanks
}

// A LoadError is a configuration the server cannot start with. It prints as
// one line which names the source, the line and the reason.
type LoadError struct {
	Origin
	Err error
}

func (e *LoadError) Error() string {
	const title = "*** FATAL CONFIG FILE ERROR ***"
	if e.Line == 0 {
		return fmt.Sprintf("%s %s: %v", title, e.Source, e.Err)
	}
	return fmt.Sprintf("%s %s, line %d: '%s': %v", title, e.Source, e.Line, e.Text, e.Err)
}

func (e *LoadError) Unwrap() error { return e.Err }

// Fail blames the line for reason, for checks that need more than this
// package knows: a user's ACL rules, a command's name.
func (o Origin) Fail(reason error) error { return &LoadError{Origin: o, Err: reason} }

// A SetError is CONFIG SET's refusal of one directive's value; nothing was
// changed. Its text is the reply, with the ERR prefix.
type SetError struct {
	Name string
	Err  error
}

func (e *SetError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("ERR CONFIG SET failed (possibly related to argument '%s')", e.Name)
	}
	return fmt.Sprintf("ERR CONFIG SET failed (possibly related to argument '%s') - %v", e.Name, e.Err)
}

func (e *SetError) Unwrap() error { return e.Err }

// An UnknownError is CONFIG SET of a directive that does not exist.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", e.Name)
}

// SysReason is what the C library's strerror says of an error's errno, which
// is what clients of CONFIG SET dir and CONFIG REWRITE expect to read: Go's
// texts but for the capital.
func SysReason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return err.Error()
	}
	s := errno.Error()
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		s = string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// unixReason is err as a reason for refusing a value.
func unixReason(err error) error { return errors.New(SysReason(err)) }
