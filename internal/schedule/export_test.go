package schedule

import (
	"context"
	"time"
)

// OpenQuick is Open with shorter waits.
func OpenQuick(ctx context.Context, c Config) (*Engine, error) {
	return open(ctx, c, pace{watch: 500 * time.Millisecond, silence: 4 * time.Second, grace: 10 * time.Second, lastWords: time.Second})
}

// Check is what Open says of a task.
func (t Task) Check() error { return t.check() }

// TickAt is tickAt.
func (t Task) TickAt(now time.Time) time.Time { return t.tickAt(now) }
