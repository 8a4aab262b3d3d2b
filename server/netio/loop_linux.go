package netio

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollEvents are what a descriptor is registered for, once. Edge-triggered, so that neither a paused connection with input nor one
// without output is reported over and over.
const epollEvents = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

// maxEvents is the number of events that one poll takes. The others wait for the next.
const maxEvents = 256

// rawMax is the largest transfer made without telling the scheduler. Copying 64 KB takes some 10 us, which is what a stop of the world
// can wait for; longer ones announce themselves.
const rawMax = 64 << 10

// epollPoller waits by epoll. Its descriptors are those of the connections in conns, and an eventfd to wake it.
type epollPoller struct {
	epfd   int
	wakefd int
	conns  []*Conn                     // by descriptor
	todo   []unix.EpollEvent           // of events: not reported yet
	events *[maxEvents]unix.EpollEvent // nil while a poll goes through them
}

func newSystemPoller() (poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epfd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &epollPoller{epfd: epfd, wakefd: wakefd}
	// Edge-triggered, the counter need not be read: every write to it is an event.
	err = unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, wakefd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(wakefd)})
	if err != nil {
		p.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return p, nil
}

func (p *epollPoller) close() {
	unix.Close(p.wakefd)
	unix.Close(p.epfd)
}

func (p *epollPoller) wake() {
	one := [8]byte{1} // the counter's byte order does not matter: any number above 0 will do
	_, _, _ = unix.RawSyscall(unix.SYS_WRITE, uintptr(p.wakefd), uintptr(unsafe.Pointer(&one)), 8)
}

func (p *epollPoller) poll(block bool, ready func(c *Conn, ev event)) {
	p.report(ready)
	events := p.events
	if events == nil {
		events = new([maxEvents]unix.EpollEvent)
	}
	p.events = nil // a callback may poll for itself
	defer func() { p.events = events }()
	var n uintptr
	var errno syscall.Errno
	if block {
		forever := -1
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd), uintptr(unsafe.Pointer(events)), maxEvents,
			uintptr(forever), 0, 8)
	} else {
		n, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd), uintptr(unsafe.Pointer(events)), maxEvents,
			0, 0, 8)
	}
	if errno != 0 {
		return // EINTR; nothing else can happen to descriptors of our own
	}
	p.todo = events[:n]
	p.report(ready)
}

// report tells of the events that there are. A callback that polls goes on with them.
func (p *epollPoller) report(ready func(c *Conn, ev event)) {
	for len(p.todo) > 0 {
		e := p.todo[0]
		p.todo = p.todo[1:]
		if e.Fd == int32(p.wakefd) {
			continue
		}
		// A connection that an earlier event of this batch took over is gone from the table, and none is added under its number meanwhile.
		if c := p.conns[e.Fd]; c != nil {
			ready(c, eventOf(e.Events))
		}
	}
}

// eventOf translates epoll's events. An error or a hangup concerns both directions.
func eventOf(bits uint32) (ev event) {
	if bits&unix.EPOLLIN != 0 {
		ev |= evRead
	}
	if bits&unix.EPOLLOUT != 0 {
		ev |= evWrite
	}
	if bits&(unix.EPOLLRDHUP) != 0 {
		ev |= evHup
	}
	if bits&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		ev |= evHup | evWrite
	}
	return ev
}

// add takes the descriptor out of a TCP or Unix connection. nc is closed then, in the sense of its own copy.
func (p *epollPoller) add(nc net.Conn, c *Conn) (transport, error) {
	var raw syscall.RawConn
	var err error
	switch nc := nc.(type) {
	case *net.TCPConn:
		raw, err = nc.SyscallConn()
	case *net.UnixConn:
		raw, err = nc.SyscallConn()
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	fd := -1
	var dupErr error
	err = raw.Control(func(old uintptr) { fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("dup", dupErr)
	}
	// The runtime's poller must have let go of the socket before ours takes it.
	nc.Close()
	if fd >= len(p.conns) {
		p.conns = append(p.conns, make([]*Conn, fd+1-len(p.conns))...)
	}
	if err := unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: epollEvents, Fd: int32(fd)}); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	p.conns[fd] = c
	return &socket{descriptor: fd, poller: p}, nil
}

// socket is a descriptor registered with a poller.
type socket struct {
	descriptor int
	poller     *epollPoller
}

func (s *socket) fd() int    { return s.descriptor }
func (s *socket) idle() bool { return true }

func (s *socket) read(p []byte) (int, error) {
	for {
		n, errno := transfer(unix.SYS_READ, s.descriptor, p)
		switch {
		case errno == 0 && n == 0:
			return 0, io.EOF
		case errno == 0:
			return n, nil
		case errno != unix.EINTR:
			return 0, errorOf("read", errno)
		}
	}
}

func (s *socket) write(bufs [][]byte) (int, error) {
	if len(bufs) > 1 {
		return s.writev(bufs)
	}
	for {
		n, errno := transfer(unix.SYS_WRITE, s.descriptor, bufs[0])
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
		default:
			return 0, errorOf("write", errno)
		}
	}
}

func (s *socket) writev(bufs [][]byte) (int, error) {
	for {
		n, err := unix.Writev(s.descriptor, bufs)
		if err == nil {
			return n, nil
		}
		if errno, ok := err.(syscall.Errno); ok && errno != unix.EINTR {
			return 0, errorOf("writev", errno)
		}
	}
}

// transfer reads to or writes from p.
func transfer(call uintptr, fd int, p []byte) (int, syscall.Errno) {
	var n uintptr
	var errno syscall.Errno
	if len(p) <= rawMax {
		n, _, errno = unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	} else {
		n, _, errno = unix.Syscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	}
	return int(n), errno
}

// errorOf makes an error of what a system call returned.
func errorOf(call string, errno syscall.Errno) error {
	if errno == unix.EAGAIN {
		return errAgain
	}
	return os.NewSyscallError(call, errno)
}

func (s *socket) close() {
	s.forget()
	unix.Close(s.descriptor)
}

// forget ends the poller's interest in the descriptor.
func (s *socket) forget() {
	s.poller.conns[s.descriptor] = nil
	_ = unix.EpollCtl(s.poller.epfd, unix.EPOLL_CTL_DEL, s.descriptor, nil)
}

func (s *socket) detach() (net.Conn, []byte, error) {
	s.forget()
	file := os.NewFile(uintptr(s.descriptor), "")
	nc, err := net.FileConn(file) // which duplicates the descriptor once more
	file.Close()
	return nc, nil, err
}
