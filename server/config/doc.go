// Package config knows every directive the server accepts: those of Redis 7.2
// and the few of treedis itself. Each is declared once, as a handle in one of
// the directives_*.go tables; the configuration file's syntax, the command
// line, CONFIG GET, SET and REWRITE, --help and redis.conf.example all derive
// from that declaration.
//
// A handle such as MaxClients is an immutable description. The value lives in
// a *Config, so that several servers may run in one process:
//
//	cfg := config.New()
//	err := cfg.Load(os.Args[1:], os.Stdin)
//	n := config.MaxClients.Get(cfg)
//
// # What is guaranteed
//
// Reading through a handle is type-safe, needs no lock and costs one atomic
// load. Set is all or nothing: when a value is refused, or a hook registered
// with OnChange fails, every directive of the call has its former value again
// and the hooks have run again for it. Rewrite replaces the file atomically:
// it holds either the old text or the new one, whatever happens.
//
// # What is not
//
// Two directives changed by one Set become visible one after the other, and a
// reader may see a value that is taken back because a hook refused it. What
// needs several values at one instant takes them in a hook.
//
// The process's working directory is never changed: the directive dir is a
// value, and Path resolves a relative file name against it.
package config
