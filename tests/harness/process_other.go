//go:build !linux

package harness

import "syscall"

// dieWithParent has no counterpart here: children of a killed test process must be ended by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }

// RaiseFileLimit returns a limit of open files that can be counted on here.
func RaiseFileLimit(t T) uint64 { return 2000 }
