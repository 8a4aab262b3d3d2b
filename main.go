// Command treedis is a Redis-protocol server whose data can be replicated.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"treedis/server/config"
)

const (
	version      = "0.1.0"
	redisVersion = "7.2.4" // whose protocol, commands and files these are
)

func main() {
	cfg := config.New()
	err := cfg.Load(os.Args[1:], os.Stdin)
	switch {
	case errors.Is(err, config.ErrHelp):
		err = config.Usage(os.Stdout)
	case errors.Is(err, config.ErrVersion):
		_, err = fmt.Println(versionLine())
	case err == nil:
		err = run(cfg)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "treedis: %v\n", err)
		os.Exit(1)
	}
}

// run serves until it is told to stop.
func run(cfg *config.Config) error {
	_, err := fmt.Printf("The configuration is valid: port %d, dir %s\n", config.Port.Get(cfg), config.Dir.Get(cfg))
	return err
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
	return fmt.Sprintf("treedis server v=%s redis=%s malloc=go bits=%d build=%s", version, redisVersion, strconv.IntSize, build)
}
