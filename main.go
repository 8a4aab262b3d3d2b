// Command treedis is a Redis-protocol server whose data can be replicated.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"treedis/repl/aof"
	"treedis/server"
	"treedis/server/check"
	"treedis/server/config"
	"treedis/server/process"
)

func main() {
	title := process.NewTitle() // before anything is made of the arguments
	if len(os.Args) > 1 {
		switch rest := os.Args[2:]; os.Args[1] {
		case "check":
			exit(check.Run(rest, os.Stdout, time.Now()))
		case "completion":
			exit(completion(rest))
		}
	}
	cfg := config.New()
	var input bytes.Buffer // what is read from standard input, for the process in the background
	words, to, err := takeRestorePoint(os.Args[1:])
	if err == nil {
		err = cfg.Load(words, io.TeeReader(os.Stdin, &input))
	}
	switch {
	case errors.Is(err, config.ErrHelp):
		err = config.Usage(os.Stdout, os.Args[2:]...)
	case errors.Is(err, config.ErrVersion):
		_, err = fmt.Println(versionLine())
	case err != nil:
	case toBackground(cfg):
		err = process.Daemonize(input.Bytes(), os.Stderr)
	default:
		err = run(server.Options{
			Config: cfg, OwnsProcess: true, RestoreTo: to, SetTitle: title.Set, OnListening: process.Started,
		})
	}
	exit(err)
}

// toBackground reports whether the server is to run in the background, and this process is not the one for that. Who supervises a
// process wants it in the foreground.
func toBackground(cfg *config.Config) bool {
	if !config.Daemonize.Get(cfg) || process.IsDaemon() {
		return false
	}
	switch config.Supervised.Get(cfg) {
	case config.SupervisedNo:
		return true
	case config.SupervisedAuto:
		return process.Detect(os.Getenv) == process.None
	}
	return false
}

// completion is the subcommand of that name: it writes a shell's script.
func completion(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: treedis completion bash|zsh|fish")
	}
	return config.Completion(os.Stdout, args[0])
}

// exit ends the process, unsuccessfully if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "treedis: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run serves until it is told to stop, by a signal or SHUTDOWN.
func run(o server.Options) error {
	s, err := server.New(o)
	if err != nil {
		return err
	}
	// A closed terminal, or log pipe, is no reason to stop.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	faults := make(chan os.Signal, 1)
	signal.Notify(faults, syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL)
	ended := make(chan error, 1)
	go func() { ended <- serve(s) }()
	for {
		select {
		case sig := <-signals:
			if err := s.Signal(sig); err != nil {
				return err
			}
		case sig := <-faults:
			s.ReportCrash(sig)
			signal.Reset(sig) // now it does what it does by itself
			_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
		case err := <-ended:
			return err
		}
	}
}

// serve starts the server and waits for its end.
func serve(s *server.Server) error {
	if err := s.Start(); err != nil && !errors.Is(err, server.ErrStopped) {
		return err
	}
	<-s.Done()
	return s.Err()
}

// versionLine has the form of redis-server's, which tools read.
func versionLine() string {
	build := "none"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				build = s.Value
			}
		}
	}
	return fmt.Sprintf("treedis server v=%s redis=%s malloc=go bits=%d build=%s", server.Version, server.RedisVersion, strconv.IntSize, build)
}

// The options that are no directives: they are for one start, and a file or CONFIG REWRITE must not keep them for the next.
const (
	restoreTo       = "--restore-to"
	restoreToOffset = "--restore-to-offset"
)

// takeRestorePoint takes these options, as --name value or --name=value, out of the command line's words. The point is zero if
// there are none.
func takeRestorePoint(words []string) (rest []string, to aof.Point, err error) {
	for i := 0; i < len(words); i++ {
		name, value, given := strings.Cut(words[i], "=")
		if name != restoreTo && name != restoreToOffset {
			rest = append(rest, words[i])
			continue
		}
		if !given {
			if i++; i == len(words) {
				return nil, to, fmt.Errorf("%s needs a value", name)
			}
			value = words[i]
		}
		if !to.IsZero() {
			return nil, to, fmt.Errorf("only one of %s and %s can be given, once", restoreTo, restoreToOffset)
		}
		if to, err = parsePoint(name, value); err != nil {
			return nil, to, err
		}
	}
	return rest, to, nil
}

func parsePoint(name, value string) (aof.Point, error) {
	if name == restoreToOffset {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return aof.Point{}, fmt.Errorf("%s %s: not a replication offset", name, value)
		}
		return aof.Point{Offset: n, ByOffset: true}, nil
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil || at.Unix() <= 0 {
		return aof.Point{}, fmt.Errorf("%s %s: not a time such as 2026-11-22T10:00:00Z", name, value)
	}
	return aof.Point{Time: at.Unix()}, nil
}
