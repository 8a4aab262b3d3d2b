package main

import (
	"fmt"
	"math"
	"strconv"

	"treedis/tests/harness"
)

// fillBatch is how many commands are sent in one write. Two batches are under way, so that neither side waits for the other; the
// replies to both fit into the sockets' buffers.
const fillBatch = 256

// filling is data to be loaded: so many commands, of which command appends the one with index i to dst.
type filling struct {
	commands int
	command  func(dst []byte, i int) []byte
}

// fill loads data as fast as the server takes it.
func (b *bench) fill(s *harness.Server, f filling) {
	p, err := dialPipe(s.Addr())
	b.must(err)
	defer p.close()
	var out []byte
	unanswered := 0 // commands of the batch before
	for i := 0; i < f.commands || unanswered > 0; {
		b.checkInterrupt()
		out = out[:0]
		sent := min(fillBatch, f.commands-i)
		for range sent {
			out = f.command(out, i)
			i++
		}
		if sent > 0 {
			b.must(p.write(out))
		}
		for range unanswered {
			b.must(p.readOne())
		}
		unanswered = sent
	}
}

// shuffled maps 0..n-1 onto itself so that neighbours come far apart: keys do not arrive in order. It is one-to-one for every n
// that the prime does not divide.
func shuffled(i, n int) int {
	const prime = 2654435761 // the golden ratio's share of 2^32, as in Knuth's multiplicative hashing
	return int(uint64(i) * prime % uint64(n))
}

// digits is the form of redis-benchmark's random numbers.
func digits(i int) string { return fmt.Sprintf("%012d", i) }

// keyPrefix and 12 digits make a key of 16 bytes.
const keyPrefix = "key:"

func key(i int) string { return keyPrefix + digits(i) }

// strings of n keys with values of some bytes.
func stringKeys(n, valueBytes int) filling {
	value := payload(valueBytes)
	return filling{n, func(dst []byte, i int) []byte {
		return harness.AppendCommand(dst, "SET", key(shuffled(i, n)), value)
	}}
}

// hashKeys are n hashes with so many fields.
func hashKeys(n, fields int) filling {
	return filling{n, func(dst []byte, i int) []byte {
		k := shuffled(i, n)
		args := []string{"HSET", "hash:" + digits(k)}
		for f := range fields {
			args = append(args, "field"+strconv.Itoa(f), "value:"+strconv.Itoa(k+f))
		}
		return harness.AppendCommand(dst, args...)
	}}
}

// membersPerCommand makes loading one large collection quick.
const membersPerCommand = 50

// collection is one key of n members, added by a command whose arguments for one member are given.
func collection(n int, command, name string, member func(i int) []string) filling {
	return filling{(n + membersPerCommand - 1) / membersPerCommand, func(dst []byte, i int) []byte {
		args := []string{command, name}
		for k := i * membersPerCommand; k < min(n, (i+1)*membersPerCommand); k++ {
			args = append(args, member(k)...)
		}
		return harness.AppendCommand(dst, args...)
	}}
}

func bigList(n int) filling {
	return collection(n, "RPUSH", "mylist", func(i int) []string { return []string{"element:" + digits(i)} })
}

func bigSet(n int) filling {
	return collection(n, "SADD", "myset", func(i int) []string { return []string{"element:" + digits(shuffled(i, n))} })
}

// bigSortedSet scores each member with its number.
func bigSortedSet(n int) filling {
	return collection(n, "ZADD", "myzset", func(i int) []string {
		k := shuffled(i, n)
		return []string{strconv.Itoa(k), "element:" + digits(k)}
	})
}

// inTurn loads one filling after the other.
func inTurn(first, second filling) filling {
	return filling{first.commands + second.commands, func(dst []byte, i int) []byte {
		if i < first.commands {
			return first.command(dst, i)
		}
		return second.command(dst, i-first.commands)
	}}
}

// single is a filling of one command.
func single(args ...string) filling {
	return filling{1, func(dst []byte, _ int) []byte { return harness.AppendCommand(dst, args...) }}
}

func oneString(n int) filling { return single("SET", "mystring", payload(n)) }

// smallSet is a set of the members 0 to n-1.
func smallSet(name string, n int) filling {
	return collection(n, "SADD", name, func(i int) []string { return []string{"element:" + digits(shuffled(i, n))} })
}

// smallSortedSet is a sorted set of the members from to from+n-1, scored with their numbers.
func smallSortedSet(name string, from, n int) filling {
	return collection(n, "ZADD", name, func(i int) []string {
		k := from + shuffled(i, n)
		return []string{strconv.Itoa(k), "element:" + digits(k)}
	})
}

// numbers is a list of 0 to n-1 in no order.
func numbers(n int) filling {
	return collection(n, "RPUSH", "numbers", func(i int) []string { return []string{strconv.Itoa(shuffled(i, n))} })
}

// streamWithGroup is a stream of n entries of which the group has read none.
func streamWithGroup(n int) filling {
	entries := filling{n, func(dst []byte, _ int) []byte {
		return harness.AppendCommand(dst, "XADD", "mystream", "*", "field", payload(16))
	}}
	return inTurn(single("XGROUP", "CREATE", "mystream", "mygroup", "0", "MKSTREAM"), entries)
}

// geoPoints is how many places there are: some 50 of them within 44 km of each.
const geoPoints = 10_000

// points are n places on a grid of 1,000 by 1,000 km around 0, 0.
func points(n int) filling {
	side := int(math.Sqrt(float64(n)))
	place := func(i int) string { return strconv.FormatFloat(9*float64(i)/float64(side)-4.5, 'f', 6, 64) }
	return collection(n, "GEOADD", "places", func(i int) []string {
		k := shuffled(i, n)
		return []string{place(k % side), place(k / side), "place:" + digits(k)}
	})
}

// payload is a value of n bytes.
func payload(n int) string {
	const text = "abcdefghijklmnopqrstuvwxyz012345"
	value := make([]byte, n)
	for i := range value {
		value[i] = text[i%len(text)]
	}
	return string(value)
}
