// Package process is about the operating system's side of a server: the title that ps shows, whom to tell that it is
// ready, and how to leave the foreground. What the system does not offer does nothing.
package process
