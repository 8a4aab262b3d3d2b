// Package command describes commands: what a row of the command table says about
// a command, short of running it.
//
// A [Spec] declares a command's name, arity, flags, ACL categories, key and channel
// positions, argument syntax and documentation. A [Table] collects rows that embed a
// Spec, checks them, and finds them by name without allocating. Everything that can
// be derived is derived here: implied ACL categories, the movablekeys flag, the
// first/last/step triple, the argument tree, and the replies of COMMAND, COMMAND INFO,
// COMMAND DOCS and COMMAND GETKEYS.
//
// Names, bits and reply shapes are those of Redis 7.2.
//
// Guarantees: a Table that [NewTable] returned without error holds only consistent
// rows, every lookup and key extraction accepts any client input
// without panicking, and after the last [Table.Rename] a Table may be used by any number
// of goroutines. The package does no I/O, keeps no state of its own, and knows
// neither clients nor data; whether arguments make sense is the handler's concern.
package command
