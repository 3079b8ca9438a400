// Package collect has the commands on collectors: how they do, run, pause, what they could not take.
package collect

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/tui/widget"
)

// New returns the command `omc collect`.
func New(f *factory.Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "collect", Short: "Collectors: what fills the ledgers, and how it does",
		Long: "Collectors poll upstreams on a schedule and fill the four ledgers: Exchange, Glass, Human, Catalyst. They run in the daemon ('omc daemon start').\n" +
			"A collector that needs a key says which command sets it."}
	cmd.AddCommand(newList(f), newStatus(f), newRun(f), newPause(f, true), newPause(f, false), newGaps(f), newQuarantine(f))
	return cmd
}

func seconds(s api.Seconds) string {
	d := s.Duration()
	switch {
	case d >= 48*time.Hour:
		return strconv.FormatFloat(d.Hours()/24, 'f', 1, 64) + "d"
	case d >= 2*time.Hour:
		return strconv.FormatFloat(d.Hours(), 'f', 1, 64) + "h"
	case d >= 2*time.Minute:
		return strconv.FormatFloat(d.Minutes(), 'f', 1, 64) + "m"
	}
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) + "s"
}

func maybe(s *api.Seconds) string {
	if s == nil {
		return "-"
	}
	return seconds(*s)
}

func rawSeconds(s *api.Seconds) string {
	if s == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*s), 'f', -1, 64)
}

func at(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return factory.Time(*t)
}

func newList(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Every collector: state, last success, lag, error rate, rows, next run", Args: cobra.NoArgs,
		Long: "Every collector and how it does. lag_p99 is how old the newest record of a poll was when it was stored, over the polls of a day that brought\n" +
			"something new: since the time that the upstream gives it, so that it holds the upstream's own delay. What has no time of its own, quotes and\n" +
			"listings, counts from the moment of reading; the change itself then lies up to one interval further back.",
		Example: "  omc collect list\n  omc collect list -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.Collectors(cmd.Context())
			if err != nil {
				return err
			}
			err = factory.List(f, rows, "this omc has no collectors", []factory.Column[api.Collector]{
				{Name: "name", Value: func(r api.Collector) string { return r.Name }},
				{Name: "ledger", Value: func(r api.Collector) string { return r.Ledger }},
				{Name: "state", Value: func(r api.Collector) string { return r.State }},
				{Name: "every", Value: func(r api.Collector) string { return seconds(r.Every) }, Raw: func(r api.Collector) string { return rawSeconds(&r.Every) }, Right: true},
				{Name: "age", Value: func(r api.Collector) string { return maybe(r.Age) }, Raw: func(r api.Collector) string { return rawSeconds(r.Age) }, Right: true},
				{Name: "lag_p99", Value: func(r api.Collector) string { return maybe(r.LagP99) }, Raw: func(r api.Collector) string { return rawSeconds(r.LagP99) }, Right: true},
				factory.RatioColumn("error_rate_24h", func(r api.Collector) *float64 { return r.ErrorRate }),
				{Name: "rows", Value: func(r api.Collector) string { return strconv.FormatInt(r.Rows, 10) }, Right: true},
				{Name: "quarantined", Value: func(r api.Collector) string { return strconv.FormatInt(r.Quarantined, 10) }, Right: true},
				{Name: "gaps", Value: func(r api.Collector) string { return strconv.Itoa(r.OpenGaps) }, Right: true},
				factory.MaybeTimeColumn("next_run", func(r api.Collector) *time.Time { return r.NextRun }),
			})
			if format, ferr := f.Format(); err == nil && ferr == nil && format == "table" {
				said := map[string]bool{}
				for _, r := range rows {
					for _, n := range r.Needs {
						if line := fmt.Sprintf("%s needs: %s", r.Source, n); !said[line] {
							said[line] = true
							f.Say("%s", line)
						}
					}
				}
				for _, r := range rows {
					if r.State == api.CollectorFailing {
						f.Say("%s: %s", r.Name, r.Error)
					}
				}
			}
			return err
		},
	}
}

func newStatus(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "status NAME", Short: "One collector, whole", Args: cobra.ExactArgs(1), Example: "  omc collect status coinspot",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			r, err := c.Collector(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return f.One(r, lines(&r))
		},
	}
}

func lines(r *api.Collector) [][2]string {
	return append([][2]string{
		{"name", r.Name}, {"description", r.About}, {"ledger", r.Ledger}, {"source", r.Source}, {"state", r.State}, {"needs", strings.Join(r.Needs, "; ")},
		{"every", seconds(r.Every)}, {"timeout", seconds(r.Timeout)}, {"freshness_target", seconds(r.Target)}, {"age", maybe(r.Age)}, {"last_ok", at(r.LastOK)},
		{"lag_p50", maybe(r.LagP50)}, {"lag_p99", maybe(r.LagP99)}, {"runs_24h", strconv.FormatInt(r.Runs, 10)}, {"failures_24h", strconv.FormatInt(r.Failures, 10)},
		{"error_rate_24h", factory.Ratio(r.ErrorRate)}, {"failed_in_a_row", strconv.Itoa(r.Failed)}, {"error", r.Error}, {"error_at", at(r.ErrorAt)},
		{"rows", strconv.FormatInt(r.Rows, 10)}, {"rows_24h", strconv.FormatInt(r.RowsDay, 10)}, {"requests_24h", strconv.FormatInt(r.Requests, 10)},
		{"quarantined", strconv.FormatInt(r.Quarantined, 10)}, {"open_gaps", strconv.Itoa(r.OpenGaps)}, {"next_run", at(r.NextRun)}, {"owner", r.Owner},
		{"held_until", at(r.HeldUntil)}, {"held", r.Held},
	}, spending(r.Spending)...)
}

func newRun(f *factory.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "run NAME", Short: "Poll soon, whatever the schedule says", Args: cobra.ExactArgs(1), Example: "  omc collect run coinspot",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			r, err := c.RunCollector(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			f.Say("asked; 'omc collect status %s' tells what came of it", r.Name)
			return f.One(r, [][2]string{{"name", r.Name}, {"asked_at", factory.Time(r.Asked)}})
		},
	}
}

func newPause(f *factory.Factory, paused bool) *cobra.Command {
	use, short := "resume", "Let a collector's polls go on"
	if paused {
		use, short = "pause", "Stop a collector's polls, also after a restart"
	}
	return &cobra.Command{
		Use: use + " NAME", Short: short, Args: cobra.ExactArgs(1), Example: "  omc collect " + use + " rss.coindesk",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			r, err := c.PauseCollector(cmd.Context(), args[0], paused)
			if err != nil {
				return err
			}
			return f.One(r, [][2]string{{"name", r.Name}, {"state", r.State}})
		},
	}
}

func optional(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func newGaps(f *factory.Factory) *cobra.Command {
	limit := 50
	cmd := &cobra.Command{
		Use: "gaps [NAME]", Short: "Times over which collectors brought nothing, newest first", Args: cobra.MaximumNArgs(1), Example: "  omc collect gaps coinspot",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := c.CollectorGaps(cmd.Context(), optional(args), limit)
			if err != nil {
				return err
			}
			return factory.List(f, rows, "no gaps", []factory.Column[ledger.FeedGap]{
				{Name: "feed", Value: func(r ledger.FeedGap) string { return r.Feed }},
				factory.TimeColumn("from", func(r ledger.FeedGap) time.Time { return r.From }),
				factory.TimeColumn("to", func(r ledger.FeedGap) time.Time { return r.To }),
				factory.MaybeTimeColumn("repaired_at", func(r ledger.FeedGap) *time.Time { return r.Repaired }),
				{Name: "reason", Value: func(r ledger.FeedGap) string { return r.Reason }},
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "the newest so many")
	return cmd
}

func newQuarantine(f *factory.Factory) *cobra.Command {
	limit, full, remove := 50, false, false
	cmd := &cobra.Command{
		Use: "quarantine [NAME]", Short: "What could not be taken: the bytes, the reason, the source", Args: cobra.MaximumNArgs(1),
		Example: "  omc collect quarantine\n  omc collect quarantine coinspot --full\n  omc collect quarantine coinspot --clear",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if remove {
				r, err := c.ClearQuarantine(cmd.Context(), optional(args))
				if err != nil {
					return err
				}
				return f.One(r, [][2]string{{"removed", strconv.FormatInt(r.Removed, 10)}})
			}
			rows, err := c.Quarantine(cmd.Context(), optional(args), limit)
			if err != nil {
				return err
			}
			if format, err := f.Format(); err != nil || full && format == "table" {
				return wholePieces(f, rows, err)
			}
			return factory.List(f, rows, "the quarantine is empty", []factory.Column[ledger.Quarantined]{
				factory.TimeColumn("last_seen", func(r ledger.Quarantined) time.Time { return r.Last }),
				{Name: "feed", Value: func(r ledger.Quarantined) string { return r.Feed }},
				{Name: "seen", Value: func(r ledger.Quarantined) string { return strconv.FormatInt(r.Seen, 10) }, Right: true},
				{Name: "size", Value: func(r ledger.Quarantined) string { return strconv.FormatInt(r.Size, 10) }, Right: true},
				{Name: "reason", Value: func(r ledger.Quarantined) string { return clip(r.Reason, 70) }, Raw: func(r ledger.Quarantined) string { return r.Reason }},
				{Name: "bytes", Value: func(r ledger.Quarantined) string { return clip(string(r.Bytes), 60) },
					Raw: func(r ledger.Quarantined) string { return base64.StdEncoding.EncodeToString(r.Bytes) }},
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", limit, "the newest so many")
	cmd.Flags().BoolVar(&full, "full", false, "show each piece whole")
	cmd.Flags().BoolVar(&remove, "clear", false, "empty the quarantine of NAME, or of all")
	return cmd
}

func wholePieces(f *factory.Factory, rows []ledger.Quarantined, err error) error {
	if err != nil {
		return err
	}
	for _, r := range rows {
		fmt.Fprintf(f.IO.Out, "%s  %s  seen %d times, %d bytes\n%s\n", factory.Time(r.Last), r.Feed, r.Seen, r.Size, widget.Neutralise(r.Reason))
		fmt.Fprintf(f.IO.Out, "%s\n\n", strings.Join(widget.NeutraliseLines(string(r.Bytes)), "\n"))
	}
	return nil
}

// clip shortens a text for a table's cell.
func clip(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
