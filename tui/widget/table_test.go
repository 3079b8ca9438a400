package widget

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"github.com/ohmycoins/omc/tui/theme"
)

func sessions() Table {
	return Table{
		Columns: []Column{
			{Title: "Session", Priority: 9}, {Title: "Version", Priority: 1}, {Title: "Mode", Priority: 8}, {Title: "Cap", Align: Right, Priority: 2},
			{Title: "Equity", Align: Right, Priority: 7}, {Title: "P&L today", Align: Right, Priority: 6}, {Title: "State", Priority: 3, Max: 30},
		},
		Rows: [][]string{
			{"eth-momentum", "@a41f", "LIVE", "5,000", "5,112.40", "+61.20", "in pos"},
			{"btc-trend", "@09c2", "LIVE", "5,000", "5,044.02", "+22.90", "flat"},
			{"sol-reversion", "@77e0", "PAPER", "2,000", "1,981.55", "−12.07", "waiting for the feed: no trade for 90 seconds"},
			{"evil\x1b[31m\nname", "@dead"},
		},
		Selected: 1,
	}
}

func TestTableGolden(t *testing.T) {
	th := theme.For(theme.NoColor)
	for name, w := range map[string]int{"table80": 80, "table40": 40, "table120": 120} {
		golden(t, name, sessions().View(&th, w, 6))
	}
}

func TestTableSizes(t *testing.T) {
	tab := sessions()
	tab.Focused = true
	everySize(t, "table", tab.View)
	tab.Style = func(row, col int) *lipgloss.Style { s := lipgloss.NewStyle().Bold(true); return &s }
	tab.Focused = false
	everySize(t, "styled table", tab.View)
	everySize(t, "no columns", Table{}.View)
	for _, th := range themes()[2:] {
		tab.Rows = tab.Rows[:3]
		onlyASCII(t, tab.View(th, 60, 5))
	}
}

func TestTableKeepsTheSelectionVisible(t *testing.T) {
	th := theme.For(theme.NoColor)
	var rows [][]string
	for range 5000 {
		rows = append(rows, []string{"row"})
	}
	for _, sel := range []int{0, 1, 7, 2500, 4999} {
		for _, off := range []int{-5, 0, 3, 2499, 9000} {
			rows[sel][0] = "here"
			v := Table{Columns: []Column{{Title: "N"}}, Rows: rows, Selected: sel, Offset: off}.View(&th, 40, 8)
			if !strings.Contains(v, "▸ here") {
				t.Errorf("row %d from offset %d is not in view:\n%s", sel, off, v)
			}
			rows[sel][0] = "row"
		}
	}
	if v := (Table{Columns: []Column{{Title: "N"}}, Rows: rows, Selected: -1, Offset: 10}).View(&th, 40, 8); !strings.Contains(v, "11–17 of 5000") {
		t.Errorf("no position in the list:\n%s", v)
	}
}

func TestScroll(t *testing.T) {
	for _, c := range []struct{ offset, selected, height, total, want int }{
		{0, 0, 5, 10, 0}, {0, 5, 5, 10, 1}, {4, 2, 5, 10, 2}, {9, -1, 5, 10, 5}, {0, 9, 5, 10, 5}, {3, 1, 5, 2, 0}, {0, 3, 0, 5, 3}, {2, 0, 3, 0, 0},
	} {
		if got := Scroll(c.offset, c.selected, c.height, c.total); got != c.want {
			t.Errorf("Scroll(%d, %d, %d, %d): got %d, want %d", c.offset, c.selected, c.height, c.total, got, c.want)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("title", "cell\x1b[0m", "日本", 20, 5, 1, 3, 0)
	f.Fuzz(func(t *testing.T, title, a, b string, w, h, lo, hi, offset int) {
		w, h = w%300, h%60
		tab := Table{
			Columns:  []Column{{Title: title, Min: lo, Max: hi}, {Title: b, Align: Right, Priority: lo}, {Title: a, Max: lo, Priority: hi}},
			Rows:     [][]string{{a, b}, {b, a, title, a}, {}, {title, title, title}},
			Selected: hi, Offset: offset, Focused: lo%2 == 0,
		}
		for _, th := range themes() {
			sized(t, "table", tab.View(th, w, h), w, h)
		}
	})
}
