package server

import (
	"strings"

	"treedis/server/command"
)

var lolwutCommands = []row{
	{Spec: command.Spec{Name: "lolwut", Arity: -1, Flags: command.ReadOnly | command.Fast,
		Since: "5.0.0", Group: "server",
		Summary: "Draw a tree, and tell the version",
		Syntax:  "[VERSION version:integer]"}, run: cmdLolwut},
}

// cmdLolwut draws a tree, another one each time. There is but one kind of picture, whatever version is asked for.
func cmdLolwut(c *Call) {
	if len(c.args) >= 3 && c.is(1, "version") {
		if _, ok := c.int(2, ""); !ok {
			return
		}
	}
	c.out.Verbatim("txt", drawTree(c.srv.random())+"\nRedis ver. "+RedisVersion+" (treedis "+Version+")\n")
}

const (
	treeWidth  = 64
	treeLevels = 5 // of nodes
)

// drawTree draws a binary tree, whose shape the bits of seed decide: the root has both children, another node has each of
// its own with three chances in four.
func drawTree(seed uint64) string {
	next := func(n uint64) uint64 { // below n, a power of two
		seed = seed*6364136223846793005 + 1442695040888963407
		return seed >> 33 % n
	}
	var b strings.Builder
	nodes := []int{treeWidth / 2} // columns
	for level := range treeLevels {
		row, branches := blanks(), blanks()
		reach := treeWidth >> (level + 2) // from a node to its children
		var children []int
		for _, at := range nodes {
			row[at] = "o*@"[min(next(4), 2)]
			for _, to := range []int{at - reach, at + reach} {
				if level == treeLevels-1 || level > 0 && next(4) == 0 {
					continue
				}
				children = append(children, to)
				for i := min(at, to) + 1; i < max(at, to); i++ {
					row[i] = '_'
				}
				if to < at {
					branches[to] = '/'
				} else {
					branches[to] = '\\'
				}
			}
		}
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
		if len(children) > 0 {
			b.WriteString(strings.TrimRight(string(branches), " ") + "\n")
		}
		nodes = children
	}
	return b.String()
}

func blanks() []byte { return []byte(strings.Repeat(" ", treeWidth)) }
