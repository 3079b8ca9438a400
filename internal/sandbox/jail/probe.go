package jail

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// The roles of the children that Probe starts.
const (
	roleActs   = "acts"
	roleMemory = "memory"
	roleCPU    = "cpu"
)

// probeLimits are small: a probe costs half a second of one processor.
func probeLimits() Limits {
	return Limits{Memory: 64 << 20, CPU: 250 * time.Millisecond, Wall: 10 * time.Second, Output: 64 << 10}
}

// Probe starts children that try to get out, and returns what held. It takes about half a second. The program's main must call Main.
func Probe(ctx context.Context) (Report, error) {
	var r Report
	c, err := Start(ctx, Command{Limits: probeLimits(), role: roleActs})
	if err != nil {
		return r, err
	}
	said, readErr := io.ReadAll(c.Out)
	exit := c.Wait()
	if err := closeBoth(c); err != nil {
		return r, err
	}
	if readErr != nil || exit.Reason != Exited || exit.Code != 0 {
		return r, fmt.Errorf("jail: the probe's child did not answer: %s: %s", exit.Reason, exit.Detail)
	}
	if err := json.Unmarshal(said, &r); err != nil {
		return r, fmt.Errorf("jail: the probe's child was not understood: %w", err)
	}
	for _, bomb := range []struct {
		role, part string
		want       Reason
	}{{roleMemory, PartMemory, OutOfMemory}, {roleCPU, PartCPU, KilledCPU}} {
		c, err := Start(ctx, Command{Limits: probeLimits(), role: bomb.role})
		if err != nil {
			return r, err
		}
		exit := c.Wait()
		if err := closeBoth(c); err != nil {
			return r, err
		}
		if exit.Reason != bomb.want {
			r.fail(bomb.part, fmt.Sprintf("a child that used too much ended otherwise: %s: %s", exit.Reason, exit.Detail))
		}
	}
	return r, nil
}

func closeBoth(c *Child) error {
	if err := c.In.Close(); err != nil {
		return fmt.Errorf("jail: %w", err)
	}
	if err := c.Out.Close(); err != nil {
		return fmt.Errorf("jail: %w", err)
	}
	return nil
}

// fail takes back that a part holds.
func (r *Report) fail(name, how string) {
	for i := range r.Parts {
		if r.Parts[i].Name == name {
			r.Parts[i].Held, r.Parts[i].How = false, how
		}
	}
}

// tryRole is the work of a probe's child.
func tryRole(role string, cell Cell) int {
	switch role {
	case roleActs:
		r := cell.Report
		for _, a := range acts() {
			if got := a.try(); got != "" {
				r.fail(a.part, a.name+" was not refused: "+got)
			}
		}
		if err := json.NewEncoder(cell.Out).Encode(r); err != nil {
			return 1
		}
		return 0
	case roleMemory:
		var kept [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			if kept = append(kept, b); len(kept) > int(cell.Limits.Memory>>20)*8 {
				return 1 // enough to know
			}
		}
	case roleCPU:
		for n := 0; ; n++ {
			if n < 0 {
				return 1
			}
		}
	}
	return exitNotEntered
}

// act is one attempt to get out; try returns "" where it was refused.
type act struct {
	part, name string
	try        func() string
}
