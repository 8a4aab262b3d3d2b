// Package aof keeps the log on disk, in the append-only files of Redis 7: a
// base, which is the data set at one instant, increments, which are the log's
// bytes since, and a manifest that lists them. It knows files and the log, but
// neither clients nor data: what is read is handed to a Target, and a base is
// written by its caller.
//
// # Files
//
// In one directory, where NAME is appendfilename:
//
//	NAME.manifest          the list; replaced by renaming, so it is whole at all times
//	NAME.1.base.rdb        the base: a snapshot, or commands (.aof)
//	NAME.1.incr.aof        increments, in the order of their numbers
//	temp-*                 on the way; left-overs of a crash are of no account
//
// Increments hold the log verbatim, as it would go to a replica, PINGs included.
// Lines that begin with '#' are annotations, which Redis passes over:
//
//	#TS:<unix seconds>             what follows happened at that time or later
//	#REPL:<replid> <offset>        what follows stands behind that offset of that history
//
// So that the position in the history is known at every command: a base tells
// where its successor begins, by its aux fields or an annotation at its end, and from there
// on every byte counts that is not an annotation's. An annotation is written where
// that would not be true: where the history gets another id, and
// on a replica after the SELECT that its increments begin with, which is not the
// master's.
//
// # What is guaranteed
//
//   - An offset that Writer.Fsynced has passed is on disk, in files that the
//     manifest names, and Load brings it back.
//   - What Load executes is a prefix of the log after the base: whole commands, and
//     transactions whole or not at all.
//   - A rewrite that fails at any step leaves files that hold everything.
//   - No input makes the reader panic, or allocate for a length that is only announced.
//
// # What is not
//
//   - Under appendfsync everysec and no, what was written but not fsynced may be lost
//     with the machine, though not with the process.
//   - Files are trusted to be what this server, or Redis, wrote: a changed byte within
//     a value is not noticed.
package aof
