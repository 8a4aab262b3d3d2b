package server

import (
	"treedis/server/config"
	"treedis/store"
)

// limits returns the encoding thresholds by the configuration.
func (s *Server) limits() store.Limits {
	return store.Limits{
		HashEntries:      int(config.HashMaxListpackEntries.Get(s.cfg)),
		HashValue:        int(config.HashMaxListpackValue.Get(s.cfg)),
		SetIntsetEntries: int(config.SetMaxIntsetEntries.Get(s.cfg)),
		SetEntries:       int(config.SetMaxListpackEntries.Get(s.cfg)),
		SetValue:         int(config.SetMaxListpackValue.Get(s.cfg)),
		ZSetEntries:      int(config.ZsetMaxListpackEntries.Get(s.cfg)),
		ZSetValue:        int(config.ZsetMaxListpackValue.Get(s.cfg)),
		ListSize:         int(config.ListMaxListpackSize.Get(s.cfg)),
	}
}

func (s *Server) authRequired() bool { return config.RequirePass.Get(s.cfg) != "" }

func (s *Server) applyConfig() error { return nil }
