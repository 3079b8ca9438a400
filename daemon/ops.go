package daemon

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/ohmycoins/omc/internal/api"
)

// lowDisk is where free space becomes a fault: a store that cannot write loses.
const lowDisk = 256 << 20

// Status tells how the system is.
func (s *System) Status(ctx context.Context) (api.Status, error) {
	out := api.Status{
		Version: s.config.Version, Embedded: s.config.Embedded, PID: os.Getpid(), DataDir: s.config.DataDir, Store: s.db.Dialect(), Bus: s.busKind,
		StartedAt: s.started, Ready: s.isReady(), Sources: s.parts.health(),
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out.Memory = mem.Sys
	out.DiskFree, _ = DiskFree(s.config.DataDir) // zero, and its part says so
	out.DataBytes = folderSize(s.config.DataDir)

	part := func(name string, ok bool, state, detail string) {
		out.Parts = append(out.Parts, api.Health{Part: name, OK: ok, State: state, Detail: detail, Since: s.started})
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	version, err := s.db.SchemaVersion(ctx)
	if err != nil {
		part("store", false, "failing", err.Error())
	} else {
		out.Version.Schema = version
		part("store", true, "ok", s.db.Dialect())
	}
	if _, _, err := s.bus.Get(ctx, "health"); err != nil {
		part("bus", false, "failing", err.Error())
	} else {
		part("bus", true, "ok", s.busKind)
	}
	if s.lab != nil {
		part("lab", true, "ok", "model builtin")
	}
	if out.DiskFree < lowDisk {
		part("disk", false, "low", "under 256 MB free: make room before the store cannot write")
	} else {
		part("disk", true, "ok", "")
	}
	for _, p := range out.Parts {
		out.Ready = out.Ready && p.OK
	}
	// A session without prices is a fault to show, and no reason to send nobody to this daemon.
	if s.parts.floor != nil {
		if trouble := s.parts.floor.Trouble(); len(trouble) > 0 {
			part("floor", false, "troubled", strings.Join(trouble, "; "))
		} else {
			part("floor", true, "ok", "paper")
		}
	}
	s.collecting(ctx, part)
	s.searching(ctx, part)
	now, dropped := s.parts.data.Followers()
	part("data", true, "ok", fmt.Sprintf("followers: %d now, %d too slow and let go since the start", now, dropped))
	return out, nil
}

// collecting says in one line how the collectors do.
func (s *System) collecting(ctx context.Context, part func(name string, ok bool, state, detail string)) {
	all, err := s.parts.collectors.List(ctx)
	if err != nil {
		part("collect", false, "failing", err.Error())
		return
	}
	var bad []string
	running := 0
	for _, c := range all {
		switch c.State {
		case api.CollectorFailing, api.CollectorLate:
			bad = append(bad, c.Name)
		case api.CollectorOK, api.CollectorWaiting:
			running++
		}
	}
	switch {
	case !s.config.has(RoleCollector) || s.config.Embedded:
		part("collect", true, "off", "this process does not collect")
	case len(bad) > 0:
		part("collect", false, "troubled", strings.Join(bad, ", ")+": see 'omc collect list'")
	default:
		part("collect", true, "ok", fmt.Sprintf("%d collectors", running))
	}
}

// searching says in one line what is shared of searches.
func (s *System) searching(ctx context.Context, part func(name string, ok bool, state, detail string)) {
	if s.farm == nil {
		part("search", true, "off", "each search runs in the process that is asked: processes share them on PostgreSQL")
		return
	}
	l, err := s.db.SearchLoad(ctx)
	if err != nil {
		part("search", false, "failing", err.Error())
		return
	}
	role := "this process works at points"
	if !s.config.has(RoleWorker) {
		role = "this process hands points out alone"
	}
	if l.Searches == 0 {
		part("search", true, "idle", role)
		return
	}
	part("search", true, "ok", fmt.Sprintf("%s; on the database: searches %d, points made %d of %d, under way %d, processes at them %d", role, l.Searches, l.Made, l.Points, l.UnderWay, l.Processes))
}

// Logs returns the newest log lines of this process, newest last.
func (s *System) Logs(_ context.Context, after int64, limit int) ([]api.LogLine, error) {
	return s.log.Ring.Lines(after, limit), nil
}

// Stop asks the system to stop; whoever runs it closes it.
func (s *System) Stop(context.Context) error {
	s.stopOnce.Do(func() {
		s.log.Info("asked to stop")
		close(s.stop)
	})
	return nil
}

// DiskFree is how many bytes the user may still write where path is.
func DiskFree(path string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

func folderSize(dir string) uint64 {
	var sum uint64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a file that has just gone counts nothing
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			sum += uint64(info.Size())
		}
		return nil
	})
	return sum
}
