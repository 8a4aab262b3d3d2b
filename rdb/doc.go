// Package rdb reads and writes snapshots in the RDB format of Redis, and the
// payloads of DUMP, which are single values of it.
//
// A Reader drives a Sink: it calls one method per thing it meets, and the
// elements of a collection one by one. A Writer is a Sink, so a snapshot is
// copied, and brought to the plain types on the way, by reading it into a
// Writer.
//
// The Reader knows versions 1 to 11 and every type that Redis up to 7.2 has
// ever written but for module values, which nothing can decode without their
// module. The Writer keeps to the oldest version and types that carry the data,
// so that a Redis 5 can load what does not need more.
//
// Guarantees. Input is hostile: no input makes the Reader panic, and it never
// sets memory aside for a length that is merely claimed: what it holds is in
// proportion to the bytes that have arrived, at most 88 times as many where they
// are compressed. A collection in the plain encodings is never held as a
// whole; one element, one packed node, or one stream is. The Reader consumes not
// one byte behind the end of the snapshot, so something else may follow. Every
// failure tells the byte offset, the key and the cause.
//
// Not guaranteed. The Reader does not look for keys or elements that occur twice,
// which would take memory: the Sink sees them and returns ErrDuplicate. A Reader,
// a Writer and a Dumper serve one goroutine each. What a Sink has received when
// an error comes is a part of the snapshot: it has to be thrown away.
//
// The layout is described in format.go.
package rdb
