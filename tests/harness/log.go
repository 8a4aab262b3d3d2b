package harness

import (
	"bytes"
	"sync"
)

// logTail bounds what is kept of a server's output: enough for any test's story, and a server that logs in a loop cannot
// take the test's memory.
const logTail = 1 << 20

// logBuffer collects a process's output and lets others wait for a line.
type logBuffer struct {
	mu   sync.Mutex
	data []byte
}

// Write implements io.Writer. It never fails.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p...)
	if len(b.data) > 2*logTail {
		b.data = append(b.data[:0], b.data[len(b.data)-logTail:]...)
	}
	return len(p), nil
}

func (b *logBuffer) contains(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Contains(b.data, []byte(text))
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.data)
}

// last returns the last n lines.
func (b *logBuffer) last(n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := len(b.data)
	for ; n >= 0 && at > 0; n-- {
		at = bytes.LastIndexByte(b.data[:at], '\n')
		if at < 0 {
			return string(b.data)
		}
	}
	return string(b.data[at:])
}
