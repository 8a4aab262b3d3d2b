package rdb

import "treedis/store/stream"

// discard is a Sink that takes everything.
type discard struct{}

func (discard) Aux(_, _ []byte) error             { return nil }
func (discard) Function([]byte) error             { return nil }
func (discard) SelectDB(int) error                { return nil }
func (discard) ResizeDB(_, _ uint64) error        { return nil }
func (discard) String(*Key, []byte) error         { return nil }
func (discard) BeginList(*Key, uint64) error      { return nil }
func (discard) ListItem([]byte) error             { return nil }
func (discard) BeginSet(*Key, uint64) error       { return nil }
func (discard) SetMember([]byte) error            { return nil }
func (discard) BeginHash(*Key, uint64) error      { return nil }
func (discard) HashField(_, _ []byte) error       { return nil }
func (discard) BeginZSet(*Key, uint64) error      { return nil }
func (discard) ZSetMember([]byte, float64) error  { return nil }
func (discard) Stream(*Key, *stream.Stream) error { return nil }
func (discard) EndKey() error                     { return nil }
