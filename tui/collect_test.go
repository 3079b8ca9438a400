package tui

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The ledgers and the collectors, at the sizes that people have.
func TestLedgerAndCollectorFrames(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{"collectors": {"5", "o"}, "collector": {"5", "o", "enter"}, "needs": {"5", "o", "end", "up", "enter"}, "feed-gaps": {"5", "o", "down", "down", "g"},
		"quarantine": {"5", "o", "down", "down", "z"}, "trust": {"5", "t"}, "quotes": {"2", "Q"}, "news": {"2", "N", "end"}, "events": {"2", "E"}, "on-chain": {"2", "O", "down"}, "wallets": {"2", "W"}} {
		for _, size := range [][2]int{{80, 24}, {120, 38}, {200, 50}} {
			t.Run(name+"-"+strconv.Itoa(size[0]), func(t *testing.T) {
				t.Parallel()
				m := open(t, &fake{}, "lab", size[0], size[1])
				press(m, keys...)
				golden(t, "view-"+name+"-"+strconv.Itoa(size[0]), frame(t, m))
			})
		}
	}
}

func TestFailingCollectorsStandFirstAndSayTheirState(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "daemon", 120, 38)
	s := frame(t, m)
	at := func(name string) int { return strings.Index(s, name) }
	if at("✗  defillama.tvl") < 0 || at("✗  defillama.tvl") > at("!  coinspot.orders") || at("!  coinspot.orders") > at("✓  coinspot.latest") {
		t.Errorf("failing, late, ok is not the order of\n%s", s)
	}
	shows(t, m, "1 failing, 1 late, 1 paused, 1 needs", "2.2s / 10s", "12.5%")
}

func TestACollectorRunsPausesAndGoesOn(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "daemon", 120, 38)
	press(m, "o", "down", "n") // coinspot.orders
	shows(t, m, "coinspot.orders polls soon")
	press(m, "u")
	shows(t, m, "resume: it is not paused")
	press(m, "p")
	shows(t, m, "coinspot.orders is paused; u lets it go on")
	press(m, "u")
	want := []string{"run coinspot.orders", "pause coinspot.orders true", "pause coinspot.orders false"}
	if got := f.did(); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
}

func TestPausingTheFeedOfPricesNeedsTheWord(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "daemon", 80, 24)
	press(m, "o", "down", "down", "p")
	shows(t, m, "Pause coinspot.latest, the feed of prices?", "type PAUSE")
	write(m, "pause")
	press(m, "enter", "esc")
	if got := f.did(); len(got) != 0 {
		t.Fatalf("paused without the word: %v", got)
	}
	press(m, "p")
	write(m, "PAUSE")
	press(m, "enter")
	if got := f.did(); !slices.Equal(got, []string{"pause coinspot.latest true"}) {
		t.Fatalf("%v", got)
	}
}

func TestWhatACollectorNeedsStandsOnALineOfItsOwn(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "daemon", 80, 24)
	press(m, "o", "/")
	write(m, "cryptopanic")
	press(m, "enter", "enter")
	found := false
	for _, l := range strings.Split(frame(t, m), "\n") {
		found = found || strings.TrimSpace(l) == "omc config set sources.cryptopanic.token"
	}
	if !found {
		t.Errorf("the command does not stand alone:\n%s", frame(t, m))
	}
	press(m, "n")
	shows(t, m, "run now: it needs a setting")
	press(m, "c")
	shows(t, m, "given to the terminal's clipboard: omc config set sources.cryptopanic.token")
}

func TestNobodyCollectsIsSaidWithTheCommand(t *testing.T) {
	t.Parallel()
	for _, w := range []int{80, 200} {
		m := open(t, &fake{off: true}, "daemon", w, 50)
		press(m, "o")
		shows(t, m, "Nobody collects now: press q, then in a shell: omc daemon start")
	}
	if s := plain(t, &fake{off: true}, "daemon"); !strings.Contains(s, "Nobody collects now") || !strings.Contains(s, "omc daemon start") {
		t.Error(s)
	}
}

func TestTheCollectorsUpdateByThemselvesAndTheCursorStays(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := open(t, f, "daemon", 80, 24)
	press(m, "o", "down") // coinspot.orders
	f.mu.Lock()
	f.paused = map[string]bool{"coinspot.orders": true} // it is sorted elsewhere now
	f.mu.Unlock()
	m.glance.asked = epoch.Add(-glanceEvery)
	settle(m, m.pages[4].Poll(epoch.Add(3*glanceEvery)))
	shows(t, m, "▸ =  coinspot.orders    paused")
}

func TestStaleSeriesStandFirst(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "daemon", 80, 24)
	press(m, "t")
	s := frame(t, m)
	if strings.Index(s, "!  DOGE/AUD 5m") > strings.Index(s, "✓  BTC/AUD 5m") {
		t.Error(s)
	}
	shows(t, m, "2 stale, 4 with gaps", "████░░░░  53.00%", "40m / 5.2m  stale")
	press(m, "/")
	write(m, "stale")
	if s := frame(t, m); strings.Contains(s, "BTC/AUD") || !strings.Contains(s, "DOGE/AUD") {
		t.Errorf("the filter narrows something else:\n%s", s)
	}
}

func TestTextsOfOthersAreHarmlessEverywhere(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{40, 10}, {80, 24}, {200, 50}} {
		for _, keys := range [][]string{{"2", "N", "end"}, {"2", "N", "end", "enter"}, {"2", "E", "enter"}, {"5", "o", "enter"}, {"5", "o", "down", "down", "z"}, {"5", "o", "down", "down", "z", "x"}} {
			m := open(t, &fake{}, "lab", size[0], size[1])
			press(m, keys...)
			for _, r := range frame(t, m) {
				if r < 0x20 && r != '\n' || r == 0x202e || r == 0x7f {
					t.Fatalf("%v %v: %U reached the screen", size, keys, r)
				}
			}
		}
	}
}

func TestTheViewsOfTheLedgers(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "data", 80, 24)
	for _, title := range []string{"[Quotes]", "[News]", "[Events]", "[On-chain]", "[Wallets]", "[Prices]"} {
		press(m, "v")
		shows(t, m, title)
	}
	press(m, "V", "V")
	shows(t, m, "[On-chain]", "figures of all coins")
	press(m, "a")
	write(m, "aave")
	press(m, "enter")
	shows(t, m, "1 figures of AAVE", "tvl_usd")
	press(m, "a")
	for range len("AAVE") {
		press(m, "backspace")
	}
	write(m, "NOPE")
	press(m, "enter")
	shows(t, m, "Nothing is known of NOPE. Press a")
	press(m, "esc")
	shows(t, m, "[Prices]")
}

func TestEmptyLedgersSayWhatFillsThem(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"Q", "N", "E", "O", "W"} {
		m := open(t, &fake{empty: true}, "data", 80, 24)
		press(m, key)
		shows(t, m, "omc daemon start", "omc collect ")
	}
}

func TestThePaletteKnowsTheCollectorsAndTheLedgers(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]string{"collect run coinspot.orders": "coinspot.orders polls soon", "collect status rss": "CoinDesk's feed", "collect quarantine coinspot.latest": "[Quarantine 3]",
		"collect pause coinspot.latest": "type PAUSE", "collect resume coinspot.orders": "resume: it is not paused", "collect list": "[Collectors]", "data trust": "[Trust]", "data sentiment": "[News]",
		"data on-chain": "[On-chain]", "data prices ETH": "ETH/USDT"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			m := open(t, &fake{}, "lab", 80, 24)
			say(t, m, command)
			press(m, "enter")
			shows(t, m, want)
		})
	}
}

func TestPlainTellsOfCollectorsTrustAndEveryLedger(t *testing.T) {
	t.Parallel()
	for noun, want := range map[string][]string{
		"daemon": {"Collectors: 6, 1 failing, 1 late, 1 paused, 1 needs", "coinspot.latest: ok, exchange, age 2.2s, target 10s, lag p99 1.9s", "it needs: omc config set sources.cryptopanic.token",
			"its error: GET /v2/protocols", "What can be trusted: 6 series, 2 stale", "DOGE/AUD 5m, glass, from coinspot, 51,022 rows, coverage 53.00%, 61 gaps, 45,370 missing, age 40m, target 5.2m, stale"},
		"data": {"BTC/AUD, bid 131,200.01, ask 131,890.50", "text: Bitcoin ETF inflows", "impact 0.72 of 1, because listing on a large venue", "AAVE aave, tvl_usd 18,204,551,020.5", "PEPE on ethereum"},
	} {
		s := plain(t, &fake{}, noun)
		for _, w := range want {
			if !strings.Contains(s, w) {
				t.Errorf("%q is missing from\n%s", w, s)
			}
		}
	}
}

// A press of r must not keep the page from asking again.
func TestRefreshDoesNotStopTheUpdates(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "daemon", 80, 24)
	press(m, "r")
	if m.pages[4].Poll(epoch.Add(3*glanceEvery)) == nil {
		t.Error("nothing is asked again after r")
	}
}
