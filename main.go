// Command treedis is a Redis-protocol server whose data can be replicated.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"treedis/repl/aof"
	"treedis/server"
	"treedis/server/check"
	"treedis/server/config"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "check" {
		exit(check.Run(os.Args[2:], os.Stdout, time.Now()))
	}
	cfg := config.New()
	words, to, err := takeRestorePoint(os.Args[1:])
	if err == nil {
		err = cfg.Load(words, os.Stdin)
	}
	switch {
	case errors.Is(err, config.ErrHelp):
		err = config.Usage(os.Stdout)
	case errors.Is(err, config.ErrVersion):
		_, err = fmt.Println(versionLine())
	case err == nil:
		err = run(cfg, to)
	}
	exit(err)
}

// exit ends the process, unsuccessfully if there is an error.
func exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "treedis: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run serves until it is told to stop, by a signal or SHUTDOWN. A point that is not zero is what the data is to be restored to.
func run(cfg *config.Config, restoreTo aof.Point) error {
	s, err := server.New(server.Options{Config: cfg, OwnsProcess: true, RestoreTo: restoreTo})
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
