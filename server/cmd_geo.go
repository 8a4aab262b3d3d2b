package server

import (
	"math"
	"strconv"

	"treedis/server/command"
	"treedis/store"
	"treedis/store/geo"
)

var geoCommands = []row{
	{Spec: command.Spec{Name: "geoadd", Arity: -5, Flags: command.Write | command.DenyOOM, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RW|command.Update)},
		Since: "3.2.0", Group: "geo", Complexity: "O(log(N)) per member, N members in the index",
		Summary: "Put members with their coordinates into a geospatial index",
		Syntax:  "key condition=[NX | XX]^6.2.0 [change=CH^6.2.0] data=<longitude:double latitude:double member>...",
		History: []command.Change{{"6.2.0", "`CH`, `NX` and `XX`"}}}, run: cmdGeoAdd},
	{Spec: command.Spec{Name: "geodist", Arity: -4, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "3.2.0", Group: "geo", Complexity: "O(1)",
		Summary: "Measure how far two members are apart",
		Syntax:  "key member1 member2 unit=[M | KM | FT | MI]"}, run: cmdGeoDist},
	{Spec: command.Spec{Name: "geohash", Arity: -2, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "3.2.0", Group: "geo", Complexity: "O(1) per member",
		Summary: "Tell the geohash strings of members",
		Syntax:  "key [member...]"}, run: cmdGeoHash},
	{Spec: command.Spec{Name: "geopos", Arity: -2, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "3.2.0", Group: "geo", Complexity: "O(1) per member",
		Summary: "Tell the coordinates of members",
		Syntax:  "key [member...]"}, run: cmdGeoPos},
	{Spec: command.Spec{Name: "georadius", Arity: -6, Flags: command.Write | command.DenyOOM, Categories: command.CatGeo,
		Keys: []command.KeySpec{
			command.Key(1, command.RO|command.Access),
			command.KeyAfter("STORE", 6, command.OW|command.Update),
			command.KeyAfter("STOREDIST", 6, command.OW|command.Update),
		},
		FindKeys: command.GeoRadiusKeys,
		Since:    "3.2.0", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the index",
		Summary: "Find the members around a point, and return or store them",
		Syntax: "key longitude:double latitude:double radius:double unit=<M | KM | FT | MI> [WITHCOORD] [WITHDIST] " +
			"[WITHHASH] count-block=[COUNT count:integer [ANY^6.2.0]] order=[ASC | DESC] store=[STORE " +
			"storekey/key:key@1 | STOREDIST storedistkey/key:key@2]",
		History: []command.Change{{"6.2.0", "`ANY`"}, {"7.0.0", "units in capitals"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` or `GEOSEARCHSTORE` by `BYRADIUS`"}, run: cmdGeoRadius},
	{Spec: command.Spec{Name: "georadius_ro", Arity: -6, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "3.2.10", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the index",
		Summary: "Find the members around a point, storing nothing",
		Syntax: "key longitude:double latitude:double radius:double unit=<M | KM | FT | MI> [WITHCOORD] [WITHDIST] " +
			"[WITHHASH] count-block=[COUNT count:integer [ANY^6.2.0]] order=[ASC | DESC]",
		History: []command.Change{{"6.2.0", "`ANY`"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` by `BYRADIUS`"}, run: cmdGeoRadiusRO},
	{Spec: command.Spec{Name: "georadiusbymember", Arity: -5, Flags: command.Write | command.DenyOOM,
		Categories: command.CatGeo,
		Keys: []command.KeySpec{
			command.Key(1, command.RO|command.Access),
			command.KeyAfter("STORE", 5, command.OW|command.Update),
			command.KeyAfter("STOREDIST", 5, command.OW|command.Update),
		},
		FindKeys: command.GeoRadiusKeys,
		Since:    "3.2.0", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the index",
		Summary: "Find the members around another one, and return or store them",
		Syntax: "key member radius:double unit=<M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] " +
			"count-block=[COUNT count:integer [ANY]] order=[ASC | DESC] store=[STORE storekey/key:key@1 | STOREDIST " +
			"storedistkey/key:key@2]",
		History: []command.Change{{"7.0.0", "units in capitals"}},
		Doc:     command.Deprecated, DeprecatedSince: "6.2.0",
		ReplacedBy: "`GEOSEARCH` or `GEOSEARCHSTORE` by `FROMMEMBER` and `BYRADIUS`"}, run: cmdGeoRadiusByMember},
	{Spec: command.Spec{Name: "georadiusbymember_ro", Arity: -5, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "3.2.10", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the index",
		Summary: "Find the members around another one, storing nothing",
		Syntax: "key member radius:double unit=<M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] " +
			"count-block=[COUNT count:integer [ANY]] order=[ASC | DESC]",
		Doc: command.Deprecated, DeprecatedSince: "6.2.0", ReplacedBy: "`GEOSEARCH` by `FROMMEMBER` and `BYRADIUS`"}, run: cmdGeoRadiusByMemberRO},
	{Spec: command.Spec{Name: "geosearch", Arity: -7, Flags: command.ReadOnly, Categories: command.CatGeo,
		Keys:  []command.KeySpec{command.Key(1, command.RO|command.Access)},
		Since: "6.2.0", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the shape",
		Summary: "Find the members within a circle or a rectangle",
		Syntax: "key from=<FROMMEMBER member | fromlonlat=FROMLONLAT <longitude:double latitude:double>> " +
			"by=<circle=<BYRADIUS radius:double unit=<M | KM | FT | MI>> | box=<BYBOX width:double height:double " +
			"unit=<M | KM | FT | MI>>> order=[ASC | DESC] count-block=[COUNT count:integer [ANY]] [WITHCOORD] " +
			"[WITHDIST] [WITHHASH]",
		History: []command.Change{{"7.0.0", "units in capitals"}}}, run: cmdGeoSearch},
	{Spec: command.Spec{Name: "geosearchstore", Arity: -8, Flags: command.Write | command.DenyOOM,
		Categories: command.CatGeo,
		Keys: []command.KeySpec{
			command.Key(1, command.OW|command.Update),
			command.Key(2, command.RO|command.Access),
		},
		Since: "6.2.0", Group: "geo", Complexity: "O(N+log(M)), N members in the bounding box, M in the shape",
		Summary: "Find the members within a circle or a rectangle and store them",
		Syntax: "destination:key source:key@1 from=<FROMMEMBER member | fromlonlat=FROMLONLAT <longitude:double " +
			"latitude:double>> by=<circle=<BYRADIUS radius:double unit=<M | KM | FT | MI>> | box=<BYBOX width:double " +
			"height:double unit=<M | KM | FT | MI>>> order=[ASC | DESC] count-block=[COUNT count:integer [ANY]] " +
			"[STOREDIST]",
		History: []command.Change{{"7.0.0", "units in capitals"}}}, run: cmdGeoSearchStore},
}

const errGeoMember = "ERR could not decode requested zset member"

// geoPoint reads a longitude from args[i] and a latitude from args[i+1].
func (c *Call) geoPoint(i int) (p geo.Point, ok bool) {
	if p.Lon, ok = c.float(i); !ok {
		return p, false
	}
	if p.Lat, ok = c.float(i + 1); !ok {
		return p, false
	}
	if !p.Valid() {
		text := append([]byte("ERR invalid longitude,latitude pair "), cFixed(p.Lon)...)
		c.err(string(append(append(text, ','), cFixed(p.Lat)...)))
		return p, false
	}
	return p, true
}

// cFixed prints a number as C's %f does.
func cFixed(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// geoUnit reads a unit from args[i], and returns it in metres.
func (c *Call) geoUnit(i int) (metres float64, ok bool) {
	switch {
	case c.is(i, "m"):
		return 1, true
	case c.is(i, "km"):
		return 1000, true
	case c.is(i, "ft"):
		return 0.3048, true
	case c.is(i, "mi"):
		return 1609.34, true
	}
	c.err("ERR unsupported unit provided. please use M, KM, FT, MI")
	return 0, false
}

// replyDistance replies with a distance, rounded to 4 decimals.
func (c *Call) replyDistance(d float64) {
	ticks := int64(math.MinInt64) // of no number, as C converts it
	if scaled := math.RoundToEven(d * 1e4); math.Abs(scaled) < 1<<63 {
		ticks = int64(scaled)
	}
	var scratch [32]byte
	text, digits := scratch[:0], uint64(ticks)
	if ticks < 0 {
		text, digits = append(text, '-'), -digits
	}
	text = append(strconv.AppendUint(text, digits/10000, 10), '.')
	for unit := uint64(1000); unit > 0; unit /= 10 {
		text = append(text, '0'+byte(digits/unit%10))
	}
	c.out.Bulk(text)
}

func (c *Call) replyPoint(p geo.Point) {
	c.out.Array(2)
	c.out.HumanDouble(p.Lon)
	c.out.HumanDouble(p.Lat)
}

// cmdGeoAdd is ZADD, of the scores that stand for the positions, and so it is logged.
func cmdGeoAdd(c *Call) {
	var o zaddOptions
	i := 2
	for i < len(c.args) && (c.is(i, "nx") || c.is(i, "xx") || c.is(i, "ch")) {
		o.parse(c, i)
		i++
	}
	if (len(c.args)-i)%3 != 0 || o.nx && o.xx {
		c.err(errSyntax)
		return
	}
	var few [16]float64
	scores, pairs := few[:0], make([][]byte, 0, (len(c.args)-i)/3*2)
	logged := words("ZADD", c.args[1:i]...)
	for ; i < len(c.args); i += 3 {
		p, ok := c.geoPoint(i)
		if !ok {
			return
		}
		score := geo.Encode(p)
		scores = append(scores, float64(score))
		pairs = append(pairs, strconv.AppendUint(nil, score, 10), c.args[i+2])
	}
	if len(pairs) == 0 {
		c.err(errSyntax)
		return
	}
	e, ok := c.typedWrite(c.args[1], store.ZSet)
	if !ok {
		return
	}
	var r zaddResult
	if e != nil || !o.xx {
		r = c.zaddPairs(&o, e == nil, pairs, scores)
	}
	if r.added+r.updated > 0 {
		c.rewrite(append(logged, pairs...)...)
	}
	if o.ch {
		r.added += r.updated
	}
	c.out.Int(int64(r.added))
}

func cmdGeoDist(c *Call) {
	unit := 1.0
	if len(c.args) == 5 {
		var ok bool
		if unit, ok = c.geoUnit(4); !ok {
			return
		}
	} else if len(c.args) > 5 {
		c.err(errSyntax)
		return
	}
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z := e.ZSet()
	a, ok := z.Score(c.args[2])
	if ok {
		var b float64
		if b, ok = z.Score(c.args[3]); ok {
			c.replyDistance(geo.Distance(geo.Decode(a), geo.Decode(b)) / unit)
		}
	}
	if !ok {
		c.out.Null()
	}
}

func cmdGeoHash(c *Call) {
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z, members := e.ZSet(), c.args[2:]
	c.out.Array(len(members))
	for _, m := range members {
		if score, ok := z.Score(m); ok {
			var scratch [16]byte
			c.out.Bulk(geo.AppendHash(scratch[:0], geo.Decode(score)))
		} else {
			c.out.Null()
		}
	}
}

func cmdGeoPos(c *Call) {
	e, ok := c.typed(c.args[1], store.ZSet)
	if !ok {
		return
	}
	z, members := e.ZSet(), c.args[2:]
	c.out.Array(len(members))
	for _, m := range members {
		if score, ok := z.Score(m); ok {
			c.replyPoint(geo.Decode(score))
		} else {
			c.out.NullArray()
		}
	}
}
