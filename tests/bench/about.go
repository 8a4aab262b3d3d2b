package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"treedis/tests/harness"
)

// about is what the figures of a run depend on.
type about struct {
	date, cpu, kernel string
	cores, rounds     int
	memory            int64 // bytes
	treedis, redis    string
	benchmark, golang string
}

func (a about) lines() []string {
	return []string{
		fmt.Sprintf("%s, %d rounds", a.date, a.rounds),
		fmt.Sprintf("%s, %d cores, %d GB, Linux %s", a.cpu, a.cores, a.memory>>30, a.kernel),
		fmt.Sprintf("treedis: %s, %s", a.treedis, a.golang),
		"redis: " + a.redis,
		"load: " + a.benchmark,
	}
}

// describeRun finds all that out. What the machine does not tell is "unknown".
func describeRun(opts options) about {
	info, _ := os.ReadFile("/proc/cpuinfo")
	mem, _ := os.ReadFile("/proc/meminfo")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	bytes, _ := sumKilobytes(string(mem), "MemTotal")
	return about{
		date:      time.Now().UTC().Format(time.DateOnly),
		cpu:       cpuModel(string(info)),
		kernel:    orUnknown(string(kernel)),
		cores:     runtime.NumCPU(),
		rounds:    opts.rounds,
		memory:    bytes,
		treedis:   version(harness.Treedis) + revision(),
		redis:     version(harness.Redis),
		benchmark: said("redis-benchmark", "--version"),
		golang:    runtime.Version(),
	}
}

// cpuModel finds the processor's name in /proc/cpuinfo, which not all architectures tell.
func cpuModel(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func version(kind harness.Kind) string {
	bin, err := harness.Binary(kind)
	if err != nil {
		return orUnknown("")
	}
	return said(bin, "--version")
}

// revision is the commit that is checked out, if git knows.
func revision() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return ""
	}
	return ", commit " + strings.TrimSpace(string(out))
}

// said is the first line that a program prints.
func said(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return orUnknown("")
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return orUnknown(line)
}

func orUnknown(text string) string {
	if text = strings.TrimSpace(text); text != "" {
		return text
	}
	return "unknown"
}
