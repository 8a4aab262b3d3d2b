package server

import (
	"fmt"

	"treedis/server/command"
)

// row is a row of the command table: what the command is, from which COMMAND, the lock, refusals and
// propagation derive, and its handler. Each cmd_<group>.go opens with its rows.
type row struct {
	command.Spec
	run func(*Call)

	// local is set for commands without the readonly flag that may run under the shared lock all
	// the same: they touch nothing but their own client.
	local bool
	// inMulti is set for commands that a transaction does not queue.
	inMulti bool
	// whileSubscribed is set for commands that a RESP2 client may use while it is subscribed to something.
	whileSubscribed bool
	// pushes is set for commands whose replies are pushes: CLIENT REPLY does not turn them off.
	pushes bool

	// flagsOf is set for commands whose flags depend on the script that they run. They hold the lock exclusively.
	flagsOf func(s *Server, r *row, args [][]byte) command.Flags

	shared bool // derived: runs under the shared lock
	isExec bool // derived
	isPing bool // derived

	isReplConf bool // derived
	showsData  bool // derived: its reply tells of data, or of what was done to it
}

// tableGroups lists the rows of all groups.
func tableGroups() [][]row {
	return [][]row{
		aclCommands,
		appendOnlyCommands,
		bitmapCommands,
		blockingListCommands,
		blockingZSetCommands,
		clientCommands,
		clientUnblockCommands,
		clusterCommands,
		commandCommands,
		configCommands,
		connectionCommands,
		debugRows,
		dumpCommands,
		expireCommands,
		failoverCommands,
		functionCommands,
		genericCommands,
		geoCommands,
		hashCommands,
		hyperloglogCommands,
		infoCommands,
		keyspaceCommands,
		listCommands,
		lolwutCommands,
		migrateCommands,
		moduleCommands,
		monitorCommands,
		objectCommands,
		pauseCommands,
		persistenceCommands,
		pubsubCommands,
		replicaCommands,
		replicationCommands,
		scriptCommands,
		serverCommands,
		memoryCommands,
		setCommands,
		slowCommands,
		sortCommands,
		sortedSetCommands,
		streamCommands,
		streamGroupCommands,
		stringCommands,
		syncCommands,
		trackingCommands,
		transactionCommands,
	}
}

func newTable() (*command.Table[row], error) {
	t, err := command.NewTable[row](tableGroups()...)
	if err != nil {
		return nil, fmt.Errorf("command table: %w", err)
	}
	for i := range t.Len() {
		r := t.Row(i)
		// A command that may replicate has something to write all the same, though a replica takes it from anybody; one
		// that may wait for keys joins their queues, which the exclusive lock guards.
		r.shared = r.local || r.Flags.Has(command.ReadOnly) &&
			!r.Flags.Has(command.MayReplicate) && !r.Flags.Has(command.Blocking) && r.flagsOf == nil
		r.isExec, r.isPing, r.isReplConf = r.Name == "exec", r.Name == "ping", r.Name == "replconf"
		r.showsData = r.Flags&(command.Write|command.ReadOnly) != 0 || r.flagsOf != nil || r.isExec
	}
	return t, nil
}
