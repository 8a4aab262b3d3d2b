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

// STOREDIST makes scores of distances, so that they must agree with Redis's to the last digit.
func TestDistancesToTheLastDigit(t *testing.T) {
	place := Decode(float64(Encode(Point{2.1909389952632, 41.433791470673})))
	require.Equal(t, 88.05060698409301, ExactDistance(Point{2.191, 41.433}, place))
	for _, d := range [][5]float64{
		{-40.870147, 66.25406, -40.870123, 66.254089, 3.3999604413019933},
		{-179.194941, -79.801922, -179.194959, -79.801947, 2.8031598592259375},
		{171.687829, -48.843503, 171.687953, -48.843491, 9.174412647698752},
		{-82.442518, -6.238071, -82.351805, -6.015605, 26700.387515197934},
		{-151.272525, 79.590482, -151.272365, 79.59035, 15.029860004971708},
		{-65.790946, 15.382636, -65.791497, 15.382515, 60.60346351803327},
		{122.614517, -80.819172, 122.614502, -80.819167, 0.6165560944899365},
		{1.654299, -3.062485, 1.654303, -3.062506, 2.3776279085746728},
		{62.902457, 60.929681, 61.585254, 61.456775, 91762.19359648429},
		{-36.35574, -12.249388, -36.355687, -12.249348, 7.278784919385542},
		{32.021533, -63.69209, 32.021529, -63.691805, 31.700108756232257},
		{148.702543, -5.787108, 148.702524, -5.787188, 9.143133094789627},
		{39.440542, 56.857956, 39.276843, 55.837092, 113994.24600039155},
		{67.213668, -75.480264, 67.219708, -75.473971, 719.9354096903851},
		{8.72774, -78.386128, 8.727737, -78.386135, 0.7814765655577148},
		{94.986253, 83.902922, 94.995037, 83.922811, 2214.6045689572506},
		{65.388274, 59.902812, 65.388598, 59.902147, 76.1411973861141},
		{84.33015, 32.935051, 85.70391, 33.910542, 167436.5998151591},
		{-84.8369, -34.204769, -84.836915, -34.204676, 10.435668982266161},
		{-174.969376, -9.512783, -175.01755, -7.596966, 213155.09617799503},
		{-106.720734, -30.928799, -106.720604, -30.928755, 13.333974444821845},
		{-158.472819, -1.597173, -158.472914, -1.597937, 85.63081506819137},
		{-106.229987, -13.93938, -106.091713, -13.915506, 15161.904249329345},
		{176.222585, -45.998556, 176.200609, -46.079729, 9186.626524804802},
	} {
		require.Equal(t, d[4], ExactDistance(Point{d[0], d[1]}, Point{d[2], d[3]}), "%v", d[:4])
	}
}

func TestTrigonometry(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		x := (r.Float64() - 0.5) * 2 * math.Pi
		require.InDelta(t, math.Sin(x), sin(x), 3e-16, x)
		require.InDelta(t, math.Cos(x), cos(x), 3e-16, x)
		require.InDelta(t, math.Asin(math.Sin(x)), asin(math.Sin(x)), 5e-16, x)
	}
	for _, x := range []float64{0, math.Pi / 4, math.Pi / 2, math.Pi} {
		require.InDelta(t, math.Sin(x), sin(x), 3e-16, x)
		require.InDelta(t, math.Cos(-x), cos(-x), 3e-16, x)
	}
	require.True(t, math.IsNaN(asin(1.5)))
	require.Equal(t, math.Pi/2, asin(1))
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
