package differential

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"treedis/tests/harness"
)

// A check compares two replies to one command and says what is wrong; "" is nothing. Errors are always compared to the byte,
// before a check is asked. It may send further commands through the duel.
type check func(d *duel, p *pair, args []string, ours, theirs harness.Reply) string

// exact wants the same bytes.
func exact(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	if !bytes.Equal(ours.Raw, theirs.Raw) {
		return "replies differ"
	}
	return ""
}

// unordered wants the same elements in any order.
func unordered(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	return sameElements(ours, theirs, 1)
}

func sameElements(ours, theirs harness.Reply, width int) string {
	if ours.Kind != theirs.Kind || len(ours.Elems) != len(theirs.Elems) {
		return "replies differ in kind or length"
	}
	if !slices.Equal(chunks(ours, width), chunks(theirs, width)) {
		return "replies differ as multisets"
	}
	return ""
}

func chunks(r harness.Reply, width int) []string {
	var out []string
	for c := range slices.Chunk(r.Elems, width) {
		var b strings.Builder
		for _, e := range c {
			b.Write(e.Raw)
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

// orderedIfCompact is for replies whose order Redis defines while a collection is small, as that of insertion, and leaves
// open once it is a hash table.
func orderedIfCompact(width int) check {
	return func(d *duel, p *pair, args []string, ours, theirs harness.Reply) string {
		if bytes.Equal(ours.Raw, theirs.Raw) {
			return ""
		}
		if enc, _ := p.theirs.Do("OBJECT", "ENCODING", args[1]); enc.Text != "hashtable" {
			return "replies differ, and the order of a " + enc.Text + " is defined"
		}
		return sameElements(ours, theirs, width)
	}
}

// near wants two integers at most so far apart, and the same when negative: TTLs.
func near(tolerance int64) check {
	return func(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
		a, b := ours.Int(), theirs.Int()
		if ours.Kind != theirs.Kind || (a < 0 || b < 0) && a != b || max(a-b, b-a) > tolerance {
			return fmt.Sprintf("replies differ by more than %d", tolerance)
		}
		return ""
	}
}

// idleTime compares OBJECT IDLETIME, but not of integers: Redis shares objects for small ones, whose clock stands still.
func idleTime(d *duel, p *pair, args []string, ours, theirs harness.Reply) string {
	if enc, err := p.theirs.Do("OBJECT", "ENCODING", args[2]); err == nil && enc.Text == "int" {
		return shape(d, p, args, ours, theirs)
	}
	return near(clockTolerance/1000)(d, p, args, ours, theirs)
}

// shape wants the same kind of reply with as many elements.
func shape(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	if ours.Kind != theirs.Kind || ours.Null != theirs.Null || len(ours.Elems) != len(theirs.Elems) {
		return "replies differ in kind or length"
	}
	return ""
}

// sampled checks replies of random members: as many on both sides, all of them in what the reading command gives, and
// distinct unless the count was negative. read names that command; with is the option that adds a value to each member.
func sampled(with string, read ...string) check {
	return func(d *duel, p *pair, args []string, ours, theirs harness.Reply) string {
		if msg := shape(d, p, args, ours, theirs); msg != "" || len(args) == 2 && ours.Null {
			return msg
		}
		command := slices.Insert(slices.Clone(read), 1, args[1])
		for side, conn := range map[string]*harness.Conn{"ours": p.ours, "theirs": p.theirs} {
			all, err := conn.Do(command...)
			if err != nil {
				return err.Error()
			}
			got := ours
			if side == "theirs" {
				got = theirs
			}
			if msg := isSample(got, all, args, with); msg != "" {
				return side + ": " + msg
			}
		}
		return ""
	}
}

func isSample(got, all harness.Reply, args []string, with string) string {
	picked := leaves(got)
	if len(got.Elems) == 0 {
		picked = []string{got.Text}
	}
	known := leaves(all)
	hasValues := len(args) == 4 && strings.EqualFold(args[3], with) && with != ""
	set := make(map[string]bool)
	width := 1
	if with != "" {
		width = 2 // the reading command gives pairs
	}
	for pair := range slices.Chunk(known, width) {
		set[pair[0]] = true
		if hasValues {
			set[pair[0]+"\x00"+pair[1]] = true
		}
	}
	step := 1
	if hasValues {
		step = 2
	}
	seen := make(map[string]bool)
	if len(got.Elems) == 0 && got.Kind != '$' {
		return ""
	}
	for c := range slices.Chunk(picked, step) {
		item := strings.Join(c, "\x00")
		if !set[item] {
			return fmt.Sprintf("%q is not a member", item)
		}
		if seen[item] && len(args) > 2 && !strings.HasPrefix(args[2], "-") {
			return fmt.Sprintf("%q came twice", item)
		}
		seen[item] = true
	}
	return ""
}

// leaves flattens a reply: nested pairs of RESP3 and flat arrays of RESP2 come out alike.
func leaves(r harness.Reply) []string {
	if len(r.Elems) == 0 {
		if r.Kind == '*' || r.Kind == '~' || r.Kind == '%' {
			return nil
		}
		return []string{r.Text}
	}
	var out []string
	for _, e := range r.Elems {
		out = append(out, leaves(e)...)
	}
	return out
}

// popped checks SPOP: what each side took and what it has left must be the same in sum. Then both lose what the other took,
// so that they are equal again.
func popped(d *duel, p *pair, args []string, ours, theirs harness.Reply) string {
	if msg := shape(d, p, args, ours, theirs); msg != "" || ours.Null {
		return msg
	}
	took := func(r harness.Reply) []string {
		if r.Kind == '$' {
			return []string{r.Text}
		}
		return r.Texts()
	}
	left := func(c *harness.Conn) []string {
		r, _ := c.Do("SMEMBERS", args[1])
		return r.Texts()
	}
	mine, yours := took(ours), took(theirs)
	a, b := slices.Concat(mine, left(p.ours)), slices.Concat(yours, left(p.theirs))
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		return fmt.Sprintf("taken and left are %q and %q", a, b)
	}
	if len(mine) > 0 {
		_, _ = p.ours.Do(append([]string{"SREM", args[1]}, yours...)...)
		_, _ = p.theirs.Do(append([]string{"SREM", args[1]}, mine...)...)
	}
	return ""
}

// scanned follows both cursors to the end and compares what all the pages gave; cursors themselves are a server's own.
func scanned(cursorAt, width int) check {
	return func(_ *duel, p *pair, args []string, ours, theirs harness.Reply) string {
		if args[cursorAt] != "0" {
			return ""
		}
		a, err := scanAll(p.ours, args, cursorAt, width, ours)
		if err != nil {
			return "ours: " + err.Error()
		}
		b, err := scanAll(p.theirs, args, cursorAt, width, theirs)
		if err != nil {
			return "theirs: " + err.Error()
		}
		if !slices.Equal(a, b) {
			return fmt.Sprintf("full scans differ: %q and %q", a, b)
		}
		return ""
	}
}

func scanAll(c *harness.Conn, args []string, cursorAt, width int, page harness.Reply) ([]string, error) {
	args = slices.Clone(args)
	var all []string
	for range 10_000 {
		if len(page.Elems) != 2 {
			return nil, fmt.Errorf("a page of %d elements: %q", len(page.Elems), page.Raw)
		}
		all = append(all, chunks(page.Elems[1], width)...)
		if page.Elems[0].Text == "0" {
			for i := range all {
				all[i] = strings.ReplaceAll(all[i], "$2\r\n-0\r\n", "$1\r\n0\r\n") // see sameButDoubles
			}
			slices.Sort(all)
			return slices.Compact(all), nil // an element may come twice while a table is resized
		}
		args[cursorAt] = page.Elems[0].Text
		var err error
		if page, err = c.Do(args...); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the cursor never came back to 0")
}

// hello compares the reply of HELLO but for what names the server itself.
func hello(_ *duel, _ *pair, _ []string, ours, theirs harness.Reply) string {
	own := map[string]bool{"server": true, "version": true, "id": true}
	if ours.Kind != theirs.Kind || len(ours.Elems) != len(theirs.Elems) {
		return "replies differ in kind or length"
	}
	for i := 0; i+1 < len(ours.Elems); i += 2 {
		a, b := ours.Elems[i:i+2], theirs.Elems[i:i+2]
		if a[0].Text != b[0].Text || a[1].Kind != b[1].Kind || !own[a[0].Text] && !bytes.Equal(a[1].Raw, b[1].Raw) {
			return "replies differ in " + strconv.Quote(b[0].Text)
		}
	}
	return ""
}

// randomKey wants a key that exists, or a null on both sides.
func randomKey(_ *duel, p *pair, _ []string, ours, theirs harness.Reply) string {
	if ours.Null || theirs.Null {
		return shape(nil, nil, nil, ours, theirs)
	}
	if n, err := p.ours.Do("EXISTS", ours.Text); err != nil || n.Int() != 1 {
		return "not a key of ours"
	}
	return ""
}

// dumped restores each side's payload on the other and compares what came of it. Payloads themselves may differ: there is
// more than one way to write a value.
func dumped(_ *duel, p *pair, args []string, ours, theirs harness.Reply) string {
	if ours.Null || theirs.Null {
		return shape(nil, nil, nil, ours, theirs)
	}
	const there, here = "dumped:there", "dumped:here"
	var digests []string
	for _, step := range []struct {
		c       *harness.Conn
		key     string
		payload string
	}{{p.theirs, there, ours.Text}, {p.ours, here, theirs.Text}} {
		if r, err := step.c.Do("RESTORE", step.key, "0", step.payload, "REPLACE"); err != nil || r.IsError() {
			return fmt.Sprintf("restoring as %s: %v %s", step.key, err, r.Text)
		}
		r, _ := step.c.Do("DEBUG", "DIGEST-VALUE", step.key)
		digests = append(digests, r.Texts()...)
		_, _ = step.c.Do("DEL", step.key)
	}
	if len(digests) != 2 || digests[0] != digests[1] {
		return fmt.Sprintf("values differ after being restored on the other side: %q", digests)
	}
	return ""
}

// storedDistances compares the sorted set of distances that a command made, within the last digits, and removes it.
func storedDistances(_ *duel, p *pair, _ []string, ours, theirs harness.Reply) string {
	for _, key := range []string{"dist:0", "dist:1"} {
		var stored [2][]string
		for i, c := range p.both() {
			r, err := c.Do("ZRANGE", key, "0", "-1", "WITHSCORES")
			if err != nil {
				return err.Error()
			}
			stored[i] = leaves(r)
			_, _ = c.Do("DEL", key)
		}
		if msg := sameDistances(stored[0], stored[1]); msg != "" {
			return key + ": " + msg
		}
	}
	return exact(nil, nil, nil, ours, theirs)
}

func sameDistances(ours, theirs []string) string {
	if len(ours) != len(theirs) {
		return "stored sets differ in length"
	}
	for i, a := range ours {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(theirs[i], 64)
		if i%2 == 0 && a != theirs[i] || i%2 == 1 && (errX != nil || errY != nil || math.Abs(x-y) > 1e-9*max(1, x)) {
			return fmt.Sprintf("stored are %q and %q", ours, theirs)
		}
	}
	return ""
}
