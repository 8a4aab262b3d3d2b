package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"treedis/server/resp"
)

// The directives whose values have a form of their own.

// saveKind is []SavePoint. In a configuration the first mention replaces the
// defaults and further ones add to it; an empty one always clears.
type saveKind struct{}

func (saveKind) parse(s scope, _ *directive, words []string) (value, error) {
	var points []SavePoint
	if len(words) == 1 && words[0] == "" {
		return value{ref: points}, nil
	}
	if s.add {
		points = slices.Clone(s.cur.ref.([]SavePoint))
	}
	if len(words)%2 != 0 {
		return value{}, errSave
	}
	for i := 0; i < len(words); i += 2 {
		secs, _, ok1 := strtoll(words[i], 10)
		changes, _, ok2 := strtoll(words[i+1], 10)
		if !ok1 || !ok2 || secs < 1 || changes < 0 {
			return value{}, errSave
		}
		points = append(points, SavePoint{Seconds: secs, Changes: int64(int32(changes))})
	}
	return value{ref: points}, nil
}

func (saveKind) format(v value) string {
	var words []string
	for _, p := range v.ref.([]SavePoint) {
		words = append(words, p.String())
	}
	return strings.Join(words, " ")
}

func (saveKind) lines(d *directive, v value) []confLine {
	points := v.ref.([]SavePoint)
	if len(points) == 0 {
		return []confLine{{d.name + ` ""`, true}}
	}
	var lines []confLine
	for _, p := range points {
		lines = append(lines, confLine{d.name + " " + p.String(), true})
	}
	return lines
}

func (saveKind) typeName() string { return "seconds changes ..." }

// outputLimitsKind is OutputLimits. Classes that are not mentioned keep their
// limits.
type outputLimitsKind struct{}

func (outputLimitsKind) parse(s scope, _ *directive, words []string) (value, error) {
	if len(words)%4 != 0 {
		return value{}, errObufArgs
	}
	limits := s.cur.ref.(OutputLimits)
	for ; len(words) > 0; words = words[4:] {
		class, ok := clientClass(words[0])
		if !ok {
			return value{}, errObufClass
		}
		hard, ok1 := ParseMemory(words[1])
		soft, ok2 := ParseMemory(words[2])
		secs, _, ok3 := strtoll(words[3], 10)
		// Redis keeps the seconds in an int.
		if !ok1 || !ok2 || !ok3 || int32(secs) < 0 {
			return value{}, errObufLimit
		}
		limits[class] = OutputLimit{Hard: hard, Soft: soft, SoftSeconds: int64(int32(secs))}
	}
	return value{ref: limits}, nil
}

func clientClass(name string) (ClientClass, bool) {
	switch strings.ToLower(name) {
	case "normal":
		return NormalClient, true
	case "slave", "replica":
		return ReplicaClient, true
	case "pubsub":
		return PubSubClient, true
	}
	return 0, false
}

func (outputLimitsKind) format(v value) string {
	var words []string
	for class, l := range v.ref.(OutputLimits) {
		words = append(words, fmt.Sprintf("%s %d %d %d", ClientClass(class), l.Hard, l.Soft, l.SoftSeconds))
	}
	return strings.Join(words, " ")
}

func (outputLimitsKind) lines(d *directive, v value) []confLine {
	var lines []confLine
	limits, def := v.ref.(OutputLimits), d.def.ref.(OutputLimits)
	for class, l := range limits {
		name := ClientClass(class).String()
		if ClientClass(class) == ReplicaClient {
			name = "replica"
		}
		text := fmt.Sprintf("%s %s %s %s %d", d.name, name, formatMemory(l.Hard), formatMemory(l.Soft), l.SoftSeconds)
		lines = append(lines, confLine{text, l != def[class]})
	}
	return lines
}

func (outputLimitsKind) typeName() string { return "class hard soft seconds ..." }

// oomScoresKind is [3]int64: for a master, a replica and a background child.
type oomScoresKind struct{}

func (oomScoresKind) parse(_ scope, _ *directive, words []string) (value, error) {
	var scores [3]int64
	if len(words) != len(scores) {
		return value{}, errArgCount
	}
	for i, w := range words {
		n, _, ok := strtoll(w, 10)
		if !ok || n < -2000 || n > 2000 {
			return value{}, errOOMScore
		}
		scores[i] = n
	}
	return value{ref: scores}, nil
}

func (oomScoresKind) format(v value) string {
	s := v.ref.([3]int64)
	return fmt.Sprintf("%d %d %d", s[0], s[1], s[2])
}

func (k oomScoresKind) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + k.format(v), v.ref != d.def.ref}}
}

func (oomScoresKind) typeName() string { return "master replica child" }

// eventsKind is KeyspaceEvents, held as a number.
type eventsKind struct{}

func (eventsKind) parse(_ scope, _ *directive, words []string) (value, error) {
	var ev KeyspaceEvents
	for _, c := range words[0] {
		bits := eventClass(c)
		if bits == 0 {
			return value{}, errEventClass
		}
		ev |= bits
	}
	return value{n: int64(ev)}, nil
}

func (eventsKind) format(v value) string { return KeyspaceEvents(v.n).String() }

func (k eventsKind) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + quote(k.format(v)), v.n != d.def.n}}
}

func (eventsKind) typeName() string { return "classes" }

// bindKind is []string.
type bindKind struct{}

// maxBinds is how many addresses Redis listens on.
const maxBinds = 16

func (bindKind) parse(_ scope, _ *directive, words []string) (value, error) {
	if len(words) > maxBinds {
		return value{}, errManyBinds
	}
	if len(words) == 1 && words[0] == "" {
		words = nil
	}
	return value{ref: slices.Clone(words)}, nil
}

func (bindKind) format(v value) string { return strings.Join(v.ref.([]string), " ") }

func (bindKind) lines(d *directive, v value) []confLine {
	addrs := v.ref.([]string)
	switch {
	case slices.Equal(addrs, d.def.ref.([]string)):
		return nil
	case len(addrs) == 0:
		return []confLine{{d.name + ` ""`, true}}
	}
	return []confLine{{d.name + " " + strings.Join(addrs, " "), true}}
}

func (bindKind) typeName() string { return "address ..." }

// masterKind is Master.
type masterKind struct{}

func (masterKind) parse(_ scope, _ *directive, words []string) (value, error) {
	if len(words) != 2 {
		return value{}, errArgCount
	}
	if strings.EqualFold(words[0], "no") && strings.EqualFold(words[1], "one") {
		return value{ref: Master{}}, nil
	}
	n, _, ok := strtoll(words[1], 10)
	if !ok || n < 0 || n > maxPort {
		return value{}, errMasterPort
	}
	return value{ref: Master{Host: words[0], Port: int(n)}}, nil
}

func (masterKind) format(v value) string {
	m := v.ref.(Master)
	if m.Host == "" {
		return ""
	}
	return m.Host + " " + strconv.Itoa(m.Port)
}

func (k masterKind) lines(d *directive, v value) []confLine {
	if v.ref.(Master).Host == "" {
		return nil
	}
	return []confLine{{d.name + " " + k.format(v), true}}
}

func (masterKind) typeName() string { return "host port" }

// percentilesKind is []float64.
type percentilesKind struct{}

func (percentilesKind) parse(_ scope, _ *directive, words []string) (value, error) {
	var ps []float64
	if len(words) == 1 && words[0] == "" {
		words = nil
	}
	for _, w := range words {
		p, ok := resp.ParseFloat([]byte(w))
		if !ok {
			return value{}, errPercentile
		}
		if p < 0 || p > 100 {
			return value{}, errPercentRange
		}
		ps = append(ps, p)
	}
	return value{ref: ps}, nil
}

func (percentilesKind) format(v value) string {
	var words []string
	for _, p := range v.ref.([]float64) {
		words = append(words, formatPercentile(p))
	}
	return strings.Join(words, " ")
}

func (k percentilesKind) lines(d *directive, v value) []confLine {
	text := k.format(v)
	if text == "" {
		text = `""`
	}
	return []confLine{{d.name + " " + text, true}}
}

func (percentilesKind) typeName() string { return "percentile ..." }

// dirKind is an absolute path without symbolic links, as getcwd shows it.
type dirKind struct{}

func (dirKind) parse(s scope, _ *directive, words []string) (value, error) {
	dir := words[0]
	if dir == "" {
		return value{}, unixReason(unix.ENOENT)
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.base, dir)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return value{}, unixReason(err)
	}
	fi, err := os.Stat(resolved)
	switch {
	case err != nil:
	case !fi.IsDir():
		err = unix.ENOTDIR
	default:
		err = unix.Access(resolved, unix.X_OK)
	}
	if err != nil {
		return value{}, unixReason(err)
	}
	return value{ref: resolved}, nil
}

func (dirKind) format(v value) string { return v.ref.(string) }

func (dirKind) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + quote(v.ref.(string)), true}}
}

func (dirKind) typeName() string { return "path" }

// AllReplicas is the value of a number of replicas that is all there are.
const AllReplicas = -1

// maxReplicas bounds a number of replicas.
const maxReplicas = 100

// replicasKind is a number of replicas, or the word all.
type replicasKind struct{}

func (replicasKind) parse(_ scope, _ *directive, words []string) (value, error) {
	n, ok := ParseReplicas([]byte(words[0]))
	if !ok {
		return value{}, errReplicas
	}
	return value{n: int64(n)}, nil
}

// ParseReplicas reads a number of replicas, which AllReplicas stands for if it is the word all.
func ParseReplicas(b []byte) (n int, ok bool) {
	if strings.EqualFold(string(b), "all") {
		return AllReplicas, true
	}
	i, ok := resp.ParseInt(b)
	return int(i), ok && i >= 0 && i <= maxReplicas
}

// ReplicasText is a number of replicas as the directive has it.
func ReplicasText(n int64) string { return replicasKind{}.format(value{n: n}) }

func (replicasKind) format(v value) string {
	if v.n == AllReplicas {
		return "all"
	}
	return strconv.FormatInt(v.n, 10)
}

func (k replicasKind) lines(d *directive, v value) []confLine {
	return []confLine{{d.name + " " + k.format(v), v.n != d.def.n}}
}

func (replicasKind) typeName() string { return "number|all" }
