// Package sandboxtest gives tests a sandbox.Host without processes: the same protocol and the same server over pipes in memory. What
// a script uses is not contained, so no program may use it.
package sandboxtest

import (
	"context"
	"io"
	"sync"
	"testing"

	"github.com/ohmycoins/omc/internal/sandbox"
)

// Host is closed with the test.
func Host(tb testing.TB) *sandbox.Host {
	tb.Helper()
	h := sandbox.NewHost(Spawn, sandbox.Options{Limits: sandbox.DefaultLimits(), Width: 2})
	tb.Cleanup(h.Close)
	return h
}

// Spawn starts a server in a goroutine of this process. Killed, it ends with its next word.
func Spawn(context.Context, int64) (*sandbox.Process, error) {
	childIn, parentOut := io.Pipe()
	parentIn, childOut := io.Pipe()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			_ = childIn.CloseWithError(io.EOF) // these have no error to give
			_ = childOut.Close()
			_ = parentIn.Close()
			_ = parentOut.Close()
		})
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = sandbox.Serve(childIn, childOut, "") // a pipe's end, which the parent brought about
		stop()
	}()
	return &sandbox.Process{In: parentOut, Out: parentIn, Kill: stop, Wait: func() sandbox.Exit { <-ended; return sandbox.Exit{} }}, nil
}
