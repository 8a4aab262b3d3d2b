package server

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkCommands executes commands that have work to do, on values as tests/bench has them.
func BenchmarkCommands(b *testing.B) {
	for _, bm := range []struct {
		name, command string
		prepare       func(ss *session)
	}{
		{"sort", "sort numbers", func(ss *session) {
			for i := range 100 {
				ss.do(fmt.Sprintf("rpush numbers %d", i*61%100))
			}
		}},
		{"sort alpha", "sort texts alpha", func(ss *session) {
			for i := range 100 {
				ss.do(fmt.Sprintf("rpush texts element:%012d", i*61%100))
			}
		}},
		{"sort by", "sort numbers by weight:* get value:*", func(ss *session) {
			for i := range 100 {
				ss.do(fmt.Sprintf("rpush numbers %d", i))
				ss.do(fmt.Sprintf("set weight:%d %d", i, i*61%100))
				ss.do(fmt.Sprintf("set value:%d %d", i, i))
			}
		}},
		{"zunionstore", "zunionstore both 2 left right", func(ss *session) {
			for i := range 100 {
				ss.do(fmt.Sprintf("zadd left %d element:%012d", i, i))
				ss.do(fmt.Sprintf("zadd right %d element:%012d", 50+i, 50+i))
			}
		}},
		{"zinterstore", "zinterstore both 2 left right", func(ss *session) {
			for i := range 1000 {
				ss.do(fmt.Sprintf("zadd left %d element:%012d", i, i))
				ss.do(fmt.Sprintf("zadd right %d element:%012d", 500+i, 500+i))
			}
		}},
		{"sinter", "sinter few many", func(ss *session) {
			for i := range 1000 {
				if i < 100 {
					ss.do(fmt.Sprintf("sadd few element:%012d", i))
				}
				ss.do(fmt.Sprintf("sadd many element:%012d", i))
			}
		}},
		{"geosearch", "geosearch places frommember place:4950 byradius 44 km asc", func(ss *session) {
			for i := range 10_000 {
				ss.do(fmt.Sprintf("geoadd places %f %f place:%d", float64(i%100)*0.09-4.5, float64(i/100)*0.09-4.5, i))
			}
		}},
		{"setrange", "setrange text 512 abcdefghijklmnop", func(ss *session) {
			ss.raw("set", "text", strings.Repeat("x", 1024))
		}},
	} {
		b.Run(strings.ReplaceAll(bm.name, " ", "-"), func(b *testing.B) {
			ss := newSession(b)
			bm.prepare(ss)
			var args [][]byte
			for word := range strings.FieldsSeq(bm.command) {
				args = append(args, []byte(word))
			}
			b.ReportAllocs()
			for b.Loop() {
				ss.s.do(ss.c, args)
				ss.c.out.Reset()
			}
		})
	}
}
