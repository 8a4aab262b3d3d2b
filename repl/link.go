package repl
