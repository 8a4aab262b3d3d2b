// Package acl holds users and what each may do, by the rules of Redis 7.2: commands and categories, patterns of keys to
// read and to write, patterns of channels, selectors that each are a set of rights of their own, and hashed passwords. It
// also keeps the log of what was refused. It knows neither clients nor sockets.
//
// A change of a user is all or nothing. A [User] stays the same value however often its rights change, so that whoever is
// logged in may hold on to it; a nil *User stands for the server itself and may do everything.
//
// Rights are compiled when they change: whether a command is among them is one bit, and a user who may do everything,
// as the default user may at first, is told by one field.
//
// [Users] and its Users are changed under exclusive access only and may be asked side by side otherwise. [Users.Open] and
// [Log] are safe for concurrent use.
package acl
