package server

import (
	"cmp"
	"slices"

	"treedis/server/partialsort"
	"treedis/server/resp"
	"treedis/store"
	"treedis/store/geo"
)

// geoSearch is a search, as GEOSEARCH, GEORADIUS and their relatives have it.
type geoSearch struct {
	shape geo.Shape
	unit  float64 // in metres, of the distances in the reply

	withDist, withHash, withCoord bool
	order                         int   // of distance: 1 ascending, -1 descending, 0 none
	count                         int64 // 0: all
	any                           bool  // the first that are found, not the nearest

	dest      []byte // nil: the result is the reply
	storeDist bool

	found   []geoFound
	members []byte // of what was found, one after the other

	located, shaped bool // GEOSEARCH: the centre and the shape were given
	fromMember      bool
}

// geoForm is which command it is.
type geoForm struct {
	source   int  // the index of the key among the arguments
	search   bool // GEOSEARCH and GEOSEARCHSTORE; otherwise GEORADIUS and its relatives
	byMember bool
	store    bool // may store, or GEOSEARCHSTORE: does
}

func cmdGeoRadius(c *Call)           { c.geoSearch(geoForm{source: 1, store: true}) }
func cmdGeoRadiusRO(c *Call)         { c.geoSearch(geoForm{source: 1}) }
func cmdGeoRadiusByMember(c *Call)   { c.geoSearch(geoForm{source: 1, byMember: true, store: true}) }
func cmdGeoRadiusByMemberRO(c *Call) { c.geoSearch(geoForm{source: 1, byMember: true}) }
func cmdGeoSearch(c *Call)           { c.geoSearch(geoForm{source: 1, search: true}) }
func cmdGeoSearchStore(c *Call)      { c.geoSearch(geoForm{source: 2, search: true, store: true}) }

func (c *Call) geoSearch(form geoForm) {
	e, ok := c.typed(c.args[form.source], store.ZSet)
	if !ok {
		return
	}
	var s geoSearch
	options, ok := s.parsePlace(c, form, e)
	if !ok || !s.parseOptions(c, form, e, options) || !s.check(c, form) {
		return
	}
	event := "georadiusstore"
	if form.search {
		event = "geosearchstore"
	}
	if s.count != 0 && s.order == 0 && !s.any {
		s.order = 1
	}
	if e != nil {
		s.run(e.ZSet())
	}
	if s.dest != nil {
		s.storeResult(c, event)
	} else {
		s.reply(c)
	}
}

// parsePlace reads what GEORADIUS and its relatives have in fixed places, and returns where options begin. e is nil if the key
// is absent, in which case the member cannot be asked for, and as in Redis what follows it is not read.
func (s *geoSearch) parsePlace(c *Call, form geoForm, e *store.Entry) (options int, ok bool) {
	switch {
	case form.search:
		if form.store {
			s.dest = c.args[1]
		}
		return form.source + 1, true
	case !form.byMember:
		if s.shape.Center, ok = c.geoPoint(2); !ok {
			return 0, false
		}
		return 6, s.parseRadius(c, 4)
	case e == nil:
		return 5, true
	}
	return 5, s.parseMember(c, e, 2) && s.parseRadius(c, 3)
}

// parseMember makes the position of the member args[i] the centre.
func (s *geoSearch) parseMember(c *Call, e *store.Entry, i int) bool {
	score, ok := e.ZSet().Score(c.args[i])
	if !ok {
		c.err(errGeoMember)
		return false
	}
	s.shape.Center = geo.Decode(score)
	return true
}

// geoLength reads a length from args[i].
func (c *Call) geoLength(i int, name string) (length float64, ok bool) {
	length, ok = resp.ParseFloat(c.args[i])
	if !ok {
		c.err("ERR need numeric " + name)
	}
	return length, ok
}

func (s *geoSearch) parseRadius(c *Call, i int) bool {
	radius, ok := c.geoLength(i, "radius")
	if !ok {
		return false
	}
	if radius < 0 {
		c.err("ERR radius cannot be negative")
		return false
	}
	s.unit, ok = c.geoUnit(i + 1)
	s.shape.Radius = radius * s.unit
	return ok
}

func (s *geoSearch) parseBox(c *Call, i int) bool {
	width, ok := c.geoLength(i, "width")
	if !ok {
		return false
	}
	height, ok := c.geoLength(i+1, "height")
	if !ok {
		return false
	}
	if width < 0 || height < 0 {
		c.err("ERR height or width cannot be negative")
		return false
	}
	s.unit, ok = c.geoUnit(i + 2)
	s.shape.Box, s.shape.Width, s.shape.Height = true, width*s.unit, height*s.unit
	return ok
}

// parseOptions reads the options from args[i] on.
func (s *geoSearch) parseOptions(c *Call, form geoForm, e *store.Entry, i int) (ok bool) {
	for i < len(c.args) {
		n, left := 0, len(c.args)-i-1 // arguments that the option takes, and those there are
		switch {
		case c.is(i, "withdist"):
			s.withDist = true
		case c.is(i, "withhash"):
			s.withHash = true
		case c.is(i, "withcoord"):
			s.withCoord = true
		case c.is(i, "any"):
			s.any = true
		case c.is(i, "asc"):
			s.order = 1
		case c.is(i, "desc"):
			s.order = -1
		case c.is(i, "count") && left >= 1:
			n = 1
			if s.count, ok = c.int(i+1, ""); !ok {
				return false
			}
			if s.count <= 0 {
				c.err("ERR COUNT must be > 0")
				return false
			}
		case form.search:
			if n, ok = s.parseSearch(c, form, e, i, left); !ok {
				return false
			}
		case form.store && left >= 1 && (c.is(i, "store") || c.is(i, "storedist")):
			n = 1
			s.dest, s.storeDist = c.args[i+1], c.is(i, "storedist")
		default:
			c.err(errSyntax)
			return false
		}
		i += 1 + n
	}
	return true
}

// parseSearch reads an option at args[i] that only GEOSEARCH and GEOSEARCHSTORE have, and returns how many arguments it takes.
func (s *geoSearch) parseSearch(c *Call, form geoForm, e *store.Entry, i, left int) (n int, ok bool) {
	switch {
	case form.store && c.is(i, "storedist"):
		s.storeDist = true
		return 0, true
	case c.is(i, "frommember") && left >= 1 && (s.fromMember || !s.located):
		s.located, s.fromMember = true, true
		return 1, e == nil || s.parseMember(c, e, i+1)
	case c.is(i, "fromlonlat") && left >= 2 && !s.fromMember:
		s.located = true
		s.shape.Center, ok = c.geoPoint(i + 1)
		return 2, ok
	case c.is(i, "byradius") && left >= 2 && !s.shape.Box:
		s.shaped = true
		return 2, s.parseRadius(c, i+1)
	case c.is(i, "bybox") && left >= 3 && (s.shape.Box || !s.shaped):
		s.shaped = true
		return 3, s.parseBox(c, i+1)
	}
	c.err(errSyntax)
	return 0, false
}

// check replies with an error if the options do not go together, or lack something.
func (s *geoSearch) check(c *Call, form geoForm) bool {
	text := ""
	switch {
	case s.dest != nil && (s.withDist || s.withHash || s.withCoord):
		text = "STORE option in GEORADIUS"
		if form.search {
			text = "GEOSEARCHSTORE"
		}
		text += " is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
	case form.search && !s.located:
		text = "exactly one of FROMMEMBER or FROMLONLAT can be specified for " + cString(c.args[0])
	case form.search && !s.shaped:
		text = "exactly one of BYRADIUS and BYBOX can be specified for " + cString(c.args[0])
	case s.any && s.count == 0:
		text = "the ANY argument requires COUNT argument"
	default:
		return true
	}
	c.err("ERR " + text)
	return false
}

// geoFound is a member that was found. It has no pointers, so that it is cheap to put in order.
type geoFound struct {
	from, to int // among the bytes of the members
	at       geo.Point
	score    float64
	distance float64
}

// usualFinds is for how many members a search has room at first.
const usualFinds = 32

// run finds the members that were searched for, and puts them in the order of the result.
func (s *geoSearch) run(z store.ZSetView) {
	s.found, s.members = make([]geoFound, 0, usualFinds), make([]byte, 0, 16*usualFinds)
	finder := geo.NewFinder(s.shape)
	var room [9]geo.Range
	for _, r := range s.shape.Ranges(room[:0]) {
		if s.any && int64(len(s.found)) >= s.count {
			break
		}
		s.collect(z, finder, r)
	}
	n := len(s.found)
	if s.count != 0 {
		n = int(min(s.count, int64(n)))
	}
	if s.order != 0 {
		s.sort(n)
	}
	s.found = s.found[:n]
}

// sort puts what was found in order, of which the first n will be used.
func (s *geoSearch) sort(n int) {
	if n < len(s.found) {
		partialsort.Sort(s.found, 0, n-1, func(x, y *geoFound) int { return s.order * cmp.Compare(x.distance, y.distance) })
		return
	}
	keys := make([]sortKey, n)
	for i := range s.found {
		keys[i] = sortKey{numberRank(s.found[i].distance), i}
		if s.order < 0 {
			keys[i].rank = ^keys[i].rank
		}
	}
	slices.SortFunc(keys, func(x, y sortKey) int {
		if r := cmp.Compare(x.rank, y.rank); r != 0 {
			return r
		}
		return x.at - y.at // those as far away stay in the order they were found in
	})
	sorted := make([]geoFound, n)
	for i, k := range keys {
		sorted[i] = s.found[k.at]
	}
	s.found = sorted
}

// collect adds the members with a score in the range that the finder finds.
func (s *geoSearch) collect(z store.ZSetView, finder *geo.Finder, r geo.Range) {
	at := z.FromScore(store.ScoreRange{Min: float64(r.Min)})
	for limit := float64(r.Max); at.Valid(); at.Next() {
		score := at.Score()
		if score >= limit {
			return
		}
		p := geo.Decode(score)
		if distance, ok := finder.Contains(p); ok {
			from := len(s.members)
			s.members = append(s.members, at.Member()...)
			s.found = append(s.found, geoFound{from: from, to: len(s.members), at: p, score: score, distance: distance})
			if s.any && int64(len(s.found)) >= s.count {
				return
			}
		}
	}
}

func (s *geoSearch) member(f *geoFound) []byte { return s.members[f.from:f.to] }

func (s *geoSearch) reply(c *Call) {
	with := 1
	for _, option := range []bool{s.withDist, s.withHash, s.withCoord} {
		if option {
			with++
		}
	}
	c.out.Array(len(s.found))
	for i := range s.found {
		f := &s.found[i]
		if with > 1 {
			c.out.Array(with)
		}
		c.out.Bulk(s.member(f))
		if s.withDist {
			c.replyDistance(f.distance / s.unit)
		}
		if s.withHash {
			c.out.Int(int64(f.score))
		}
		if s.withCoord {
			c.replyPoint(f.at)
		}
	}
}

// storeResult makes what was found the value of the destination.
func (s *geoSearch) storeResult(c *Call, event string) {
	b := c.db.NewZSetBuilder(len(s.found))
	for i := range s.found {
		f := &s.found[i]
		score := f.score
		if s.storeDist {
			score = geo.ExactDistance(s.shape.Center, f.at) / s.unit
		}
		b.Add(s.member(f), score)
	}
	c.storeZSetAt(s.dest, event, b, false)
	c.dirty += max(0, b.Len()-1)
}
