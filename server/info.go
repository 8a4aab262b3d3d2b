package server

import (
	"strconv"
	"strings"

	"treedis/server/command"
)

var infoCommands = []row{
	{Spec: command.Spec{Name: "info", Arity: -1, Flags: command.Loading | command.Stale,
		Categories: command.CatDangerous,
		Since:      "1.0.0", Group: "server", Complexity: "O(1)",
		Summary: "Report on the server, its state and its counters",
		Syntax:  "[section...]",
		Tips:    []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		History: []command.Change{{"7.0.0", "several sections"}}}, run: cmdInfo},
}

// infoSection is a section of INFO.
type infoSection struct {
	name  string // as INFO's arguments name it
	title string
	class infoClass
	write func(*Server, *infoWriter)
}

// infoClass says with which words a section is shown, besides its name.
type infoClass uint8

const (
	infoDefault infoClass = iota // default, all and everything
	infoAll                      // all and everything
	infoHidden                   // none
)

// infoSections lists the sections in the order in which they are shown.
var infoSections = []infoSection{
	{"server", "Server", infoDefault, (*Server).infoServer},
	{"clients", "Clients", infoDefault, (*Server).infoClients},
	{"memory", "Memory", infoDefault, (*Server).infoMemory},
	{"persistence", "Persistence", infoDefault, (*Server).infoPersistence},
	{"stats", "Stats", infoDefault, (*Server).infoStats},
	{"replication", "Replication", infoDefault, (*Server).infoReplication},
	{"cpu", "CPU", infoDefault, (*Server).infoCPU},
	{"modules", "Modules", infoDefault, (*Server).infoModules},
	{"commandstats", "Commandstats", infoAll, (*Server).infoCommandStats},
	{"errorstats", "Errorstats", infoDefault, (*Server).infoErrorStats},
	{"latencystats", "Latencystats", infoAll, (*Server).infoLatencyStats},
	{"cluster", "Cluster", infoDefault, (*Server).infoCluster},
	{"keyspace", "Keyspace", infoDefault, (*Server).infoKeyspace},
	{"debug", "Debug", infoHidden, (*Server).infoDebug},
}

// asked reports whether one of INFO's arguments asks for the section.
func (section *infoSection) asked(args [][]byte) bool {
	if len(args) == 0 {
		return section.class == infoDefault
	}
	for _, a := range args {
		switch {
		case equalFold(a, section.name),
			equalFold(a, "module_list") && section.name == "modules",
			equalFold(a, "default") && section.class == infoDefault,
			(equalFold(a, "all") || equalFold(a, "everything")) && section.class != infoHidden:
			return true
		}
	}
	return false
}

func cmdInfo(c *Call) { c.out.Verbatim("txt", c.srv.info(c.args[1:])) }

// info returns INFO's text. It needs the exclusive lock.
func (s *Server) info(args [][]byte) string {
	w := infoWriter{buf: make([]byte, 0, 8<<10)}
	for i := range infoSections {
		section := &infoSections[i]
		if !section.asked(args) {
			continue
		}
		if len(w.buf) > 0 {
			w.end()
		}
		w.text("# ", section.title)
		section.write(s, &w)
	}
	return string(w.buf)
}

// infoWriter builds INFO's text, a line for each field.
type infoWriter struct{ buf []byte }

func (w *infoWriter) end() { w.buf = append(w.buf, '\r', '\n') }

// text writes a line of pieces.
func (w *infoWriter) text(pieces ...string) {
	for _, p := range pieces {
		w.buf = append(w.buf, p...)
	}
	w.end()
}

func (w *infoWriter) str(name, value string) { w.text(name, ":", value) }

func (w *infoWriter) int(name string, n int64) {
	w.buf = append(append(w.buf, name...), ':')
	w.buf = strconv.AppendInt(w.buf, n, 10)
	w.end()
}

func (w *infoWriter) bool(name string, on bool) {
	n := int64(0)
	if on {
		n = 1
	}
	w.int(name, n)
}

// decimal writes a number with two decimals, and a unit if there is one.
func (w *infoWriter) decimal(name string, f float64, unit string) {
	w.str(name, strconv.FormatFloat(f, 'f', 2, 64)+unit)
}

// bytes writes a number of bytes, and once more for people to read.
func (w *infoWriter) bytes(name string, n int64) {
	w.int(name, n)
	w.str(name+"_human", humanBytes(n))
}

// zeros writes fields of mechanisms that this server does not have: nothing was counted.
func (w *infoWriter) zeros(names ...string) {
	for _, name := range names {
		w.int(name, 0)
	}
}

// humanBytes writes a number of bytes as Redis does: 1.50M.
func humanBytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	f, unit := float64(n), 0
	for f >= 1024 && unit < len("KMGTP") {
		f /= 1024
		unit++
	}
	return strconv.FormatFloat(f, 'f', 2, 64) + "KMGTP"[unit-1:unit]
}

// ratio is a/b, 0 if there is nothing to compare with.
func ratio(a, b int64) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// infoName makes a name fit for a field: what would end it or the line is replaced.
func infoName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("#:\n\r", r) {
			return '_'
		}
		return r
	}, name)
}
