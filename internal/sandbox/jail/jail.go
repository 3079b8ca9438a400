package jail

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits bound one child. Zero means no limit for CPU, Wall and Output.
type Limits struct {
	Memory int64         // bytes of its own (not of the binary) that it may hold; at least MinMemory
	CPU    time.Duration // processor time of its whole life
	Wall   time.Duration // of its whole life
	Output int64         // bytes that it may write to its parent in its whole life
}

// MinMemory is what a Go program needs to begin with.
const MinMemory = 32 << 20

// maxMemory keeps sums of limits within an int64.
const maxMemory = 1 << 46

func (l Limits) check() error {
	switch {
	case l.Memory < MinMemory || l.Memory > maxMemory:
		return fmt.Errorf("jail: a memory limit of %d bytes is not possible, it is at least %d and at most %d", l.Memory, MinMemory, int64(maxMemory))
	case l.CPU < 0 || l.Wall < 0 || l.Output < 0:
		return errors.New("jail: a limit is negative")
	case l.CPU > 0 && l.CPU < 10*time.Millisecond:
		return fmt.Errorf("jail: a processor time of %s cannot be measured, it is at least 10ms", l.CPU)
	}
	return nil
}

// Command is what a child is started with.
type Command struct {
	Args   []string // what its main finds in Cell.Args; no secrets, other users of the machine can read them
	Limits Limits

	role string // of this package's own children
}

// Reason says in one word why a child ended.
type Reason string

// The reasons.
const (
	Exited         Reason = "exited"           // by itself, with Exit.Code
	KilledWall     Reason = "killed_wall"      // it lived longer than Limits.Wall
	KilledCPU      Reason = "killed_cpu"       // it used more than Limits.CPU
	KilledOutput   Reason = "killed_output"    // it wrote more than Limits.Output, or too much to stderr
	OutOfMemory    Reason = "out_of_memory"    // it needed more than Limits.Memory, or a deeper stack than that allows
	KilledByParent Reason = "killed_by_parent" // Kill, or the end of the context
	Crashed        Reason = "crashed"          // a panic, a fatal error, or a signal that was not the parent's
)

// Exit is how a child ended.
//
// A kill by the parent names the limit that it was for. Where the child died by itself, the kernel's word counts first (the signal, the
// processor time) and the first lines on stderr second, so a child can lie about itself there: it can make a crash look like a lack of
// memory and the reverse, and nothing else. A kill by somebody else counts as a lack of memory where at least nine tenths of the limit
// were in use, and a fault inside of Go's runtime where half of it was; otherwise both count as a crash.
type Exit struct {
	Reason Reason
	Detail string        // one line for a person; from the child's stderr where it crashed
	Code   int           // exit code, -1 where a signal ended it
	MaxRSS int64         // bytes, with the binary's pages
	CPU    time.Duration // user and system
}

// childMark begins the hidden first argument of every child. The number is raised when its meaning changes.
const childMark = "omc-jail-1:"

// maxSpec bounds the hidden argument.
const maxSpec = 512

// IsChild says whether these arguments (with the program's name) are those of a child.
func IsChild(args []string) bool { return len(args) > 1 && strings.HasPrefix(args[1], childMark) }

// spec is what a parent tells its child in the hidden argument.
type spec struct {
	limits Limits
	role   string // "" for the caller's work
	spaces string // namespaces that the child has of its own, joined by +
	user   string // who it runs as: nobody, same
}

func (s spec) String() string {
	l := s.limits
	return fmt.Sprintf("%smemory=%d,cpu=%d,wall=%d,output=%d,role=%s,spaces=%s,user=%s", childMark, l.Memory, l.CPU, l.Wall, l.Output, s.role, s.spaces, s.user)
}

func parseSpec(arg string) (spec, error) {
	var s spec
	rest, ok := strings.CutPrefix(arg, childMark)
	if !ok || len(arg) > maxSpec {
		return s, errors.New("jail: the first argument is not a child's")
	}
	for field := range strings.SplitSeq(rest, ",") {
		key, value, ok := strings.Cut(field, "=")
		if !ok {
			return s, fmt.Errorf("jail: a child's argument %q has no value", field)
		}
		if !s.text(key, value) {
			if err := s.number(key, value); err != nil {
				return s, err
			}
		}
	}
	return s, s.limits.check()
}

func (s *spec) text(key, value string) bool {
	switch key {
	case "role":
		s.role = value
	case "spaces":
		s.spaces = value
	case "user":
		s.user = value
	default:
		return false
	}
	return true
}

func (s *spec) number(key, value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 || n == math.MaxInt64 {
		return fmt.Errorf("jail: a child's argument %s=%q is not a number", key, value)
	}
	switch key {
	case "memory":
		s.limits.Memory = n
	case "cpu":
		s.limits.CPU = time.Duration(n)
	case "wall":
		s.limits.Wall = time.Duration(n)
	case "output":
		s.limits.Output = n
	default:
		return fmt.Errorf("jail: a child's argument %q is unknown: the binary was replaced by another version", key)
	}
	return nil
}

// megabytes is how limits are told to a person.
func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }
