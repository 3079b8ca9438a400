package daemon

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/standin"
)

// TestFeedsHaveSettings: the settings name every feed with its own interval, and no feed that is not there.
func TestFeedsHaveSettings(t *testing.T) {
	named := map[string]time.Duration{}
	for _, f := range config.Feeds() {
		d, err := time.ParseDuration(f.Every)
		if err != nil {
			t.Fatal(err)
		}
		named[f.Name] = d
	}
	s := newSources(&Config{Settings: map[string]string{}}, nil)
	seen := map[string]bool{}
	for _, f := range s.feeds() {
		key := f.Name
		if group, _, _ := strings.Cut(f.Name, "."); config.GroupedFeeds[group] {
			key = group
		}
		if named[key] != f.Every {
			t.Errorf("%s is polled every %s, the settings say %s", f.Name, f.Every, named[key])
		}
		seen[key] = true
		if f.Poll == nil || f.About == "" || f.Timeout <= 0 || f.Fresh <= 0 || f.Ledger == "" || f.Source == "" {
			t.Errorf("%s is not whole: %+v", f.Name, f)
		}
		if _, ok := config.Find("sources." + f.Source + ".base_url"); !ok {
			t.Errorf("%s: there is no sources.%s.base_url", f.Name, f.Source)
		}
		for _, n := range f.Needs {
			if k, ok := config.Find(n); !ok || !strings.Contains(needLine(n), n) || strings.Contains(needLine(n), "--secret") != k.Secret {
				t.Errorf("%s needs %s, which is no setting (%s)", f.Name, n, needLine(n))
			}
		}
	}
	for name := range named {
		if !seen[name] {
			t.Errorf("collect.%s.every is a setting of no feed", name)
		}
	}
}

// TestIntervalsAreSet: by the feed's own name; by the group's for those that the user's lists make.
func TestIntervalsAreSet(t *testing.T) {
	s := newSources(&Config{Settings: map[string]string{"collect.rss.every": "7m", "collect.coinspot.every": "1s", "collect.defillama.every": "1s"}}, nil)
	for _, p := range s.plans() {
		want, set := map[string]time.Duration{"rss.coindesk": 7 * time.Minute, "coinspot": time.Second, "coinspot.instant": 30 * time.Second, "defillama.fees": 20 * time.Minute}[p.Name]
		if set && p.Every != want {
			t.Errorf("%s is polled every %s, want %s", p.Name, p.Every, want)
		}
	}
}

// TestAKeyThatIsMissingOrLockedIsSaid: the line to run, or why the key cannot be read; never the key.
func TestAKeyThatIsMissingOrLockedIsSaid(t *testing.T) {
	s := newSources(&Config{Settings: map[string]string{"sources.nansen.key": "hunter2"}, Unreadable: map[string]string{"sources.etherscan.key": "the keyring is locked"}}, nil)
	needs := map[string]string{}
	for _, p := range s.plans() {
		needs[p.Name] = strings.Join(p.Needs, "; ")
	}
	for name, want := range map[string]string{"etherscan.gas": "sources.etherscan.key cannot be read: the keyring is locked", "nansen.netflow": "", "x": "omc config set --secret sources.x.key",
		"edgar.current": "omc config set sources.edgar.user_agent 'Your Name you@example.org'", "coinspot": ""} {
		if needs[name] != want {
			t.Errorf("%s needs %q, want %q", name, needs[name], want)
		}
	}
}

// TestEveryFeedReadsItsStandIn polls every feed, as the daemon makes it, from the living worlds of 'omc dev upstreams': each brings
// something, or sees that nothing has changed, and nothing that the ledgers would refuse.
func TestEveryFeedReadsItsStandIn(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC))
	all, err := standin.All(c)
	if err != nil {
		t.Fatal(err)
	}
	h, err := standin.Handler(c, "calm", 1, all)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	settings := map[string]string{}
	known := map[string]string{}
	for _, k := range config.Keys() {
		known[k.Env()] = k.Name
	}
	for _, line := range standin.Environ(strings.TrimPrefix(srv.URL, "http://"), all) {
		name, v, _ := strings.Cut(line, "=")
		if known[name] == "" {
			t.Fatalf("%s is no setting", name)
		}
		settings[known[name]] = strings.Trim(v, "'")
	}
	s := newSources(&Config{Settings: settings}, nil)
	s.clock = c
	s.wait = func(ctx context.Context, d time.Duration) error {
		c.Advance(d)
		return ctx.Err()
	}
	for _, p := range s.plans() {
		if len(p.Needs) > 0 {
			t.Errorf("%s needs %v of its stand-in", p.Name, p.Needs)
			continue
		}
		var cursor []byte
		records := 0
		for range 3 { // a list of markets announces nothing the first time
			got, err := p.Poll(t.Context(), cursor)
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
				break
			}
			if got.Cursor != nil {
				cursor = got.Cursor
			}
			records += got.Len()
			c.Advance(p.Every)
		}
		if records == 0 && !strings.HasSuffix(p.Name, ".listings") {
			t.Errorf("%s brought nothing", p.Name)
		}
	}
}
