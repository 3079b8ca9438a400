package defillama

import (
	"context"
	"net/http"
	"testing"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/defillama/fake"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// One feed for each shape of answer.
func TestConformance(t *testing.T) {
	for name, answer := range map[string][2]string{
		"protocols":   {"/protocols", `[{"slug":"lido","tvl":5,"mcap":7},{"slug":"x","tvl":1}]`},
		"stablecoins": {"/stablecoins", `{"peggedAssets":[{"gecko_id":"dai","pegType":"peggedUSD","circulating":{"peggedUSD":5}}]}`},
		"prices":      {pricePath(), `{"coins":{"coingecko:dai":{"price":1,"timestamp":1780000000,"confidence":0.99}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(start)
			up := fake.New(c)
			up.Set(answer[0], http.StatusOK, answer[1])
			client := func(u upstream.Config) func(context.Context) (int, error) {
				f := feed(New(u, nil), name)
				return func(ctx context.Context) (int, error) {
					out, err := f.Poll(ctx, nil)
					return out.Len(), err
				}
			}
			conformance.Run(t, conformance.Source{Name: "defillama", Clock: c, Fake: up, Client: client, MaxBody: maxAnswer})
		})
	}
}
