package listpack

import "errors"

// ErrCorrupt is wrapped by every error Validate returns: the bytes are not a
// listpack.
var ErrCorrupt = errors.New("listpack: corrupt")
