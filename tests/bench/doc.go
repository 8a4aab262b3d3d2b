// Command bench compares treedis with the real redis-server on one machine: throughput, server CPU time per operation, latency,
// memory, and the pauses and durations of snapshots, synchronisations and starts.
//
// Both servers run side by side on loopback ports with their defaults, no persistence unless a row is about it, and are measured in
// alternating rounds, so that whatever slows the machine down for a while slows both. What is compared is the medians of the
// rounds. Before a round begins every server must have been idle: what one has left to do is not charged to the other.
//
// CPU time is the server's own, user and system, from /proc, in ticks of 10 ms: a round of a second knows it to 1 %. On two
// cores it says more than throughput does, as the load generator needs one of them.
//
// It does not say how the servers do on many cores or over a network. It is for Linux.
//
//	go run ./tests/bench [--rows get,set] [--quick] [--rounds n] [--list]
package main
