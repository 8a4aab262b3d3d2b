package script

import (
	"context"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Registration is what redis.register_function tells of a function.
type Registration struct {
	Name        string
	Description string
	Described   bool // there is a description, perhaps an empty one
	Flags       Flags
	Callback    Function
}

// loading is the state of loading libraries.
type loading struct {
	globals  *lua.LTable                // all that a library sees while it is loaded
	register func(r Registration) error // of the library that is being loaded; nil if none is
}

// LoadLibrary runs the source of a library, which registers its functions; those for which register returns an error
// make it fail. Once ctx is done the source is stopped, and fails for that cause. The errors have texts for clients.
//
// While it is loaded, a library sees nothing but the table redis, with just a few functions.
func (vm *VM) LoadLibrary(ctx context.Context, source string, register func(r Registration) error) error {
	fn, err := vm.Compile(source, "user_function")
	if err != nil {
		return errors.New("Error compiling function: " + err.Error())
	}
	if vm.loading.globals == nil {
		vm.openLibrary()
	}
	mt := vm.public.Metatable.(*lua.LTable)
	mt.RawSetString("__index", vm.loading.globals)
	vm.loading.register = register
	defer func() {
		mt.RawSetString("__index", vm.globals)
		vm.loading.register = nil
	}()
	run := &Run{Yield: func() string { return context.Cause(ctx).Error() }}
	defer context.AfterFunc(ctx, run.Interrupt)()
	if _, failed := vm.Do(run, fn); failed != nil {
		return errors.New("Error registering functions: " + failed.Text)
	}
	return nil
}

// openLibrary makes the global variables of libraries that are being loaded.
func (vm *VM) openLibrary() {
	L := vm.L
	redis := L.CreateTable(0, 32)
	redis.RawSetString("register_function", L.NewFunction(vm.redisRegisterFunction))
	vm.openLog(redis)
	vm.openVersion(redis)
	globals := L.CreateTable(0, 32)
	globals.RawSetString("redis", redis)
	globals.RawSetString("server", redis)
	vm.facade(globals, L.CreateTable(0, 1))
	redis.Metatable, globals.Metatable = vm.globals.Metatable, vm.globals.Metatable
	vm.loading.globals = globals
}

// redisRegisterFunction takes a name and a function, or a table of named arguments.
func (vm *VM) redisRegisterFunction(L *lua.LState) int {
	if vm.loading.register == nil {
		raiseTable(L, "redis.register_function can only be called on FUNCTION LOAD command")
	}
	var r Registration
	var problem string
	switch L.GetTop() {
	case 1:
		problem = vm.namedArgs(L.Get(1), &r)
	case 2:
		problem = positionalArgs(L, &r)
	default:
		problem = "wrong number of arguments to redis.register_function"
	}
	if problem == "" {
		if err := vm.loading.register(r); err != nil {
			problem = err.Error()
		}
	}
	if problem != "" {
		raiseTable(L, problem)
	}
	return 0
}

func positionalArgs(L *lua.LState, r *Registration) (problem string) {
	if !lua.LVCanConvToString(L.Get(1)) {
		return "first argument to redis.register_function must be a string"
	}
	fn, ok := L.Get(2).(*lua.LFunction)
	if !ok {
		return "second argument to redis.register_function must be a function"
	}
	r.Name, r.Callback.LFunction = text(L.Get(1)), fn
	return ""
}

func (vm *VM) namedArgs(v lua.LValue, r *Registration) (problem string) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments)."
	}
	t = vm.real(t)
	named := false
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if !lua.LVCanConvToString(k) {
			return "named argument key given to redis.register_function is not a string"
		}
		switch strings.ToLower(text(k)) {
		case "function_name":
			if named = lua.LVCanConvToString(v); !named {
				return "function_name argument given to redis.register_function must be a string"
			}
			r.Name = text(v)
		case "description":
			if r.Described = lua.LVCanConvToString(v); !r.Described {
				return "description argument given to redis.register_function must be a string"
			}
			r.Description = text(v)
		case "callback":
			if r.Callback.LFunction, ok = v.(*lua.LFunction); !ok {
				return "callback argument given to redis.register_function must be a function"
			}
		case "flags":
			if problem = vm.flagsArg(v, r); problem != "" {
				return problem
			}
		default:
			return "unknown argument given to redis.register_function"
		}
	}
	switch {
	case !named:
		return "redis.register_function must get a function name argument"
	case r.Callback.LFunction == nil:
		return "redis.register_function must get a callback argument"
	}
	return ""
}

func (vm *VM) flagsArg(v lua.LValue, r *Registration) (problem string) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return "flags argument to redis.register_function must be a table representing function flags"
	}
	t = vm.real(t)
	for i := 1; ; i++ {
		name := t.RawGetInt(i)
		if name == lua.LNil {
			return ""
		}
		flag, ok := ParseFlag(strings.ToLower(text(name)))
		if !ok {
			return "unknown flag given"
		}
		r.Flags |= flag
	}
}
