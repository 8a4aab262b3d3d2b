package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// errProc is wrapped by the errors for text in /proc that is not as proc(5) has it.
var errProc = errors.New("unexpected text in /proc")

// tick is the unit of times in /proc: USER_HZ is 100 on every Linux this runs on.
const tick = 10 * time.Millisecond

// cpuTime returns the processor time that a process has used, user and system, all its threads, without its children.
func cpuTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(procPath(pid, "stat"))
	if err != nil {
		return 0, err
	}
	return parseCPUTime(string(stat))
}

// parseCPUTime adds utime and stime, fields 14 and 15 of /proc/<pid>/stat. The second field, the program's name in brackets, may
// hold blanks and brackets itself, so the count begins behind the last bracket, with field 3.
func parseCPUTime(stat string) (time.Duration, error) {
	const utime, stime = 14 - 3, 15 - 3
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime {
		return 0, fmt.Errorf("%w: stat %q", errProc, stat)
	}
	user, errUser := strconv.ParseInt(fields[utime], 10, 64)
	system, errSystem := strconv.ParseInt(fields[stime], 10, 64)
	if err := errors.Join(errUser, errSystem); err != nil {
		return 0, fmt.Errorf("%w: stat %q", errProc, stat)
	}
	return time.Duration(user+system) * tick, nil
}

// residentBytes returns a process's resident set.
func residentBytes(pid int) (int64, error) {
	status, err := os.ReadFile(procPath(pid, "status"))
	if err != nil {
		return 0, err
	}
	return sumKilobytes(string(status), "VmRSS")
}

// familyBytes returns the memory that a process occupies together with its children. A child that was forked shares its
// parent's pages until either writes: what it holds alone comes on top.
func familyBytes(pid int) (int64, error) {
	total, err := residentBytes(pid)
	if err != nil {
		return 0, err
	}
	children, err := os.ReadFile(procPath(pid, "task", strconv.Itoa(pid), "children"))
	if err != nil {
		return 0, err
	}
	for child := range strings.FieldsSeq(string(children)) {
		id, err := strconv.Atoi(child)
		if err != nil {
			return 0, fmt.Errorf("%w: children %q", errProc, children)
		}
		// A child that has ended meanwhile holds nothing, and has no figures any more.
		if maps, err := os.ReadFile(procPath(id, "smaps_rollup")); err == nil {
			if private, err := sumKilobytes(string(maps), "Private_Clean", "Private_Dirty"); err == nil {
				total += private
			}
		}
	}
	return total, nil
}

// sumKilobytes adds the named fields of a file with lines such as "VmRSS:   1234 kB" and returns bytes.
func sumKilobytes(text string, names ...string) (int64, error) {
	var total int64
	for _, name := range names {
		kB, err := kilobytes(text, name)
		if err != nil {
			return 0, err
		}
		total += kB << 10
	}
	return total, nil
}

func kilobytes(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%w: %q", errProc, line)
		}
		return n, nil
	}
	return 0, fmt.Errorf("%w: no %s", errProc, name)
}

func procPath(pid int, parts ...string) string {
	return "/proc/" + strconv.Itoa(pid) + "/" + strings.Join(parts, "/")
}
