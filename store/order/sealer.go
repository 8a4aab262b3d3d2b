package order

// sealer makes runs of full queues in a goroutine, beside whoever fills the next one: sorting is half of what an insertion
// costs.
type sealer struct {
	full  chan queue
	empty chan queue
	done  chan []*run
}

// sealAhead is how many queues may wait for the goroutine.
const sealAhead = 4

// take takes over what is in q, and leaves it empty.
func (s *sealer) take(q *queue) {
	if s.full == nil {
		s.full, s.empty, s.done = make(chan queue, sealAhead), make(chan queue, sealAhead+1), make(chan []*run, 1)
		for range cap(s.empty) {
			s.empty <- queue{}
		}
		go s.run()
	}
	s.full <- *q
	*q = <-s.empty
}

func (s *sealer) run() {
	var runs []*run
	for q := range s.full {
		runs = append(runs, q.seal())
		s.empty <- q
	}
	s.done <- runs
}

// end waits until all is sealed, ends the goroutine and returns the runs, the oldest first.
func (s *sealer) end() []*run {
	if s.full == nil {
		return nil
	}
	close(s.full)
	return <-s.done
}
