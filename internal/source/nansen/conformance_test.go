package nansen

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/clock"
	"github.com/ohmycoins/omc/internal/source/faulty/conformance"
	"github.com/ohmycoins/omc/internal/source/nansen/fake"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

// Whatever goes wrong, a question is asked once only: it may have been paid for.
func TestConformance(t *testing.T) {
	for i, c := range []struct{ route, row string }{
		{"smart-money/netflow", `{"chain":"base","token_address":"0xab","token_symbol":"B","net_flow_24h_usd":-1.5,"trader_count":3}`},
		{"smart-money/dex-trades", goodTrade},
	} {
		t.Run(c.route, func(t *testing.T) {
			t.Parallel()
			clk := clock.NewManual(start)
			up := fake.New(clk)
			up.Rows(c.route, []json.RawMessage{[]byte(c.row)})
			client := func(u upstream.Config) func(context.Context) (int, error) {
				poll := New(u, key).Feeds()[i].Poll
				return func(ctx context.Context) (int, error) {
					out, err := poll(ctx, nil)
					if err != nil && strings.Contains(err.Error(), key) {
						t.Errorf("the key is told: %v", err)
					}
					return out.Len(), err
				}
			}
			conformance.Run(t, conformance.Source{Name: "nansen", Path: fake.Base, Clock: clk, Fake: up, Client: client,
				Methods: []string{"POST"}, Once: true})
		})
	}
}
