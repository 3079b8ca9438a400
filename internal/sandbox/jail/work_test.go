//go:build linux && (amd64 || arm64)

package jail

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var sink any

func work(cell Cell) int {
	switch cell.Args[0] {
	case "echo":
		if _, err := io.Copy(cell.Out, cell.In); err != nil {
			return 1
		}
	case "report":
		fmt.Fprintln(cell.Out, strings.Join(cell.Report.Lines(), "\n"))
	case "refused":
		for _, f := range forbidden {
			if got := f.try(cell.Args[1]); got != "" {
				fmt.Fprintf(cell.Out, "%s: %s\n", f.name, got)
			}
		}
	case "threads":
		return threads(cell)
	case "exit":
		return 7
	default:
		bomb(cell)
	}
	return 0
}

// threads tries a socket on many threads at once, each with its own.
func threads(cell Cell) int {
	got := make(chan string)
	const n = 16
	for range n {
		go func() {
			runtime.LockOSThread() // ends its thread with it, so each has a new one
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err == nil {
				_ = unix.Close(fd)
			}
			got <- unlessRefused(err)
		}()
	}
	for range n {
		if g := <-got; g != "" {
			fmt.Fprintln(cell.Out, g)
		}
	}
	return 0
}

func deep(n int) int {
	var pad [256]byte
	if n < 0 {
		return 0
	}
	pad[n%256] = byte(n)
	return deep(n+1) + int(pad[(n+1)%256])
}

func bomb(cell Cell) {
	switch cell.Args[0] {
	case "big slice":
		b := make([]byte, 8<<30)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		sink = b
	case "many small":
		var kept []*[64]byte
		for {
			kept = append(kept, new([64]byte))
			sink = kept
		}
	case "map":
		m := map[int]int{}
		for i := 0; ; i++ {
			m[i] = i
		}
	case "string":
		s := "x"
		for {
			s += s
			sink = s
		}
	case "shared mapping":
		for {
			if _, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANON); err != nil {
				panic("shared memory is refused")
			}
		}
	case "recursion":
		sink = deep(0)
	case "spin":
		for n := 0; ; n++ {
			if n < 0 {
				return
			}
		}
	case "threads spin":
		for range 4 {
			go bomb(Cell{Args: []string{"spin"}})
		}
		select {}
	case "flood":
		b := make([]byte, 64<<10)
		for {
			if _, err := cell.Out.Write(b); err != nil {
				return
			}
		}
	case "complain":
		for {
			fmt.Fprintln(os.Stderr, "a line that nobody asked for")
		}
	case "panic":
		panic("of its own \x1b[31m")
	case "nil":
		var p *int
		*p = 1
	case "wait":
		_, _ = io.Copy(io.Discard, cell.In)
	}
}

// forbidden are what only a test may try: by the ordinary ways of Go, beside Probe's raw ones.
var forbidden = []struct {
	name string
	try  func(parentPid string) string
}{
	{"dial tcp", func(string) string { return dial("tcp", "127.0.0.1:1") }},
	{"dial udp", func(string) string { return dial("udp", "127.0.0.1:1") }},
	{"dial unix", func(string) string { return dial("unix", "/run/x.sock") }},
	{"dial abstract", func(string) string { return dial("unix", "@x") }},
	{"/bin/sh", func(string) string { return unlessRefused(exec.Command("/bin/sh", "-c", "true").Run()) }},
	{"itself", func(string) string { return unlessRefused(exec.Command("/proc/self/exe").Run()) }},
	{"the parent's environment", func(p string) string { _, err := os.ReadFile("/proc/" + p + "/environ"); return unlessRefused(err) }},
	{"the root folder", func(string) string { _, err := os.ReadDir("/"); return unlessRefused(err) }},
	{"a temporary file", func(string) string { _, err := os.CreateTemp("", "x"); return unlessRefused(err) }},
	{"removing", func(string) string { return unlessRefused(unix.Unlink("/tmp/x")) }},
	{"killing the parent", func(p string) string { n, _ := strconv.Atoi(p); return unlessRefused(unix.Kill(n, 0)) }},
	{"a thread's signal to the parent", func(p string) string { n, _ := strconv.Atoi(p); return unlessRefused(unix.Tgkill(n, n, 0)) }},
	{"a thread's signal to itself is allowed", func(string) string {
		if err := unix.Tgkill(os.Getpid(), unix.Gettid(), 0); err != nil {
			return err.Error()
		}
		return ""
	}},
	{"a wider limit", func(string) string {
		return unlessRefused(unix.Prlimit(0, unix.RLIMIT_DATA, &unix.Rlimit{Cur: 1 << 40, Max: 1 << 40}, nil))
	}},
	{"clone with the number of another call", func(string) string { // read's and getpid's
		for _, flags := range []uintptr{0, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_GETPID, unix.SYS_FUTEX, 1 << 32} {
			pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, flags, 0, 0, 0, 0, 0)
			if errno == 0 && pid == 0 {
				unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
			}
			if got := unlessRefused(errno); got != "" {
				return got
			}
		}
		return ""
	}},
	{"executable memory", func(string) string {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
		return unlessRefused(err)
	}},
	{"the environment", func(string) string { return strings.Join(os.Environ(), " ") }},
	{"descriptors", func(string) string {
		for fd := 3; fd < 64; fd++ { // epoll and its eventfd can be neither read as a file nor written to anybody
			var b [8]byte
			if _, err := unix.Read(fd, b[:]); err != unix.EBADF && err != unix.EINVAL && err != unix.EAGAIN {
				return fmt.Sprintf("%d is open: %v", fd, err)
			}
		}
		return ""
	}},
}

func dial(network, address string) string {
	c, err := net.DialTimeout(network, address, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return unlessRefused(err)
}
