//go:build linux && (amd64 || arm64)

package jail

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The filter lets through what a Go program needs to compute, to collect its garbage and to speak on open pipes, and answers everything
// else with EPERM. It is written here and not with a library's policy because that library's program (go-seccomp-bpf 1.6.0) goes on to
// compare the next call's number with an argument after a call whose arguments did not match: in a list of what is allowed, a fork
// whose flags are the number of an allowed call would get through.

// test is what an argument has to be: its low half, masked, equal to want, and its high half zero.
type test struct {
	arg  int
	mask uint32
	want uint32
}

// rule lets a call through where all tests hold.
type rule struct {
	call  uintptr
	tests []test
}

const (
	threadFlags   = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD
	pthreadFlags  = threadFlags | unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID | unix.CLONE_CHILD_CLEARTID
	everything    = 0xffffffff
	returnAllow   = unix.SECCOMP_RET_ALLOW
	returnRefuse  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	returnUnknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// allowed are the calls that get through, those that are made most first.
func allowed(pid int) []rule {
	// Private memory only: what is shared counts in no limit on data, and neither does what grows downwards.
	private := test{arg: 3, mask: unix.MAP_SHARED | unix.MAP_GROWSDOWN | unix.MAP_HUGETLB}
	// Never executable: there is no code to come.
	data := test{arg: 2, mask: unix.PROT_EXEC}
	rules := []rule{
		{unix.SYS_FUTEX, nil}, {unix.SYS_READ, nil}, {unix.SYS_WRITE, nil}, {unix.SYS_NANOSLEEP, nil}, {unix.SYS_MADVISE, nil},
		{unix.SYS_MMAP, []test{data, private}}, {unix.SYS_MUNMAP, nil}, {unix.SYS_MPROTECT, []test{data}}, {unix.SYS_MINCORE, nil},
		{unix.SYS_SCHED_YIELD, nil}, {unix.SYS_EPOLL_PWAIT, nil}, {unix.SYS_EPOLL_CTL, nil}, {unix.SYS_EPOLL_CREATE1, nil}, {unix.SYS_EVENTFD2, nil},
		{unix.SYS_RT_SIGRETURN, nil}, {unix.SYS_RT_SIGPROCMASK, nil}, {unix.SYS_RT_SIGACTION, nil}, {unix.SYS_SIGALTSTACK, nil},
		{unix.SYS_GETPID, nil}, {unix.SYS_GETTID, nil},
		{unix.SYS_TGKILL, []test{{arg: 0, mask: everything, want: uint32(pid)}}},                    // how the scheduler interrupts its own threads
		{unix.SYS_CLONE, []test{{arg: 0, mask: everything, want: threadFlags}}},                     // arm64
		{unix.SYS_CLONE, []test{{arg: 0, mask: everything, want: threadFlags | unix.CLONE_SETTLS}}}, // amd64
		{unix.SYS_CLONE, []test{{arg: 0, mask: everything, want: pthreadFlags}}},                    // where the binary holds C
		{unix.SYS_CLOCK_GETTIME, nil}, {unix.SYS_CLOCK_NANOSLEEP, nil}, {unix.SYS_GETTIMEOFDAY, nil}, {unix.SYS_GETRANDOM, nil},
		{unix.SYS_SCHED_GETAFFINITY, nil}, {unix.SYS_RSEQ, nil}, {unix.SYS_SET_ROBUST_LIST, nil}, {unix.SYS_RESTART_SYSCALL, nil},
		{unix.SYS_GETRUSAGE, nil},
		{unix.SYS_PRLIMIT64, []test{{arg: 0, mask: everything}, {arg: 2, mask: everything}}}, // read its own
		{unix.SYS_PRCTL, []test{{arg: 0, mask: everything, want: unix.PR_SET_VMA}}},          // the runtime names its memory
		{unix.SYS_FCNTL, []test{{arg: 1, mask: everything, want: unix.F_GETFL}}},             // is this pipe blocking?
		{unix.SYS_CLOSE, nil}, {unix.SYS_EXIT, nil}, {unix.SYS_EXIT_GROUP, nil},
	}
	for _, call := range archCalls {
		rules = append(rules, rule{call, nil})
	}
	return rules
}

// Where seccomp_data keeps what the filter reads; both architectures are little endian.
const (
	offCall = 0
	offArch = 4
	offArgs = 16
)

func load(off uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: off}
}

func end(with uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: with}
}

func jump(op uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

// compile writes the filter's program. A call that has tests may have more than one rule; rules of one call may stand anywhere, and
// each block that has looked at arguments loads the number again before it goes on.
func compile(rules []rule) []unix.SockFilter {
	prog := []unix.SockFilter{
		load(offArch), jump(unix.BPF_JEQ, auditArch, 1, 0), end(unix.SECCOMP_RET_KILL_PROCESS),
		load(offCall),
		jump(unix.BPF_JGE, 0x40000000, 0, 1), end(returnRefuse), // amd64's second set of numbers
		// Its flags are in memory, where no filter can look; so C's threads fall back to clone.
		jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), end(returnUnknown),
	}
	for _, r := range rules {
		block := block(r.tests)
		prog = append(prog, jump(unix.BPF_JEQ, uint32(r.call), 0, uint8(len(block))))
		prog = append(prog, block...)
	}
	return append(prog, end(returnRefuse))
}

// block is what follows when the number is right: allow where the tests hold, otherwise load the number again and go on behind it.
func block(tests []test) []unix.SockFilter {
	if len(tests) == 0 {
		return []unix.SockFilter{end(returnAllow)}
	}
	var steps []unix.SockFilter
	var jumps []int // to the end where they do not hold
	for _, t := range tests {
		at := offArgs + 8*uint32(t.arg)
		steps = append(steps, load(at+4))
		jumps = append(jumps, len(steps))
		steps = append(steps, jump(unix.BPF_JEQ, 0, 0, 0), load(at), unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: t.mask})
		jumps = append(jumps, len(steps))
		steps = append(steps, jump(unix.BPF_JEQ, t.want, 0, 0))
	}
	steps = append(steps, end(returnAllow))
	for _, i := range jumps {
		steps[i].Jf = uint8(len(steps) - i - 1)
	}
	return append(steps, load(offCall))
}

// install puts the filter on all threads of this process. no_new_privs must be set.
func install(prog []unix.SockFilter) error {
	p := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&p)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if r != 0 {
		return fmt.Errorf("seccomp: thread %d has another filter", r)
	}
	return nil
}
