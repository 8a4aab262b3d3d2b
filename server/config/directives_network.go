package config

var (
	Bind = special(network, row{name: "bind", flags: multiArg, doc: `
Addresses to listen on, up to 16. * is every IPv4 address, ::* every IPv6 one;
an address after a minus may be missing on this host. "" is none.`},
		bindKind{}, []string{"*", "-::*"})

	ProtectedMode = network.bool(row{name: "protected-mode", doc: `
While the default user has no password, serve only clients on this host.`}, true)

	Port = network.int(row{name: "port", doc: `
The TCP port. 0 listens on none.`}, 6379, 0, maxPort)

	TCPBacklog = network.int(row{name: "tcp-backlog", flags: immutable, doc: `
How many connections may wait to be accepted. The kernel has its own limit,
net.core.somaxconn on Linux, and the smaller of both holds.`}, 511, 0, maxInt)

	UnixSocket = network.optional(row{name: "unixsocket", flags: immutable, doc: `
Path of a Unix socket to listen on as well. Empty for none.`})

	UnixSocketPerm = network.number(row{name: "unixsocketperm", flags: immutable | unsigned, doc: `
Permissions of the Unix socket, in octal. 0 leaves them to the umask.`},
		0, numberKind{form: octal, min: 0, max: 0o777})

	Timeout = network.int(row{name: "timeout", unit: Seconds, doc: `
Seconds after which an idle client is disconnected. 0 is never. Replicas and
subscribers are left alone.`}, 0, 0, maxInt)

	TCPKeepalive = network.int(row{name: "tcp-keepalive", unit: Seconds, doc: `
Seconds of silence after which TCP asks whether the peer is alive. 0 does not.`}, 300, 0, maxInt)

	BindSourceAddr = network.optional(row{name: "bind-source-addr", doc: `
Local address of connections this server opens, to its master for example.`})

	SocketMarkID = network.int(row{name: "socket-mark-id", flags: immutable | unsigned, doc: `
Mark put on this server's sockets, for packet filters on Linux. 0 is none.`}, 0, 0, maxUint)
)

// A TLSClients says whether clients need a certificate.
type TLSClients int64

const (
	TLSClientsNo TLSClients = iota
	TLSClientsYes
	TLSClientsOptional
)

var (
	TLSPort = tlsSec.int(row{name: "tls-port", doc: `
The port for encrypted connections. 0 is none. With port 0 it is the only one.`}, 0, 0, maxPort)

	TLSCertFile = tlsSec.optional(row{name: "tls-cert-file", flags: volatile, doc: `
The server's certificate, with the chain above it.`})

	TLSKeyFile = tlsSec.optional(row{name: "tls-key-file", flags: volatile, doc: `
The key of the server's certificate.`})

	TLSKeyFilePass = tlsSec.optional(row{name: "tls-key-file-pass", flags: sensitive, doc: `
The passphrase of that key, if it has one.`})

	TLSClientCertFile = tlsSec.optional(row{name: "tls-client-cert-file", flags: volatile, doc: `
Another certificate for connections this server opens, with its key. Without
both the one above is used.`})

	TLSClientKeyFile = tlsSec.optional(row{name: "tls-client-key-file", flags: volatile, doc: `
The key of that certificate.`})

	TLSClientKeyFilePass = tlsSec.optional(row{name: "tls-client-key-file-pass", flags: sensitive, doc: `
The passphrase of that key, if it has one.`})

	TLSDHParamsFile = tlsSec.optional(row{name: "tls-dh-params-file", flags: volatile | meaningless, doc: `
Parameters of finite-field key exchange, which Go's TLS does not offer.`})

	TLSCACertFile = tlsSec.optional(row{name: "tls-ca-cert-file", flags: volatile, doc: `
Certificates of the authorities peers are checked against. Any certificate of
theirs will do: the name in it is not looked at.`})

	TLSCACertDir = tlsSec.optional(row{name: "tls-ca-cert-dir", flags: volatile, doc: `
A folder of such certificates, under any names.`})

	TLSAuthClients = enum(tlsSec, row{name: "tls-auth-clients", doc: `
Whether clients must show a certificate: yes, no, or optional, which checks one
that is shown.`}, TLSClientsYes,
		option[TLSClients]{"no", TLSClientsNo},
		option[TLSClients]{"yes", TLSClientsYes},
		option[TLSClients]{"optional", TLSClientsOptional})

	TLSReplication = tlsSec.bool(row{name: "tls-replication", doc: `
Speak TLS to the master, whose certificate must be of one of the authorities.`}, false)

	TLSCluster = tlsSec.bool(row{name: "tls-cluster", doc: `
Speak TLS to the servers that MIGRATE moves keys to. There is no cluster bus.`}, false)

	TLSProtocols = tlsSec.optional(row{name: "tls-protocols", doc: `
Versions to speak, in quotes: "TLSv1.2 TLSv1.3". Empty is these two. None can
be left out between two others.`})

	TLSCiphers = tlsSec.optional(row{name: "tls-ciphers", doc: `
Cipher suites for TLS 1.2 and older, separated by colons, by OpenSSL's names and
words such as ECDHE+AESGCM:!AES128. Empty is Go's choice, and so is the order.`})

	TLSCipherSuites = tlsSec.optional(row{name: "tls-ciphersuites", flags: meaningless, doc: `
Cipher suites for TLS 1.3, whose choice Go does not leave to programs.`})

	TLSPreferServerCiphers = tlsSec.bool(row{name: "tls-prefer-server-ciphers", flags: meaningless, doc: `
Put the server's order of cipher suites first, as Go always does.`}, false)

	TLSSessionCaching = tlsSec.bool(row{name: "tls-session-caching", doc: `
Let clients resume sessions without a full handshake.`}, true)

	TLSSessionCacheSize = tlsSec.int(row{name: "tls-session-cache-size", flags: meaningless, doc: `
Sessions to remember. Go keeps them in tickets held by the client.`}, 20*1024, 0, maxInt)

	TLSSessionCacheTimeout = tlsSec.int(row{name: "tls-session-cache-timeout", flags: meaningless, unit: Seconds, doc: `
Seconds to remember a session for.`}, 300, 0, maxInt)
)
