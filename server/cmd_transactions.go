package server

import "treedis/server/command"

var transactionCommands = []row{
	{Spec: command.Spec{Name: "discard", Arity: 1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
		Categories: command.CatTransaction,
		Since:      "2.0.0", Group: "transactions", Complexity: "O(N), N queued commands",
		Summary: "Throw the queued commands away"}, run: cmdDiscard, inMulti: true},
	{Spec: command.Spec{Name: "exec", Arity: 1, Flags: command.NoScript | command.Loading | command.Stale | command.SkipSlowlog,
		Categories: command.CatTransaction,
		Since:      "1.2.0", Group: "transactions", Complexity: "by the queued commands",
		Summary: "Run the queued commands in one go"}, run: cmdExec, inMulti: true},
	{Spec: command.Spec{Name: "multi", Arity: 1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
		Categories: command.CatTransaction,
		Since:      "1.2.0", Group: "transactions", Complexity: "O(1)",
		Summary: "Start queueing commands"}, run: cmdMulti, inMulti: true},
	{Spec: command.Spec{Name: "unwatch", Arity: 1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
		Categories: command.CatTransaction,
		Since:      "2.2.0", Group: "transactions", Complexity: "O(1)",
		Summary: "Stop watching keys"}, run: cmdUnwatch},
	{Spec: command.Spec{Name: "watch", Arity: -2,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy,
		Categories: command.CatTransaction,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, command.RO)},
		Since:      "2.2.0", Group: "transactions", Complexity: "O(1) per key",
		Summary: "Make the next EXEC depend on keys staying unchanged",
		Syntax:  "key..."}, run: cmdWatch, inMulti: true},
}
