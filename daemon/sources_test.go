package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/config"
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
