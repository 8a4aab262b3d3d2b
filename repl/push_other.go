//go:build !linux

package repl

const canPush = false

func writeNow(uintptr, [][]byte) (int, bool) { return 0, false }
