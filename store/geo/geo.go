// Package geo is the arithmetic of geospatial indexes: sorted sets whose scores are positions, as Redis keeps them.
//
// A score is a geohash of 52 bits: longitude and latitude, each divided into 2^26 steps over its range, interleaved,
// the longitude first. Scores that share a prefix are a cell of the map, so that a search is for a few ranges of scores. Latitudes
// end at 85.05112878 degrees, where the map is as high as it is wide (EPSG:3857).
//
// All functions are pure. Distances are in metres, on a sphere of 6372797.560856 m.
package geo

import "math"

// The ranges of coordinates, in degrees.
const (
	MaxLon = 180
	MaxLat = 85.05112878

	standardMaxLat = 90 // of geohash strings

	maxStep     = 26 // steps of either coordinate are 2^step
	earthRadius = 6372797.560856
	degree      = math.Pi / 180
	mercatorMax = 20037726.37 // half the circumference of the map in metres
)

// Point is a position in degrees.
type Point struct{ Lon, Lat float64 }

// Valid reports whether a point can be encoded.
func (p Point) Valid() bool {
	return p.Lon >= -MaxLon && p.Lon <= MaxLon && p.Lat >= -MaxLat && p.Lat <= MaxLat
}

// Encode returns the score of a valid point.
func Encode(p Point) uint64 { return encode(p, MaxLat, maxStep) }

// encode returns a geohash of 2*step bits, with latitudes from -maxLat to maxLat.
func encode(p Point, maxLat float64, step uint) uint64 {
	scale := float64(uint64(1) << step)
	lat := (p.Lat + maxLat) / (maxLat + maxLat) * scale
	lon := (p.Lon + MaxLon) / (MaxLon + MaxLon) * scale
	return spread(uint32(lat)) | spread(uint32(lon))<<1
}

// Decode returns the point in the middle of the cell that a score stands for. Scores beyond 52 bits are cut to the map's edge.
func Decode(score float64) Point {
	a := decode(cell{bits: scoreBits(score), step: maxStep})
	return Point{
		Lon: max(-MaxLon, min((a.minLon+a.maxLon)/2, MaxLon)),
		Lat: max(-MaxLat, min((a.minLat+a.maxLat)/2, MaxLat)),
	}
}

// scoreBits converts a score, which may be any number, as Redis does on x86: C leaves open what becomes of one out of range.
func scoreBits(score float64) uint64 {
	switch {
	case score >= 1<<64:
		return 0
	case score >= 1<<63:
		return uint64(score)
	case score >= -1<<63:
		return uint64(int64(score))
	}
	return 1 << 63
}

// area is what a cell covers, in degrees.
type area struct{ minLon, maxLon, minLat, maxLat float64 }

func decode(c cell) area {
	lat, lon := gather(c.bits), gather(c.bits>>1)
	return area{
		minLon: coordinate(lon, c.step, MaxLon), maxLon: coordinate(lon+1, c.step, MaxLon),
		minLat: coordinate(lat, c.step, MaxLat), maxLat: coordinate(lat+1, c.step, MaxLat),
	}
}

// coordinate returns where step number n begins.
func coordinate(n uint32, step uint, limit float64) float64 {
	return -limit + float64(float64(n)/float64(uint64(1)<<step)*(limit+limit))
}

// spread puts a zero bit in front of every bit of x.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// gather takes every other bit of v, from the lowest on.
func gather(v uint64) uint32 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0f0f0f0f0f0f0f0f
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16)
}

const hashAlphabet = "0123456789bcdefghjkmnpqrstuvwxyz"

// AppendHash appends the standard geohash string of a point, of 11 characters. The last stands for bits that a score
// does not have, and is always 0.
func AppendHash(dst []byte, p Point) []byte {
	bits := encode(p, standardMaxLat, maxStep)
	for shift := 2*maxStep - 5; shift > 0; shift -= 5 {
		dst = append(dst, hashAlphabet[bits>>shift&31])
	}
	return append(dst, '0')
}

// Distance returns how far two points are apart, by the haversine formula: to within some units in the last place.
func Distance(a, b Point) float64 {
	v := math.Sin(halfAngle(a.Lon, b.Lon))
	if v == 0 {
		return latDistance(a.Lat, b.Lat)
	}
	return arc(haversine(math.Sin(halfAngle(a.Lat, b.Lat)), cosine(a.Lat), cosine(b.Lat), v))
}

// ExactDistance is Distance as Redis computes it, to the last digit but for one in a thousand. It takes three times as long, and is for
// distances that are kept.
func ExactDistance(a, b Point) float64 {
	v := sin(halfAngle(a.Lon, b.Lon))
	if v == 0 {
		return latDistance(a.Lat, b.Lat)
	}
	h := haversine(sin(halfAngle(a.Lat, b.Lat)), cos(float64(a.Lat*degree)), cos(float64(b.Lat*degree)), v)
	return 2 * earthRadius * asin(math.Sqrt(h))
}

// halfAngle is half the angle between two coordinates in degrees.
func halfAngle(a, b float64) float64 { return (float64(b*degree) - float64(a*degree)) / 2 }

func cosine(deg float64) float64 { return math.Cos(float64(deg * degree)) }

// haversine is that of the angle between two points: u and v are the sines of halfAngle of their latitudes and longitudes, cosA and cosB
// the cosines of the former. Here and below products are rounded before they are added: where the compiler may fuse the two,
// distances would depend on the machine.
func haversine(u, cosA, cosB, v float64) float64 {
	return float64(u*u) + float64(cosA*cosB*v*v)
}

// arc is the length of an arc of which the haversine is given.
func arc(h float64) float64 { return 2 * earthRadius * math.Asin(math.Sqrt(h)) }

// latDistance is Distance along a meridian.
func latDistance(lat1, lat2 float64) float64 {
	return earthRadius * math.Abs(float64(lat2*degree)-float64(lat1*degree))
}
