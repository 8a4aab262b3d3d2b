package config

// A PubSubDefault is the channels a new ACL user may use.
type PubSubDefault int64

const (
	ResetChannels PubSubDefault = iota
	AllChannels
)

var (
	RequirePass = security.optional(row{name: "requirepass", flags: sensitive, doc: `
The default user's password. Empty asks for none. An aclfile, or a user line
for this user, says instead of it how one logs in.`})

	ACLFile = security.text(row{name: "aclfile", flags: immutable, doc: `
A file of users, one a line, as ACL SAVE writes it. The server does not start
with a faulty one; ACL LOAD reads it again. Empty for none.`}, "")

	ACLLogMaxLen = security.int(row{name: "acllog-max-len", doc: `
How many refusals ACL LOG remembers. Equal ones within a minute are one.`}, 128, 0, maxLong)

	ACLPubSubDefault = enum(security, row{name: "acl-pubsub-default", doc: `
The channels a new user may use, and one after reset: allchannels or
resetchannels, which is none.`}, ResetChannels,
		option[PubSubDefault]{"allchannels", AllChannels},
		option[PubSubDefault]{"resetchannels", ResetChannels})
)

var (
	MaxClients = clients.int(row{name: "maxclients", flags: unsigned, doc: `
How many clients may be connected at once. It needs as many file descriptors.`}, 10000, 1, maxUint)

	ClientQueryBufferLimit = clients.memory(row{name: "client-query-buffer-limit", flags: unsigned, doc: `
How much a client may send before its request is complete.`}, 1<<30, 1<<20, maxLong)

	ProtoMaxBulkLen = clients.memory(row{name: "proto-max-bulk-len", doc: `
The longest argument of a request, and the longest string.`}, 512<<20, 1<<20, maxLong)

	ClientOutputBufferLimit = special(clients, row{name: "client-output-buffer-limit", flags: multiArg, doc: `
When to disconnect clients that do not read their replies, for each class of
client: normal, replica or pubsub. The words are the class, a hard limit, a soft
limit, and the seconds it may be exceeded for. 0 is no limit.`},
		outputLimitsKind{}, OutputLimits{
			{},
			{Hard: 256 << 20, Soft: 64 << 20, SoftSeconds: 60},
			{Hard: 32 << 20, Soft: 8 << 20, SoftSeconds: 60},
		})

	MaxMemoryClients = Share{clients.add(row{name: "maxmemory-clients", unit: Bytes, doc: `
How much memory all clients together may use for their buffers, in bytes or in
percent of maxmemory; then those that use most are disconnected. 0 is no limit.`},
		numberKind{form: memoryOrPercent, min: -100, max: maxLong}, value{})}

	TrackingTableMaxKeys = clients.int(row{name: "tracking-table-max-keys", flags: unsigned, doc: `
How many keys to remember for client-side caching. Beyond that some are
invalidated early. 0 is no limit.`}, 1000000, 0, maxLong)
)

// A Policy says which keys make room for others: bits, as in Redis, and a
// number that tells the policies apart.
type Policy int64

const (
	PolicyLRU     Policy = 1 << 0 // by the time of the last access
	PolicyLFU     Policy = 1 << 1 // by the frequency of access
	PolicyAllKeys Policy = 1 << 2 // not only keys that expire

	VolatileLRU    = 0<<8 | PolicyLRU
	VolatileLFU    = 1<<8 | PolicyLFU
	VolatileTTL    = Policy(2 << 8)
	VolatileRandom = Policy(3 << 8)
	AllKeysLRU     = 4<<8 | PolicyLRU | PolicyAllKeys
	AllKeysLFU     = 5<<8 | PolicyLFU | PolicyAllKeys
	AllKeysRandom  = 6<<8 | PolicyAllKeys
	NoEviction     = Policy(7 << 8)
)

var (
	MaxMemory = memSec.memory(row{name: "maxmemory", flags: unsigned, doc: `
How much memory the data, the clients' buffers and the replication backlog may
take together, as used_memory tells of it. Beyond it maxmemory-policy decides.
The process takes some more: about a fifth at most. 0 is no limit.`}, 0, 0, -1)

	MaxMemoryPolicy = enum(memSec, row{name: "maxmemory-policy", doc: `
Which keys make room when the limit is reached. allkeys-lru, allkeys-lfu and
allkeys-random choose among all keys; volatile-lru, volatile-lfu and
volatile-random among those that expire; volatile-ttl takes those that expire
soonest; noeviction takes none. When nothing can make room, commands that take
more memory are refused.`}, NoEviction,
		option[Policy]{"volatile-lru", VolatileLRU},
		option[Policy]{"volatile-lfu", VolatileLFU},
		option[Policy]{"volatile-random", VolatileRandom},
		option[Policy]{"volatile-ttl", VolatileTTL},
		option[Policy]{"allkeys-lru", AllKeysLRU},
		option[Policy]{"allkeys-lfu", AllKeysLFU},
		option[Policy]{"allkeys-random", AllKeysRandom},
		option[Policy]{"noeviction", NoEviction})

	MaxMemorySamples = memSec.int(row{name: "maxmemory-samples", doc: `
How many keys to look at for each that is evicted. More is closer to the policy
and slower.`}, 5, 1, maxInt)

	MaxMemoryEvictionTenacity = memSec.int(row{name: "maxmemory-eviction-tenacity", doc: `
How long eviction may hold up clients, from 0, briefly, to 100, until it is
done.`}, 10, 0, 100)

	LFULogFactor = memSec.int(row{name: "lfu-log-factor", doc: `
How many more accesses each step of the frequency counter takes.`}, 10, 0, maxInt)

	LFUDecayTime = memSec.int(row{name: "lfu-decay-time", unit: Minutes, doc: `
Minutes after which the frequency counter loses a step. 0 is never.`}, 1, 0, maxInt)

	ActiveExpireEffort = memSec.int(row{name: "active-expire-effort", doc: `
How much time to spend on removing expired keys nobody asks for, from 1 to 10.`}, 1, 1, 10)
)

var (
	LazyfreeLazyEviction = lazyfree.bool(row{name: "lazyfree-lazy-eviction", flags: meaningless, doc: `
Free evicted values in the background.`}, false)

	LazyfreeLazyExpire = lazyfree.bool(row{name: "lazyfree-lazy-expire", flags: meaningless, doc: `
Free expired values in the background.`}, false)

	LazyfreeLazyServerDel = lazyfree.bool(row{name: "lazyfree-lazy-server-del", flags: meaningless, doc: `
Free values that commands such as RENAME replace in the background.`}, false)

	LazyfreeLazyUserDel = lazyfree.bool(row{name: "lazyfree-lazy-user-del", flags: meaningless, doc: `
Let DEL free as UNLINK does.`}, false)

	LazyfreeLazyUserFlush = lazyfree.bool(row{name: "lazyfree-lazy-user-flush", flags: meaningless, doc: `
Let FLUSHALL and FLUSHDB free in the background unless told otherwise.`}, false)
)
