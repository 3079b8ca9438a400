//go:build linux && (amd64 || arm64)

package jail

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

const (
	maxFiles   = 16 // descriptors: three pipes, and what the runtime waits with
	maxThreads = 64
)

// lock takes from this process everything that it does not need. What the kernel does not grant is in the report.
func lock(s spec) (Report, error) {
	g := granted{spec: s}
	os.Clearenv()
	debug.SetMaxStack(int(stackLimit(s.limits)))
	debug.SetMaxThreads(maxThreads)
	if err := closeInherited(); err != nil {
		return Report{}, err
	}
	mapped, err := dataMapped()
	if err != nil {
		g.note("the memory that it begins with is not known: %v", err)
	}
	if err := dropCapabilities(); err != nil {
		g.note("capabilities are kept: %v", err)
	}
	if g.landlock, err = ll.LandlockGetABIVersion(); err != nil {
		g.landlock = 0 // a kernel without
	}
	if err := landlock.V11.BestEffort().Restrict(); err != nil {
		g.note("landlock is refused: %v", err)
		g.landlock = 0
	}
	// go-landlock does this as well where it has something to do; the filter needs it in any case.
	if err := ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return Report{}, fmt.Errorf("jail: no_new_privs: %w", err)
	}
	g.limit(mapped)
	if err := install(compile(allowed(os.Getpid()))); err != nil {
		g.note("%v", err)
	} else {
		g.filter = true
	}
	return g.report(), nil
}

// closeInherited closes what the parent's own parent left open (a shell's or a service manager's descriptors), but for the pipes and
// what the runtime has opened to wait with.
func closeInherited() error {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("jail: what is open is not known: %w", err)
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		to, err := os.Readlink(dir + "/" + e.Name())
		if err != nil || strings.HasPrefix(to, "anon_inode:[event") {
			continue // the directory itself, which ReadDir has closed; or epoll and its eventfd
		}
		if err := unix.Close(fd); err != nil && !errors.Is(err, unix.EBADF) {
			return fmt.Errorf("jail: close inherited descriptor %d: %w", fd, err)
		}
	}
	return nil
}

// dataMapped is the writable private memory that the process has mapped, in bytes: what RLIMIT_DATA counts.
func dataMapped() (int64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmData:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmData in /proc/self/status")
}

// dropCapabilities empties the sets of all threads.
func dropCapabilities() error {
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if _, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(&none[0])), 0); errno != 0 {
		return errno
	}
	return nil
}

// granted is what the kernel gave while a child locked itself in.
type granted struct {
	spec
	landlock int // ABI version, 0 for none
	filter   bool
	data     bool // RLIMIT_DATA
	cpu      bool // RLIMIT_CPU
	notes    []string
}

func (g *granted) note(format string, args ...any) {
	g.notes = append(g.notes, fmt.Sprintf(format, args...))
}

// limit sets the resource limits. mapped is what the process has now: beyond that it may map its memory limit and no more, whatever
// the parent sees in time.
func (g *granted) limit(mapped int64) {
	set := func(resource int, name string, n uint64) bool {
		if err := unix.Prlimit(0, resource, &unix.Rlimit{Cur: n, Max: n}, nil); err != nil {
			g.note("the limit on %s is refused: %v", name, err)
			return false
		}
		return true
	}
	set(unix.RLIMIT_CORE, "core files", 0)
	set(unix.RLIMIT_FSIZE, "file size", 0)
	set(unix.RLIMIT_MEMLOCK, "locked memory", 0)
	set(unix.RLIMIT_MSGQUEUE, "message queues", 0)
	set(unix.RLIMIT_NOFILE, "descriptors", maxFiles)
	if strings.HasPrefix(g.spaces, userSpace) {
		// Counted per user and user namespace: elsewhere it would count the threads of others. Go's own limit stands in any case.
		set(unix.RLIMIT_NPROC, "threads", maxThreads)
	}
	g.data = mapped > 0 && set(unix.RLIMIT_DATA, "data", uint64(mapped+g.limits.Memory))
	if g.limits.CPU > 0 {
		// In whole seconds and one more: the parent, who counts finer, comes first.
		g.cpu = set(unix.RLIMIT_CPU, "processor time", uint64((g.limits.CPU+time.Second-1)/time.Second)+1)
	}
}

// report puts what was granted into words.
func (g *granted) report() Report {
	by := func(what ...string) string {
		var held []string
		for _, w := range what {
			if w != "" {
				held = append(held, w)
			}
		}
		return strings.Join(held, ", ")
	}
	when := func(ok bool, text string) string {
		if ok {
			return text
		}
		return ""
	}
	part := func(name, missing string, held bool, how ...string) Part {
		if held {
			return Part{name, true, by(how...)}
		}
		return Part{name, false, missing}
	}
	filter := when(g.filter, "seccomp filter")
	netns := when(strings.Contains(g.spaces, "net"), "own network namespace")
	abi := when(g.landlock > 0, fmt.Sprintf("Landlock (ABI %d)", g.landlock))
	r := Report{Notes: g.notes}
	r.Parts = []Part{
		part(PartNetwork, "the kernel grants neither a seccomp filter nor Landlock's scope with a network namespace",
			g.filter || netns != "" && g.landlock >= 6, filter, netns),
		part(PartFiles, "the kernel grants neither a seccomp filter nor Landlock", g.filter || g.landlock > 0, filter, abi),
		part(PartExec, "the kernel grants no seccomp filter", g.filter, filter, abi),
		part(PartOthers, "the kernel grants no seccomp filter", g.filter, filter, when(g.user == asNobody, "user nobody"), when(g.spaces != "", "namespaces "+g.spaces)),
		part(PartMemory, "the kernel grants no limit on data", g.data, "RLIMIT_DATA, the parent looks every "+tickBusy.String()+", no cgroup"),
		part(PartCPU, "the kernel grants no limit on processor time", g.cpu || g.limits.CPU == 0,
			when(g.cpu, "RLIMIT_CPU"), "the parent's kill"),
	}
	if g.spaces == "" {
		r.Notes = append(r.Notes, "no namespaces of its own: the machine does not permit them to this user")
	}
	if g.landlock == 0 {
		r.Notes = append(r.Notes, "no Landlock in this kernel")
	}
	return r
}
