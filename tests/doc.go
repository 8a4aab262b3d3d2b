// Package tests holds the end-to-end tests: treedis as a process, alone, with real clients and tools, and in replication with
// itself and with the real redis-server in either role.
//
// Each test starts the servers it needs and shares none. They pass with redis-server in the place of treedis as well
// (TREEDIS_BIN=redis-server): a test that fails only with treedis has found a difference.
package tests
