//go:build linux && (amd64 || arm64)

package jail

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"
)

// clockTick is the unit of processor time in /proc, the same on every kernel that Go runs on.
const clockTick = 10 * time.Millisecond

// usage is what a child has at one moment.
type usage struct {
	memory int64 // bytes of its own
	cpu    time.Duration
}

// watch reads one process's usage. Its files are opened once and belong to that process: one who reads late reads nothing, and not
// another process with the same id.
type watch struct {
	statm, stat *os.File
	page        int64
	last        usage
	most        int64
	buf         [1024]byte
}

func newWatch(pid int) *watch {
	dir := "/proc/" + strconv.Itoa(pid)
	w := &watch{page: int64(os.Getpagesize())}
	w.statm, _ = os.Open(dir + "/statm") // without /proc nothing is seen here, and the kernel's own limits remain
	w.stat, _ = os.Open(dir + "/stat")
	return w
}

func (w *watch) close() {
	_ = w.statm.Close() // nil or read only: there is no error to act on
	_ = w.stat.Close()
}

// peak is the most memory that was seen.
func (w *watch) peak() int64 { return w.most }

// look returns the usage, and whether it is another than at the last look.
func (w *watch) look() (usage, bool) {
	var u usage
	// Resident less shared, which is the binary's pages: this process has those anyway, and the child cannot make more of them.
	u.memory = (w.number(w.statm, 1) - w.number(w.statm, 2)) * w.page
	// The name in stat is the binary's and may hold anything, so fields count from its closing bracket.
	u.cpu = time.Duration(w.number(w.stat, 11)+w.number(w.stat, 12)) * clockTick
	busy := u != w.last
	w.last, w.most = u, max(w.most, u.memory)
	return u, busy
}

// number reads one field of a file in /proc, 0 where there is none.
func (w *watch) number(f *os.File, at int) int64 {
	n, _ := f.ReadAt(w.buf[:], 0) // a process that has ended has nothing to read
	line := w.buf[:max(0, n)]
	if i := bytes.LastIndexByte(line, ')'); i >= 0 {
		line = line[i+1:]
	}
	for field := range bytes.FieldsSeq(line) {
		if at == 0 {
			v, _ := strconv.ParseInt(string(field), 10, 64) // the kernel's
			return v
		}
		at--
	}
	return 0
}

const (
	signalKill = "killed"
	signalCPU  = "CPU time limit exceeded"
)

// signalOf names the signal that ended a process, "" where none did.
func signalOf(s *os.ProcessState) string {
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal().String()
	}
	return ""
}

func maxRSS(s *os.ProcessState) int64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss << 10
	}
	return 0
}
