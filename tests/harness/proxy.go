package harness

import (
	"net"
	"strconv"
	"sync"
	"time"
)

// Mangler changes bytes on their way from the target to the one who dialled; it gets every chunk of one link in order and may
// change it in place. It returns how many of the bytes pass; if not all do, the link ends behind them. A new one is made for
// every link.
type Mangler func(chunk []byte) (pass int)

// Proxy is a TCP proxy whose links can be cut, held and slowed down. All its methods may be called from any goroutine.
type Proxy struct {
	l      net.Listener
	target string
	wg     sync.WaitGroup // every goroutine of the proxy

	mu     sync.Mutex // guards what follows
	refuse bool
	links  map[net.Conn]struct{} // both ends of every link
	gate   chan struct{}         // closed while bytes may pass
	rate   int                   // bytes a second and direction; 0: no limit
	mangle func() Mangler
	closed bool
	opened int
}

// NewProxy starts a proxy in front of target. It is closed with the test.
func NewProxy(t T, target string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("proxy: %v", err)
	}
	p := &Proxy{l: l, target: target, links: make(map[net.Conn]struct{}), gate: make(chan struct{})}
	close(p.gate)
	p.wg.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Addr returns the proxy's host:port.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// Port returns the proxy's port.
func (p *Proxy) Port() string { return strconv.Itoa(p.l.Addr().(*net.TCPAddr).Port) }

// Close cuts all links and returns when the last goroutine has.
func (p *Proxy) Close() {
	p.Release()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.l.Close()
	p.Cut()
	p.wg.Wait()
}

// Cut closes every link there is; new ones are accepted. It returns how many ends it closed.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.links)
	for c := range p.links {
		c.Close()
	}
	clear(p.links)
	return n
}

// Refuse makes the proxy close new links at once, or stops it doing so. Links there are stay.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = on
}

// Hold keeps all bytes back, links staying open, until Release.
func (p *Proxy) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
		p.gate = make(chan struct{})
	default:
	}
}

// Release ends a Hold.
func (p *Proxy) Release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
	default:
		close(p.gate)
	}
}

// Throttle limits each link and direction to so many bytes a second; 0 lifts the limit.
func (p *Proxy) Throttle(bytesPerSecond int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = bytesPerSecond
}

// Mangle lets every later link's bytes towards the dialler pass through a Mangler of its own; nil ends that.
func (p *Proxy) Mangle(newMangler func() Mangler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mangle = newMangler
}

// Opened returns how many links were made so far.
func (p *Proxy) Opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened
}

func (p *Proxy) accept() {
	for {
		down, err := p.l.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.link(down) })
	}
}

// link connects one dialler with the target and returns when either end is gone.
func (p *Proxy) link(down net.Conn) {
	defer down.Close()
	p.mu.Lock()
	refuse := p.refuse
	var mangle Mangler
	if p.mangle != nil {
		mangle = p.mangle()
	}
	p.mu.Unlock()
	if refuse {
		return
	}
	up, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer up.Close()
	if !p.register(down, up) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { p.pump(up, down, nil) })
	p.pump(down, up, mangle)
	wg.Wait()
	p.mu.Lock()
	delete(p.links, down)
	delete(p.links, up)
	p.mu.Unlock()
}

func (p *Proxy) register(down, up net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.refuse {
		return false
	}
	p.links[down], p.links[up] = struct{}{}, struct{}{}
	p.opened++
	return true
}

// pump copies one direction and ends the whole link when it is done.
func (p *Proxy) pump(dst, src net.Conn, mangle Mangler) {
	defer dst.Close()
	defer src.Close()
	buf := make([]byte, 16<<10)
	for {
		n, err := src.Read(p.window(buf))
		if n > 0 {
			p.wait(n)
			pass := n
			if mangle != nil {
				pass = mangle(buf[:n])
			}
			if _, err := dst.Write(buf[:pass]); err != nil || pass < n {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// window is the part of buf to read into: under a limit, what may pass in a twentieth of a second, so that no wait of a pump
// is longer than that.
func (p *Proxy) window(buf []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate > 0 {
		return buf[:max(1, min(len(buf), p.rate/20))]
	}
	return buf
}

// wait returns when n bytes may pass.
func (p *Proxy) wait(n int) {
	p.mu.Lock()
	gate, rate := p.gate, p.rate
	p.mu.Unlock()
	<-gate
	if rate > 0 {
		<-time.After(time.Duration(n) * time.Second / time.Duration(rate))
	}
}
