package server

import (
	"errors"
	"os"
	"strconv"

	"treedis/server/config"
	"treedis/server/process"
)

// supervise finds out who has started the process and waits to hear of it.
func (s *Server) supervise() {
	if !s.opts.OwnsProcess {
		return
	}
	by := process.None
	switch config.Supervised.Get(s.cfg) {
	case config.SupervisedAuto:
		by = process.Detect(os.Getenv)
	case config.SupervisedSystemd:
		by = process.Systemd
	case config.SupervisedUpstart:
		by = process.Upstart
	}
	switch by {
	case process.Systemd:
		if err := process.NotifySystemd("STATUS=treedis is loading..."); err != nil {
			s.logger.warningf("systemd supervision error: %v", err)
			return
		}
		s.logger.noticef("Supervised by systemd, which is told when the server is ready, and for how long it loads or stops.")
	case process.Upstart:
		s.logger.noticef("Supervised by upstart, will stop to signal readiness.")
		if err := process.SignalUpstart(); err != nil {
			s.logger.warningf("upstart supervision error: %v", err)
			return
		}
	}
	s.supervisor = by
}

// tellSystemd tells systemd of the server's state, if it wants to hear of it.
func (s *Server) tellSystemd(lines string) {
	if s.supervisor != process.Systemd {
		return
	}
	if err := process.NotifySystemd(lines); err != nil {
		s.logger.warningf("systemd supervision error: %v", err)
	}
}

// reassureSystemd keeps systemd from losing patience with a server that loads or stops, which takes as long as there is data.
// Cron calls it each second.
func (s *Server) reassureSystemd() {
	if s.supervisor != process.Systemd {
		return
	}
	s.lock.borrow()
	busy := s.loading.is(loadFirst) || s.stop.phase != running
	s.lock.unlock()
	if busy {
		s.tellSystemd("EXTEND_TIMEOUT_USEC=30000000")
	}
}

// errOOMScore is CONFIG SET's error, in Redis's words.
var errOOMScore = errors.New("Failed to apply new oom_score_adj configuration, check server logs.") //lint:ignore ST1005 wire text

// applyOOMScore sets the score by which the system chooses whom to kill, by the configuration and the role, or puts the former one
// back. It needs the exclusive lock.
func (s *Server) applyOOMScore() error {
	how, value := config.OOMScoreAdj.Get(s.cfg), config.OOMScoreAdjValues.Get(s.cfg)[0]
	if s.role.isReplica() {
		value = config.OOMScoreAdjValues.Get(s.cfg)[1]
	}
	var err error
	switch how {
	case config.OOMScoreNo:
		err = s.oom.Restore()
	case config.OOMScoreRelative:
		err = s.oom.Adjust(func(base int64) int64 { return base + value })
	default:
		err = s.oom.Adjust(func(int64) int64 { return value })
	}
	if err != nil {
		s.logger.warningf("Adjusting the score of the process: %v", err)
		return errOOMScore
	}
	return nil
}

// applyTitle sets what ps shows as the command line.
func (s *Server) applyTitle() error {
	if s.opts.SetTitle == nil || !config.SetProcTitle.Get(s.cfg) {
		return nil
	}
	title, err := config.ExpandTitle(config.ProcTitleTemplate.Get(s.cfg), s.titleVariable)
	if err != nil {
		return err
	}
	s.opts.SetTitle(title)
	return nil
}

// titleVariable is the value of a variable of proc-title-template.
func (s *Server) titleVariable(name string) string {
	port, tlsPort := config.Port.Get(s.cfg), config.TLSPort.Get(s.cfg)
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	switch name {
	case "title":
		return os.Args[0]
	case "listen-addr":
		if port == 0 {
			port = tlsPort
		}
		if port == 0 {
			return "unixsocket:" + config.UnixSocket.Get(s.cfg)
		}
		host := "*"
		if addrs := config.Bind.Get(s.cfg); len(addrs) > 0 {
			host = addrs[0]
		}
		return host + ":" + number(port)
	case "port":
		return number(port)
	case "tls-port":
		return number(tlsPort)
	case "unixsocket":
		return config.UnixSocket.Get(s.cfg)
	case "config-file":
		if file := s.configFile(); file != "" {
			return file
		}
		return "-"
	}
	return "" // {server-mode}: neither a cluster's nor a sentinel
}
