package hyperloglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// SelfTest adds n distinct elements to a dense and a sparse value, which is to stay sparse up to limit/2 elements, and
// returns an error if at a power of ten the two disagree, or are off by more than six standard errors. It first writes
// random registers and reads them again. rnd is a source of uniform 64-bit numbers.
func SelfTest(n, limit int, rnd func() uint64) error {
	d, err := Dense(nil, New(nil))
	if err != nil {
		return err
	}
	if err := testRegisters(append([]byte(nil), d...), rnd); err != nil {
		return err
	}
	s, seed, checkpoint := New(nil), rnd(), 1
	for i := 1; i <= n; i++ {
		var element [8]byte
		binary.LittleEndian.PutUint64(element[:], uint64(i)^seed)
		index, value := Place(element[:])
		Raise(d, index, value)
		if s, _, err = Set(s, index, value, limit); err != nil {
			return err
		}
		if i != checkpoint {
			continue
		}
		if i < limit/2 && !IsSparse(s) {
			return errors.New("sparse encoding not used")
		}
		if err := testEstimates(d, s, i); err != nil {
			return err
		}
		checkpoint *= 10
	}
	return nil
}

// testRegisters checks that a register can be set without touching its neighbours.
func testRegisters(d []byte, rnd func() uint64) error {
	var want Registers
	for range 1000 {
		for i := range want {
			want[i] = uint8(rnd() & registerMax)
			Put(d, i, want[i])
		}
		for i, v := range want {
			if got := Get(d, i); got != v {
				return fmt.Errorf("register %d should be %d but is %d", i, v, got)
			}
		}
	}
	return nil
}

func testEstimates(d, s []byte, n int) error {
	inDense, err := Count(d)
	if err != nil {
		return err
	}
	inSparse, err := Count(s)
	if err != nil {
		return err
	}
	if inDense != inSparse {
		return errors.New("dense and sparse disagree")
	}
	allowed := math.Ceil(6 * 1.04 / math.Sqrt(registers) * float64(n))
	if off := math.Abs(float64(n) - float64(inDense)); off > allowed {
		return fmt.Errorf("too big an error: card:%d abserr:%.0f", n, off)
	}
	return nil
}
