package widget

import (
	"math"
	"testing"

	"github.com/ohmycoins/omc/tui/theme"
)

func TestMeterIsFullOnlyWhereNothingIsMissing(t *testing.T) {
	t.Parallel()
	none := theme.For(theme.NoColor)
	for share, want := range map[float64]string{0: "░░░░", 1e-9: "█░░░", 0.5: "██░░", 0.99999: "███░", 1: "████", 7: "████", -1: "░░░░", math.Inf(1): "████"} {
		if got := Meter(&none, share, 4); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
	if got := Meter(&none, math.NaN(), 4); got != "    " {
		t.Errorf("%q", got)
	}
	none.ASCII = true
	if got := Meter(&none, 0.5, 4); got != "##.." {
		t.Errorf("%q", got)
	}
	if got := Meter(&none, 0.5, 0); got != "" {
		t.Errorf("%q", got)
	}
}
