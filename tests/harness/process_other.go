//go:build !linux

package harness

import "syscall"

// dieWithParent has no counterpart here: children of a killed test process must be ended by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }
