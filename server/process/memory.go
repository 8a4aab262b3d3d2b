package process

import (
	"bytes"
	"os"
	"strconv"
)

// ResidentMemory returns the bytes of the process that are in memory; 0 where /proc does not tell.
func ResidentMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	return field(text, 1) * int64(os.Getpagesize())
}

// SystemMemory returns the memory of the machine in bytes; 0 where /proc does not tell.
func SystemMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return field(text, 1) * 1024 // "MemTotal: N kB", the first line
}

// field returns the i-th word of a text as a number, 0 if it is none.
func field(text []byte, i int) int64 {
	words := bytes.Fields(text[:min(len(text), 128)])
	if i >= len(words) {
		return 0
	}
	n, err := strconv.ParseInt(string(words[i]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
