package collect

import (
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
)

func TestOfTwoRowsForOneTimeTheLaterWinsOnlyWithReplace(t *testing.T) {
	near := string(csv(2)) + "1700000100,55,60,50,55,1\n"
	far := string(csv(50_000)) + "1700000100,55,60,50,55,1\n"
	for name, data := range map[string]string{"one batch": near, "two batches": far} {
		for _, replace := range []bool{false, true} {
			s, _ := service(t)
			h := imported(t, s, []byte(data), api.ImportOptions{File: "BTCUSDT-5m.csv", Replace: replace})
			p, err := s.Prices(t.Context(), api.PriceQuery{Market: "BTC/USDT", Interval: "5m", To: "2023-11-15"})
			want, replaced := "100", int64(0)
			if replace {
				want, replaced = "55", 1
			}
			if err != nil || h.done == nil || h.done.Added != int64(strings.Count(data, "\n")-2) || h.done.Replaced != replaced ||
				h.done.Conflicts != 1-replaced || p.Rows[0].Open.String() != want {
				t.Errorf("%s, replace %v: %v %+v", name, replace, err, h.done)
			}
		}
	}
}
