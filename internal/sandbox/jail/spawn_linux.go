//go:build linux && (amd64 || arm64)

package jail

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the user that owns nothing.
const nobody = 65534

// spaces are the namespaces that a child gets of its own. CLONE_NEWPID is not among them: the child would be the first process of its
// space, and go-landlock's wait for the threads never ends there.
const (
	spaces     = unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNS
	spaceNames = "net+ipc+uts+mount"
	userSpace  = "user+"
)

// Who a child runs as, outside of its user namespace.
const (
	asNobody = "nobody"
	asParent = "parent"
)

// way is one way of starting a child.
type way struct {
	spaces string
	user   string
	attr   syscall.SysProcAttr
}

// ways are those that may work, the better before the worse. A root's child becomes nobody, so that it owns none of root's files and
// may signal none of root's processes. A user namespace is left without a mapping of users: the child needs none there, its
// capabilities end with exec, and os.StartProcess loses two descriptors where a mapping is asked for and the namespace is refused.
func ways(root bool) []way {
	inside := way{userSpace + spaceNames, asParent, syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER | spaces}}
	plain := way{"", asParent, syscall.SysProcAttr{}}
	if !root {
		return []way{inside, plain}
	}
	drop := &syscall.Credential{Uid: nobody, Gid: nobody}
	return []way{
		{spaceNames, asNobody, syscall.SysProcAttr{Cloneflags: spaces, Credential: drop}},
		inside, // also where nobody may not execute this binary
		{"", asNobody, syscall.SysProcAttr{Credential: drop}},
		plain,
	}
}

// startProcess starts the child in the best way that this machine allows.
func startProcess(cmd Command, files []*os.File) (*os.Process, error) {
	// The running binary itself, also where the file has been replaced by another version since.
	self := "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		if self, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find this binary: %w", err)
		}
	}
	var errs []error
	for _, w := range ways(os.Geteuid() == 0) {
		s := spec{cmd.Limits, cmd.role, w.spaces, w.user}
		w.attr.Pdeathsig = syscall.SIGKILL
		w.attr.Setpgid = true // a Ctrl-C at the terminal is the parent's to handle
		p, err := os.StartProcess(self, append([]string{childName, s.String()}, cmd.Args...), &os.ProcAttr{
			Dir: "/", Env: environment(cmd.Limits), Files: files, Sys: &w.attr,
		})
		if err == nil {
			return p, nil
		}
		errs = append(errs, fmt.Errorf("as %s with namespaces %q: %w", w.user, w.spaces, err))
	}
	return nil, errors.Join(errs...)
}
