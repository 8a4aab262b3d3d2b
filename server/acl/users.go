package acl

import (
	"maps"
	"slices"
	"sync/atomic"
)

// Users are all users of a server. The default user is always among them, and always the same value.
type Users struct {
	catalog     *Catalog
	allChannels func() bool
	def         *User
	byName      map[string]*User
	declared    map[string]bool
	open        atomic.Bool
}

// New returns users of whom there is but the default one, who may do everything and needs no password. allChannels tells
// whether a new user may use all channels, rather than none.
func New(c *Catalog, allChannels func() bool) *Users {
	us := &Users{catalog: c, allChannels: allChannels, declared: map[string]bool{}}
	us.def = us.newDefault()
	us.byName = map[string]*User{DefaultName: us.def}
	us.derive()
	return us
}

func (us *Users) newDefault() *User {
	u := &User{DefaultName, newRights(us)}
	root := u.selectors[0]
	u.on, u.noPass, root.allKeys, root.allChannels = true, true, true, true
	root.setAll(true)
	u.compile()
	return u
}

// derive is called after every change of the default user.
func (us *Users) derive() { us.open.Store(us.def.on && us.def.noPass) }

// Catalog returns the commands that rules may name.
func (us *Users) Catalog() *Catalog { return us.catalog }

// Default returns the default user.
func (us *Users) Default() *User { return us.def }

// Open reports whether a connection may do what the default user may without logging in.
func (us *Users) Open() bool { return us.open.Load() }

// Find returns the user of a name, nil if there is none.
func (us *Users) Find(name []byte) *User { return us.byName[string(name)] }

// All lists the users by name.
func (us *Users) All() []*User {
	list := make([]*User, 0, len(us.byName))
	for _, name := range slices.Sorted(maps.Keys(us.byName)) {
		list = append(list, us.byName[name])
	}
	return list
}

// Set is ACL SETUSER: it applies rules to a user, whom it creates if need be. If it fails, with a *RuleError or ErrName,
// nothing has changed. lost reports whether the user may use fewer channels than before.
func (us *Users) Set(name string, rules []string) (u *User, lost bool, err error) {
	if hasSpaces(name) {
		return nil, false, ErrName
	}
	next := newRights(us)
	if u = us.byName[name]; u != nil {
		next = u.clone()
	}
	if err := us.apply(&next, rules); err != nil {
		return nil, false, err
	}
	if u == nil {
		u = &User{name: name}
		us.byName[name] = u
	} else {
		lost = u.losesChannels(&next)
	}
	u.rights = next
	us.derive()
	return u, lost, nil
}

// apply applies rules and compiles the result.
func (us *Users) apply(r *rights, rules []string) error {
	rules, err := mergeSelectors(rules)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if err := r.apply(us, rule); err != nil {
			return &RuleError{rule, err}
		}
	}
	r.compile()
	return nil
}

// Declare is the directive user. Each user may be declared once; for the default user this says all that it may do.
func (us *Users) Declare(name string, rules []string) (*User, error) {
	if us.declared[name] {
		return nil, &RuleError{name, ErrDuplicate}
	}
	us.declared[name] = true
	u, _, err := us.Set(name, append([]string{"reset"}, rules...))
	return u, err
}

// SetDefaultPassword is the directive requirepass: it replaces the default user's passwords. An empty one asks for none.
func (us *Users) SetDefaultPassword(password string) {
	us.def.noPass, us.def.passwords = password == "", nil
	if password != "" {
		us.def.passwords = []string{hash(password)}
	}
	us.derive()
}

// Remove deletes a user other than the default one, and returns it; nil if there is none.
func (us *Users) Remove(name string) *User {
	u := us.byName[name]
	if u == us.def {
		return nil
	}
	delete(us.byName, name)
	return u
}
