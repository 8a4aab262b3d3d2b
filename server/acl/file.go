package acl

import (
	"errors"
	"fmt"
	"strings"
)

// File writes all users in the form of an ACL file: a line each, with rules that make the user.
func (us *Users) File() string {
	var b strings.Builder
	for _, u := range us.All() {
		b.WriteString("user " + u.Describe() + "\n")
	}
	return b.String()
}

// Load replaces all users by those of an ACL file. If anything is wrong with it nothing changes, and the error lists all faults,
// each with the file's name and the line. The default user, if it is not in the file, is as it was at first. gone are the
// other users there were: nobody can be logged in as one of them any more, not even if the file has one of that name.
func (us *Users) Load(text, name string) (gone []*User, err error) {
	next := &Users{catalog: us.catalog, allChannels: us.allChannels, byName: map[string]*User{}}
	var faults strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if line = strings.Trim(line, " \t\r\n"); line != "" {
			faults.WriteString(next.loadLine(line, fmt.Sprintf("%s:%d", name, i+1), i+1))
		}
	}
	if faults.Len() > 0 {
		return nil, errors.New(faults.String() + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
	}
	def := next.byName[DefaultName]
	if def == nil {
		def = next.newDefault()
	}
	for _, u := range us.All() {
		if u != us.def {
			gone = append(gone, u)
		}
	}
	us.def.rights = def.rights
	us.byName = next.byName
	us.byName[DefaultName] = us.def
	us.derive()
	return gone, nil
}

// loadLine adds the user of a line, which stands at a place, and returns what is wrong with it, "" if nothing is.
func (us *Users) loadLine(line, place string, number int) (faults string) {
	words := strings.Split(line, " ")
	if words[0] != "user" || len(words) < 2 {
		return place + " should start with user keyword followed by the username. "
	}
	name := words[1]
	if hasSpaces(name) {
		return fmt.Sprintf("'%s: username '%s' contains invalid characters. ", place, name)
	}
	if us.byName[name] != nil {
		return fmt.Sprintf("WARNING: Duplicate user '%s' found on line %d. ", name, number)
	}
	u := &User{name, newRights(us)}
	us.byName[name] = u
	rules, err := mergeSelectors(words[2:])
	if err != nil {
		return place + ": Unmatched parenthesis in selector definition."
	}
	said := false
	for _, rule := range rules {
		rule = strings.Trim(rule, "\t\r\n")
		switch err := u.apply(us, rule); {
		case err == nil:
		case errors.Is(err, ErrUnknown): // a name is no secret
			faults += fmt.Sprintf("%s: Error in applying operation '%s': %v. ", place, rule, err)
		case !said: // further ones may follow from it
			said = true
			faults += fmt.Sprintf("%s: %v. ", place, err)
		}
	}
	u.compile()
	return faults
}
