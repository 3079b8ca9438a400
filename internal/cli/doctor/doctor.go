// Package doctor has the command that checks whether omc can work here, and says what to do where it cannot.
// It repairs nothing by itself.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/cli/factory"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"` // what to do; also where it is well but could be better
}

// New returns the command `omc doctor`.
func New(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check settings, data directory, store, clock, terminal, disk and sandbox", Args: cobra.NoArgs,
		Long: "Check what omc needs and say what to do where something is wrong. Exits with 1 where a check fails.", Example: "  omc doctor\n  omc doctor -o json",
		RunE: func(cmd *cobra.Command, _ []string) error { return Run(cmd.Context(), f) },
	}
}

// Run makes every check, writes them, and fails where one did.
func Run(ctx context.Context, f *factory.Factory) error {
	c, err := f.Config()
	if err != nil {
		return err
	}
	checks := []Check{settings(len(c.Warnings)), directory(c.Get("data_dir")), disk(f, c.Get("data_dir")), clockCheck(f.Now()), terminal(f)}
	checks = append(checks, contained(ctx, f, c.Get("sandbox.accept_risk") == "uncontained")...)
	checks = append(checks, system(ctx, f)...)
	err = factory.List(f, checks, "", []factory.Column[Check]{
		{Name: "check", Value: func(k Check) string { return k.Name }},
		{Name: "ok", Value: func(k Check) string { return map[bool]string{true: "ok", false: "FAILS"}[k.OK] }},
		{Name: "detail", Value: func(k Check) string { return k.Detail }},
	})
	if err != nil {
		return err
	}
	failed := false
	for _, k := range checks {
		failed = failed || !k.OK
		if k.Advice != "" {
			f.Say("%s: %s", k.Name, k.Advice)
		}
	}
	if failed {
		return factory.ErrSilent
	}
	return nil
}

func settings(warnings int) Check {
	if warnings > 0 {
		return Check{Name: "config", OK: false, Detail: strconv.Itoa(warnings) + " unknown settings", Advice: "'omc config list' shows the settings there are; correct or remove the ones warned about above"}
	}
	return Check{Name: "config", OK: true, Detail: "every setting is known"}
}

func directory(dir string) Check {
	k := Check{Name: "data directory", Detail: dir, Advice: "make it writable for you, or choose another with --data-dir or OMC_DATA_DIR"}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		k.Detail = err.Error()
		return k
	}
	probe, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		k.Detail = err.Error()
		return k
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		k.Detail = err.Error()
		return k
	}
	k.OK, k.Advice = true, ""
	if st, err := os.Stat(dir); err == nil && st.Mode().Perm()&0o077 != 0 {
		k.Advice = fmt.Sprintf("others on this machine can enter it; 'chmod 700 %s' keeps them out", filepath.Clean(dir))
	}
	return k
}

func disk(f *factory.Factory, dir string) Check {
	const low, tight = 256 << 20, 2 << 30
	free, err := f.DiskFree(dir)
	switch {
	case err != nil:
		return Check{Name: "disk", Detail: err.Error(), Advice: "the free space of the data directory cannot be read"}
	case free < low:
		return Check{Name: "disk", Detail: megabytes(free) + " free", Advice: "make room: omc cannot store what it learns"}
	case free < tight:
		return Check{Name: "disk", OK: true, Detail: megabytes(free) + " free", Advice: "enough for now; years of prices of many coins want a few GB"}
	}
	return Check{Name: "disk", OK: true, Detail: megabytes(free) + " free"}
}

func megabytes(n uint64) string { return strconv.FormatUint(n>>20, 10) + " MB" }

// firstRelease is before every omc: a clock before it is wrong.
var firstRelease = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)

// contained tells whether scripts can get out of the children in which they run.
func contained(ctx context.Context, f *factory.Factory, accepted bool) []Check {
	parts, notes, err := f.Contain(ctx)
	if err != nil {
		return []Check{{Name: "sandbox", Detail: err.Error(), Advice: "no script can run: the text above says what stands in the way of its process"}}
	}
	var out []Check
	for _, p := range parts {
		k := Check{Name: "sandbox " + p.Part, OK: p.Held || !p.Vital || accepted, Detail: p.How}
		switch {
		case !p.Held && p.Vital && accepted:
			k.Advice = "not contained, which sandbox.accept_risk accepts: a script that trades could do harm here"
		case !p.Held && p.Vital:
			k.Advice = "the floor runs no script here; run it on a Linux machine with user namespaces, or accept that by 'omc config set sandbox.accept_risk uncontained'"
		case !p.Held:
			k.Advice = "not contained by this kernel; what is needed for money, network and memory, is told apart"
		}
		out = append(out, k)
	}
	for i, n := range notes {
		out = append(out, Check{Name: fmt.Sprintf("sandbox note %d", i+1), OK: true, Detail: n})
	}
	return out
}

func clockCheck(now time.Time) Check {
	k := Check{Name: "clock", OK: true, Detail: now.UTC().Format(time.RFC3339)}
	if now.Before(firstRelease) || now.Year() > 2100 {
		k.OK, k.Advice = false, "the machine's clock is wrong; set it (timedatectl set-ntp true), or new prices get wrong times"
	}
	return k
}

func terminal(f *factory.Factory) Check {
	name := f.Getenv("TERM")
	if !f.IO.OutTerminal {
		return Check{Name: "terminal", OK: true, Detail: "none: output goes to a file or a pipe"}
	}
	k := Check{Name: "terminal", OK: true, Detail: fmt.Sprintf("%s, %d columns, colour %t, %s", name, f.IO.Width, f.IO.Color, runtime.GOOS)}
	if f.IO.Width < 80 {
		k.Advice = "the workstation wants at least 80 columns"
	}
	if name == "" || name == "dumb" {
		k.Advice = "TERM says that this terminal can do nothing; set it, for instance to xterm-256color"
	}
	return k
}

// system asks omc itself, a daemon's or one started here: store, schema, and its other parts.
func system(ctx context.Context, f *factory.Factory) []Check {
	c, err := f.Client(ctx)
	if err != nil {
		return []Check{{Name: "store", Detail: err.Error(), Advice: "omc cannot start on this data directory; the text above says why"}}
	}
	s, err := c.Status(ctx)
	if err != nil {
		return []Check{{Name: "store", Detail: err.Error(), Advice: "omc does not answer; 'omc daemon logs' may say why"}}
	}
	how := "no daemon runs; commands serve themselves"
	if !s.Embedded {
		how = "daemon, pid " + strconv.Itoa(s.PID)
	}
	checks := []Check{
		{Name: "omc", OK: true, Detail: s.Version.Version + ", " + how},
		{Name: "schema", OK: s.Version.Schema > 0, Detail: "version " + strconv.FormatInt(s.Version.Schema, 10)},
	}
	for _, p := range s.Parts {
		if p.Part != "disk" { // looked at already
			checks = append(checks, Check{Name: p.Part, OK: p.OK, Detail: p.State + " " + p.Detail})
		}
	}
	return checks
}
