package server

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeo(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.record()
	ss.expect(
		"geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania", ":2",
		"geoadd g nx 1 1 Palermo", ":0",
		"geoadd g xx ch 13.4 38.115556 Palermo 1 1 other", ":1",
		"geoadd g ch 13.361389 38.115556 Palermo", ":1",
		"zscore g Catania", "$16 3479447370796909",
		"geodist g Palermo Catania", "$11 166274.1516",
		"geodist g Palermo Catania KM", "$8 166.2742",
		"geodist g Palermo Palermo", "$6 0.0000",
		"geodist g Palermo no", "$-1",
		"geodist no a b", "$-1",
		"geohash g Palermo no", "*2 $11 sqc8b49rny0 $-1",
		"geopos g Palermo no", "*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1",
		"geopos no a", "*1 *-1",
		"geosearch g fromlonlat 15 37 byradius 200 km asc", "*2 $7 Catania $7 Palermo",
		"geosearch g fromlonlat 15 37 byradius 200 km desc count 1", "*1 $7 Palermo",
		"geosearch g frommember Palermo bybox 10 10 km withdist withhash", "*1 *3 $7 Palermo $6 0.0000 :3479099956230698",
		"geosearch no frommember x byradius 1 m", "*0",
		"georadius g 15 37 200 km count 1", "*1 $7 Catania",
		"georadius_ro g 15 37 1 km", "*0",
		"georadiusbymember g Palermo 1 m withcoord", "*1 *2 $7 Palermo *2 $20 13.36138933897018433 $20 38.11555639549629859",
		"georadiusbymember_ro g Palermo 200 km", "*2 $7 Palermo $7 Catania",
		"geosearchstore d g fromlonlat 15 37 byradius 200 km", ":2",
		"zrange d 0 -1 withscores", "*4 $7 Palermo $16 3479099956230698 $7 Catania $16 3479447370796909",
		"georadius g 15 37 200 km storedist d", ":2",
		"zrange d 0 -1", "*2 $7 Catania $7 Palermo",
		"geosearchstore d no frommember x byradius 1 m", ":0",
		"exists d", ":0",
	)
	const added = "ZADD g 3479099956230698 Palermo 3479447370796909 Catania; "
	require.Contains(t, ss.logged(), added)
}

func TestGeoErrors(t *testing.T) {
	t.Parallel()
	ss := newSession(t)
	ss.expect(
		"geoadd g 13.361389 38.115556 Palermo", ":1",
		"rpush l a", ":1",
		"geoadd l 1 1 a", "-"+errWrongType,
		"geopos l a", "-"+errWrongType,
		"geosearch l x y z t u", "-"+errWrongType,
		"geoadd g 181 1 a", "-ERR invalid longitude,latitude pair 181.000000,1.000000",
		"geoadd g inf -inf a", "-ERR invalid longitude,latitude pair inf,-inf",
		"geoadd g x 1 a", "-"+errNotFloat,
		"geoadd g nx xx 1 1 a", "-"+errSyntax,
		"geoadd g nx ch nx", "-"+errSyntax,
		"geoadd g 1 1 a 2", "-"+errSyntax,
		"geodist g a b parsec", "-ERR unsupported unit provided. please use M, KM, FT, MI",
		"geodist g a b m m", "-"+errSyntax,
		"georadius g 1 1 x m", "-ERR need numeric radius",
		"georadius g 1 1 -1 m", "-ERR radius cannot be negative",
		"georadius g 1 1 1 m any", "-ERR the ANY argument requires COUNT argument",
		"georadius g 1 1 1 m count 0", "-ERR COUNT must be > 0",
		"georadius g 1 1 1 m store d withdist", "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
		"georadius_ro g 1 1 1 m store d", "-"+errSyntax,
		"georadiusbymember g no 1 m", "-"+errGeoMember,
		"georadiusbymember no m x y", "*0",
		"geosearch g byradius 1 m asc asc", "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch",
		"geosearch g fromlonlat 1 1 asc asc", "-ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch",
		"geosearch g fromlonlat 1 1 byradius 1 m bybox 1 1 m", "-"+errSyntax,
		"geosearch g fromlonlat 1 1 frommember Palermo byradius 1 m", "-"+errSyntax,
		"geosearch g fromlonlat 1 1 bybox x 1 m", "-ERR need numeric width",
		"geosearch g fromlonlat 1 1 bybox 1 x m", "-ERR need numeric height",
		"geosearch g fromlonlat 1 1 bybox 1 -1 m", "-ERR height or width cannot be negative",
		"geosearch g frommember no byradius 1 m", "-"+errGeoMember,
		"geosearchstore d g fromlonlat 1 1 byradius 1 m withdist", "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
	)
}
