package server

// The words of commands that are logged in place of others. They are never written to.
var (
	wordDel       = []byte("DEL")
	wordUnlink    = []byte("UNLINK")
	wordSet       = []byte("SET")
	wordPXAT      = []byte("PXAT")
	wordKeepTTL   = []byte("KEEPTTL")
	wordPersist   = []byte("PERSIST")
	wordPExpireAt = []byte("PEXPIREAT")
	wordLMove     = []byte("LMOVE")
	wordLPop      = []byte("LPOP")
	wordRPopLPush = []byte("RPOPLPUSH")
	wordRPop      = []byte("RPOP")
	wordHSet      = []byte("HSET")
	wordSRem      = []byte("SREM")
	wordZPopMin   = []byte("ZPOPMIN")
	wordZPopMax   = []byte("ZPOPMAX")
	wordAbsTTL    = []byte("ABSTTL")
)
