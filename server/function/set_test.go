package function

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"treedis/server/script"
)

func newSet() *Set {
	return NewSet(func() *script.VM {
		return script.New(script.Options{
			Log: func(int, string) {}, Enabled: func(int) bool { return true }, Rand: script.NewRand(),
			Version: "7.2.4", VersionNum: 0x070204,
		})
	})
}

func source(name, body string) string { return "#!lua name=" + name + "\n" + body }

// registering is a library with functions of the given names.
func registering(name string, functions ...string) string {
	body := ""
	for _, f := range functions {
		body += "redis.register_function('" + f + "', function() return '" + name + "' end)\n"
	}
	return source(name, body)
}

func load(t *testing.T, s *Set, source string) {
	t.Helper()
	_, err := s.Load(t.Context(), source, false)
	require.NoError(t, err)
}

// names lists what a set holds: each library with its functions.
func names(s *Set) (out []string) {
	for _, lib := range s.Libraries() {
		line := lib.Name + ":"
		for _, f := range lib.Functions {
			line += " " + f.Name
		}
		out = append(out, line)
	}
	return out
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                        "Missing library metadata",
		"#":                       "Missing library metadata",
		"#!":                      "Library name was not given",
		"#! name=x":               "Engine '' not found",
		"#!lua":                   "Library name was not given",
		"#!lua name=":             errBadName.Error(),
		"#!lua name=a name=b":     "Invalid metadata value, name argument was given multiple times",
		"#!lua x=y":               "Invalid metadata value given: x=y",
		"#!LUA NAME=lib":          "",
		"#!Lua name=\"li\\x62\"":  "",
		"#!lua name=\"lib":        "Invalid library metadata",
		"#!js name=lib":           "Engine 'js' not found",
		"#!lua name=lib extra":    "Invalid metadata value given: extra",
		"#!lua\tname='lib' ":      "",
		"#!lua name=li-b":         errBadName.Error(),
		"#!lua name=li\x00b":      "Invalid library metadata",
		"\"#!lua\" name=lib":      "Missing library metadata",
		"#!\"lua\" name=lib":      "",
		"#!lua name=lib\xc3\xa9":  errBadName.Error(),
		"#!lua name=lib flags=no": "Invalid metadata value given: flags=no",
	} {
		name, err := newSet().Load(t.Context(), line+"\nredis.register_function('f', function() end)", false)
		if want == "" {
			require.NoError(t, err, line)
			require.Equal(t, "lib", name)
			continue
		}
		require.EqualError(t, err, want, "%q", line)
	}
	_, err := newSet().Load(t.Context(), "#!lua name=lib redis.register_function('f', function() end)", false)
	require.EqualError(t, err, "Invalid library metadata")
}

// TestLoadErrors: the texts are Redis's.
func TestLoadErrors(t *testing.T) {
	t.Parallel()
	const registering = "Error registering functions: ERR "
	for body, want := range map[string]string{
		"return 1":                            "No functions registered",
		"error('boom')":                       registering + "user_function:2: Script attempted to access nonexistent global variable 'error'",
		"local x = nil; x()":                  registering + "user_function:2: attempt to call local 'x' (a nil value)",
		"redis.register_function()":           registering + "wrong number of arguments to redis.register_function",
		"redis.foo()":                         registering + "user_function:2: Script attempted to access nonexistent global variable 'foo'",
		"redis.register_function('f1', 1, 2)": registering + "wrong number of arguments to redis.register_function",
		"redis.register_function('f', 1)":     registering + "second argument to redis.register_function must be a function",
		"redis.register_function(nil, 1)":     registering + "first argument to redis.register_function must be a string",
		"redis.register_function('f')": registering +
			"calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
		"redis.register_function('f-', function() end)":                 registering + errBadName.Error(),
		"redis.register_function('', function() end)":                   registering + errBadName.Error(),
		"redis.register_function{[1]=1}":                                registering + "unknown argument given to redis.register_function",
		"redis.register_function{[{}]=1}":                               registering + "named argument key given to redis.register_function is not a string",
		"redis.register_function{function_name={}}":                     registering + "function_name argument given to redis.register_function must be a string",
		"redis.register_function{description=true}":                     registering + "description argument given to redis.register_function must be a string",
		"redis.register_function{callback=1}":                           registering + "callback argument given to redis.register_function must be a function",
		"redis.register_function{flags=1}":                              registering + "flags argument to redis.register_function must be a table representing function flags",
		"redis.register_function{flags={'no-writes',1}}":                registering + "unknown flag given",
		"redis.register_function{flags={'nothing'}}":                    registering + "unknown flag given",
		"redis.register_function{function_name='f'}":                    registering + "redis.register_function must get a callback argument",
		"redis.register_function{callback=function() end}":              registering + "redis.register_function must get a function name argument",
		"for i=1,2 do redis.register_function('f', function() end) end": registering + "Function already exists in the library",
		"redis.x=1":                registering + "user_function:2: Attempt to modify a readonly table",
		"\n\na=1":                  registering + "user_function:4: Attempt to modify a readonly table",
		"redis.redis.call('ping')": registering + "user_function:2: Script attempted to access nonexistent global variable 'redis'",
		"redis.log('x')":           registering + "redis.log() requires two arguments or more.",
	} {
		s := newSet()
		_, err := s.Load(t.Context(), source("lib", body), false)
		require.EqualError(t, err, want, body)
		require.Empty(t, names(s))
	}
}

func TestLoadDoesNotCompile(t *testing.T) {
	t.Parallel()
	_, err := newSet().Load(t.Context(), source("lib", "bad script"), false)
	require.ErrorContains(t, err, "Error compiling function: user_function:2: ")
}

func TestLoadTakesNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	s := newSet()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("too long"))
	defer cancel()
	for _, body := range []string{"while true do end", "local function f() return f() end f()"} {
		_, err := s.Load(ctx, source("lib", body), false)
		require.EqualError(t, err, "Error registering functions: ERR too long")
	}
	load(t, s, registering("lib", "f"))
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	s := newSet()
	load(t, s, source("lib", `
		redis.register_function(1, function() end)
		redis.register_function{Function_Name='second', CALLBACK=function() end, description='', flags={'NO-WRITES', 'allow-oom'}}
		redis.register_function{function_name='x', callback=function() end, flags={}}`))
	require.Equal(t, []string{"lib: 1 second x"}, names(s))
	f := s.Function([]byte("SECOND"))
	require.Equal(t, script.NoWrites|script.AllowOOM, f.Flags)
	require.True(t, f.Described)
	require.False(t, s.Function([]byte("x")).Described)
	require.Nil(t, s.Function([]byte("nosuch")))
	libraries, functions := s.Len()
	require.Equal(t, []int{1, 3}, []int{libraries, functions})
	require.Positive(t, s.Memory())
}

// TestReplace: a library that cannot be loaded leaves everything as it was.
func TestReplace(t *testing.T) {
	t.Parallel()
	s := newSet()
	load(t, s, registering("a", "f", "g"))
	load(t, s, registering("b", "h"))
	_, err := s.Load(t.Context(), registering("a", "f"), false)
	require.EqualError(t, err, "Library 'a' already exists")
	_, err = s.Load(t.Context(), registering("a", "f", "H"), true)
	require.EqualError(t, err, "Function H already exists")
	_, err = s.Load(t.Context(), registering("c", "G"), true)
	require.EqualError(t, err, "Function G already exists")
	_, err = s.Load(t.Context(), source("a", "redis.register_function('n', function() end) local x = nil; x()"), true)
	require.Error(t, err)
	require.Equal(t, []string{"a: f g", "b: h"}, names(s))
	require.NotNil(t, s.Function([]byte("g")))

	_, err = s.Load(t.Context(), registering("a", "F", "i"), true)
	require.NoError(t, err)
	require.Equal(t, []string{"a: F i", "b: h"}, names(s))
	require.Nil(t, s.Function([]byte("g")))
	require.False(t, s.Delete("A"))
	require.True(t, s.Delete("a"))
	require.Nil(t, s.Function([]byte("i")))
	require.Equal(t, []string{"b: h"}, names(s))

	// Names that differ in case only are two functions of a library, of which one can be called.
	load(t, s, registering("twice", "t", "T"))
	require.True(t, s.Delete("twice"))
	require.Nil(t, s.Function([]byte("t")))
}

func TestJoin(t *testing.T) {
	t.Parallel()
	s := newSet()
	load(t, s, registering("a", "f"))
	load(t, s, registering("b", "g"))
	same := s.Sibling()
	load(t, same, registering("a", "f", "n"))
	require.EqualError(t, s.Join(same, false), "Library a already exists")
	clash := s.Sibling()
	load(t, clash, registering("a", "f", "g"))
	require.EqualError(t, s.Join(clash, true), "Function g already exists")
	require.Equal(t, []string{"a: f", "b: g"}, names(s))
	require.NoError(t, s.Join(same, true))
	require.Equal(t, []string{"a: f n", "b: g"}, names(s))

	again := s.Sibling()
	for _, src := range s.Sources() {
		load(t, again, string(src))
	}
	require.Equal(t, names(s), names(again))
}
