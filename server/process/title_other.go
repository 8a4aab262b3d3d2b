//go:build !linux

package process

// Title is the process's title, which can't be set here.
type Title struct{}

// NewTitle returns a Title.
func NewTitle() *Title { return &Title{} }

// Set does nothing.
func (*Title) Set(string) {}
