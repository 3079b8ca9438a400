package schedule

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	// look is how often at least the time of day is read: that is how soon a clock that was set is noticed. Nothing is asked of the
	// database at a look.
	look = time.Second
	// setBack is how far beyond Every the newest tick must lie ahead before the clock is taken to have been wrong then.
	setBack = time.Minute
	// again is the wait after the database failed.
	again = time.Second
	// askTimeout bounds one question to the database.
	askTimeout = 15 * time.Second
)

// tickAt returns the newest tick of the task that is not after now: a point of the grid of Every since the Unix epoch, moved by
// Offset.
func (t Task) tickAt(now time.Time) time.Time {
	ns := now.UnixNano() - int64(t.Offset)
	past := ns % int64(t.Every)
	if past < 0 {
		past += int64(t.Every)
	}
	return time.Unix(0, now.UnixNano()-past).UTC()
}

// due is a tick that has come.
type due struct {
	task Task
	tick time.Time
}

// outcome is what became of a due tick.
type outcome int

const (
	elsewhere outcome = iota // another process was faster, or the tick has been before
	queued
	dropped // the former run is queued or under way
	startedOver
)

// sorted returns the tasks by name: every process touches their rows in the same order, so that none waits for another in a ring.
func (e *Engine) sorted() []Task {
	return slices.SortedFunc(maps.Values(e.tasks), func(a, b Task) int { return strings.Compare(a.Name, b.Name) })
}

// plan offers each tick to the database as it comes, until ctx ends.
func (e *Engine) plan(ctx context.Context) {
	tasks := e.sorted()
	offered := make(map[string]time.Time, len(tasks))
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := e.clock.Now()
		var ticks []due
		wait := look
		for _, t := range tasks {
			tick := t.tickAt(now)
			if !offered[t.Name].Equal(tick) {
				ticks = append(ticks, due{t, tick})
			}
			wait = min(wait, tick.Add(t.Every).Sub(now))
		}
		if len(ticks) > 0 {
			got, err := e.offer(ctx, ticks)
			if err != nil {
				if ctx.Err() == nil && !failing {
					e.log.ErrorContext(ctx, "the schedule cannot reach its database, and tries again", "error", err)
				}
				failing, wait = true, again
			} else {
				failing = false
				for i, d := range ticks {
					offered[d.task.Name] = d.tick
					e.tell(ctx, d, got[i])
				}
				wait = min(wait, e.untilNext(tasks))
			}
		}
		timer.Reset(max(wait, 100*time.Microsecond))
	}
}

func (e *Engine) offer(ctx context.Context, ticks []due) ([]outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return e.q.offer(ctx, ticks)
}

// untilNext is measured anew after the database was asked.
func (e *Engine) untilNext(tasks []Task) time.Duration {
	now := e.clock.Now()
	wait := look
	for _, t := range tasks {
		wait = min(wait, t.tickAt(now).Add(t.Every).Sub(now))
	}
	return wait
}

func (e *Engine) tell(ctx context.Context, d due, o outcome) {
	switch o {
	case dropped:
		e.log.DebugContext(ctx, "a tick was dropped: the former run is not over", "task", d.task.Name, "tick", d.tick)
	case startedOver:
		e.log.WarnContext(ctx, "the clock was set back: the schedule starts over", "task", d.task.Name, "tick", d.tick)
	}
}
