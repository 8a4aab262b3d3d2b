package process

import (
	"os"
	"runtime"
)

// spareProcessors is how many more threads may run Go code than there are processors. A loop that comes back from the system needs
// leave to run, one of GOMAXPROCS: work in the background and the collector would keep all of these for up to 10 ms. With some to spare
// it is the system that shares out the processors, and that puts those first who have waited.
const spareProcessors = 2

// UseProcessors chooses GOMAXPROCS, unless the environment does.
func UseProcessors() {
	if _, chosen := os.LookupEnv("GOMAXPROCS"); !chosen {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
}
