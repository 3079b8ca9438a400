package ops

import (
	"context"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/tui/page"
)

// plainLog is how many lines of the log are written.
const plainLog = 40

// Plain is the page in words: what runs, how its parts and sources are, and the end of the log.
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
