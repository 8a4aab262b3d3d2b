package server

// The errors that clients see. The texts are Redis's: clients and their test suites match them.
const (
	errWrongType     = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errSyntax        = "ERR syntax error"
	errNotInteger    = "ERR value is not an integer or out of range"
	errNotFloat      = "ERR value is not a valid float"
	errNoSuchKey     = "ERR no such key"
	errOutOfRange    = "ERR index out of range"
	errSameObject    = "ERR source and destination objects are the same"
	errOverflow      = "ERR increment or decrement would overflow"
	errNaNOrInf      = "ERR increment would produce NaN or Infinity"
	errStringTooLong = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
	errOffsetRange   = "ERR offset is out of range"
	errNotPositive   = "ERR value is out of range, must be positive"
	errDBIndex       = "ERR DB index is out of range"
	errInvalidDB     = "ERR invalid DB index"

	errNoAuth      = "NOAUTH Authentication required."
	errWrongPass   = "WRONGPASS invalid username-password pair or user is disabled."
	errReadOnly    = "READONLY You can't write against a read only replica."
	errMasterDown  = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
	errLoading     = "LOADING Redis is loading the dataset in memory"
	errNoReplicas  = "NOREPLICAS Not enough good replicas to write."
	errOOM         = "OOM command not allowed when used memory > 'maxmemory'."
	errMisconf     = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."
	errExecAbort   = "EXECABORT Transaction discarded because of previous errors."
	errMaxClients  = "ERR max number of clients reached"
	errProtected   = "DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. Connections are accepted from this host only: set a password, or turn protected-mode off."
	errNestedMulti = "ERR MULTI calls can not be nested"
	errBusyKey     = "BUSYKEY Target key name already exists."
)
