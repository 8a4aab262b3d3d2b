package server

import "time"

// traffic is what the event loops and the replication links have counted since the start.
type traffic struct {
	in, out         int64 // bytes, replication's left out
	replIn, replOut int64
	reads, writes   int64
	rounds          int64         // of the event loops
	busy            time.Duration // of those rounds
	longest         time.Duration
}

// traffic adds up the counters of all loops and links since the last reset. It needs the exclusive lock.
func (s *Server) traffic() traffic {
	t, base := s.trafficSinceStart(), &s.stats.base
	return traffic{
		in: t.in - base.in, out: t.out - base.out,
		replIn: t.replIn - base.replIn, replOut: t.replOut - base.replOut,
		reads: t.reads - base.reads, writes: t.writes - base.writes,
		rounds: t.rounds - base.rounds, busy: t.busy - base.busy, longest: t.longest,
	}
}

func (s *Server) trafficSinceStart() (t traffic) {
	if s.net != nil {
		for _, l := range s.net.Loops() {
			st := l.Stats()
			t.in += st.BytesIn
			t.out += st.BytesOut
			t.reads += st.Reads
			t.writes += st.Writes
			t.rounds += st.Rounds
			t.busy += st.Busy
			t.longest = max(t.longest, st.Longest)
		}
	}
	t.replIn = s.role.link.Status().InputBytes
	t.replOut = s.master.Stats().OutputBytes
	return t
}

// rates are what INFO calls instantaneous: means over the last 16 samples, of which cron takes one every tenth of a second.
type rates struct {
	taken                              int64 // when the last samples were, ns
	commands, in, out, replIn, replOut rate  // per second
	rounds                             rate  // of event loops, cron among them, per second
	roundTime                          rate  // ns per round
}

const rateSamples = 16

// sampleEvery is how far samples are apart at least. Of turns of cron that follow one another at once a rate would be that of an instant, and
// count as much as the others. A tick may be a little early.
const sampleEvery = 90 * time.Millisecond

// rate is the mean quotient of two growing counters.
type rate struct {
	samples [rateSamples]float64
	next    int
	value   int64
	base    int64
}

// sample takes note of how far the counters have come.
func (r *rate) sample(value, base int64) {
	if r.base > 0 {
		quotient := 0.0
		if base > r.base {
			quotient = float64(value-r.value) / float64(base-r.base)
		}
		r.samples[r.next] = max(quotient, 0)
		r.next = (r.next + 1) % rateSamples
	}
	r.value, r.base = value, base
}

func (r *rate) mean() (sum float64) {
	for _, v := range r.samples {
		sum += v
	}
	return sum / rateSamples
}

// last is the quotient of the last sample.
func (r *rate) last() float64 { return r.samples[(r.next+rateSamples-1)%rateSamples] }

// perSecond is the mean of a rate whose base counts nanoseconds.
func (r *rate) perSecond() float64 { return r.mean() * float64(time.Second) }

// countCron takes note that cron has run, for as long as it took, and takes the samples that are due.
func (s *Server) countCron(took time.Duration) {
	s.lock.lock()
	defer s.lock.unlock()
	s.observeMemory()
	st := s.stats
	st.cronRounds++
	st.cronTime += took
	t, now, r := s.traffic(), int64(s.mono()), &st.rates
	if now-r.taken < int64(sampleEvery) {
		return
	}
	r.taken = now
	rounds := t.rounds + st.cronRounds
	r.commands.sample(st.sum(func(l *loopStats) counter { return l.executed }), now)
	r.in.sample(t.in, now)
	r.out.sample(t.out, now)
	r.replIn.sample(t.replIn, now)
	r.replOut.sample(t.replOut, now)
	r.rounds.sample(rounds, now)
	r.roundTime.sample(int64(t.busy+st.cronTime), rounds)
}
