//go:build unix

package schedule_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/schedule"
	"github.com/ohmycoins/omc/internal/store/storetest"
)

func benchBoth(b *testing.B, run func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { run(b, "sqlite:"+filepath.Join(b.TempDir(), "jobs.db")) })
	b.Run("postgres", func(b *testing.B) { run(b, storetest.Postgres(b)) })
}

// BenchmarkLatency tells how long after its planned time a tick's run begins, with 20 other tasks that tick at the same time, in one
// engine and in two.
func BenchmarkLatency(b *testing.B) {
	for _, engines := range []int{1, 2} {
		b.Run(fmt.Sprint(engines), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, url string) { latency(b, url, engines) })
		})
	}
}

func latency(b *testing.B, url string, engines int) {
	late := make(chan time.Duration, 100)
	tell := func(_ context.Context, tick time.Time) error {
		late <- time.Since(tick)
		return nil
	}
	tasks := []schedule.Task{{Name: "a", Every: time.Second, Timeout: time.Second, Urgent: true, Run: tell}}
	for i := range 20 {
		tasks = append(tasks, schedule.Task{Name: fmt.Sprintf("other%d", i), Every: time.Second, Timeout: time.Second,
			Run: func(context.Context, time.Time) error { return nil }})
	}
	for range engines {
		start(b, schedule.Config{URL: url, Tasks: tasks})
	}
	<-late // the tick that was due at the start
	var all []time.Duration
	for b.Loop() {
		all = append(all, <-late)
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(all[len(all)-1].Milliseconds()), "max-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkIdle tells what a laptop's schedule costs: 20 tasks of 30 s to 1 h and one of 5 s that do nothing, for 20 s an operation.
func BenchmarkIdle(b *testing.B) {
	benchBoth(b, func(b *testing.B, url string) {
		nothing := func(context.Context, time.Time) error { return nil }
		tasks := []schedule.Task{{Name: "a", Every: 5 * time.Second, Timeout: time.Second, Urgent: true, Run: nothing}}
		for i := range 20 {
			every := 30 * time.Second * time.Duration(1+i*i/3)
			tasks = append(tasks, schedule.Task{Name: fmt.Sprintf("other%d", i), Every: every, Timeout: time.Second, Run: nothing})
		}
		start(b, schedule.Config{URL: url, Tasks: tasks})
		time.Sleep(2 * time.Second)
		cpu := func() time.Duration {
			var u syscall.Rusage
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
				b.Fatal(err)
			}
			return time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
		before, began := cpu(), time.Now()
		for b.Loop() {
			time.Sleep(20 * time.Second)
		}
		b.ReportMetric(100*float64(cpu()-before)/float64(time.Since(began)), "cpu-%")
		b.ReportMetric(0, "ns/op")
	})
}
