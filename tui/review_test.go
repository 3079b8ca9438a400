package tui

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
)

// scene is a fake whose floor a test sets: its sessions, and what becomes of a kill switch.
type scene struct {
	*fake
	sessions []api.FloorSession
	killErr  error
}

func (s *scene) FloorSessions(context.Context) ([]api.FloorSession, error) {
	if s.err != nil {
		return nil, s.err
	}
	return append([]api.FloorSession(nil), s.sessions...), nil
}

func (s *scene) Status(ctx context.Context) (api.Status, error) {
	st, err := s.fake.Status(ctx)
	st.Parts, st.Sources = nil, nil // nothing is wrong
	return st, err
}

func (s *scene) Kill(context.Context, api.KillRequest) (api.KillResult, error) {
	return api.KillResult{}, s.killErr
}

func (s *scene) FloorEvents(context.Context, string, int64, func(api.FloorEvent) error) error {
	return nil
}

func play(t *testing.T, s *scene, w, h int) (*Model, *clock.Manual) {
	t.Helper()
	if s.fake == nil {
		s.fake = &fake{}
	}
	c, th := clock.NewManual(epoch), theme.For(theme.NoColor)
	m := New(context.Background(), Options{Client: s, Clock: c, Theme: &th, Page: "floor"})
	m.tick = func() tea.Cmd { return nil }
	t.Cleanup(m.run.Close)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	settle(m, m.Init())
	return m, c
}

// later lets time go on and everything be asked again.
func later(m *Model, c *clock.Manual, d time.Duration) {
	c.Advance(d)
	_, cmd := m.Update(tickMsg{})
	settle(m, cmd)
}

func lacks(t *testing.T, m *Model, unwanted ...string) {
	t.Helper()
	s := frame(t, m)
	for _, w := range unwanted {
		if strings.Contains(s, w) {
			t.Errorf("%q is in\n%s", w, s)
		}
	}
}

var refused = &net.OpError{Op: "dial", Net: "unix", Addr: &net.UnixAddr{Name: "/tmp/x/omc.sock", Net: "unix"}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

func ended(s api.FloorSession, as journal.Status) api.FloorSession {
	s.Status, s.UpdatedAt = as, epoch.Add(-time.Hour)
	return s
}

func TestAPositionLeftBehindIsCountedAndNotCalledWell(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{ended(floorSession(0), journal.Stopped)}}, 120, 24)
	shows(t, m, "nothing trades, 1 ended session holds 1 position", "! 1 position frozen", "! it is stopped and holds 1 position,", "nothing looks after it any", "the kill switch does not")
	lacks(t, m, "all well")
	press(m, "k")
	shows(t, m, "nothing runs; it does not reach 1 position of ended sessions")

	// What a replay held at its end is history, and after a day the header no longer reminds.
	replayed, old := ended(floorSession(0), journal.Stopped), ended(floorSession(0), journal.Stopped)
	replayed.Feed, old.UpdatedAt = "replay", epoch.Add(-25*time.Hour)
	for _, s := range []api.FloorSession{replayed, old} {
		m, _ := play(t, &scene{sessions: []api.FloorSession{s}}, 120, 24)
		lacks(t, m, "ended session holds", "! 1 position frozen")
	}
}

func TestTheStopDialogSaysWhatStaysBehind(t *testing.T) {
	t.Parallel()
	one, none := floorSession(0), floorSession(1)
	m, _ := play(t, &scene{sessions: []api.FloorSession{one, none}}, 80, 24)
	press(m, "s")
	shows(t, m, "Its 1 position stays as it is, frozen", "To sell it first: n here, then k")
	press(m, "n", "down", "s")
	shows(t, m, "It holds no position: nothing stays behind.")
}

func TestAKillThatIsSentSaysHowLongItWaits(t *testing.T) {
	t.Parallel()
	m, c := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}}, 80, 24)
	press(m, "k")
	for _, k := range []string{"K", "I", "L", "L"} {
		m.Update(keyPress(k))
	}
	_, cmd := m.Update(keyPress("enter"))
	_, kill := m.Update(asked(t, cmd)) // the call hangs
	if kill == nil {
		t.Fatal("nothing was sent")
	}
	c.Advance(11 * time.Second)
	m.Update(tickMsg{})
	shows(t, m, "KILL sent, waiting 11s", "  KILL sent")
	lacks(t, m, "all well", "k kill")
	press(m, "k")
	shows(t, m, "KILL is sent, its answer is awaited")
	if m.over != nil {
		t.Error("it can be sent twice")
	}
}

// asked runs a command of one message.
func asked(t *testing.T, cmd tea.Cmd) tea.Msg {
	t.Helper()
	msg := cmd()
	for {
		b, ok := msg.(tea.BatchMsg)
		if !ok {
			return msg
		}
		msg = nil
		for _, c := range b {
			if c != nil {
				msg = c()
			}
		}
	}
}

func TestAKillThatDidNotArriveSaysSoFirst(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"! NOT killed, 1 position open: run 'omc daemon start'":            refused,
		"! KILL was sent, its outcome is NOT KNOWN (1 position): 'omc dae": &page.NoAnswer{After: 2 * time.Minute},
		"! NOT all killed: wait; 1 position was open":                      api.NewProblem(409, "busy", "wait"),
	} {
		m, c := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}, killErr: err}, 80, 24)
		press(m, "k", "K", "I", "L", "L", "enter")
		shows(t, m, want)
		later(m, c, time.Minute) // it stays until it is read
		shows(t, m, want)
		press(m, "esc")
		lacks(t, m, want)
	}
}

func TestADeadDaemonIsNamedOnceAndWhatItSaidIsDated(t *testing.T) {
	t.Parallel()
	s := &scene{sessions: []api.FloorSession{floorSession(0)}}
	m, c := play(t, s, 80, 24)
	s.fake.err, s.err = refused, refused
	later(m, c, 3*time.Second)
	c.Advance(32 * time.Second)
	shows(t, m, "! no answer for 0s")
	later(m, c, 0)
	shows(t, m, "! no answer for 32s", "as of 22:14:07", "was running")
	lacks(t, m, "lab ", "+0.83%", "all well")
	press(m, "5")
	shows(t, m, "omc does not answer (connection refused)", " omc daemon start")
	lacks(t, m, "dial unix", "/tmp/x")
}

func TestOneFrameShowsOneStateOfASession(t *testing.T) {
	t.Parallel()
	s := &scene{sessions: []api.FloorSession{floorSession(0)}}
	s.sessions[0].Account.Input = 10
	m, c := play(t, s, 120, 24)
	press(m, "k")
	next := floorSession(0)
	next.Account.Input, next.Account.Equity = 11, dec("10760.75")
	m.Update(page.FloorSessions{List: []api.FloorSession{next}})
	got := frame(t, m)
	if n := strings.Count(got, "10,760.75"); n < 3 { // header, pane and dialog; the row lies under it
		t.Errorf("%d times the new equity:\n%s", n, got)
	}
	lacks(t, m, "10,231.44")
	shows(t, m, "today +613.41", "equity 10,760.75 USDT")
	// An answer that was under way for longer does not take it back.
	later(m, c, 5*time.Second)
	lacks(t, m, "10,231.44")
}

func TestMadeUpMoneyIsNeverAddedToPaper(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0), floorSession(1)}}, 160, 40)
	shows(t, m, "PAPER 1 · SIM 1", "equity 10,231.44 USDT  today +84.10 (+0.83%)", "SIM equity 9,874.10 USDT")
	lacks(t, m, "20,105.54")
	only, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(1)}}, 80, 24)
	shows(t, only, " SIM 1   SIM equity 9,874.10")
	lacks(t, only, "PAPER 1")
}

func TestAShareNeverStandsWithoutItsAmount(t *testing.T) {
	t.Parallel()
	for w := minWidth; w < 140; w++ {
		m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}}, w, 24)
		head, _, _ := strings.Cut(frame(t, m), "\n")
		if strings.Contains(head, "%") && !strings.Contains(head, "today +84.10") {
			t.Fatalf("%d columns: %q", w, head)
		}
	}
}

func TestTheStartDialogSaysWhatWouldStart(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}}, 80, 24)
	press(m, "n")
	shows(t, m, "BTC/USDT 1h  fast=12 slow=48")
	press(m, "1")
	shows(t, m, "trades   BTC/USDT on bars of 1h", "cash     10,000.00 USDT, fee 10", "replay   2025-11-22 22:14 to 2026-11-22 22:15 UTC")
}

func TestWhatIsWrongStandsInFullInThePane(t *testing.T) {
	t.Parallel()
	s := floorSession(0)
	s.Health = "no prices, 3 requests failed: coinspot does not answer, trying again in 8s"
	for _, size := range [][2]int{{60, 20}, {80, 24}, {120, 40}, {200, 60}} {
		m, _ := play(t, &scene{sessions: []api.FloorSession{s}}, size[0], size[1])
		words := strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(frame(t, m))), " ")
		for _, w := range []string{"@f10077", "no prices, 3 requests", "8s"} {
			if !strings.Contains(words, w) {
				t.Errorf("%d columns: %q is missing from\n%s", size[0], w, frame(t, m))
			}
		}
	}
}

func TestRowsKeepTheirMarkAndTheirID(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0), floorSession(1), floorSession(2)}}, 60, 20)
	for _, row := range []string{"@f10077  PAPER", "@f2c0ff  PAPER SIM", "@f3bead  PAPER"} {
		shows(t, m, row)
	}
	shows(t, m, "k kill…", "s stop")
	wide, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0), floorSession(1)}}, 120, 40)
	shows(t, wide, "@f10077  PAPER coinspot", "@f2c0ff  PAPER SIM")
	press(m, "tab")
	shows(t, m, "@f10077 ─")
}

func TestAFillsTimeIsItsOwnWithItsYear(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "floor", 120, 40)
	press(m, "e")
	shows(t, m, "11-22 16:14:07 fill", "11-22 15:38:07 refused") // the line of the fill was written at 15:37
	m.now = epoch.AddDate(1, 0, 0)
	shows(t, m, "2026-11-22 16:14:07 fill")
	press(m, "tab", "tab", "tab", "tab")
	shows(t, m, "2026-11-22 16:14  BTC/USDT")
	m.Update(tea.WindowSizeMsg{Width: 200, Height: 60})
	shows(t, m, "2026-11-22 16:14  buy") // the market gives way, the time does not
}

func TestAKeptFilterLeavesAMark(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0), floorSession(2)}}, 80, 24)
	press(m, "/")
	write(m, "finished")
	press(m, "enter")
	shows(t, m, "Sessions 1 of 2", "filter: finished, 1 hidden; esc shows all")
	press(m, "esc")
	shows(t, m, "[Sessions 2]")
}

func TestAListSaysHowManyMoreThereAre(t *testing.T) {
	t.Parallel()
	var list []api.FloorSession
	for i := range 12 {
		s := floorSession(0)
		s.ID = string(rune('a'+i)) + s.ID
		list = append(list, s)
	}
	m, _ := play(t, &scene{sessions: list}, 80, 24)
	shows(t, m, "↓ 7 more")
	press(m, "G")
	shows(t, m, "↑ 7 more", "▸ donchian-breakout  @lf1007")
}

func TestAClickChoosesTheRowUnderIt(t *testing.T) {
	t.Parallel()
	list := []api.FloorSession{floorSession(0), floorSession(1), floorSession(2)}
	for _, w := range []int{80, 120, 200} {
		m, _ := play(t, &scene{sessions: list}, w, 40)
		y := -1
		for i, l := range strings.Split(frame(t, m), "\n") {
			if strings.Contains(l, "  macd-trend") {
				y = i
			}
		}
		_, cmd := m.Update(tea.MouseClickMsg{X: 5, Y: y, Button: tea.MouseLeft})
		settle(m, cmd)
		shows(t, m, "▸ macd-trend", "macd-trend @f3bead")
	}
	m, _ := play(t, &scene{sessions: list}, 120, 40)
	frame(t, m)
	m.Update(tea.MouseClickMsg{X: 100, Y: 30, Button: tea.MouseLeft})
	shows(t, m, "━▸Events")
}

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{}, {"s"}, {"/"}, {":"}} {
		m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}}, 80, 24)
		press(m, keys...)
		_, cmd := m.Update(keyPress("ctrl+z"))
		if _, ok := asked(t, cmd).(tea.SuspendMsg); !ok {
			t.Errorf("%v: ctrl+z does not suspend", keys)
		}
	}
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0)}}, 80, 24)
	_, cmd := m.Update(tea.ResumeMsg{})
	if cmd == nil {
		t.Error("nothing is drawn again")
	}
}

func TestTheKillWordIsSeenInTheSmallestTerminal(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{floorSession(0), floorSession(1)}}, minWidth, minHeight)
	press(m, "k", "K", "I")
	shows(t, m, "Kill switch", "type KILL › KI", "more line")
	if m.View().Cursor == nil {
		t.Error("no caret")
	}
}

func TestNothingOfThePageIsLeftBesideANarrowDialog(t *testing.T) {
	t.Parallel()
	for _, w := range []int{60, 80, 90, 99} {
		m := open(t, &fake{}, "floor", w, 24)
		press(m, "k")
		for _, l := range strings.Split(frame(t, m), "\n") {
			if strings.Contains(l, "type KILL") && (!strings.HasPrefix(l, "│") || !strings.HasSuffix(l, "│")) {
				t.Errorf("%d columns: %q", w, l)
			}
		}
	}
}

func TestKeysSayTheirReasonsWhole(t *testing.T) {
	t.Parallel()
	m, _ := play(t, &scene{sessions: []api.FloorSession{ended(floorSession(0), journal.Stopped)}}, 80, 24)
	press(m, "?")
	words := strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(frame(t, m))), " ")
	if want := "(not now: nothing runs; it does not reach 1 position of ended sessions)"; !strings.Contains(words, want) {
		t.Errorf("%q is missing from\n%s", want, frame(t, m))
	}
}

func TestTheLogsLevelIsSeenWhenItChanges(t *testing.T) {
	t.Parallel()
	m := open(t, &fake{}, "daemon", 80, 24)
	press(m, "l")
	shows(t, m, "[Log]", "level info or worse")
	press(m, "/")
	write(m, "zzzz")
	shows(t, m, "of the log is level info or worse, filter: zzzz")
}

func TestAHangupEndsTheProgramAsQDoes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	p := tea.NewProgram(hungUp{}, tea.WithContext(ctx), tea.WithInput(nil), tea.WithoutRenderer())
	defer onHangup(p)()
	if _, err := p.Run(); err != nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%v, %v", err, ctx.Err())
	}
}

// hungUp sends itself the signal once it runs.
type hungUp struct{}

func (hungUp) Init() tea.Cmd {
	return func() tea.Msg {
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(syscall.SIGHUP)
		}
		return nil
	}
}
func (h hungUp) Update(tea.Msg) (tea.Model, tea.Cmd) { return h, nil }
func (hungUp) View() tea.View                        { return tea.NewView("") }
