package rdb

import (
	"bytes"
	"testing"
)

// seeds are small files of all types, new and old: large ones would have the
// fuzzer spend its time on making them smaller.
func seeds(f *testing.F) [][]byte {
	streamFile := func(opts WriterOptions, full bool) []byte {
		payload, err := AppendDump(nil, opts, func(w *Writer) error { return w.Stream(nil, sampleStream(f, 4, full)) })
		must(f, err)
		return rawFile(11, payload[0], payload[1:len(payload)-dumpTrailer])
	}
	return [][]byte{
		streamFile(WriterOptions{}, false),
		streamFile(WriterOptions{}, true),
		streamFile(WriterOptions{ActiveTime: true}, true),
		rawFile(9, typeList, []byte("\x02\x01a\xc1\x00\x7f")),
		rawFile(9, typeSet, []byte("\x01\xc3\x05\x15\x00a\xe0\x0b\x00")),
		rawFile(9, typeHash, []byte("\x01\x01f\x01v")),
		rawFile(9, typeZSet2, []byte("\x01\x01m\x00\x00\x00\x00\x00\x00\xf8\x3f")),
		rawFile(1, typeHashZipmap, rawString(nil, string(zipmap(2, "f", "v")))),
		rawFile(2, typeSetIntset, rawString(nil, "\x04\x00\x00\x00\x01\x00\x00\x00abcd")),
		rawFile(4, typeZSetZiplist, rawString(nil, string(ziplist("a", "1.5", "b", "-3")))),
		rawFile(4, typeListZiplist, rawString(nil, string(ziplist(someElems()[:3]...)))),
		rawFile(7, typeListQuicklist, append([]byte{1}, rawString(nil, string(ziplist("1", "x")))...)),
		rawFile(10, typeListQuicklist2, append([]byte{1, 2}, rawString(nil, string(listpackOf("1", "x")))...)),
		rawFile(10, typeHashListpack, rawString(nil, string(listpackOf("f", "v")))),
		rawFile(3, typeZSet, []byte("\x03\x01a\x031.5\x01b\xfe\x01c\xff")),
		[]byte("REDIS0009\xf7\x81\x00\x00\x00\x00\x00\x00\x04\x00\x02\x01\x05\x01a\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00"),
	}
}

// FuzzReader feeds files to the reader. What it accepts is copied, and the copy
// has to be accepted as well and say the same.
func FuzzReader(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		opts := ReaderOptions{SkipChecksum: true}
		rec := newRecorder(t)
		if NewReader(bytes.NewReader(file), opts).Read(rec) != nil {
			return
		}
		var out bytes.Buffer
		w := NewWriter(&out, WriterOptions{Compress: true, Checksum: true, Functions: true})
		must(t, w.Header())
		must(t, NewReader(bytes.NewReader(file), opts).Read(w))
		must(t, w.Close())
		again := newRecorder(t)
		must(t, NewReader(&out, ReaderOptions{}).Read(again))
		if len(rec.lines) != len(again.lines) {
			t.Fatalf("%d lines became %d", len(rec.lines), len(again.lines))
		}
		for i, l := range rec.lines {
			if l != again.lines[i] {
				t.Fatalf("%s\nbecame\n%s", l, again.lines[i])
			}
		}
	})
}

// FuzzDump feeds payloads to ReadDump, whatever their checksum.
func FuzzDump(f *testing.F) {
	for _, s := range seeds(f) {
		// What lies behind the key is a value; the type goes before it.
		f.Add(sealed(append([]byte{s[headerSize+2]}, s[headerSize+5:]...), 9))
	}
	f.Add(sealed(append([]byte{typeHashListpack}, rawString(nil, string(listpackOf("f", "v")))...), 10))
	f.Add(sealed([]byte("\x00\x05value"), 9))
	f.Fuzz(func(t *testing.T, payload []byte) {
		rec := newRecorder(t)
		if ReadDump(payload, key("k"), rec, ReaderOptions{SkipChecksum: true}) == nil && len(rec.lines) != 1 {
			t.Fatalf("%d values from one payload", len(rec.lines))
		}
	})
}

// FuzzLZF unfolds anything to any size, and folds anything and back.
func FuzzLZF(f *testing.F) {
	f.Add([]byte("\x00a\xe0\x0b\x00"), uint64(21))
	f.Add(bytes.Repeat([]byte("abc"), 50), uint64(0))
	f.Fuzz(func(t *testing.T, data []byte, size uint64) {
		if out, err := lzfDecompress(nil, data, size); err == nil && uint64(len(out)) != size {
			t.Fatalf("%d bytes instead of %d", len(out), size)
		}
		packed := new(lzf).compress(data)
		if packed == nil {
			return
		}
		out, err := lzfDecompress(nil, packed, uint64(len(data)))
		must(t, err)
		if !bytes.Equal(out, data) {
			t.Fatal("does not come back")
		}
	})
}

// FuzzLoad loads files into a store. Whatever is accepted can be written and loaded again.
func FuzzLoad(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, int64(0))
		f.Add(s, int64(1000))
	}
	f.Fuzz(func(t *testing.T, file []byte, expired int64) {
		st := newStore()
		l := NewLoader(st, LoadOptions{Size: int64(len(file)), Bulk: true, DropExpiredAt: expired})
		if NewReader(bytes.NewReader(file), ReaderOptions{SkipChecksum: true}).Read(l) != nil {
			return
		}
		var out bytes.Buffer
		w := NewWriter(&out, WriterOptions{Compress: true, Checksum: true, Functions: true})
		must(t, w.Header())
		must(t, SaveSnapshot(w, st.Snapshot(), SaveOptions{}))
		must(t, w.Close())
		again := newStore()
		must(t, NewReader(&out, ReaderOptions{}).Read(NewLoader(again, LoadOptions{})))
		if st.Len() != again.Len() {
			t.Fatalf("%d keys became %d", st.Len(), again.Len())
		}
	})
}
