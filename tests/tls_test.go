package tests

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"

	"treedis/server/tlsconf/tlstest"
	"treedis/tests/harness"
)

// secured is an authority, and a certificate that it has issued for a server and for those who talk to it.
type secured struct {
	ca     *tlstest.Authority
	caFile string
	pair   tlstest.Pair
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	dir := t.TempDir()
	ca := tlstest.NewAuthority(t, "ca")
	return &secured{ca: ca, caFile: ca.Write(dir), pair: ca.Issue(dir, "server")}
}

// args are the directives that name the files.
func (c *secured) args(more ...string) harness.Option {
	return harness.Args(append([]string{
		"--tls-cert-file", c.pair.Cert, "--tls-key-file", c.pair.Key, "--tls-ca-cert-file", c.caFile,
	}, more...)...)
}

// client returns a client of the encrypted port.
func (c *secured) client(t *testing.T, s *harness.Server) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr: s.TLSAddr(), TLSConfig: c.ca.Client(c.pair), MaxRetries: -1, ReadTimeout: harness.Patience, WriteTimeout: harness.Patience,
		DisableIdentity: true, MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { client.Close() })
	return client
}

// ping connects as config says and returns the reply to PING, or what went wrong.
func ping(t *testing.T, s *harness.Server, config *tls.Config) (string, error) {
	t.Helper()
	d := tls.Dialer{Config: config, NetDialer: &net.Dialer{Timeout: harness.Patience}}
	c, err := d.DialContext(t.Context(), "tcp", s.TLSAddr())
	if err != nil {
		return "", err
	}
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(harness.Patience)))
	_, _ = c.Write([]byte("PING\r\n")) // what the server has to say against it is there to be read
	reply := make([]byte, len("+PONG\r\n"))
	_, err = io.ReadFull(c, reply)
	return strings.TrimSpace(string(reply)), err
}

// TestTLSClients: what clients do works through an encrypted connection as through any other.
func TestTLSClients(t *testing.T) {
	t.Parallel()
	c := newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args("--io-threads", "2"))
	client := c.client(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 3*harness.Patience) // for all that follows
	defer cancel()

	t.Run("pipeline", func(t *testing.T) {
		p := client.Pipeline()
		const n = 10_000
		for i := range n {
			p.Set(ctx, fmt.Sprint("key:", i), i, 0)
		}
		last := p.Get(ctx, fmt.Sprint("key:", n-1))
		_, err := p.Exec(ctx)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(n-1), last.Val())
	})
	t.Run("big values", func(t *testing.T) {
		for _, size := range []int{16<<10 - 1, 16 << 10, 16<<10 + 1, 30 << 20} {
			value := strings.Repeat("0123456789abcdef", size/16+1)[:size]
			require.NoError(t, client.Set(ctx, "big", value, 0).Err())
			got, err := client.Get(ctx, "big").Result()
			require.NoError(t, err)
			require.True(t, value == got, "%d bytes come back as they were", size)
		}
	})
	t.Run("messages", func(t *testing.T) {
		sub := client.Subscribe(ctx, "news")
		defer sub.Close()
		_, err := sub.Receive(ctx)
		require.NoError(t, err)
		for i := range 1000 {
			require.NoError(t, client.Publish(ctx, "news", i).Err())
		}
		for i := range 1000 {
			m, err := sub.ReceiveMessage(ctx)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(i), m.Payload)
		}
	})
	t.Run("waiting", func(t *testing.T) {
		got := make(chan []string, 1)
		go func() { got <- client.BLPop(ctx, 0, "list").Val() }()
		harness.Eventually(t, func() bool { return s.Info(t).Int("blocked_clients") == 1 }, harness.Patience, "it waits")
		require.NoError(t, client.RPush(ctx, "list", "v").Err())
		require.Equal(t, []string{"list", "v"}, <-got)
	})
}

// TestTLSPortIsNamed: INFO, CLIENT INFO and the log tell of the encrypted port.
func TestTLSPortIsNamed(t *testing.T) {
	t.Parallel()
	c := newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args())
	info := s.Info(t)
	require.Equal(t, fmt.Sprintf("name=tcp,bind=127.0.0.1,port=%d", s.Port()), info["listener0"])
	require.Equal(t, fmt.Sprintf("name=tls,bind=127.0.0.1,port=%d", s.TLSPort()), info["listener1"])
	require.EqualValues(t, s.Port(), info.Int("tcp_port"))
	line, err := c.client(t, s).Do(t.Context(), "CLIENT", "INFO").Text()
	require.NoError(t, err)
	require.Contains(t, line, " laddr="+s.TLSAddr()+" ")
	require.Regexp(t, ` fd=[1-9]\d* `, line)
	s.WaitLog(t, "Ready to accept connections tls")
}

func TestTLSWithRedisCLI(t *testing.T) {
	t.Parallel()
	tool := harness.RequireTool(t, "redis-cli")
	c := newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args())
	run := func(stdin string, args ...string) string {
		args = append([]string{"-p", strconv.Itoa(s.TLSPort()), "--tls", "--cacert", c.caFile}, args...)
		out, _ := harness.Run(t, cliTime, stdin, tool, args...)
		return out
	}
	with := []string{"--cert", c.pair.Cert, "--key", c.pair.Key}
	require.Equal(t, "PONG\n", run("", append(with, "PING")...))
	require.Equal(t, "OK\n1\n", run("SET k 1\nGET k\n", with...))
	require.NotContains(t, run("", "PING"), "PONG", "without a certificate")
	path := filepath.Join(t.TempDir(), "dump.rdb")
	run("", append(with, "--rdb", path)...)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(content), "REDIS00"))
}

// TestTLSRefusals: who has no certificate, or the wrong one, is told so, and the log says why.
func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	c, stranger := newSecured(t), newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args())

	_, err := ping(t, s, c.ca.Client())
	require.ErrorContains(t, err, "certificate required")
	s.WaitLog(t, "Error accepting a client connection: tls: client didn't provide a certificate (addr=127.0.0.1:")

	_, err = ping(t, s, c.ca.Client(stranger.pair))
	require.ErrorContains(t, err, "unknown certificate authority")
	s.WaitLog(t, "x509: certificate signed by unknown authority")

	_, err = ping(t, s, stranger.ca.Client(c.pair))
	require.ErrorContains(t, err, "unknown authority", "the client refuses the server")
	s.WaitLog(t, "remote error: tls: bad certificate")

	expired := c.ca.IssueUntil(t.TempDir(), "expired", time.Now().Add(-time.Minute))
	_, err = ping(t, s, c.ca.Client(expired))
	require.Error(t, err)
	s.WaitLog(t, "has expired or is not yet valid")

	plain, err := harness.Dial(s.TLSAddr())
	require.NoError(t, err)
	defer plain.Close()
	_, err = plain.Do("PING")
	require.Error(t, err, "what is not TLS is refused")
	s.WaitLog(t, "does not look like a TLS handshake")

	old := c.ca.Client(c.pair)
	old.MaxVersion = tls.VersionTLS11
	_, err = ping(t, s, old)
	require.ErrorContains(t, err, "version")

	for _, step := range []struct {
		auth          string
		none, unknown bool // whether that is let in
	}{{"no", true, true}, {"optional", true, false}, {"yes", false, false}} {
		s.Once(t, "CONFIG", "SET", "tls-auth-clients", step.auth)
		for config, want := range map[*tls.Config]bool{c.ca.Client(): step.none, c.ca.Client(stranger.pair): step.unknown, c.ca.Client(c.pair): true} {
			reply, err := ping(t, s, config)
			require.Equal(t, want, err == nil && reply == "+PONG", "%s: %v", step.auth, err)
		}
	}
}

// TestTLSVersionsAndCiphers: what is to be spoken changes for those who connect from then on.
func TestTLSVersionsAndCiphers(t *testing.T) {
	t.Parallel()
	c := newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args("--tls-protocols", "TLSv1.2", "--tls-ciphers", "ECDHE+AES128+AESGCM"))
	state := func() tls.ConnectionState {
		conn, err := tls.Dial("tcp", s.TLSAddr(), c.ca.Client(c.pair))
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState()
	}
	require.EqualValues(t, tls.VersionTLS12, state().Version)
	require.EqualValues(t, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, state().CipherSuite)
	s.Once(t, "CONFIG", "SET", "tls-ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305")
	require.EqualValues(t, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, state().CipherSuite)
	s.Once(t, "CONFIG", "SET", "tls-protocols", "TLSv1.3", "tls-ciphers", "")
	require.EqualValues(t, tls.VersionTLS13, state().Version)

	// Sessions are resumed as long as that is allowed.
	resumed := func() bool {
		config := c.ca.Client(c.pair)
		config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		var again bool
		for range 2 {
			conn, err := tls.Dial("tcp", s.TLSAddr(), config)
			require.NoError(t, err)
			again = conn.ConnectionState().DidResume
			_, err = conn.Write([]byte("PING\r\n"))
			require.NoError(t, err)
			_, err = conn.Read(make([]byte, 1)) // the ticket comes before the reply
			require.NoError(t, err)
			conn.Close()
		}
		return again
	}
	require.True(t, resumed())
	s.Once(t, "CONFIG", "SET", "tls-session-caching", "no")
	require.False(t, resumed())
}

// TestTLSReload: changed files are taken over without anybody's doing, and by CONFIG SET; who is connected stays so.
func TestTLSReload(t *testing.T) {
	t.Parallel()
	c := newSecured(t)
	s := harness.Start(t, harness.Treedis, harness.TLS(), c.args())
	served := func() string {
		conn, err := tls.Dial("tcp", s.TLSAddr(), c.ca.Client(c.pair))
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := served()
	staying := c.client(t, s)
	id, err := staying.ClientID(t.Context()).Result()
	require.NoError(t, err)

	dir := filepath.Dir(c.pair.Cert)
	c.ca.Issue(dir, "server")
	harness.Eventually(t, func() bool { return served() != first }, harness.Patience, "the new certificate is shown")
	s.WaitLog(t, "The files of TLS have changed and are in force: certificate \"CN=server\"")
	again, err := staying.ClientID(t.Context()).Result()
	require.NoError(t, err)
	require.Equal(t, id, again)

	// What can't be used is told, and changes nothing.
	second := served()
	good, err := os.ReadFile(c.pair.Key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.pair.Key, []byte("nonsense"), 0o600))
	s.WaitLog(t, "can't be used, so those from before stay in force: tls-key-file "+c.pair.Key+": there is no private key in it")
	require.NoError(t, os.WriteFile(c.pair.Key, good, 0o600))
	require.Equal(t, second, served())

	other := c.ca.Issue(dir, "other")
	s.Once(t, "CONFIG", "SET", "tls-cert-file", other.Cert, "tls-key-file", other.Key)
	require.NotEqual(t, second, served())
}

// TestTLSSettings: all of a CONFIG SET takes effect, or nothing, and the log names the file and the reason.
func TestTLSSettings(t *testing.T) {
	t.Parallel()
	c, other := newSecured(t), newSecured(t)
	s := harness.Start(t, harness.Treedis)
	plain := s.Dial(t)
	port := strconv.Itoa(harness.FreePort())
	r := plain.Must(t, "CONFIG", "SET", "tls-port", port)
	require.Equal(t, "ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to update TLS configuration. Check server logs.", r.Text)
	s.WaitLog(t, "tls-cert-file is not set")
	require.Equal(t, "0", plain.OK(t, "CONFIG", "GET", "tls-port").Elems[1].Text)

	plain.OK(t, "CONFIG", "SET", "tls-cert-file", c.pair.Cert, "tls-key-file", other.pair.Key, "tls-ca-cert-file", c.caFile)
	r = plain.Must(t, "CONFIG", "SET", "maxmemory", "1mb", "tls-port", port)
	require.True(t, r.IsError())
	s.WaitLog(t, "tls-key-file "+other.pair.Key+": for the certificate in "+c.pair.Cert+": tls: private key does not match public key")
	require.Equal(t, "0", plain.OK(t, "CONFIG", "GET", "maxmemory").Elems[1].Text)

	plain.OK(t, "CONFIG", "SET", "tls-port", port, "tls-key-file", c.pair.Key)
	dial := func(port string) error {
		conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", port), c.ca.Client(c.pair))
		if err == nil {
			conn.Close()
		}
		return err
	}
	require.NoError(t, dial(port))
	for _, pair := range [][]string{
		{"tls-cert-file", other.pair.Cert}, {"tls-cert-file", "/nonexistent"}, {"tls-ca-cert-file", c.pair.Key},
		{"tls-protocols", "SSLv3"}, {"tls-ciphers", "nosuch"}, {"tls-ca-cert-file", ""},
	} {
		require.Contains(t, plain.Must(t, "CONFIG", "SET", pair[0], pair[1]).Text, "Unable to update TLS configuration", pair)
		require.NoError(t, dial(port))
	}
	// The two kinds of port trade places.
	plain.OK(t, "CONFIG", "SET", "tls-port", strconv.Itoa(s.Port()), "port", port)
	swapped, err := harness.Dial(net.JoinHostPort("127.0.0.1", port))
	require.NoError(t, err)
	defer swapped.Close()
	require.Equal(t, "PONG", swapped.OK(t, "PING").Text)
	require.NoError(t, dial(strconv.Itoa(s.Port())))
	swapped.OK(t, "CONFIG", "SET", "tls-port", "0")
	require.Error(t, dial(strconv.Itoa(s.Port())))
}

// TestTLSBadStart: with files that can't be used the server does not start, and says which and why.
func TestTLSBadStart(t *testing.T) {
	t.Parallel()
	c, other := newSecured(t), newSecured(t)
	files := func(cert, key, ca string) []string {
		return []string{"--port", "0", "--tls-port", "1", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", ca}
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"nothing named":  {[]string{"--port", "0", "--tls-port", "1"}, "tls-cert-file is not set"},
		"no authority":   {files(c.pair.Cert, c.pair.Key, ""), "tls-ca-cert-file"},
		"no such file":   {files("/nonexistent.crt", c.pair.Key, c.caFile), "tls-cert-file /nonexistent.crt: no such file or directory"},
		"another's key":  {files(c.pair.Cert, other.pair.Key, c.caFile), "tls-key-file " + other.pair.Key},
		"a replica only": {[]string{"--port", "0", "--tls-replication", "yes"}, "tls-cert-file is not set"},
	} {
		out, status := harness.Run(t, cliTime, "", treedisBinary(t), test.args...)
		require.Equal(t, 1, status, "%s: %s", name, out)
		require.Contains(t, out, test.says, name)
	}
}

// TestTLSReplication: a replica is fed through an encrypted connection, both sides showing certificates, and says so of its port.
func TestTLSReplication(t *testing.T) {
	t.Parallel()
	eachPairing(t, func(t *testing.T, p pairing) {
		c := newSecured(t)
		opts := []harness.Option{backlog, harness.TLS(), c.args("--tls-replication", "yes", "--masteruser", "replica", "--masterauth", "secret")}
		master, replica := harness.Start(t, p.master, opts...), harness.Start(t, p.replica, opts...)
		master.Once(t, "ACL", "SETUSER", "replica", "on", ">secret", "+psync", "+replconf", "+ping")
		harness.Fill(t, master, 100, harness.LoadConfig{Seed: 5})
		link := harness.NewProxy(t, master.TLSAddr())
		replica.ReplicaOf(t, link.Port())
		replica.WaitLinkUp(t)
		requireSame(t, master, replica)
		require.EqualValues(t, replica.TLSPort(), master.Info(t).Sub("slave0").Int("port"))

		load := harness.StartLoad(t, master, harness.LoadConfig{Seed: 6, Volatile: true, Atomic: true}, replica)
		load.WaitWritten(t, 300)
		opened := link.Opened()
		require.Positive(t, link.Cut())
		harness.Eventually(t, func() bool { return link.Opened() > opened && replica.LinkUp(t) }, harness.Patience, "linked again")
		load.Stop(t)
		requireSame(t, master, replica)
		require.EqualValues(t, 1, master.SyncCounts(t).Full, "and that without another full synchronization")
	})
}

// TestTLSReplicationRefused: a replica that does not know the master's authority, or that the master does not know, says why it gets nothing.
func TestTLSReplicationRefused(t *testing.T) {
	t.Parallel()
	c, stranger := newSecured(t), newSecured(t)
	master := harness.Start(t, harness.Treedis, harness.TLS(), c.args())
	follow := func(ca string, says string) {
		args := harness.Args("--tls-replication", "yes", "--tls-cert-file", stranger.pair.Cert, "--tls-key-file", stranger.pair.Key,
			"--tls-ca-cert-file", ca, "--replicaof", "127.0.0.1 "+strconv.Itoa(master.TLSPort()))
		replica := harness.Start(t, harness.Treedis, args)
		replica.WaitLog(t, says)
		require.False(t, replica.LinkUp(t))
	}
	follow(stranger.caFile, "TLS handshake with "+master.TLSAddr()+": x509: certificate signed by unknown authority")
	follow(c.caFile, "remote error: tls: ")
	master.WaitLog(t, "Error accepting a client connection: tls: failed to verify certificate: x509: certificate signed by unknown authority")
}

// TestTLSMigrate: keys are moved through an encrypted connection if tls-cluster says so, as in Redis.
func TestTLSMigrate(t *testing.T) {
	t.Parallel()
	c := newSecured(t)
	from := harness.Start(t, harness.Treedis, c.args("--tls-cluster", "yes"))
	to := harness.Start(t, harness.Treedis, harness.TLS(), c.args())
	from.Once(t, "SET", "k", "v")
	require.Equal(t, "OK", from.Once(t, "MIGRATE", "127.0.0.1", strconv.Itoa(to.TLSPort()), "k", "0", "10000").Text)
	require.Equal(t, "v", to.Once(t, "GET", "k").Text)
	from.Once(t, "SET", "k", "v")
	r := from.Dial(t).Must(t, "MIGRATE", "127.0.0.1", strconv.Itoa(to.Port()), "k", "0", "1000", "REPLACE")
	require.True(t, r.IsError(), "the other port expects no handshake")
}
