package rdb

// The snapshot.
//
//	file    "REDIS" version:4digits item* EOF checksum
//	item    AUX name:string value:string
//	        MODULE_AUX id:length part*
//	        FUNCTION2 library:string
//	        SELECTDB number:length
//	        RESIZEDB keys:length expires:length
//	        attr* type:byte key:string value
//	attr    EXPIRETIME unixSeconds:int32le
//	        EXPIRETIME_MS unixMilliseconds:int64le
//	        IDLE seconds:length
//	        FREQ counter:byte
//
// The checksum, from version 5 on, is the CRC-64 of all bytes before it, as a
// uint64le; zero says that none was computed. FREQ is the logarithmic access
// counter of LFU eviction.
//
// A length is one of
//
//	00xxxxxx                    6 bits
//	01xxxxxx x                  14 bits, high byte first
//	10000000 xxxx               uint32be
//	10000001 xxxxxxxx           uint64be
//
// A string begins with a length, its own in bytes, or with one of
//
//	11000000 x                  the decimal form of an int8
//	11000001 xx                 of an int16le
//	11000010 xxxx               of an int32le
//	11000011 packed:length plain:length bytes    LZF, see lzf.go
//
// The values, by type:
//
//	 0 string               string
//	 1 list                 n:length element:string*
//	 2 set                  n:length member:string*
//	 3 sorted set           n:length (member:string score:text)*
//	 4 hash                 n:length (field:string value:string)*
//	 5 sorted set           n:length (member:string score:float64le)*
//	 7 module value         id:length part*
//	 9 hash                 one string that is a zipmap
//	10 list                 one string that is a ziplist
//	11 set                  one string that is an intset
//	12 sorted set           one string that is a ziplist of members and scores
//	13 hash                 one string that is a ziplist of fields and values
//	14 list                 n:length ziplist:string*
//	15, 19, 21 stream       see stream_read.go
//	16 hash                 one string that is a listpack
//	17 sorted set           one string that is a listpack
//	18 list                 n:length (container:length node:string)*
//	20 set                  one string that is a listpack
//
// Of type 3 the score is a length byte and that many characters; the lengths
// 253, 254 and 255 stand for not a number, plus and minus infinity. Of type 18 the
// container is 1 when the node is one element and 2 when it is a listpack of
// them. Ziplists and zipmaps are described in legacy.go.
//
// The id of a module holds nine characters of six bits and, in its low ten
// bits, the version of the module's own format. Its parts are
//
//	0 (end) | 1 length | 2 length | 3 float32le | 4 float64le | 5 string
//
// where the number is a length too; that of MODULE_AUX begins with one part of
// kind 2 that says when the module wants it.
//
// The payload of DUMP.
//
//	payload type:byte value version:uint16le checksum:uint64le
//
// The checksum covers the version. There is no other frame: the key and its
// attributes travel beside the payload. In the payload of FUNCTION DUMP any
// number of FUNCTION2 items take the place of type and value.

// Versions of the format that are read; the first is what the plain types need
// and Redis 5 can load.
const (
	minVersion       = 1
	maxVersion       = 11
	plainVersion     = 9
	functionsVersion = 10 // FUNCTION2, stream type 19: Redis 7.0
	activeVersion    = 11 // stream type 21: Redis 7.2

	checksumSince = 5
)

const (
	magic      = "REDIS"
	headerSize = len(magic) + 4
)

// Bytes that stand where a type may stand.
const (
	opFunction2   = 245
	opFunctionPre = 246 // release candidates of 7.0 only
	opModuleAux   = 247
	opIdle        = 248
	opFreq        = 249
	opAux         = 250
	opResizeDB    = 251
	opExpireMs    = 252
	opExpireSec   = 253
	opSelectDB    = 254
	opEOF         = 255

	maxType = 21 // of a value
)

// Types of values.
const (
	typeString         = 0
	typeList           = 1
	typeSet            = 2
	typeZSet           = 3
	typeHash           = 4
	typeZSet2          = 5
	typeModulePre      = 6 // release candidates of 4.0 only
	typeModule2        = 7
	typeHashZipmap     = 9
	typeListZiplist    = 10
	typeSetIntset      = 11
	typeZSetZiplist    = 12
	typeHashZiplist    = 13
	typeListQuicklist  = 14
	typeStream         = 15
	typeHashListpack   = 16
	typeZSetListpack   = 17
	typeListQuicklist2 = 18
	typeStream2        = 19
	typeSetListpack    = 20
	typeStream3        = 21
)

// First bytes of lengths and strings.
const (
	len14Bit   = 0x40
	len32Bit   = 0x80
	len64Bit   = 0x81
	encodedBit = 0xC0 // both top bits: not a length but one of these
	encInt8    = 0xC0
	encInt16   = 0xC1
	encInt32   = 0xC2
	encLZF     = 0xC3
)

// Containers of type 18.
const (
	containerPlain  = 1
	containerPacked = 2
)

// Length bytes of a score of type 3 that stand for a value.
const (
	scoreNaN    = 253
	scorePosInf = 254
	scoreNegInf = 255
)

// Kinds of module parts.
const (
	modulePartEnd    = 0
	modulePartInt    = 1
	modulePartUint   = 2
	modulePartFloat  = 3
	modulePartDouble = 4
	modulePartString = 5
)

// dumpTrailer is the size of version and checksum behind a DUMP payload.
const dumpTrailer = 2 + 8
