// Package process is about the operating system's side of a server: the title that ps shows, whom to tell that it is
// ready, how to leave the foreground, memory and processors. What the system does not offer does nothing, or is 0.
package process
