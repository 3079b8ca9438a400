package jail

import (
	"fmt"
	"io"
	"os"
)

// Cell is what a child finds around it.
type Cell struct {
	Args   []string  // Command.Args
	In     io.Reader // from the parent
	Out    io.Writer // to the parent
	Limits Limits
	Report Report
}

// exitNotEntered is a child's exit code where it could not lock itself in.
const exitNotEntered = 125

// Main is for the first line of a program's main, before anything opens a file:
//
//	if code, child := jail.Main(os.Args, work); child {
//		os.Exit(code)
//	}
//
// In a child it locks the process in, calls work and returns work's exit code; otherwise it does nothing. A test binary calls it in
// TestMain in the same way. work looks at Cell.Report and decides whether it is enough.
func Main(args []string, work func(Cell) int) (code int, child bool) {
	if !IsChild(args) {
		return 0, false
	}
	cell, role, err := enter(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitNotEntered, true
	}
	if role != "" {
		return tryRole(role, cell), true
	}
	return work(cell), true
}

func enter(args []string) (Cell, string, error) {
	s, err := parseSpec(args[1])
	if err != nil {
		return Cell{}, "", err
	}
	report, err := lock(s)
	if err != nil {
		return Cell{}, "", err
	}
	return Cell{Args: args[2:], In: os.Stdin, Out: os.Stdout, Limits: s.limits, Report: report}, s.role, nil
}

// Enter locks a child in whose arguments (with the program's name) are args, for programs that do not use Main. It is called first
// thing: what was opened before, but for the pipes, is closed. There is no way back. A kernel that does not grant something is no
// error but a part of the report that does not hold; an error means that the process is in an unknown state and must end.
func Enter(args []string) (Cell, error) {
	if !IsChild(args) {
		return Cell{}, fmt.Errorf("jail: enter: these arguments are not a child's")
	}
	cell, _, err := enter(args)
	return cell, err
}
