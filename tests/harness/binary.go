package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BinaryEnv names the variable that holds the treedis binary under test. Any program that takes redis-server's command line
// may stand in: with redis-server itself the whole suite must pass, which is how the suite is tested.
const BinaryEnv = "TREEDIS_BIN"

// errNoModule: the tests run from outside of a checkout.
var errNoModule = errors.New("no go.mod in this directory or above it")

// Main is the body of a TestMain: it builds the binary under test once for the whole run unless BinaryEnv names one, runs the
// tests and returns the exit status.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "treedis-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		return 1
	}
	return m.Run()
}

// Build compiles treedis into dir and lets BinaryEnv name it. Where that names a binary already, nothing is built.
func Build(dir string) error {
	if os.Getenv(BinaryEnv) != "" {
		return nil
	}
	root, err := ModuleRoot()
	if err != nil {
		return err
	}
	bin := filepath.Join(dir, "treedis")
	cmd := exec.Command("go", "build", "-o", bin, ".")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building treedis: %w\n%s", err, out)
	}
	return os.Setenv(BinaryEnv, bin)
}

// ModuleRoot is the checkout's directory, found from the working directory upwards.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errNoModule
		}
		dir = parent
	}
}

// Binary returns the program that a kind of server runs as.
func Binary(kind Kind) (string, error) {
	switch kind {
	case Treedis:
		bin := os.Getenv(BinaryEnv)
		if bin == "" {
			return "", fmt.Errorf("%s is not set and no TestMain built a binary", BinaryEnv)
		}
		return exec.LookPath(bin)
	case Redis:
		return exec.LookPath("redis-server")
	case Sentinel:
		return exec.LookPath("redis-sentinel")
	}
	return "", fmt.Errorf("no binary for kind %v", kind)
}

// StandIn reports whether the real redis-server stands in for treedis, which frees tests from asking of it what only treedis
// does.
func StandIn() bool { return filepath.Base(os.Getenv(BinaryEnv)) == "redis-server" }

// RequirePeer makes sure that the real redis-server is there to be compared with. With CI=true its absence fails the test;
// elsewhere the test is skipped, and says so.
func RequirePeer(t T) { t.Helper(); RequireTool(t, "redis-server") }

// RequireTool is RequirePeer for any of Redis's programs; it returns the program's path.
func RequireTool(t T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is needed and not on PATH: `make test` installs it", name)
	}
	t.Skipf("SKIPPED FOR WANT OF A PEER: %s is not on PATH; `make test` installs it", name)
	return ""
}
