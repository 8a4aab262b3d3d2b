// Package repl is replication: the log of everything that changed the data set,
// the master side that feeds replicas from it, the gates that hold replies back
// until an offset is safe, and a replica's link to its master. It knows the server
// by small interfaces only (Source, Target), and of the data nothing at all.
//
// # The pieces
//
//	commands --effects--> Log --Reader--> Master: a goroutine per replica --> sockets
//	                       |  \--Reader--> the append-only file's writer
//	                       |
//	                       +<--verbatim-- Link: one goroutine <-- the master's socket
//
// A server has one of each, whatever its role. As a master it appends effects to
// the Log; as a replica only Link appends, the master's bytes as they came, so that
// the replicas of a replica share the master's id and offsets. IDs say which
// histories the log is part of.
//
// # What is guaranteed
//
//   - Offsets are Redis's: offset N means N bytes propagated, a replica at N asks
//     for byte N+1, and a caught-up replica is always served partially.
//   - A full synchronization's id, offset, data and place in the log belong to one
//     instant. Nothing is missed or sent twice between snapshot and stream.
//   - A replica that is connected and has not fallen behind its limit never misses
//     a byte: its reader pins what it has not sent yet.
//   - A byte of history is held in memory once, however many replicas there are.
//   - A replica serves its old data until a complete snapshot has been loaded and
//     is swapped in; a transfer that fails changes nothing, not even the history
//     that it can continue from.
//   - A transaction reaches a replica's data whole or not at all.
//   - Once SetMasterLocked or PromoteLocked has returned, nothing of the former
//     master's stream is applied. Errors never change the role.
//   - No panic on any input, and no memory on account of an announced length.
//
// # What is not
//
//   - Replication is asynchronous; WaitAcks is how to know what has arrived.
//   - Acknowledged offsets say what replicas have applied, not what survives a
//     failover to one that is behind.
//   - The stream is taken on trust: a master can make its replicas buffer a command
//     of any size.
//
// # Locks
//
// The order is: the server's keyspace lock, then Master's or Link's, then the
// log's or a gate's. Functions that need the keyspace lock end in Locked, or say so
// where the whole type is used under it (Log's writing side, Identity's changes).
// Callbacks (Logf, Config, Now, those of gates and readers) may be called with any
// of these locks held: they must neither block nor take the keyspace lock.
//
// The states of a replica's connection are drawn at ReplicaState, those of the
// link at LinkState.
package repl
