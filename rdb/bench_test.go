package rdb

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchOptions are those of a full synchronisation and of a saved file.
var benchOptions = map[string]WriterOptions{
	"plain":    {},
	"checksum": {Checksum: true},
	"compress": {Checksum: true, Compress: true},
}

func randomValue(n int) []byte {
	rng := rand.New(rand.NewPCG(5, 6))
	v := make([]byte, n)
	for i := range v {
		v[i] = byte('a' + rng.IntN(26))
	}
	return v
}

func BenchmarkWriteStrings(b *testing.B) {
	for name, opts := range benchOptions {
		b.Run(name, func(b *testing.B) {
			w := NewWriter(io.Discard, opts)
			must(b, w.Header())
			k, v := key("key:1234567890ab"), randomValue(32)
			b.ReportAllocs()
			b.SetBytes(int64(len(k.Name) + len(v) + 3))
			for b.Loop() {
				_ = w.String(k, v)
			}
			must(b, w.Close())
		})
	}
}

func BenchmarkWriteLarge(b *testing.B) {
	for name, opts := range benchOptions {
		b.Run(name, func(b *testing.B) {
			w := NewWriter(io.Discard, opts)
			must(b, w.Header())
			k, v := key("k"), randomValue(1<<20)
			b.ReportAllocs()
			b.SetBytes(int64(len(v)))
			for b.Loop() {
				_ = w.String(k, v)
			}
			must(b, w.Close())
		})
	}
}

// benchFile is a file of n keys of one kind.
func benchFile(b *testing.B, n int, add func(w *Writer, k *Key)) []byte {
	var buf bytes.Buffer
	w := NewWriter(&buf, WriterOptions{Checksum: true})
	must(b, w.Header())
	for i := range n {
		add(w, key(fmt.Sprintf("key:%012d", i)))
	}
	must(b, w.Close())
	return buf.Bytes()
}

func benchRead(b *testing.B, file []byte, keys int) {
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		require.NoError(b, NewReader(bytes.NewReader(file), ReaderOptions{}).Read(discard{}))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(keys), "ns/key")
}

func BenchmarkReadStrings(b *testing.B) {
	v := randomValue(32)
	benchRead(b, benchFile(b, 10_000, func(w *Writer, k *Key) { _ = w.String(k, v) }), 10_000)
}

func BenchmarkReadHashes(b *testing.B) {
	v := randomValue(10)
	benchRead(b, benchFile(b, 1000, func(w *Writer, k *Key) {
		_ = w.BeginHash(k, 5)
		for range 5 {
			_ = w.HashField(v[:4], v)
		}
		_ = w.EndKey()
	}), 1000)
}

func BenchmarkReadListpackHash(b *testing.B) {
	const keys = 1000
	value := rawString(nil, string(listpackOf("name", "value", "other", "12345", "third", "something longer")))
	file := []byte("REDIS0010")
	for range keys {
		file = append(append(file, typeHashListpack, 1, 'k'), value...)
	}
	file = append(append(file, opEOF), make([]byte, 8)...)
	benchRead(b, file, keys)
}

func BenchmarkChecksum(b *testing.B) {
	v := randomValue(64 << 10)
	b.SetBytes(int64(len(v)))
	var crc uint64
	for b.Loop() {
		crc = checksum(crc, v)
	}
}
