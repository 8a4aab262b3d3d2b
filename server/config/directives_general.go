package config

// A Level is how much is logged; a message is written if its level is not
// below the one set.
type Level int64

const (
	LogDebug Level = iota
	LogVerbose
	LogNotice
	LogWarning
	LogNothing
)

// A Supervisor is who started the server and waits to hear that it is ready.
type Supervisor int64

const (
	SupervisedNo Supervisor = iota
	SupervisedAuto
	SupervisedSystemd
	SupervisedUpstart
)

// A Facility is a facility's code, unshifted, as in RFC 5424.
type Facility int64

const (
	FacilityUser   Facility = 1
	FacilityLocal0 Facility = 16
)

var (
	Daemonize = general.bool(row{name: "daemonize", flags: immutable, doc: `
Run in the background, without a terminal; the command returns once the server
listens, or fails if it does not start. Set logfile and pidfile too. Under a
service manager leave it at no.`}, false)

	Supervised = enum(general, row{name: "supervised", flags: immutable, doc: `
Whom to tell that the server is ready: systemd through NOTIFY_SOCKET, upstart,
auto for whichever started it, or no one.`}, SupervisedNo,
		option[Supervisor]{"upstart", SupervisedUpstart},
		option[Supervisor]{"systemd", SupervisedSystemd},
		option[Supervisor]{"auto", SupervisedAuto},
		option[Supervisor]{"no", SupervisedNo})

	PidFile = general.optional(row{name: "pidfile", flags: immutable, doc: `
A file that holds the process id while the server runs. Empty for none.`})

	LogLevel = enum(general, row{name: "loglevel", doc: `
How much to log: debug, verbose, notice, warning or nothing.`}, LogNotice,
		option[Level]{"debug", LogDebug},
		option[Level]{"verbose", LogVerbose},
		option[Level]{"notice", LogNotice},
		option[Level]{"warning", LogWarning},
		option[Level]{"nothing", LogNothing})

	LogFile = general.text(row{name: "logfile", flags: immutable, doc: `
The file to log to. Empty is standard output.`}, "")

	SyslogEnabled = general.bool(row{name: "syslog-enabled", flags: immutable, doc: `
Log to the system logger as well.`}, false)

	SyslogIdent = general.text(row{name: "syslog-ident", flags: immutable, doc: `
The name under which the system logger shows the server.`}, "redis")

	SyslogFacility = enum(general, row{name: "syslog-facility", flags: immutable, doc: `
The system logger's facility: user, or local0 to local7.`}, FacilityLocal0,
		option[Facility]{"user", FacilityUser},
		option[Facility]{"local0", FacilityLocal0},
		option[Facility]{"local1", FacilityLocal0 + 1},
		option[Facility]{"local2", FacilityLocal0 + 2},
		option[Facility]{"local3", FacilityLocal0 + 3},
		option[Facility]{"local4", FacilityLocal0 + 4},
		option[Facility]{"local5", FacilityLocal0 + 5},
		option[Facility]{"local6", FacilityLocal0 + 6},
		option[Facility]{"local7", FacilityLocal0 + 7})

	Databases = general.int(row{name: "databases", flags: immutable, doc: `
How many databases SELECT can choose from, counted from 0.`}, 16, 1, maxInt)

	AlwaysShowLogo = general.bool(row{name: "always-show-logo", flags: immutable | meaningless, doc: `
Show a logo in the log at the start. There is none.`}, false)

	SetProcTitle = general.bool(row{name: "set-proc-title", flags: immutable, doc: `
Change the process's name as ps shows it.`}, true)

	ProcTitleTemplate = general.text(row{name: "proc-title-template", checkText: checkProcTitle, doc: `
What that name is made of: {title} {listen-addr} {server-mode} {port} {tls-port}
{unixsocket} {config-file}.`}, "{title} {listen-addr} {server-mode}")

	LocaleCollate = general.text(row{name: "locale-collate", checkText: checkLocale, doc: `
The order of text in SORT ALPHA. Only that of the C locale is known: byte by
byte.`}, "")

	HZ = general.number(row{name: "hz", doc: `
How many times a second to look after idle clients, expired keys and the like,
from 1 to 500.`}, 10, numberKind{min: 0, max: maxInt, clamp: func(n int64) int64 {
		return min(max(n, 1), 500)
	}})

	DynamicHZ = general.bool(row{name: "dynamic-hz", flags: meaningless, doc: `
Look more often while many clients are connected. The work per client is so
small here that the rate stays what hz says.`}, true)

	CrashLogEnabled = general.bool(row{name: "crash-log-enabled", doc: `
Write a report to the log when the server crashes: its version, INFO, the
configuration without secrets, and what it was doing. With no, the Go runtime
writes its own to standard error.`}, true)

	CrashMemcheckEnabled = general.bool(row{name: "crash-memcheck-enabled", flags: meaningless, doc: `
Test the memory after a crash.`}, true)

	HideUserDataFromLog = general.bool(row{name: "hide-user-data-from-log", flags: meaningless, doc: `
Leave what clients have stored and sent out of crash reports, as is always done.
This is a directive of Valkey's.`}, true)

	IgnoreWarnings = general.text(row{name: "ignore-warnings", flags: meaningless, doc: `
Names of start-up warnings to pass over. Those warnings are not given here.`}, "")

	EnableProtectedConfigs = enum(general, row{name: "enable-protected-configs", flags: immutable, doc: `
Who may CONFIG SET the directives that say where files are: no one, local for
clients on this host, or yes for all.`}, AllowNo, allowances...)

	EnableDebugCommand = enum(general, row{name: "enable-debug-command", flags: immutable, doc: `
Who may use DEBUG: no, local or yes, as above.`}, AllowNo, allowances...)

	EnableModuleCommand = enum(general, row{name: "enable-module-command", flags: immutable, doc: `
Who may use MODULE LOAD and UNLOAD, as above. There are no modules for this
server: whoever may is told so.`}, AllowNo, allowances...)
)

// An Allowance says which clients may do something dangerous.
type Allowance int64

const (
	AllowNo Allowance = iota
	AllowYes
	AllowLocal
)

var allowances = []option[Allowance]{{"no", AllowNo}, {"yes", AllowYes}, {"local", AllowLocal}}
