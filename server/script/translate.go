package script

import (
	"regexp"
	"strings"
)

// translations make PUC's texts of gopher-lua's. They are tried in order on what follows the place.
var translations = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '.*'$`), "attempt to index a $1 value"},
	{regexp.MustCompile(`^attempt to call a non-function object$`), "attempt to call a nil value"},
	{regexp.MustCompile(`^cannot perform (?:add|sub|mul|div|mod|pow) operation between string and (?:number|string)$`), "attempt to perform arithmetic on a string value"},
	{regexp.MustCompile(`^cannot perform (?:add|sub|mul|div|mod|pow) operation between (?:number|string) and (\w+)$`), "attempt to perform arithmetic on a $1 value"},
	{regexp.MustCompile(`^cannot perform (?:add|sub|mul|div|mod|pow) operation between (\w+) and \w+$`), "attempt to perform arithmetic on a $1 value"},
	{regexp.MustCompile(`^__unm undefined$`), "attempt to perform arithmetic on a nil value"},
	{regexp.MustCompile(`^__len undefined$`), "attempt to get length of a nil value"},
	{regexp.MustCompile(`^attempt to compare nil with nil$`), "attempt to compare two nil values"},
	{regexp.MustCompile(`^attempt to compare table with table$`), "attempt to compare two table values"},
	{regexp.MustCompile(`^attempt to compare boolean with boolean$`), "attempt to compare two boolean values"},
	{regexp.MustCompile(`^attempt to compare function with function$`), "attempt to compare two function values"},
	{regexp.MustCompile(`^for statement init must be a number$`), "'for' initial value must be a number"},
	{regexp.MustCompile(`^for statement (\w+) must be a number$`), "'for' $1 must be a number"},
	{regexp.MustCompile(`^too many recursions in (\w+)$`), "loop in $1"},
	{regexp.MustCompile(`^(?:registry overflow|lua callstack overflow)$`), "stack overflow"},
	{regexp.MustCompile(`^can not resume a (dead|running) thread$`), "cannot resume $1 coroutine"},
}

// place is the beginning of a message that says where it was raised.
var place = regexp.MustCompile(`^(?:\[string ".*"\]|[^\s:]+):\d+: ?`)

// translate makes an error's text what PUC's Lua would have said, as far as what is known tells.
func translate(msg string) string {
	if !strings.Contains(msg, "a") && !strings.Contains(msg, "__") { // none of them
		return msg
	}
	prefix := place.FindString(msg)
	rest := msg[len(prefix):]
	for _, t := range translations {
		if t.from.MatchString(rest) {
			return prefix + t.from.ReplaceAllString(rest, t.to)
		}
	}
	return msg
}
