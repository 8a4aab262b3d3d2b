package server

import "treedis/server/config"

// warnUnserved says in the log which directives are set that promise something this server does not do, above all what
// somebody relies on not to lose data. It is called at start, and when one of them changes.
func (s *Server) warnUnserved() error {
	for _, d := range []struct {
		set  bool
		what string
	}{
		{config.TLSPort.Get(s.cfg) != 0, "tls-port is set, but there is no TLS: that port is not open"},
	} {
		if d.set {
			s.logger.warningf("WARNING: %s.", d.what)
		}
	}
	return nil
}
