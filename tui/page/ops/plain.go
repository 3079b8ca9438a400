package ops

import (
	"context"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/page"
)

// plainLog is how many lines of the log are written.
const plainLog = 40

// Plain is the page in words: what runs, how its parts, sources and collectors are, what can be trusted, and the
// end of the log.
func Plain(ctx context.Context, c Client, now time.Time) ([]string, error) {
	s, err := c.Status(ctx)
	if err != nil {
		return nil, err
	}
	var p page.Prose
	p.Heading("This omc")
	how, ready := "as a daemon, process "+strconv.Itoa(s.PID), "ready"
	if s.Embedded {
		how = "in this process, no daemon"
	}
	if !s.Ready {
		ready = "not ready"
	}
	p.Say("runs "+how, ready)
	p.Say("version "+s.Version.Version+" "+s.Version.Commit, "since "+page.Minute(s.StartedAt)+" UTC")
	p.Say("data in "+s.DataDir, "store "+s.Store, "bus "+s.Bus)
	p.Say("memory "+page.Bytes(s.Memory), "disk "+page.Bytes(s.DataBytes)+" used and "+page.Bytes(s.DiskFree)+" free")

	p.Heading("Parts: " + strconv.Itoa(len(s.Parts)))
	for i := range s.Parts {
		x := &s.Parts[i]
		health := "well"
		if !x.OK {
			health = "wrong"
		}
		p.Say(x.Part+": "+health, x.State, x.Detail, "for "+page.Since(now, x.Since))
	}
	p.Heading("Sources: " + strconv.Itoa(len(s.Sources)))
	for i := range s.Sources {
		x := &s.Sources[i]
		asked := "never answered"
		if x.LastOK != nil {
			asked = "answered " + page.Since(now, *x.LastOK) + " ago"
		}
		p.Say(x.Name+": "+x.State, asked, page.Count(x.Requests)+" requests", page.Count(x.Failures)+" failed", x.LastError)
	}
	if err := plainCollectors(ctx, c, &p, s.Embedded, now); err != nil {
		return nil, err
	}
	if err := plainTrust(ctx, c, &p); err != nil {
		return nil, err
	}
	log, err := c.Logs(ctx, 0, plainLog)
	if err != nil {
		return nil, err
	}
	log = log[max(0, len(log)-plainLog):]
	p.Heading("Newest lines of the log: " + strconv.Itoa(len(log)))
	for i := range log {
		l := &log[i]
		p.Say(page.Minute(l.Time), l.Level+": "+l.Message+attrs(l.Attrs))
	}
	return p.Lines, nil
}

func plainCollectors(ctx context.Context, c Client, p *page.Prose, embedded bool, now time.Time) error {
	all, err := c.Collectors(ctx)
	if err != nil {
		return err
	}
	title := "Collectors: " + strconv.Itoa(len(all))
	if bad := troubles(all); bad != "" {
		title += ", " + bad
	}
	p.Heading(title)
	if idle(all, embedded) {
		p.Say("Nobody collects now: collectors run in the daemon. Start it with omc daemon start")
	}
	for i := range all {
		x := &all[i]
		p.Say(x.Name+": "+x.State, x.Ledger, page.Named("age", page.Span(x.Age)), "target "+page.Span(&x.Target), page.Named("lag p99", page.Span(x.LagP99)), page.Named("error rate 24 h", page.Share(x.ErrorRate)),
			page.Count(x.Rows)+" rows", page.Count(x.Quarantined)+" quarantined", page.Plural(x.OpenGaps, "gap"), page.Named("next run", due(now, x.NextRun)))
		for _, n := range x.Needs {
			p.Say("it needs: " + n)
		}
		if x.State == api.CollectorFailing {
			p.Say("its error: " + x.Error)
		}
		if x.HeldUntil != nil {
			p.Say("it is held until " + x.HeldUntil.UTC().Format(time.RFC3339) + ": " + x.Held)
		}
	}
	return nil
}

func plainTrust(ctx context.Context, c Client, p *page.Prose) error {
	all, err := c.Trust(ctx)
	if err != nil {
		return err
	}
	title := "What can be trusted: " + strconv.Itoa(len(all)) + " series"
	if bad := distrust(all); bad != "" {
		title += ", " + bad
	}
	p.Heading(title)
	for i := range all {
		x := &all[i]
		missing := ""
		if x.Missing > 0 {
			missing = page.Count(int64(x.Missing)) + " missing"
		}
		p.Say(x.Subject, x.Ledger, "from "+x.Source, page.Count(x.Rows)+" rows", page.Named("coverage", covered(x.Coverage)), page.Plural(x.Gaps, "gap"), missing, page.Named("age", page.Span(x.Age)),
			page.Named("target", page.Span(x.Target)), page.Named("", freshWord(x)))
	}
	return nil
}
