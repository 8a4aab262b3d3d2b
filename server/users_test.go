package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"treedis/server/acl"
	"treedis/server/config"
)

// newWith makes a server that has not started, in a folder.
func newWith(t *testing.T, dir string, lines ...string) (*Server, *lockedBuffer, error) {
	t.Helper()
	log, cfg := &lockedBuffer{}, config.New()
	err := cfg.Load([]string{"-"}, strings.NewReader(strings.Join(append([]string{"dir " + dir}, lines...), "\n")))
	require.NoError(t, err)
	s, err := New(Options{Config: cfg, Log: log})
	return s, log, err
}

func TestUsersAtStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "users.acl")
	require.NoError(t, os.WriteFile(file, []byte("user bob on >x +@all\nuser eve +nosuch\n\nnobody\n"), 0o600))

	_, log, err := newWith(t, dir, "aclfile users.acl")
	require.ErrorContains(t, err, "users.acl:2: Error in applying operation '+nosuch': Unknown command or category name in ACL. users.acl:4 should start with user keyword")
	require.Contains(t, log.String(), "Aborting Redis startup because of ACL errors: users.acl:2: ")
	_, _, err = newWith(t, dir, "aclfile nosuch.acl")
	require.EqualError(t, err, "configuration: Error loading ACLs, opening file 'nosuch.acl': No such file or directory")
	_, _, err = newWith(t, dir, "aclfile users.acl", "user bob on")
	require.ErrorIs(t, err, errUsersTwice)
	_, _, err = newWith(t, dir, "user bob on", "user bob off")
	require.ErrorContains(t, err, "line 3: 'user bob off': Error in user declaration 'bob': Duplicate user found.")
	_, _, err = newWith(t, dir, "user bob on +nosuch")
	require.ErrorIs(t, err, acl.ErrUnknown)
	require.ErrorContains(t, err, "line 2: 'user bob on +nosuch': Error in user declaration '+nosuch': ")

	s, log, err := newWith(t, dir, "requirepass x", "user bob +get (+set ~a) ( +del ~b )", `user default on >y "~a'b" +@all`)
	require.NoError(t, err)
	require.Contains(t, log.String(), "The user 'bob' is disabled")
	bob, def := s.users.Find([]byte("bob")), s.users.Default()
	require.Equal(t, "bob off sanitize-payload resetchannels -@all +get (~a resetchannels -@all +set) (~b resetchannels -@all +del)", bob.Describe())
	require.True(t, def.Accepts([]byte("y")))
	require.False(t, def.Accepts([]byte("x")), "what user says of the default user is all there is")
	// What CONFIG REWRITE writes makes the same users again.
	var lines []string
	for _, l := range s.userLines() {
		lines = append(lines, "user "+l)
	}
	again, _, err := newWith(t, dir, lines...)
	require.NoError(t, err)
	require.Equal(t, s.users.File(), again.users.File())
}

func TestLogin(t *testing.T) {
	t.Parallel()
	n := startNode(t, "requirepass secret")
	c := n.dial()
	c.expect("get k", "-"+errNoAuth, "auth wrong", "-"+errWrongPass, "auth default wrong", "-"+errWrongPass, "auth nobody secret", "-"+errWrongPass,
		"auth a b c", "-"+errSyntax, "hello 3", "-"+errHelloNoAuth, "hello 3 auth default wrong", "-"+errWrongPass,
		"auth secret", "OK", "get k", "(nil)", "acl whoami", "default",
		"acl setuser eve on >pw +@all -debug ~* &*", "OK", "auth eve pw", "OK", "acl whoami", "eve",
		"reset", "RESET", "get k", "-"+errNoAuth, "auth eve pw", "OK",
		"config set requirepass", "-ERR wrong number of arguments for 'config|set' command")
	require.Equal(t, "OK", c.doWords("config", "set", "requirepass", ""))
	c.expect("auth x", "-"+errNoPassword, "reset", "RESET", "get k", "(nil)")
	c.expect("acl setuser default off", "OK")
	n.dial().expect("get k", "-"+errNoAuth)
	require.Contains(t, c.do("info stats"), "acl_access_denied_auth:4\r\n")
}

// Whoever is logged in as a user that is deleted is gone, and so is who listens to what the user may no longer hear.
func TestClientsOfUsers(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	admin := n.dial()
	admin.expect("acl setuser a on nopass +@all ~* &*", "OK", "acl setuser b on nopass +@all &x &y", "OK")
	a, b, b2 := n.dial(), n.dial(), n.dial()
	a.expect("auth a x", "OK", "subscribe x", "[subscribe x 1]")
	b.expect("auth b x", "OK", "ssubscribe x", "[ssubscribe x 1]")
	b2.expect("auth b x", "OK", "subscribe y", "[subscribe y 1]")
	require.Contains(t, admin.do("client list type pubsub"), " user=a ")
	admin.expect("acl setuser b resetchannels &y", "OK", "pubsub shardnumsub x", "[x 0]", "pubsub numsub x y", "[x 1 y 1]")
	b.closed()
	b2.expect("ping", "[pong ]")
	admin.expect("acl deluser default", "-ERR The 'default' user cannot be removed", "acl deluser a b nobody", "2", "pubsub numsub x y", "[x 0 y 0]")
	a.closed()
	b2.closed()
	self := n.dial()
	admin.expect("acl setuser a on nopass +@all ~* &*", "OK")
	self.expect("auth a x", "OK", "acl deluser a", "1")
	self.closed()
	k1, k2 := n.dial(), n.dial()
	admin.expect("acl setuser a on nopass +@all", "OK", "client kill user nobody", "-ERR No such user 'nobody'", "acl users", "[a default]")
	k1.expect("auth a x", "OK")
	k2.expect("auth a x", "OK")
	admin.expect("client kill user a", "2")
	k1.closed()
	k2.closed()
}

// A command that waits is not executed any more once its user has lost the right.
func TestRightLostWhileWaiting(t *testing.T) {
	t.Parallel()
	n := startNode(t, "io-threads 2")
	admin, user := n.dial(), n.dial()
	admin.expect("acl setuser u on nopass +@all ~*", "OK")
	user.expect("auth u x", "OK")
	user.send("blpop list 0")
	n.until(func() bool { return strings.Contains(admin.do("info clients"), "blocked_clients:1\r\n") }, "blocked")
	admin.expect("acl setuser u resetkeys", "OK", "rpush list a", "1")
	user.reads("-NOPERM No permissions to access a key")
	user.expect("ping", "PONG")
	admin.expect("lrange list 0 -1", "[a]")
	stats := admin.do("info commandstats")
	require.Contains(t, stats, "cmdstat_blpop:calls=0,")
	require.Contains(t, stats, "rejected_calls=1,failed_calls=0")
	require.Contains(t, admin.do("acl log"), "cmd=blpop user=u ")
}

// Rules know commands by the names that they have in Redis, whatever they are called here.
func TestRenamedCommands(t *testing.T) {
	t.Parallel()
	n := startNode(t, "rename-command config hidden", `rename-command flushall ""`, "user u on nopass +@all ~* -config|set")
	c := n.dial()
	c.expect("auth u x", "OK", "config get port", "-ERR unknown command 'config', with args beginning with: 'get' 'port' ",
		"flushall", "-ERR unknown command 'flushall', with args beginning with: ")
	require.Equal(t, "-NOPERM User u has no permissions to run the 'config|set' command", c.do("hidden set maxclients 10"))
	require.Contains(t, c.do("hidden get maxclients"), "maxclients")
	require.Contains(t, c.do("acl cat dangerous"), "flushall")
	c.expect("acl setuser v +config|get -flushall", "OK", "acl dryrun v hidden get x", "OK", "acl dryrun v config get x", "-ERR Command 'config' not found")
	for _, bad := range []string{"rename-command nosuch x", "rename-command get set"} {
		_, _, err := newWith(t, t.TempDir(), bad)
		require.Error(t, err, bad)
	}
}

func TestACLFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "users.acl")
	require.NoError(t, os.WriteFile(file, []byte("user bob on nopass +get ~*\n"), 0o600))
	n := startNode(t, "dir "+dir, "aclfile users.acl")
	admin, bob := n.dial(), n.dial()
	bob.expect("auth bob x", "OK", "set k v", "-NOPERM User bob has no permissions to run the 'set' command")
	admin.expect("acl setuser bob +set", "OK", "acl save", "OK")
	saved, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "user bob on nopass sanitize-payload ~* resetchannels -@all +get +set\nuser default on nopass sanitize-payload ~* &* +@all\n", string(saved))
	bob.expect("set k v", "OK")
	require.NoError(t, os.WriteFile(file, []byte("user bob on +nosuch"), 0o600))
	require.Contains(t, admin.do("acl load"), "-ERR users.acl:1: Error in applying operation '+nosuch'")
	bob.expect("get k", "v")
	require.NoError(t, os.WriteFile(file, []byte("user ann on nopass +get ~*\nuser bob on nopass +get ~*\n"), 0o600))
	admin.expect("acl load", "OK", "acl users", "[ann bob default]")
	bob.closed()
	require.NoError(t, os.RemoveAll(dir))
	require.Contains(t, admin.do("acl save"), "-ERR There was an error trying to save the ACLs.")
	n.logged("Writing ACL file for ACL SAVE: ")
	startNode(t).dial().expect("acl save", startNode(t).dial().do("acl load"))
}

// A replica logs in with masteruser and masterauth, and applies what its master sends whatever its own users may do.
func TestReplicaLogsIn(t *testing.T) {
	t.Parallel()
	master := startNode(t, "user default off", "user admin on >a +@all ~* &*", "user repl on >r +psync +replconf +ping")
	c := master.dial()
	c.expect("auth admin a", "OK", "set k v", "OK")
	replica := startNode(t, "user default on nopass +get +info ~*", "user admin on nopass +@all ~*", "masteruser repl", "masterauth wrong")
	admin := replica.dial()
	admin.expect("auth admin x", "OK", "replicaof 127.0.0.1 "+master.port(), "OK")
	replica.logged("Unable to AUTH to MASTER: -WRONGPASS")
	admin.expect("config set masterauth r", "OK")
	replica.inSync(master)
	c.expect("set k2 v2", "OK", "acl setuser other on", "OK")
	replica.inSync(master)
	replica.dial().expect("get k2", "v2", "set k x", "-NOPERM User default has no permissions to run the 'set' command")
	require.Contains(t, admin.do("client list type master"), " user=(superuser) ")
	require.Contains(t, c.do("client list type replica"), " user=repl ")
	admin.expect("acl users", "[admin default]")
	c.expect("acl deluser repl", "1")
	replica.until(func() bool { return !replica.s.role.link.Up() }, "the connection of a deleted user is closed")
}

// TestSortNeedsAllKeys: what SORT looks up by patterns takes the right to read every key.
func TestSortNeedsAllKeys(t *testing.T) {
	t.Parallel()
	n := startNode(t)
	admin, user := n.dial(), n.dial()
	admin.expect("rpush l 1", "1", "set w1 5", "OK", "acl setuser u on nopass +sort +sort_ro +eval ~l ~w*", "OK")
	user.expect("auth u x", "OK", "sort l by w*", "-ERR BY option of SORT denied due to insufficient ACL permissions.",
		"sort_ro l get w*", "-ERR GET option of SORT denied due to insufficient ACL permissions.", "sort l by none", "[1]")
	require.Equal(t, "-ERR GET option of SORT denied due to insufficient ACL permissions.",
		user.doWords("eval", "return redis.pcall('sort','l','get','w*')", "0"))
	admin.expect("acl setuser u (+sort +sort_ro %R~*)", "OK")
	user.expect("sort l by w* get w*", "[5]", "sort_ro l get w*", "[5]")
}
