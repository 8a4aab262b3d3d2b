package rdb

import "hash/crc64"

// crcTable is that of the Jones polynomial, 0xad93d23594c935a9, bit reversed as
// Redis uses it.
var crcTable = crc64.MakeTable(0x95ac9329ac4bc9b5)

// checksum continues the CRC-64 crc over p. Redis neither starts from all ones
// nor inverts the result, as the standard library does on both ends: inverting
// once more on both ends undoes that.
func checksum(crc uint64, p []byte) uint64 {
	return ^crc64.Update(^crc, crcTable, p)
}
