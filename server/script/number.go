package script

import (
	"treedis/server/script/lualib"

	lua "github.com/yuin/gopher-lua"
)

// text returns a string or a number as Lua prints it; "" for other values.
func text(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		var room [32]byte
		return string(appendNumber(room[:0], float64(v)))
	}
	return ""
}

func appendNumber(dst []byte, f float64) []byte {
	return lualib.AppendNumber(dst, f, lualib.NumberPrecision)
}

// toNumber converts as Lua's arithmetic does: a number is one, and so is a string that holds nothing else.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return lualib.ParseNumber(string(v))
	}
	return 0, false
}

const blanks = " \t\n\v\f\r"
