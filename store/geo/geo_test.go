package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	palermo = Point{13.361389, 38.115556}
	catania = Point{15.087269, 37.502669}
)

func TestKnownPlaces(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint64(3479099956230698), Encode(palermo))
	require.Equal(t, uint64(3479447370796909), Encode(catania))
	require.Equal(t, Point{13.36138933897018433, 38.11555639549629859}, Decode(3479099956230698))
	require.Equal(t, "sqc8b49rny0", string(AppendHash(nil, Decode(3479099956230698))))
	require.Equal(t, "sqdtr74hyu0", string(AppendHash(nil, Decode(3479447370796909))))
	require.InDelta(t, 166274.1516, Distance(Decode(3479099956230698), Decode(3479447370796909)), 1e-4)
	require.InDelta(t, 111226.3, Distance(Point{1, 1}, Point{1, 2}), 1e-3)
	require.Zero(t, Distance(palermo, palermo))
}

func TestValid(t *testing.T) {
	t.Parallel()
	for p, want := range map[Point]bool{
		{0, 0}: true, {MaxLon, MaxLat}: true, {-MaxLon, -MaxLat}: true, {180.1, 0}: false, {-180.1, 0}: false,
		{0, 85.06}: false, {0, -85.06}: false, {math.Inf(1), 0}: false, {math.NaN(), 0}: false,
	} {
		require.Equal(t, want, p.Valid(), p)
	}
}

func randomPoint(r *rand.Rand) Point {
	return Point{(r.Float64()*2 - 1) * MaxLon, (r.Float64()*2 - 1) * MaxLat}
}

func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		p := randomPoint(r)
		q := Decode(float64(Encode(p)))
		require.InDelta(t, p.Lon, q.Lon, MaxLon/float64(1<<maxStep))
		require.InDelta(t, p.Lat, q.Lat, MaxLat/float64(1<<maxStep))
		require.Equal(t, Encode(p), Encode(q))
	}
	for _, score := range []float64{0, -1, 1 << 52, 1e17, 1e300, math.Inf(1), math.Inf(-1)} {
		require.True(t, Decode(score).Valid(), score)
	}
}

// Whatever the shape contains lies in one of its ranges.
func TestRangesCoverTheShape(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		size := math.Pow(10, 1+5*r.Float64())
		s := Shape{Center: Point{(r.Float64()*2 - 1) * 170, (r.Float64()*2 - 1) * 60}, Radius: size}
		if r.IntN(2) == 0 {
			s.Box, s.Width, s.Height = true, size, size*r.Float64()*2
		}
		ranges := s.Ranges(nil)
		require.LessOrEqual(t, len(ranges), 9)
		deg := size / 111e3
		for range 50 {
			p := Point{s.Center.Lon + (r.Float64()*2-1)*deg*2, s.Center.Lat + (r.Float64()*2-1)*deg}
			if !p.Valid() {
				continue
			}
			p = Decode(float64(Encode(p)))
			distance, inside := NewFinder(s).Contains(p)
			if !inside {
				continue
			}
			require.Equal(t, Distance(s.Center, p), distance)
			score, found := Encode(p), false
			for _, rng := range ranges {
				found = found || rng.Min <= score && score < rng.Max
			}
			require.True(t, found, "%+v does not find %+v", s, p)
		}
	}
}

// What a finder sorts out by comparisons the distance would have sorted out too.
func TestFinder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 3))
	inside := 0
	for range 2000 {
		s := Shape{Center: randomPoint(r), Radius: math.Pow(10, 7.4*r.Float64())}
		f := NewFinder(s)
		deg := s.Radius / 111e3
		for i := range 100 {
			p := randomPoint(r)
			if i < 80 { // near the circle, at every angle
				angle, far := 2*math.Pi*r.Float64(), deg*(1+math.Pow(10, -10*r.Float64())*(2*r.Float64()-1))
				p = Point{s.Center.Lon + far*math.Sin(angle)/math.Cos(s.Center.Lat*degree), s.Center.Lat + far*math.Cos(angle)}
				p.Lon = math.Remainder(p.Lon, 360)
			}
			if !p.Valid() {
				continue
			}
			distance := Distance(s.Center, p)
			got, ok := f.Contains(p)
			require.Equal(t, distance <= s.Radius, ok, "%+v %+v", s, p)
			if ok {
				inside++
				require.Equal(t, distance, got)
			}
		}
	}
	require.Greater(t, inside, 1000)
}

func TestRangesAtExtremes(t *testing.T) {
	t.Parallel()
	for _, radius := range []float64{0, 1, 1e7, 1e9, math.Inf(1)} {
		for _, p := range []Point{{}, {MaxLon, MaxLat}, {-MaxLon, -MaxLat}, {MaxLon, 0}} {
			s := Shape{Center: p, Radius: radius}
			require.NotEmpty(t, s.Ranges(nil))
			_, ok := NewFinder(s).Contains(p)
			require.True(t, ok)
		}
	}
}
