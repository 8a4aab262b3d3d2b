package geo

import "math"

// Shape is what a search covers: a circle around its centre, or a rectangle.
type Shape struct {
	Center        Point
	Radius        float64 // of a circle, in metres
	Box           bool
	Width, Height float64 // of a rectangle, in metres
}

// Finder tells which points a shape contains. Of those that it does not, nearly all are told by a comparison: what is left is worth
// the trigonometry of a distance.
type Finder struct {
	Shape
	cos      float64 // of the centre's latitude
	lat, lon float64 // how far the shape reaches in either direction, in degrees, or a little farther
	farthest float64 // the haversine of the radius, or a little more
}

// slack is by how much a limit is widened that is there to sort out most points. What rounding does is a millionth of that.
const slack = 1 + 1e-9

// NewFinder returns the finder of a shape.
func NewFinder(s Shape) *Finder {
	f := &Finder{Shape: s, cos: cosine(s.Center.Lat), lat: 180, lon: 360, farthest: math.Inf(1)}
	reach := s.Radius
	if s.Box {
		reach = s.Height / 2
	}
	angle := reach / earthRadius
	if !(angle < math.Pi) {
		return f // all around, or not a number
	}
	f.lat = angle / degree * slack
	if s.Box {
		return f
	}
	sine := math.Sin(angle / 2)
	f.farthest = sine * sine * slack
	// The meridian that touches a circle; there is none if a pole lies within.
	if sine := math.Sin(angle) / f.cos; math.Abs(s.Center.Lat)*degree+angle < math.Pi/2 && sine < 1 {
		f.lon = math.Asin(sine) / degree * slack
	}
	return f
}

// Contains returns how far p is from the centre, and whether the shape contains it.
func (f *Finder) Contains(p Point) (distance float64, ok bool) {
	c := f.Center
	if math.Abs(p.Lat-c.Lat) > f.lat {
		return 0, false
	}
	if f.Box {
		return f.boxContains(p)
	}
	if d := math.Abs(p.Lon - c.Lon); d > f.lon && 360-d > f.lon {
		return 0, false
	}
	v := math.Sin(halfAngle(c.Lon, p.Lon))
	if v == 0 {
		distance = latDistance(c.Lat, p.Lat)
		return distance, !(distance > f.Radius)
	}
	h := haversine(math.Sin(halfAngle(c.Lat, p.Lat)), f.cos, cosine(p.Lat), v)
	if h > f.farthest {
		return 0, false
	}
	distance = arc(h)
	return distance, !(distance > f.Radius)
}

func (f *Finder) boxContains(p Point) (distance float64, ok bool) {
	if latDistance(p.Lat, f.Center.Lat) > f.Height/2 ||
		Distance(p, Point{Lon: f.Center.Lon, Lat: p.Lat}) > f.Width/2 {
		return 0, false
	}
	return Distance(f.Center, p), true
}

// bounds returns an area that contains the shape. Towards the pole it is as wide in degrees as the shape is at that edge.
func (s *Shape) bounds() area {
	w, h := s.Radius, s.Radius
	if s.Box {
		w, h = s.Width/2, s.Height/2
	}
	lat := h / earthRadius / degree
	edge := s.Center.Lat + lat
	if s.Center.Lat < 0 {
		edge = s.Center.Lat - lat
	}
	lon := w / earthRadius / math.Cos(edge*degree) / degree
	return area{
		minLon: s.Center.Lon - lon, maxLon: s.Center.Lon + lon,
		minLat: s.Center.Lat - lat, maxLat: s.Center.Lat + lat,
	}
}

// reach returns how far the shape reaches from its centre.
func (s *Shape) reach() float64 {
	if s.Box {
		w, h := s.Width/2, s.Height/2
		return math.Sqrt(float64(w*w) + float64(h*h))
	}
	return s.Radius
}

// cell is a geohash of 2*step bits.
type cell struct {
	bits uint64
	step uint
}

// Range is scores from Min up to Max, which is excluded.
type Range struct{ Min, Max uint64 }

func (c cell) scores() Range {
	shift := 2*maxStep - 2*c.step
	return Range{Min: c.bits << shift, Max: (c.bits + 1) << shift}
}

// directions are the neighbours of a cell in Redis's order, which is seen in results that are not sorted.
var directions = [8]struct{ lon, lat int }{{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, 1}, {1, -1}, {-1, -1}}

// neighbour returns the cell that is so many steps away in either direction. It goes around the edges of the map, except that the
// very edge, which is a step of its own, is left in its own direction only.
func (c cell) neighbour(lon, lat int) cell {
	x, y := gather(c.bits>>1), gather(c.bits)
	mask := uint32(1)<<c.step - 1
	if lon != 0 {
		x = (x + uint32(lon)) & mask
	}
	if lat != 0 {
		y = (y + uint32(lat)) & mask
	}
	return cell{bits: spread(y) | spread(x)<<1, step: c.step}
}

// stepFor returns the step at which a cell and its neighbours mostly cover what is within reach of the cell. Towards the poles
// cells are narrower.
func stepFor(reach, lat float64) uint {
	if reach == 0 {
		return maxStep
	}
	step := -1
	for ; reach < mercatorMax; reach *= 2 {
		step++
	}
	if lat > 66 || lat < -66 {
		step--
		if lat > 80 || lat < -80 {
			step--
		}
	}
	return uint(max(1, min(step, maxStep)))
}

// Ranges appends the ranges of scores in which to look for the points of the shape, at most nine: the cell of its centre, and
// those of its neighbours that the shape touches.
func (s *Shape) Ranges(dst []Range) []Range {
	b := s.bounds()
	step := stepFor(s.reach(), s.Center.Lat)
	home := cell{encode(s.Center, MaxLat, step), step}
	if step > 1 && !home.covers(b) {
		step--
		home = cell{encode(s.Center, MaxLat, step), step}
	}
	dst = append(dst, home.scores())
	inner := decode(home)
	var last cell
	for _, d := range directions {
		if step >= 2 && (d.lat < 0 && inner.minLat < b.minLat || d.lat > 0 && inner.maxLat > b.maxLat ||
			d.lon < 0 && inner.minLon < b.minLon || d.lon > 0 && inner.maxLon > b.maxLon) {
			continue
		}
		// Of the largest cells some neighbours are the same. As in Redis a cell is compared with the one before only, and
		// what else coincides is found twice.
		if c := home.neighbour(d.lon, d.lat); c != last {
			dst = append(dst, c.scores())
			last = c
		}
	}
	return dst
}

// covers reports whether a cell and its neighbours reach to the bounds.
func (c cell) covers(b area) bool {
	return !(decode(c.neighbour(0, 1)).maxLat < b.maxLat || decode(c.neighbour(0, -1)).minLat > b.minLat ||
		decode(c.neighbour(1, 0)).maxLon < b.maxLon || decode(c.neighbour(-1, 0)).minLon > b.minLon)
}
