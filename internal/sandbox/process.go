package sandbox

import (
	"context"
	"fmt"
	"sync"

	"github.com/ohmycoins/omc/internal/sandbox/jail"
)

// Main is for the first line of a program's main: in a child it is all that the child does, and code is how it ends.
func Main(args []string) (code int, child bool) {
	return jail.Main(args, func(c jail.Cell) int {
		missing := ""
		if err := c.Report.Refusal(); err != nil {
			missing = err.Error()
		}
		if Serve(c.In, c.Out, missing) != nil {
			return 1
		}
		return 0
	})
}

// Self starts jailed children of this binary, whose main must call Main.
func Self(ctx context.Context, memory int64) (*Process, error) {
	c, err := jail.Start(context.WithoutCancel(ctx), jail.Command{Limits: jail.Limits{Memory: memory}})
	if err != nil {
		return nil, err
	}
	var once sync.Once
	closed := func() {
		_ = c.In.Close() // of a child that has ended, or is about to: there is nobody left to tell
		_ = c.Out.Close()
	}
	return &Process{In: c.In, Out: c.Out, Kill: c.Kill, Wait: func() Exit {
		x := c.Wait()
		once.Do(closed)
		return exit(x, memory)
	}}, nil
}

// exit says in this package's words how a child ended.
func exit(x jail.Exit, memory int64) Exit {
	switch x.Reason {
	case jail.OutOfMemory:
		return Exit{LimitMemory, fmt.Sprintf("the script needed more than its %d MiB of memory and was ended: keep less, or build it in smaller parts", memory>>20)}
	case jail.KilledOutput:
		return Exit{LimitOutput, "the script's process wrote more than it may and was ended: " + x.Detail}
	case jail.Crashed:
		return Exit{LimitCrash, "the script's process crashed: " + x.Detail}
	case jail.KilledCPU, jail.KilledWall:
		return Exit{LimitTime, "the script's process was ended: " + x.Detail}
	}
	return Exit{}
}
