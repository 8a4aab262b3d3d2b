package command

import "errors"

// Faults in the declarations, found by NewTable and ParseSyntax. Each is wrapped with the row's
// name or the position.
var (
	ErrSpec      = errors.New("bad command row")
	ErrDuplicate = errors.New("command declared twice")
	ErrSyntax    = errors.New("bad argument syntax")
	ErrNoCommand = errors.New("no such command")
)

// Refusals of COMMAND GETKEYS and GETKEYSANDFLAGS. The texts are sent to clients after "ERR ".
var (
	ErrNoKeyArgs     = errors.New("The command has no key arguments")                  //lint:ignore ST1005 wire text
	ErrArgCount      = errors.New("Invalid number of arguments specified for command") //lint:ignore ST1005 wire text
	ErrInvalidArgs   = errors.New("Invalid arguments specified for command")           //lint:ignore ST1005 wire text
	ErrInvalidTarget = errors.New("Invalid command specified")                         //lint:ignore ST1005 wire text
)
