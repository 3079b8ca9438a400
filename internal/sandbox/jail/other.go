//go:build !linux || !(amd64 || arm64)

package jail

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// startProcess starts the child with nothing but its pipes and an empty environment.
func startProcess(cmd Command, files []*os.File) (*os.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this binary: %w", err)
	}
	s := spec{limits: cmd.Limits, role: cmd.role}
	return os.StartProcess(self, append([]string{childName, s.String()}, cmd.Args...), &os.ProcAttr{Env: environment(cmd.Limits), Files: files})
}

// lock asks for what Go itself can do, and says that it is not enough.
func lock(s spec) (Report, error) {
	os.Clearenv()
	debug.SetMaxStack(int(stackLimit(s.limits)))
	none := "not contained: " + runtime.GOOS + "/" + runtime.GOARCH + " has nothing that this program uses; run it on Linux"
	var r Report
	for _, name := range []string{PartNetwork, PartFiles, PartExec, PartOthers, PartMemory, PartCPU} {
		r.Parts = append(r.Parts, Part{name, false, none})
	}
	return r, nil
}

type usage struct {
	memory int64
	cpu    time.Duration
}

// watch sees nothing here.
type watch struct{}

func newWatch(int) *watch          { return &watch{} }
func (*watch) close()              {}
func (*watch) peak() int64         { return 0 }
func (*watch) look() (usage, bool) { return usage{}, false }
func signalOf(s *os.ProcessState) string {
	if s.Exited() {
		return ""
	}
	return signalKill
}
func maxRSS(*os.ProcessState) int64 { return 0 }

const (
	signalKill = "killed"
	signalCPU  = "CPU time limit exceeded"
)

// acts are none: nothing is claimed that they could disprove.
func acts() []act { return nil }
