// Package differential sends the same generated commands to treedis and to the real redis-server and compares every reply
// byte for byte, then the two keyspaces.
//
// Commands come from grammar tables, one per command group (table_*_test.go), by a seeded generator; about one in eight is
// then spoilt: an argument dropped, doubled, swapped or replaced. The seed is fixed, so a run repeats exactly; DIFF_SEED
// chooses another, and DIFF_ROUNDS multiplies the batches.
//
// What is promised: replies are equal in RESP2 and RESP3, including error texts. What is not compared to the byte, by the
// table's entry: the order of unordered collections, random choices (compared by property), and what depends on the clock
// (compared within a tolerance). What 7.0 does not have or does otherwise is compared with recorded replies of 7.2.4 (recorded_test.go). Where Redis 7.2, the reference, is known to differ from the peer, differences72 says so and why.
package differential
