// Command measure runs a command and prints on its own standard output the wall milliseconds and the peak resident kilobytes
// of that run. Without arguments it does nothing: the start-up of a trivial Go program, which omc's is compared with.
//
// It is a program of its own because Linux counts the memory of the process that starts another into the peak of the started
// one: started from a test that holds megabytes, every omc would seem to need them.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		return
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	err := cmd.Run()
	took := time.Since(begin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
	kb := int64(0)
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		kb = u.Maxrss
	}
	fmt.Printf("%.3f %d\n", float64(took)/float64(time.Millisecond), kb)
}
