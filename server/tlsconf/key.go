package tlsconf

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"
)

var (
	errNeedsPass = errors.New("the key is encrypted, and there is no passphrase for it")
	errWrongPass = errors.New("the passphrase is wrong")
	errDamaged   = errors.New("the key's encryption is described wrongly")
)

// maxIterations bounds the work that a key file may ask for: OpenSSL asks for 2,048, careful people for a million.
const maxIterations = 10_000_000

// openKey returns the first private key of a PEM file, in PEM without encryption.
func openKey(text []byte, pass string) ([]byte, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		der, err := decrypted(block, pass)
		if err != nil {
			return nil, err
		}
		// Whichever form the key has, the library tries them all.
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
	return nil, errNoKey
}

// decrypted returns the key in a block, in DER.
func decrypted(block *pem.Block, pass string) ([]byte, error) {
	//lint:ignore SA1019 the form is a bad one, but such keys exist, and who has them can't be attacked by way of their own file
	traditional := x509.IsEncryptedPEMBlock(block)
	modern := block.Type == "ENCRYPTED PRIVATE KEY"
	switch {
	case !traditional && !modern:
		return block.Bytes, nil
	case pass == "":
		return nil, errNeedsPass
	case modern:
		return decryptPKCS8(block.Bytes, pass)
	}
	//lint:ignore SA1019 as above
	der, err := x509.DecryptPEMBlock(block, []byte(pass))
	if errors.Is(err, x509.IncorrectPasswordError) {
		err = errWrongPass
	}
	return der, err
}

// The structures of an encrypted key, by RFC 5958 and RFC 8018.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		Derivation pkix.AlgorithmIdentifier
		Cipher     pkix.AlgorithmIdentifier
	}
	pbkdf2Parameters struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
)

// decryptPKCS8 decrypts a key that is encrypted by PBES2 with PBKDF2, as OpenSSL does by default.
func decryptPKCS8(der []byte, pass string) ([]byte, error) {
	var key encryptedKey
	var scheme pbes2
	if !unmarshal(der, &key) {
		return nil, errDamaged
	}
	if oid := key.Algorithm.Algorithm.String(); oid != oidPBES2 {
		return nil, fmt.Errorf("the key is encrypted by %s, which is not supported", oid)
	}
	if !unmarshal(key.Algorithm.Parameters.FullBytes, &scheme) {
		return nil, errDamaged
	}
	c, err := cipherOf(scheme.Cipher.Algorithm.String())
	if err != nil {
		return nil, err
	}
	secret, err := derive(scheme.Derivation, pass, c.size)
	if err != nil {
		return nil, err
	}
	block, err := c.block(secret)
	if err != nil {
		return nil, err
	}
	var iv []byte
	if !unmarshal(scheme.Cipher.Parameters.FullBytes, &iv) || len(iv) != block.BlockSize() ||
		len(key.Data) == 0 || len(key.Data)%block.BlockSize() != 0 {
		return nil, errDamaged
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(key.Data, key.Data)
	plain := unpadded(key.Data, block.BlockSize())
	if _, err := x509.ParsePKCS8PrivateKey(plain); err != nil {
		return nil, errWrongPass
	}
	return plain, nil
}

func unmarshal(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}

// unpadded returns p without its padding; nothing if that is not what padding looks like.
func unpadded(p []byte, block int) []byte {
	n := int(p[len(p)-1])
	if n == 0 || n > block {
		return nil
	}
	return p[:len(p)-n]
}

// derive makes a key of size bytes from a passphrase.
func derive(by pkix.AlgorithmIdentifier, pass string, size int) ([]byte, error) {
	if oid := by.Algorithm.String(); oid != oidPBKDF2 {
		return nil, fmt.Errorf("the key is encrypted with a key derived by %s, which is not supported", oid)
	}
	var p pbkdf2Parameters
	if !unmarshal(by.Parameters.FullBytes, &p) || p.Iterations <= 0 || p.Iterations > maxIterations {
		return nil, errDamaged
	}
	newHash, err := hashOf(p.PRF.Algorithm.String())
	if err != nil {
		return nil, err
	}
	return pbkdf2.Key(newHash, pass, p.Salt, p.Iterations, size)
}

// hashOf returns the hash of an HMAC, by its object identifier.
func hashOf(oid string) (func() hash.Hash, error) {
	switch oid {
	case "", "1.2.840.113549.2.7":
		return sha1.New, nil
	case "1.2.840.113549.2.8":
		return sha256.New224, nil
	case "1.2.840.113549.2.9":
		return sha256.New, nil
	case "1.2.840.113549.2.10":
		return sha512.New384, nil
	case "1.2.840.113549.2.11":
		return sha512.New, nil
	}
	return nil, fmt.Errorf("the key is encrypted with the hash %s, which is not supported", oid)
}

// blockCipher is a cipher with the size of its keys in bytes.
type blockCipher struct {
	block func(key []byte) (cipher.Block, error)
	size  int
}

// cipherOf returns the cipher that an object identifier stands for, which is always used in CBC mode.
func cipherOf(oid string) (blockCipher, error) {
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		return blockCipher{aes.NewCipher, 16}, nil
	case "2.16.840.1.101.3.4.1.22":
		return blockCipher{aes.NewCipher, 24}, nil
	case "2.16.840.1.101.3.4.1.42":
		return blockCipher{aes.NewCipher, 32}, nil
	case "1.2.840.113549.3.7":
		return blockCipher{des.NewTripleDESCipher, 24}, nil
	}
	return blockCipher{}, fmt.Errorf("the key is encrypted by the cipher %s, which is not supported", oid)
}
