//lint:file-ignore ST1005 The texts are those of Redis, which clients read.

package acl

import (
	"errors"
	"fmt"
)

// Why a rule is refused.
var (
	ErrSyntax           = errors.New("Syntax error")
	ErrUnknown          = errors.New("Unknown command or category name in ACL")
	ErrAfterAllKeys     = errors.New("Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns")
	ErrAfterAllChannels = errors.New("Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels")
	ErrNoPassword       = errors.New("The password you are trying to remove from the user does not exist")
	ErrBadHash          = errors.New("The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters")
	ErrDuplicate        = errors.New("Duplicate user found. A user can only be defined once in config files")
	ErrFirstArg         = errors.New("Allowing first-arg of a subcommand is not supported")
	ErrName             = errors.New("Usernames can't contain spaces or null characters")
	ErrUnmatched        = errors.New("Unmatched parenthesis in acl selector")
)

// A RuleError is the rule that can't be applied, with one of the errors above. Its text is what ACL SETUSER replies, but for
// the error's code.
type RuleError struct {
	Rule string
	Err  error
}

func (e *RuleError) Error() string {
	if e.Err == ErrUnmatched {
		return fmt.Sprintf("%v starting at '%s'.", e.Err, e.Rule)
	}
	return fmt.Sprintf("Error in ACL SETUSER modifier '%s': %v", e.Rule, e.Err)
}

func (e *RuleError) Unwrap() error { return e.Err }
