package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

func TestAStreamCoalescesInOrderAndEnds(t *testing.T) {
	t.Parallel()
	const n = 3 * maxPending // more than may wait: the stream is held up until a batch is taken
	r := NewRunner(context.Background(), 0)
	defer r.Close()
	failed := errors.New("cut")
	s := Follow(r, func(_ context.Context, emit func(int) error) error {
		for i := range n {
			if err := emit(i); err != nil {
				return err
			}
		}
		return failed
	})
	next, batches := 0, 0
	for done := false; !done; {
		b, ok := s.Next()().(Batch[int])
		if !ok {
			t.Fatal("not a batch")
		}
		batches++
		if len(b.Events) > maxPending {
			t.Fatalf("a batch of %d", len(b.Events))
		}
		for _, e := range b.Events {
			if e != next {
				t.Fatalf("event %d, want %d", e, next)
			}
			next++
		}
		if done = b.Done; done && !errors.Is(b.Err, failed) {
			t.Errorf("ended with %v", b.Err)
		}
	}
	if next != n || batches < 3 {
		t.Errorf("%d events in %d batches", next, batches)
	}
}

func TestCloseEndsStreamsThatWait(t *testing.T) {
	t.Parallel()
	r := NewRunner(context.Background(), 0)
	s := Follow(r, func(ctx context.Context, _ func(int) error) error {
		<-ctx.Done()
		return ctx.Err()
	})
	r.Close() // would hang if the stream did not end
	if b := s.Next()().(Batch[int]); !b.Done || b.Err != nil {
		t.Errorf("%+v", b)
	}
	if msg := Read(r, func(context.Context) (int, error) { return 1, nil }, func(int, error) tea.Msg { return "called" })(); msg != nil {
		t.Error("a call was made after the end")
	}
}

func TestExplainSaysWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"start x: max_notional: too much":                                           api.NewProblem(409, "max_notional", "max_notional: too much"),
		"start x: boom; trying again; see 'omc daemon status'":                      errors.New("boom"),
		"start x: stopped":                                                          context.Canceled,
		"start x: no answer in 15s; see 'omc daemon status'":                        &NoAnswer{After: 15 * time.Second},
		"start x: omc does not answer (connection refused); run 'omc daemon start'": fmt.Errorf("get: %w", &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
	} {
		if got := Explain("start x", err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	th := theme.For(theme.NoColor)
	lines := Fail(&th, 40, Explain("start a very long thing that wraps", errors.New("boom")))
	if last := lines[len(lines)-1]; !strings.Contains(last, "see 'omc daemon status'") {
		t.Errorf("the advice is not on its own line: %q", lines)
	}
}

func TestNumbersForPeople(t *testing.T) {
	t.Parallel()
	d := money.MustParse
	half := 0.00684
	for got, want := range map[string]string{
		Amount(d("-12480.225")): "−12,480.22", Amount(d("0.00004")): "0.000040000", Gain(d("84.1")): "+84.10", Gain(d("0")): "0.00", Gain(d("-3")): "−3.00",
		Quantity(d("1234.50000000")): "1,234.5", Quantity(d("0.00000001")): "0.00000001", Quantity(d("-2")): "−2", Percent(&half): "+0.68%", Percent(nil): "–", Ratio(nil): "–",
		Bytes(212 << 20): "212 MB", Bytes(1900 << 20): "1.9 GB", Bytes(12): "12 B", Params(map[string]float64{"slow": 48, "fast": 12.5}): "fast=12.5 slow=48",
		Short("a41f09c2771b"): "@a41f09", Since(time.Unix(100, 0), time.Unix(101, 0)): "0s", Since(time.Unix(100, 0), time.Time{}): "–", Count(306704): "306,704",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestATableKeepsWhatMattersWhereItIsNarrow(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	cols := []Column{{Title: "name"}, {Title: "price", Right: true, Keep: 9}, {Title: "a long one", Keep: 2}, {Title: "id", Keep: 1}}
	rows := [][]Cell{{Text("BTC"), Text("84,411.69"), Text("a long value here"), Text("@1")}}
	for w, want := range map[int]string{80: "a long value here", 24: "@1", 18: "84,411.69", 8: "BTC"} {
		lines := Table(&th, cols, rows, nil, false, w, 5)
		if !strings.Contains(strings.Join(lines, "\n"), want) {
			t.Errorf("%d columns: %q is missing: %q", w, want, lines)
		}
		for _, l := range lines {
			if widget.Width(l) != w {
				t.Errorf("%d columns: a line of %d", w, widget.Width(l))
			}
		}
	}
}

func TestALateCallSaysThatItIsNotKnown(t *testing.T) {
	t.Parallel()
	r := NewRunner(context.Background(), 0)
	defer r.Close()
	late := call(r, time.Nanosecond, func(ctx context.Context) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(_ int, err error) tea.Msg { return err })
	var want *NoAnswer
	if err, _ := late().(error); !errors.As(err, &want) || NotReached(err) {
		t.Errorf("%v", err)
	}
}

func TestMomentsHaveTheirYearWhereItIsAnother(t *testing.T) {
	t.Parallel()
	now, at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), time.Date(2025, 3, 2, 1, 0, 5, 0, time.UTC)
	for got, want := range map[string]string{
		Moment(now, at): "2025-03-02 01:00", MomentSeconds(now, at): "2025-03-02 01:00:05", Moment(at, at): "03-02 01:00", MomentSeconds(at, at): "03-02 01:00:05", Moment(now, time.Time{}): "–",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestATableThatIsClippedSaysSoAndTheMouseFindsItsRows(t *testing.T) {
	t.Parallel()
	th := theme.For(theme.NoColor)
	cols := []Column{{Title: "name", Min: 8}, {Title: "state", Max: 4}}
	var rows [][]Cell
	for i := range 9 {
		rows = append(rows, []Cell{Text("row" + strconv.Itoa(i)), Text("running")})
	}
	if got := TableWidth(cols, rows); got != 2+8+2+7 {
		t.Errorf("needs %d", got)
	}
	for _, c := range []struct {
		cursor, h   int
		first, last string
	}{{0, 6, "row0", "↓ 5 more"}, {8, 6, "row5", "↑ 5 more"}, {4, 6, "row1", "↑ 1  ↓ 4 more"}, {0, 10, "row0", "row8"}, {0, 2, "row0", "row0"}} {
		l := List{Cursor: c.cursor}
		lines := Table(&th, cols, rows, &l, true, 30, c.h)
		if len(lines) != c.h || !strings.Contains(lines[1], c.first) || !strings.Contains(lines[c.h-1], c.last) {
			t.Errorf("cursor %d, %d lines:\n%s", c.cursor, c.h, strings.Join(lines, "\n"))
		}
		at := Place{X: 3, Y: 10, W: 30, H: c.h}
		for y := range 30 {
			row, ok := at.Row(&l, len(rows), 5, y)
			drawn := y >= 10 && y < 10+c.h && strings.Contains(lines[y-10], "row")
			if ok != drawn || ok && !strings.Contains(lines[y-10], "row"+strconv.Itoa(row)) {
				t.Errorf("%d lines, y %d: row %d, %v", c.h, y, row, ok)
			}
		}
		if _, ok := at.Row(&l, len(rows), 2, 11); ok {
			t.Error("beside it is a row")
		}
	}
}

func FuzzInput(f *testing.F) {
	f.Add("hello \x1b[31m 漢字", 10)
	f.Fuzz(func(t *testing.T, text string, w int) {
		if w < 1 || w > 300 {
			return
		}
		in := NewInput("")
		in.Insert(text)
		s, x := in.View(w)
		if widget.Width(s) != w || x < 0 || x > w || strings.ContainsRune(s, 0x1b) {
			t.Fatalf("%q: %d columns of %d, caret at %d", s, widget.Width(s), w, x)
		}
	})
}
