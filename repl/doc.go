// Package repl is replication: the log of everything that changed the data set,
// the master side that feeds replicas from it, and a replica's link to its master.
package repl
