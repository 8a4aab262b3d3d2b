package command

import "strings"

// Usage renders the arguments of a command as a line for people: <value>, [optional], (either|or), repeated...
func (s *Spec) Usage() string { return usageOf(s.args, " ") }

func usageOf(args []Arg, sep string) string {
	var b strings.Builder
	for i := range args {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(args[i].usage())
	}
	return b.String()
}

func (a *Arg) usage() string {
	var text string
	switch a.Type {
	case PureToken:
		text = a.Token
	case OneOf:
		if text = usageOf(a.Args, "|"); !a.Flags.Has(Optional) {
			text = "(" + text + ")"
		}
	case Block:
		text = usageOf(a.Args, " ")
	default:
		name := a.Display
		if name == "" {
			name = a.Name
		}
		text = "<" + name + ">"
	}
	if a.Token != "" && a.Type != PureToken {
		text = a.Token + " " + text
	}
	if a.Flags.Has(Multiple) {
		text += " ..."
	}
	if a.Flags.Has(Optional) {
		text = "[" + text + "]"
	}
	return text
}
