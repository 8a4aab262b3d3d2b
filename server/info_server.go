package server

import (
	"cmp"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"treedis/server/config"
)

func (s *Server) infoServer(w *infoWriter) {
	revision, dirty := buildRevision()
	uptime := int64(s.mono() / time.Second)
	executable, _ := os.Executable()
	w.str("redis_version", RedisVersion)
	w.str("redis_git_sha1", revision[:8])
	w.bool("redis_git_dirty", dirty)
	w.str("redis_build_id", revision[:16])
	w.str("redis_mode", "standalone")
	w.str("treedis_version", Version)
	w.str("os", osName())
	w.int("arch_bits", strconv.IntSize)
	w.str("monotonic_clock", "POSIX clock_gettime")
	w.str("multiplexing_api", multiplexer())
	w.str("atomicvar_api", "sync/atomic")
	w.str("gcc_version", "0.0.0")
	w.str("go_version", runtime.Version())
	w.int("process_id", int64(os.Getpid()))
	w.str("process_supervised", s.supervisor.String())
	w.str("run_id", s.runID)
	w.int("tcp_port", int64(s.port()))
	w.int("server_time_usec", s.opts.Now().UnixMicro())
	w.int("uptime_in_seconds", uptime)
	w.int("uptime_in_days", uptime/(24*3600))
	w.int("hz", config.HZ.Get(s.cfg))
	w.int("configured_hz", config.HZ.Get(s.cfg))
	w.int("lru_clock", int64(s.clock.Now()))
	w.str("executable", executable)
	w.str("config_file", s.configFile())
	w.bool("io_threads_active", len(s.lock.slots) > 1)
	if s.stop.phase == waiting {
		w.int("shutdown_in_milliseconds", (s.stop.deadline - s.mono()).Milliseconds())
	}
	s.infoListeners(w)
}

// port returns the TCP port listened on, the one for encrypted connections if there is no other.
func (s *Server) port() int {
	return cmp.Or(s.tcpPort(false), s.tcpPort(true), int(config.Port.Get(s.cfg)))
}

// configFile returns the configuration file's absolute path, "" if there is none.
func (s *Server) configFile() string {
	file := s.cfg.File()
	if file == "" {
		return ""
	}
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return file
}

// infoListeners writes a line for each kind of socket.
func (s *Server) infoListeners(w *infoWriter) {
	fields := make(map[string][]string)
	for _, l := range s.sockets() {
		switch addr := l.Addr().(type) {
		case *net.TCPAddr:
			fields[l.kind()] = append(fields[l.kind()], "bind="+addr.IP.String())
		case *net.UnixAddr:
			fields[l.kind()] = append(fields[l.kind()], "bind="+addr.Name)
		}
	}
	for i, kind := range s.openKinds() {
		list := fields[kind]
		if kind != "unix" {
			list = append(list, "port="+strconv.Itoa(s.tcpPort(kind == "tls")))
		}
		w.text("listener", strconv.Itoa(i), ":name=", kind, ",", strings.Join(list, ","))
	}
}

// buildRevision returns the revision the program was built from, of 40 digits, zeros if it is not known,
// and whether there were changes besides.
func buildRevision() (revision string, dirty bool) {
	revision = strings.Repeat("0", 40)
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return revision, false
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision" && len(setting.Value) == len(revision):
			revision = setting.Value
		case setting.Key == "vcs.modified":
			dirty = setting.Value == "true"
		}
	}
	return revision, dirty
}

// osName is the operating system's name, release and machine.
func osName() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOOS
	}
	text := unix.ByteSliceToString
	return text(u.Sysname[:]) + " " + text(u.Release[:]) + " " + text(u.Machine[:])
}

func multiplexer() string {
	if runtime.GOOS == "linux" {
		return "epoll"
	}
	return "goroutines"
}

// clientTotals is what all clients have and do together.
type clientTotals struct {
	connected, blocked, timeouts int64
	maxInput, maxOutput          int64 // the most that one of them holds now, in bytes
	normal, replicas             int64 // memory, in bytes
}

func (s *Server) clientTotals() (t clientTotals) {
	by, excess := &Call{srv: s, now: s.now()}, int64(0)
	for _, p := range s.peers() {
		m := p.memory(by)
		if p.kind == replicaClient {
			t.replicas += m.total()
			excess = s.log.Excess() // what the log holds for replicas
			continue
		}
		t.connected++
		t.normal += m.total()
		t.maxInput, t.maxOutput = max(t.maxInput, int64(m.InCap)), max(t.maxOutput, int64(m.OutCap))
		if p.blocked != nil || p.postponed {
			t.blocked++
		}
		if p.blocked != nil && p.blocked.timer != nil {
			t.timeouts++
		}
	}
	t.replicas += excess
	return t
}

func (s *Server) infoClients(w *infoWriter) {
	t := s.clientTotals()
	w.int("connected_clients", t.connected)
	w.zeros("cluster_connections")
	w.int("maxclients", config.MaxClients.Get(s.cfg))
	w.int("client_recent_max_input_buffer", t.maxInput)
	w.int("client_recent_max_output_buffer", t.maxOutput)
	w.int("blocked_clients", t.blocked)
	w.int("tracking_clients", s.trackers.count.Load())
	w.int("clients_in_timeout_table", t.timeouts)
	keys, orNone := s.waits.count()
	w.int("total_blocking_keys", keys)
	w.int("total_blocking_keys_on_nokey", orNone)
}

func (s *Server) infoCPU(w *infoWriter) {
	usage := func(who int) (sys, user string) {
		var u unix.Rusage
		_ = unix.Getrusage(who, &u) // zeros if it fails, which it can't
		text := func(t unix.Timeval) string {
			return strconv.FormatFloat(float64(t.Sec)+float64(t.Usec)/1e6, 'f', 6, 64)
		}
		return text(u.Stime), text(u.Utime)
	}
	sys, user := usage(unix.RUSAGE_SELF)
	w.str("used_cpu_sys", sys)
	w.str("used_cpu_user", user)
	sys, user = usage(unix.RUSAGE_CHILDREN)
	w.str("used_cpu_sys_children", sys)
	w.str("used_cpu_user_children", user)
	// No thread is the main one: the runtime runs goroutines on whichever is free.
	w.str("used_cpu_sys_main_thread", "0.000000")
	w.str("used_cpu_user_main_thread", "0.000000")
}

func (s *Server) infoModules(*infoWriter) {}

func (s *Server) infoCluster(w *infoWriter) { w.zeros("cluster_enabled") }

func (s *Server) infoKeyspace(w *infoWriter) {
	for i := range s.store.Databases() {
		db := s.store.DB(i)
		if db.Len() == 0 {
			continue
		}
		w.text("db", strconv.Itoa(i), ":keys=", strconv.Itoa(db.Len()), ",expires=", strconv.Itoa(db.Expires()),
			",avg_ttl=", strconv.FormatInt(s.expiry.avgTTL[i], 10))
	}
}
