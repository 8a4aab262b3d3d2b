package server

import "strings"

// cmdHelp is the HELP of every container: it lists the subcommands as their rows describe them.
func cmdHelp(c *Call) {
	container := c.row.Parent()
	c.out.Array(1 + 2*len(container.Subcommands()))
	c.out.Simple(strings.ToUpper(container.Name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, sub := range container.Subcommands() {
		_, name, _ := strings.Cut(sub.Name, "|")
		usage := sub.Usage()
		if usage != "" {
			usage = " " + usage
		}
		c.out.Simple(strings.ToUpper(name) + usage)
		c.out.Simple("    " + sub.Summary + ".")
	}
}
