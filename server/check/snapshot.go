package check

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"treedis/rdb"
	"treedis/store/stream"
)

// magic is what a snapshot begins with.
const magic = "REDIS"

// snapshot reports on the snapshot that r begins with, and returns its length.
func snapshot(r *bufio.Reader, out io.Writer, now time.Time) (int64, error) {
	c := &counter{out: out, now: now.UnixMilli()}
	reader := rdb.NewReader(r, rdb.ReaderOptions{EmptyKey: func([]byte) { c.empty++ }})
	err := reader.Read(c)
	fmt.Fprintf(out, "RDB version %d, %d bytes read\n", reader.Version(), reader.Offset())
	c.report()
	if err == nil {
		fmt.Fprintln(out, "OK: the snapshot is whole")
		return reader.Offset(), nil
	}
	var at *rdb.Error
	if !errors.As(err, &at) {
		return 0, err
	}
	fmt.Fprintf(out, "DAMAGED at offset %d: %v\n", at.Offset, at.Err)
	if at.Key != nil {
		fmt.Fprintf(out, "while reading the value of key %q in database %d\n", at.Key, c.db)
	}
	return 0, ErrDamaged
}

// kinds are the types of values, in the order in which the report lists them.
var kinds = [...]string{"strings", "lists", "sets", "hashes", "sorted sets", "streams"}

const (
	aString = iota
	aList
	aSet
	aHash
	aZSet
	aStream
)

// counter is a sink that counts what it is given.
type counter struct {
	out       io.Writer
	now       int64 // unix ms
	db        int
	keys      [len(kinds)]int
	elements  [len(kinds)]int
	databases map[int]int // keys
	expires   int
	expired   int
	libraries int
	empty     int
}

func (c *counter) report() {
	for _, db := range slices.Sorted(maps.Keys(c.databases)) {
		fmt.Fprintf(c.out, "database %d: %d keys\n", db, c.databases[db])
	}
	total := 0
	for i, n := range c.keys {
		total += n
		switch {
		case n > 0 && c.elements[i] > 0:
			fmt.Fprintf(c.out, "%d %s of %d elements in all\n", n, kinds[i], c.elements[i])
		case n > 0:
			fmt.Fprintf(c.out, "%d %s\n", n, kinds[i])
		}
	}
	fmt.Fprintf(c.out, "%d keys, %d with an expiry, %d of them expired\n", total, c.expires, c.expired)
	if c.libraries > 0 {
		fmt.Fprintf(c.out, "%d function libraries\n", c.libraries)
	}
	if c.empty > 0 {
		fmt.Fprintf(c.out, "%d keys without elements, which are passed over\n", c.empty)
	}
}

// key counts a key.
func (c *counter) key(kind int, k *rdb.Key) error {
	if c.databases == nil {
		c.databases = map[int]int{}
	}
	c.databases[c.db]++
	c.keys[kind]++
	if k.ExpireAt != 0 {
		c.expires++
		if k.ExpireAt <= c.now {
			c.expired++
		}
	}
	return nil
}

func (c *counter) element(kind int) error {
	c.elements[kind]++
	return nil
}

// Aux prints a remark.
func (c *counter) Aux(name, value []byte) error {
	fmt.Fprintf(c.out, "%q = %q\n", name, value)
	return nil
}

func (c *counter) Function([]byte) error { c.libraries++; return nil }

func (c *counter) SelectDB(db int) error { c.db = db; return nil }

func (c *counter) ResizeDB(_, _ uint64) error { return nil }

func (c *counter) String(k *rdb.Key, _ []byte) error { return c.key(aString, k) }

func (c *counter) BeginList(k *rdb.Key, _ uint64) error { return c.key(aList, k) }

func (c *counter) ListItem([]byte) error { return c.element(aList) }

func (c *counter) BeginSet(k *rdb.Key, _ uint64) error { return c.key(aSet, k) }

func (c *counter) SetMember([]byte) error { return c.element(aSet) }

func (c *counter) BeginHash(k *rdb.Key, _ uint64) error { return c.key(aHash, k) }

func (c *counter) HashField(_, _ []byte) error { return c.element(aHash) }

func (c *counter) BeginZSet(k *rdb.Key, _ uint64) error { return c.key(aZSet, k) }

func (c *counter) ZSetMember([]byte, float64) error { return c.element(aZSet) }

func (c *counter) Stream(k *rdb.Key, s *stream.Stream) error {
	c.elements[aStream] += int(s.Length)
	return c.key(aStream, k)
}

func (c *counter) EndKey() error { return nil }
