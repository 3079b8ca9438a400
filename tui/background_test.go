package tui

import (
	"context"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/tui/theme"
)

// A terminal that does not answer the question for its background may have said it in COLORFGBG.
func TestColorFGBGChoosesThePaletteUntilTheTerminalAnswers(t *testing.T) {
	t.Parallel()
	m := New(context.Background(), Options{Client: &fake{}, Clock: clock.NewManual(epoch), Environ: []string{"COLORFGBG=0;15"}})
	defer m.run.Close()
	m.Update(tea.EnvMsg{"TERM=xterm-256color", "COLORTERM=truecolor", "COLORFGBG=0;15"})
	if m.theme.Profile != theme.Light {
		t.Errorf("COLORFGBG=0;15 gives %v", m.theme.Profile)
	}
	m.Update(tea.BackgroundColorMsg{Color: theme.PaletteOf(theme.Dark).Background})
	if m.theme.Profile != theme.Dark {
		t.Errorf("the terminal said dark, and it is %v", m.theme.Profile)
	}
}
