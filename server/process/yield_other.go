//go:build !linux

package process

import "runtime"

// Yield lets other goroutines run that wait for it.
func Yield() { runtime.Gosched() }
