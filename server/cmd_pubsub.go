package server

import (
	"strings"

	"treedis/server/command"
	"treedis/server/pubsub"
	"treedis/server/resp"
)

// What all subscribing and unsubscribing commands are.
const subscribeFlags = command.PubSub | command.NoScript | command.Loading | command.Stale

var pubsubCommands = []row{
	{Spec: command.Spec{Name: "psubscribe", Arity: -2, Flags: subscribeFlags,
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Subscribe | command.Pattern},
		Since:    "2.0.0", Group: "pubsub", Complexity: "O(N), N patterns",
		Summary: "Receive the messages of channels that fit patterns",
		Syntax:  "pattern:pattern..."}, run: cmdPSubscribe, whileSubscribed: true, pushes: true},
	{Spec: command.Spec{Name: "publish", Arity: 3,
		Flags:    command.PubSub | command.Loading | command.Stale | command.Fast | command.MayReplicate,
		Channels: command.Channels{First: 1, Count: 1, Flags: command.Publish},
		Since:    "2.0.0", Group: "pubsub", Complexity: "O(N+M), N subscribers of the channel and M patterns in all",
		Summary: "Send a message to a channel",
		Syntax:  "channel message"}, run: cmdPublish, local: true},
	{Spec: command.Spec{Name: "pubsub", Arity: -2,
		Since: "2.8.0", Group: "pubsub", Complexity: "by subcommand",
		Summary: "Commands about channels and who listens"}},
	{Spec: command.Spec{Name: "pubsub|channels", Arity: -2, Flags: command.PubSub | command.Loading | command.Stale,
		Since: "2.8.0", Group: "pubsub", Complexity: "O(N), N channels with subscribers",
		Summary: "List the channels that somebody listens to",
		Syntax:  "[pattern:pattern]"}, run: cmdPubsubChannels, local: true},
	{Spec: command.Spec{Name: "pubsub|help", Arity: 2, Flags: command.Loading | command.Stale,
		Since: "6.2.0", Group: "pubsub", Complexity: "O(1)",
		Summary: "Describe the subcommands"}, run: cmdHelp, local: true},
	{Spec: command.Spec{Name: "pubsub|numpat", Arity: 2, Flags: command.PubSub | command.Loading | command.Stale,
		Since: "2.8.0", Group: "pubsub", Complexity: "O(1)",
		Summary: "Count the patterns that somebody listens to"}, run: cmdPubsubNumPat, local: true},
	{Spec: command.Spec{Name: "pubsub|numsub", Arity: -2, Flags: command.PubSub | command.Loading | command.Stale,
		Since: "2.8.0", Group: "pubsub", Complexity: "O(N), N channels asked about",
		Summary: "Count the subscribers of channels, patterns left aside",
		Syntax:  "[channel...]"}, run: cmdPubsubNumSub, local: true},
	{Spec: command.Spec{Name: "pubsub|shardchannels", Arity: -2, Flags: command.PubSub | command.Loading | command.Stale,
		Since: "7.0.0", Group: "pubsub", Complexity: "O(N), N shard channels with subscribers",
		Summary: "List the shard channels that somebody listens to",
		Syntax:  "[pattern:pattern]"}, run: cmdPubsubShardChannels, local: true},
	{Spec: command.Spec{Name: "pubsub|shardnumsub", Arity: -2, Flags: command.PubSub | command.Loading | command.Stale,
		Since: "7.0.0", Group: "pubsub", Complexity: "O(N), N shard channels asked about",
		Summary: "Count the subscribers of shard channels",
		Syntax:  "[shardchannel...]"}, run: cmdPubsubShardNumSub, local: true},
	{Spec: command.Spec{Name: "punsubscribe", Arity: -1, Flags: subscribeFlags,
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Unsubscribe | command.Pattern},
		Since:    "2.0.0", Group: "pubsub", Complexity: "O(N), N patterns",
		Summary: "Stop receiving what fits patterns, all if none is named",
		Syntax:  "[pattern:pattern...]"}, run: cmdPUnsubscribe, whileSubscribed: true, pushes: true},
	{Spec: command.Spec{Name: "spublish", Arity: 3,
		Flags:    command.PubSub | command.Loading | command.Stale | command.Fast | command.MayReplicate,
		Keys:     []command.KeySpec{command.Key(1, command.NotKey)},
		Channels: command.Channels{First: 1, Count: 1, Flags: command.Publish},
		Since:    "7.0.0", Group: "pubsub", Complexity: "O(N), N subscribers of the shard channel",
		Summary: "Send a message to a shard channel",
		Syntax:  "shardchannel message"}, run: cmdSPublish, local: true},
	{Spec: command.Spec{Name: "ssubscribe", Arity: -2, Flags: subscribeFlags,
		Keys:     []command.KeySpec{command.KeyRange(1, -1, 1, command.NotKey)},
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Subscribe},
		Since:    "7.0.0", Group: "pubsub", Complexity: "O(N), N shard channels",
		Summary: "Receive the messages of shard channels",
		Syntax:  "shardchannel..."}, run: cmdSSubscribe, whileSubscribed: true, pushes: true},
	{Spec: command.Spec{Name: "subscribe", Arity: -2, Flags: subscribeFlags,
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Subscribe},
		Since:    "2.0.0", Group: "pubsub", Complexity: "O(N), N channels",
		Summary: "Receive the messages of channels",
		Syntax:  "channel..."}, run: cmdSubscribe, whileSubscribed: true, pushes: true},
	{Spec: command.Spec{Name: "sunsubscribe", Arity: -1, Flags: subscribeFlags,
		Keys:     []command.KeySpec{command.KeyRange(1, -1, 1, command.NotKey)},
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Unsubscribe},
		Since:    "7.0.0", Group: "pubsub", Complexity: "O(N), N shard channels",
		Summary: "Stop receiving the messages of shard channels, all if none is named",
		Syntax:  "[shardchannel...]"}, run: cmdSUnsubscribe, whileSubscribed: true, pushes: true},
	{Spec: command.Spec{Name: "unsubscribe", Arity: -1, Flags: subscribeFlags,
		Channels: command.Channels{First: 1, Count: -1, Flags: command.Unsubscribe},
		Since:    "2.0.0", Group: "pubsub", Complexity: "O(N), N channels",
		Summary: "Stop receiving the messages of channels, all if none is named",
		Syntax:  "[channel...]"}, run: cmdUnsubscribe, whileSubscribed: true, pushes: true},
}

func cmdSubscribe(c *Call)  { c.subscribe(pubsub.Channel) }
func cmdPSubscribe(c *Call) { c.subscribe(pubsub.Pattern) }
func cmdSSubscribe(c *Call) { c.subscribe(pubsub.Shard) }

func cmdUnsubscribe(c *Call)  { c.unsubscribe(pubsub.Channel) }
func cmdPUnsubscribe(c *Call) { c.unsubscribe(pubsub.Pattern) }
func cmdSUnsubscribe(c *Call) { c.unsubscribe(pubsub.Shard) }

// subscribe runs under the exclusive lock, as unsubscribe does: nobody publishes meanwhile. What was published before
// has to be delivered first, since it is delivered to whoever listens then.
func (c *Call) subscribe(kind pubsub.Kind) {
	client := c.c
	if client.conn == nil {
		c.err("ERR " + strings.ToUpper(c.row.Name) + " isn't allowed for a DENY BLOCKING client")
		return
	}
	c.srv.deliver(client.loop)
	for _, name := range c.args[1:] {
		c.srv.channels.Subscribe(&client.subs, client, client.loop, kind, string(name))
		c.confirm(name)
	}
	client.countMemory()
}

func (c *Call) unsubscribe(kind pubsub.Kind) {
	client := c.c
	if client.conn != nil {
		c.srv.deliver(client.loop)
	}
	names := c.args[1:]
	if len(names) == 0 {
		for _, name := range client.subs.Names(kind) {
			names = append(names, []byte(name))
		}
	}
	for _, name := range names {
		c.srv.channels.Unsubscribe(&client.subs, kind, string(name))
		c.confirm(name)
	}
	if len(names) == 0 {
		c.confirm(nil)
	}
	client.countMemory()
}

// confirm tells the client of a subscription that it has made or given up, and how many it has now; shard channels are
// counted apart. name is nil if there was nothing to give up.
func (c *Call) confirm(name []byte) {
	subs := &c.c.subs
	n := subs.Count(pubsub.Channel) + subs.Count(pubsub.Pattern)
	if c.row.Keys != nil {
		n = subs.Count(pubsub.Shard)
	}
	c.out.Push(3)
	c.out.BulkString(c.row.Name)
	if name == nil {
		c.out.Null()
	} else {
		c.out.Bulk(name)
	}
	c.out.Int(int64(n))
}

func cmdPublish(c *Call)  { c.publish(pubsub.Channel) }
func cmdSPublish(c *Call) { c.publish(pubsub.Shard) }

// publish runs under the shared lock unless the message is for replicas too: see Server.execute.
func (c *Call) publish(kind pubsub.Kind) {
	n := c.srv.publish(kind, c.args[1], c.args[2])
	if c.mode == exclusive && c.srv.log.BacklogActive() { // a file has no use for it
		c.rewritten = true
		c.srv.effects.addMessage(c.db.Index(), c.args)
	}
	c.out.Int(int64(n))
}

// publish sends a message to whoever listens to a channel, and returns how many those are. It needs the lock, at least
// shared: with it held nobody subscribes. The message leaves once the loops of the subscribers come to it.
func (s *Server) publish(kind pubsub.Kind, channel, message []byte) (n int) {
	var found [8]*topic
	topics := s.channels.Match(found[:0], kind, channel)
	if len(topics) == 0 {
		return 0
	}
	var list [16]int
	wake := list[:0]
	s.out.mu.Lock()
	for _, t := range topics {
		n += t.Len()
		var encoded []byte
		for i := range s.out.boxes {
			if len(t.At(i)) == 0 {
				continue
			}
			box := &s.out.boxes[i]
			from := len(box.bytes)
			if encoded == nil {
				box.bytes = appendMessage(box.bytes, t, channel, message)
				encoded = box.bytes[from:]
			} else {
				box.bytes = append(box.bytes, encoded...)
			}
			if box.put(parcel{topic: t}, from) {
				wake = append(wake, i)
			}
		}
	}
	s.out.mu.Unlock()
	s.wakeLoops(wake)
	return n
}

// appendMessage encodes what the subscribers of a topic receive, as RESP2.
func appendMessage(dst []byte, t *topic, channel, message []byte) []byte {
	w := resp.Writer{Buf: dst}
	switch t.Kind {
	case pubsub.Pattern:
		w.Array(4)
		w.BulkString("pmessage")
		w.Bulk(t.Name)
	case pubsub.Shard:
		w.Array(3)
		w.BulkString("smessage")
	default:
		w.Array(3)
		w.BulkString("message")
	}
	w.Bulk(channel)
	w.Bulk(message)
	return w.Buf
}

func cmdPubsubChannels(c *Call)      { c.listTopics(pubsub.Channel) }
func cmdPubsubShardChannels(c *Call) { c.listTopics(pubsub.Shard) }

// listTopics lists what is listened to, if args[2] is given what fits that pattern.
func (c *Call) listTopics(kind pubsub.Kind) {
	pattern := []byte("*")
	switch len(c.args) {
	case 2:
	case 3:
		pattern = c.args[2]
	default:
		c.wrongSubcommand()
		return
	}
	names := c.srv.channels.Names(kind, pattern)
	c.out.Array(len(names))
	for _, name := range names {
		c.out.BulkString(name)
	}
}

func cmdPubsubNumSub(c *Call)      { c.countSubscribers(pubsub.Channel) }
func cmdPubsubShardNumSub(c *Call) { c.countSubscribers(pubsub.Shard) }

func (c *Call) countSubscribers(kind pubsub.Kind) {
	names := c.args[2:]
	c.out.Array(2 * len(names))
	for _, name := range names {
		c.out.Bulk(name)
		c.out.Int(int64(c.srv.channels.Subscribers(kind, name)))
	}
}

func cmdPubsubNumPat(c *Call) { c.out.Int(int64(c.srv.channels.Len(pubsub.Pattern))) }
