package config

// An EndpointType is how CLUSTER SLOTS names a node.
type EndpointType int64

const (
	EndpointIP EndpointType = iota
	EndpointHostname
	EndpointUnknown
)

// Nothing of this has an effect, but files and tools written for Redis may
// hold it.
var (
	ClusterEnabled = cluster.bool(row{name: "cluster-enabled", flags: immutable | meaningless, doc: `
Be a node of a cluster.`}, false)

	ClusterConfigFile = cluster.text(row{name: "cluster-config-file", flags: immutable | meaningless, doc: `
Where a node keeps what it knows of the others.`}, "nodes.conf")

	ClusterNodeTimeout = cluster.int(row{name: "cluster-node-timeout", flags: meaningless, unit: Milliseconds, doc: `
Milliseconds after which a silent node counts as failed.`}, 15000, 0, maxLong)

	ClusterPort = cluster.int(row{name: "cluster-port", flags: immutable | meaningless, doc: `
The port of the cluster bus.`}, 0, 0, maxPort)

	ClusterReplicaValidityFactor = cluster.int(row{name: "cluster-replica-validity-factor", alias: "cluster-slave-validity-factor", flags: meaningless, doc: `
How old, in node timeouts, a replica's data may be for it to take over.`}, 10, 0, maxInt)

	ClusterReplicaNoFailover = cluster.bool(row{name: "cluster-replica-no-failover", alias: "cluster-slave-no-failover", flags: meaningless, doc: `
Never let this replica take over by itself.`}, false)

	ClusterMigrationBarrier = cluster.int(row{name: "cluster-migration-barrier", flags: meaningless, doc: `
How many replicas a master keeps when another one has none.`}, 1, 0, maxInt)

	ClusterAllowReplicaMigration = cluster.bool(row{name: "cluster-allow-replica-migration", flags: meaningless, doc: `
Let replicas go over to masters without any.`}, true)

	ClusterRequireFullCoverage = cluster.bool(row{name: "cluster-require-full-coverage", flags: meaningless, doc: `
Refuse all requests while any slot has no node.`}, true)

	ClusterAllowReadsWhenDown = cluster.bool(row{name: "cluster-allow-reads-when-down", flags: meaningless, doc: `
Answer reads while the cluster is down.`}, false)

	ClusterAllowPubSubShardWhenDown = cluster.bool(row{name: "cluster-allow-pubsubshard-when-down", flags: meaningless, doc: `
Serve sharded channels while the cluster is down.`}, true)

	ClusterLinkSendbufLimit = cluster.memory(row{name: "cluster-link-sendbuf-limit", flags: unsigned | meaningless, doc: `
How much may wait to be sent on a link of the bus. 0 is no limit.`}, 0, 0, -1)

	ClusterPreferredEndpointType = enum(cluster, row{name: "cluster-preferred-endpoint-type", flags: meaningless, doc: `
How clients are told of nodes: ip, hostname or unknown-endpoint.`}, EndpointIP,
		option[EndpointType]{"ip", EndpointIP},
		option[EndpointType]{"hostname", EndpointHostname},
		option[EndpointType]{"unknown-endpoint", EndpointUnknown})

	ClusterAnnounceIP = cluster.optional(row{name: "cluster-announce-ip", flags: meaningless, doc: `
The address to give other nodes.`})

	ClusterAnnounceHostname = cluster.optional(row{name: "cluster-announce-hostname", flags: meaningless, checkText: checkHostname, doc: `
The host name to give clients.`})

	ClusterAnnounceHumanNodename = cluster.optional(row{name: "cluster-announce-human-nodename", flags: meaningless, checkText: checkNodename, doc: `
A name for the log.`})

	ClusterAnnouncePort = cluster.int(row{name: "cluster-announce-port", flags: meaningless, doc: `
The port to give clients.`}, 0, 0, maxPort)

	ClusterAnnounceTLSPort = cluster.int(row{name: "cluster-announce-tls-port", flags: meaningless, doc: `
The TLS port to give clients.`}, 0, 0, maxPort)

	ClusterAnnounceBusPort = cluster.int(row{name: "cluster-announce-bus-port", flags: meaningless, doc: `
The port of the bus to give other nodes.`}, 0, 0, maxPort)
)
