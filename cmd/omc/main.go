// Command omc is Oh My Coins. It is the only place that knows the command line, the workstation and the daemon at once;
// it joins them and does nothing else.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ohmycoins/omc/daemon"
	"github.com/ohmycoins/omc/daemon/gateway"
	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/attach"
	"github.com/ohmycoins/omc/internal/cli"
	cliconfig "github.com/ohmycoins/omc/internal/cli/config"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/client"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/iostreams"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/sandbox/jail"
	"github.com/ohmycoins/omc/internal/secret"
	"github.com/ohmycoins/omc/internal/secret/quiet"
	"github.com/ohmycoins/omc/internal/standin"
	"github.com/ohmycoins/omc/internal/verdict"
	"github.com/ohmycoins/omc/tui"
)

// Set by the build.
var version, commit = "dev", ""

func main() {
	if code, child := sandbox.Main(os.Args); child {
		os.Exit(code)
	}
	if code, child := secret.Child(os.Args[1:], os.Getenv, os.Stdin, os.Stdout); child {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if err := quiet.Restore(); err != nil { // before the environment is read, and before anything is started with it
		fmt.Fprintln(os.Stderr, "omc:", err)
		return factory.ExitFailed
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "omc:", err)
		return factory.ExitFailed
	}
	f := &factory.Factory{
		IO: iostreams.System(os.Getenv), Version: api.Version{Version: version, Commit: commit, Go: runtime.Version()},
		Now: clock.Wall{}.Now, Environ: os.Environ(), Self: self,
	}
	wire(f)
	return cli.Run(ctx, f, args)
}

// wire gives the command line its daemon.
func wire(f *factory.Factory) {
	f.Serve = func(ctx context.Context, c *config.Config) (attach.Server, error) {
		dc, err := daemonConfig(ctx, f, c, true)
		if err != nil {
			return nil, err
		}
		return daemon.Start(ctx, dc)
	}
	f.RunDaemon = func(ctx context.Context, c *config.Config, ready func()) error {
		dc, err := daemonConfig(ctx, f, c, false)
		if err != nil {
			return err
		}
		return daemon.Run(ctx, dc, ready)
	}
	f.Migrate = func(ctx context.Context, c *config.Config) (from, to int64, err error) {
		dc, err := daemonConfig(ctx, f, c, true)
		if err != nil {
			return 0, 0, err
		}
		return daemon.Migrate(ctx, dc)
	}
	f.DiskFree = daemon.DiskFree
	f.Contain = func(ctx context.Context) (parts []factory.Contained, notes []string, err error) {
		r, err := jail.Probe(ctx)
		for _, p := range r.Parts {
			parts = append(parts, factory.Contained{Part: p.Name, Held: p.Held, How: p.How, Vital: p.Name == jail.PartNetwork || p.Name == jail.PartMemory})
		}
		return parts, r.Notes, err
	}
	f.OpenAPI = func() ([]byte, error) { return gateway.OpenAPI("1") }
	f.Upstreams = func(ctx context.Context, o factory.StandIns, ready func([]string)) error {
		all, err := standin.All(clock.Wall{})
		if err != nil {
			return err
		}
		h, err := standin.Handler(clock.Wall{}, o.Scenario, o.Seed, all)
		if err != nil {
			return &factory.UsageError{Err: err}
		}
		return standin.Serve(ctx, o.Address, h, func(host string) { ready(standin.Environ(host, all)) })
	}
	f.TUI = func(ctx context.Context, c *client.Client) error {
		return tui.Run(ctx, tui.Options{Client: c, NoColor: !f.IO.Color, Version: f.Version.Version})
	}
	f.Plain = func(ctx context.Context, c *client.Client, page string) error {
		return tui.Plain(ctx, tui.Options{Client: c, NoColor: true, Version: f.Version.Version}, page, f.IO.Out)
	}
}

// daemonConfig is the daemon's settings, the secrets among them resolved.
func daemonConfig(ctx context.Context, f *factory.Factory, c *config.Config, embedded bool) (daemon.Config, error) {
	vault, err := cliconfig.Vault(f, c)
	if err != nil {
		return daemon.Config{}, err
	}
	database, err := c.DatabaseURL(ctx, vault)
	if err != nil {
		return daemon.Config{}, err
	}
	redis, err := c.Secret(ctx, "redis_url", vault)
	if err != nil {
		return daemon.Config{}, err
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Get("log_level"))) // checked when the settings were read
	settings, unreadable := map[string]string{}, map[string]string{}
	for _, k := range config.Keys() {
		if group, _, _ := strings.Cut(k.Name, "."); group != "sources" && group != "collect" && group != "llm" && group != "sentiment" {
			continue
		}
		v := c.Get(k.Name)
		if k.Secret && !embedded { // a short command asks no upstream that wants a key, and no keyring
			if v, err = c.Secret(ctx, k.Name, vault); err != nil {
				unreadable[k.Name] = err.Error() // one locked key must not keep the rest from running
			}
		}
		settings[k.Name] = v
	}
	var roles []string
	for role := range strings.SplitSeq(c.Get("roles"), ",") {
		if role = strings.TrimSpace(role); role != "" {
			roles = append(roles, role)
		}
	}
	share, _ := strconv.ParseFloat(c.Get("data.max_missing"), 64) // checked when the settings were read
	days, most := c.Holdout()
	return daemon.Config{
		MaxMissing: share, Holdout: ledger.Holdout{Longest: time.Duration(days) * 24 * time.Hour, Share: most}, Gate: gate(c),
		DataDir: c.Get("data_dir"), DatabaseURL: database, RedisURL: redis, Settings: settings, Unreadable: unreadable, Roles: roles, LogLevel: level, Version: f.Version,
		Spawn: sandbox.Self, Uncontained: c.Get("sandbox.accept_risk") == "uncontained", Embedded: embedded, Resume: f.Resume || !embedded,
	}, nil
}

// gate reads what the verdicts ask for; every setting was checked when it was read.
func gate(c *config.Config) verdict.Thresholds {
	number := func(name string) float64 {
		v, _ := strconv.ParseFloat(c.Get("gate."+name), 64)
		return v
	}
	return verdict.Thresholds{DSR: number("deflated_sharpe"), PBO: number("pbo"), PaperDays: int(number("paper_days")), Days: int(number("days")), Trades: int(number("trades")),
		RandomP: number("random_entries_p"), Costs: number("cost_multiple"), Stability: number("stability"), Looks: int(number("holdout_looks")), UnseenDays: int(number("holdout_unseen_days"))}
}
