package strategy_test

import (
	"errors"
	"testing"

	"github.com/ohmycoins/omc/internal/strategy"
	"go.starlark.net/starlark"
)

func starlarkFloat(f float64) string { return starlark.Float(f).String() }

// FuzzLoad offers arbitrary bytes as a script: it is refused with a ScriptError or runs a few bars, and never panics or hangs.
func FuzzLoad(f *testing.F) {
	for _, ex := range strategy.Examples() {
		f.Add([]byte(ex.Source))
	}
	f.Add([]byte(header + "def on_bar(ctx, bar): ctx.buy(quantity=1/3, limit=bar.close)"))
	f.Add([]byte("lambda: not not -x if y else [[(("))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, c, err := strategy.Load(src, "fuzz", strategy.Options{})
		if err != nil {
			var se *strategy.ScriptError
			if !errors.As(err, &se) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if len(c.ID()) != 64 {
			t.Fatal("no id")
		}
		scene := newScene(len(s.Spec().Markets))
		if s.Init(scene) != nil {
			return
		}
		for i := range 3 {
			for m := range s.Spec().Markets {
				if feed(t, s, scene, m, i, "100.5") != nil {
					return
				}
			}
		}
	})
}
