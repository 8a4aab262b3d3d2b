package harness

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Run runs a program to its end, with stdin as its input, and returns what it wrote to both outputs and its exit status. A
// program that has not ended within the timeout is killed and fails the test.
func Run(t T, timeout time.Duration, stdin, name string, args ...string) (string, int) {
	t.Helper()
	cmd, out := command(t, name, args)
	cmd.Stdin = strings.NewReader(stdin)
	if err := cmd.Start(); err != nil {
		t.Fatalf("running %s: %v", name, err)
	}
	late := time.AfterFunc(timeout, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !late.Stop() {
		t.Fatalf("%s did not end within %v; it said:\n%s", commandLine(name, args), timeout, out)
	}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) {
		t.Fatalf("running %s: %v", name, err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// RunUntil runs a program that does not end of itself until it has written text, ends it and returns its output.
func RunUntil(t T, timeout time.Duration, text, name string, args ...string) string {
	t.Helper()
	cmd, out := command(t, name, args)
	if err := cmd.Start(); err != nil {
		t.Fatalf("running %s: %v", name, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(exited)
	}()
	found := poll(func() bool { return out.contains(text) }, timeout)
	_ = cmd.Process.Kill()
	<-exited
	if !found {
		t.Fatalf("%s did not write %q within %v; it said:\n%s", commandLine(name, args), text, timeout, out)
	}
	return out.String()
}

func command(t T, name string, args []string) (*exec.Cmd, *logBuffer) {
	out := new(logBuffer)
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithParent()
	cmd.Dir = t.TempDir()
	return cmd, out
}

func commandLine(name string, args []string) string {
	return fmt.Sprint(filepath.Base(name), " ", strings.Join(args, " "))
}
