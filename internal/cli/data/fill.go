package data

import (
	"io"
	"strconv"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/cli/factory"
)

// countingReader counts what has been sent, for the progress bar.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func newExport(f *factory.Factory) *cobra.Command {
	q := api.PriceQuery{}
	var file string
	cmd := &cobra.Command{
		Use: "export MARKET", Short: "Write prices as CSV", Args: cobra.ExactArgs(1), Example: "  omc data export BTC/USDT --interval 1h > btc.csv",
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Market = args[0]
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			if err := asStored(cmd.Context(), c, &q); err != nil {
				return err
			}
			if file == "" || file == "-" {
				return c.Export(cmd.Context(), q, f.IO.Out)
			}
			return factory.WriteFile(file, func(w io.Writer) error { return c.Export(cmd.Context(), q, w) })
		},
	}
	queryFlags(cmd, &q, true)
	cmd.Flags().StringVar(&file, "file", "", "write to this file (default: stdout)")
	return cmd
}

func newFetch(f *factory.Factory) *cobra.Command {
	r := api.FetchRequest{}
	cmd := &cobra.Command{
		Use: "fetch MARKET...", Short: "Fetch public candles from Kraken, Coinbase or Binance", Args: cobra.MinimumNArgs(1),
		Example: "  omc data fetch BTC/USDT ETH/USDT --interval 5m\n  omc data fetch BTC/USD --source coinbase --from 2025-01-01",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			f.IO.Status("fetching …")
			res, err := c.Fetch(cmd.Context(), r)
			f.IO.Status("")
			if err != nil {
				return err
			}
			for _, name := range factory.Keys(res.Errors) {
				f.Say("%s: %s", name, res.Errors[name])
			}
			return f.One(res, append(counts(res.Added), [2]string{"source", res.Source}))
		},
	}
	cmd.Flags().StringVar(&r.Interval, "interval", "5m", "bar length")
	cmd.Flags().StringVar(&r.From, "from", "", "date or time, UTC")
	cmd.Flags().StringVar(&r.To, "to", "", "date or time, UTC")
	cmd.Flags().StringSliceVar(&r.Sources, "source", nil, "try only these, in this order")
	return cmd
}

func newSimulate(f *factory.Factory) *cobra.Command {
	r := api.SimulateRequest{}
	cmd := &cobra.Command{
		Use: "simulate MARKET...", Short: "Fill the ledger from the seeded market simulator", Args: cobra.MinimumNArgs(1),
		Long:    "Fill the ledger with simulated prices: correlated coins, regimes, fat tails, volatility clustering. They are marked as simulated wherever they are shown.",
		Example: "  omc data simulate BTC/USDT ETH/USDT --days 365 --seed 7",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			f.IO.Status("simulating …")
			res, err := c.Simulate(cmd.Context(), r)
			f.IO.Status("")
			if err != nil {
				return err
			}
			f.Say("SIMULATED prices: they come from omc's market simulator, not from a market")
			return f.One(res, counts(res.Added))
		},
	}
	cmd.Flags().StringVar(&r.Interval, "interval", "5m", "bar length")
	cmd.Flags().StringVar(&r.From, "from", "2024-01-01", "first day, UTC")
	cmd.Flags().IntVar(&r.Days, "days", 365, "how many days")
	cmd.Flags().Uint64Var(&r.Seed, "seed", 1, "the same seed gives the same prices")
	return cmd
}

func counts(added map[string]int) [][2]string {
	var out [][2]string
	for _, m := range factory.Keys(added) {
		out = append(out, [2]string{m, strconv.Itoa(added[m])})
	}
	return out
}

func newBackfill(f *factory.Factory) *cobra.Command {
	r := api.BackfillRequest{}
	cmd := &cobra.Command{
		Use: "backfill MARKET...", Short: "Fill history and repair gaps from Kraken, Coinbase or Binance", Args: cobra.MinimumNArgs(1),
		Long: "Fill what is not stored of a window, oldest first; what is stored is left as it is. Broken off, the same command goes on where it was.\n" +
			"For many years the exchanges' bulk files are quicker: see 'omc data import'.",
		Example: "  omc data backfill BTC/AUD ETH/AUD --from 2025-01-01\n  omc data backfill BTC/USD --interval 1h --from 2020-01-01 --source coinbase",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Markets = args
			c, err := f.Client(cmd.Context())
			if err != nil {
				return err
			}
			done, err := c.Backfill(cmd.Context(), r, func(e api.BackfillEvent) error {
				if p := e.Progress; p != nil {
					f.IO.Status("%s from %s: %d added, %d to ask for …", p.Market, p.Source, p.Added, p.Left)
				}
				return nil
			})
			f.IO.Status("")
			if err != nil {
				return err
			}
			for _, m := range done.Markets {
				for _, name := range factory.Keys(m.Errors) {
					f.Say("%s: %s: %s", m.Market, name, m.Errors[name])
				}
			}
			return answer(f, done, nil, done.Markets, "nothing to fill", []factory.Column[api.BackfillMarket]{
				{Name: "market", Value: func(r api.BackfillMarket) string { return r.Market.String() }},
				{Name: "added", Value: func(r api.BackfillMarket) string { return strconv.Itoa(r.Added) }, Right: true},
				{Name: "missing", Value: func(r api.BackfillMarket) string { return strconv.Itoa(r.Missing) }, Right: true},
			})
		},
	}
	cmd.Flags().StringVar(&r.Interval, "interval", "5m", "bar length")
	cmd.Flags().StringVar(&r.From, "from", "", "date or time, UTC")
	cmd.Flags().StringVar(&r.To, "to", "", "date or time, UTC; not included (default: now)")
	cmd.Flags().StringSliceVar(&r.Sources, "source", nil, "only these, in this order")
	_ = cmd.MarkFlagRequired("from") // it fails only where the flag is not there
	return cmd
}
