//go:build !linux

package netio

type thread struct{}

func (thread) hurry(bool) {}
func (thread) moved()     {}
