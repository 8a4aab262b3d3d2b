package config

import (
	"slices"
	"strings"
)

// A Caller is what CONFIG SET depends on besides its arguments.
type Caller struct {
	Loading bool // a data set is being loaded
	Local   bool // the client is on this host, for enable-protected-configs local
}

// A hook applies changes of some directives to the running server.
type hook struct {
	watches []*directive
	apply   func() error
}

// OnChange registers a function that Set calls once all new values are stored
// and at least one of the directives has changed. It reads them through their
// handles. If it returns an error the former values are put back, every hook
// of that Set is called again, and the error's text goes to the client: after
// "ERR CONFIG SET failed (possibly related to argument 'port') - ".
//
// Hooks run one at a time, in the order of the directives set, and must not
// call methods of the Config other than File and Path.
func (c *Config) OnChange(apply func() error, directives ...Directive) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := &hook{apply: apply}
	for _, d := range directives {
		h.watches = append(h.watches, d.describe())
	}
	c.hooks = append(c.hooks, h)
}

// A change is one directive in a call of Set.
type change struct {
	d        *directive
	name     string // as in the table: the directive's name or its alias
	text     string
	old, new value
}

// Set is CONFIG SET: pairs are names and values, and either all of them take
// effect or none. Its errors are the replies.
func (c *Config) Set(by Caller, pairs ...string) error {
	if len(pairs) == 0 || len(pairs)%2 != 0 {
		return ErrSyntax
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	changes, err := c.admitLocked(by, pairs)
	if err != nil {
		return err
	}
	hooks, err := c.storeLocked(changes)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if err := h.hook.apply(); err != nil {
			c.restoreLocked(changes, hooks)
			return &SetError{Name: h.name, Err: err}
		}
	}
	return nil
}

// admitLocked looks the names up and checks that they may be set at all. The
// first fault is the one reported.
func (c *Config) admitLocked(by Caller, pairs []string) ([]change, error) {
	allow := EnableProtectedConfigs.Get(c)
	protectedOK := allow == AllowYes || allow == AllowLocal && by.Local
	changes := make([]change, 0, len(pairs)/2)
	for ; len(pairs) > 0; pairs = pairs[2:] {
		name := strings.ToLower(pairs[0])
		d := table.lookup(name)
		switch {
		case d == nil:
			return nil, &UnknownError{Name: pairs[0]}
		case d.has(immutable):
			return nil, &SetError{pairs[0], errImmutable}
		case d.has(protected) && !protectedOK:
			return nil, &SetError{pairs[0], errProtected}
		case d.has(denyLoading) && by.Loading:
			return nil, ErrLoading
		case slices.ContainsFunc(changes, func(o change) bool { return o.name == name }):
			return nil, &SetError{pairs[0], errDuplicate}
		}
		changes = append(changes, change{d: d, name: name, text: pairs[1]})
	}
	return changes, nil
}

// A pendingHook is a hook to run, blamed on the first directive it is for.
type pendingHook struct {
	*hook
	name string
}

// storeLocked reads all values, stores them, and returns the hooks to run. If
// a value is refused nothing is stored but what is put back.
func (c *Config) storeLocked(changes []change) ([]pendingHook, error) {
	var hooks []pendingHook
	for i := range changes {
		ch := &changes[i]
		words := []string{ch.text}
		if ch.d.has(multiArg) {
			words = splitSpaces(ch.text)
		}
		s := c.scopeOf(ch.d)
		v, err := ch.d.parse(s, words)
		if err != nil {
			c.restoreLocked(changes[:i], nil)
			return nil, &SetError{ch.name, err}
		}
		ch.old, ch.new = s.cur, v
		c.slots[ch.d.id].store(v)
		if !ch.d.has(volatile) && ch.d.kind.format(v) == ch.d.kind.format(s.cur) {
			continue
		}
		for _, h := range c.hooks {
			pending := slices.ContainsFunc(hooks, func(p pendingHook) bool { return p.hook == h })
			if !pending && slices.Contains(h.watches, ch.d) {
				hooks = append(hooks, pendingHook{h, ch.name})
			}
		}
	}
	return hooks, nil
}

// restoreLocked puts the former values back and lets the hooks apply them.
// What they refuse now they had accepted before, and there is nothing better
// to go back to.
func (c *Config) restoreLocked(changes []change, hooks []pendingHook) {
	for _, ch := range slices.Backward(changes) {
		c.slots[ch.d.id].store(ch.old)
	}
	for _, h := range hooks {
		_ = h.apply()
	}
}
