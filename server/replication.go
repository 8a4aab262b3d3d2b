package server

// role is what the server is in replication: a master, or the replica of one. Guarded by the keyspace
// lock.
type role struct {
	masterHost string // empty for a master
	masterPort int
}

func (r *role) isReplica() bool { return r.masterHost != "" }

// masterDown reports whether the data may be stale: the link to the master is not up.
func (r *role) masterDown() bool { return r.isReplica() }

func (s *Server) roleMark() byte {
	if s.role.isReplica() {
		return 'S'
	}
	return 'M'
}
