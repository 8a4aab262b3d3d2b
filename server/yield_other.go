//go:build !linux

package server

import "runtime"

// yieldProcessor lets other goroutines run that wait for it.
func yieldProcessor() { runtime.Gosched() }
