package report

import (
	"errors"
	"fmt"

	"github.com/ohmycoins/omc/internal/money"
)

// ErrSettings is wrapped by Validate's errors.
var ErrSettings = errors.New("impossible setting")

// Validate says which setting cannot be used, and what may be.
func (s *Settings) Validate() error {
	thousand, one := money.FromInt(1000), money.One
	last := money.New(1, money.Scale)
	switch {
	case s.Cash.Sign() <= 0 || money.FromInt(1_000_000_000_000).Less(s.Cash) || s.Cash.Decimals() > money.Scale:
		return fmt.Errorf("%w: cash %s: want more than 0, at most 1000000000000, with at most 8 decimals", ErrSettings, s.Cash)
	case s.FeeBps.Sign() < 0 || thousand.Less(s.FeeBps) || s.FeeBps.Decimals() > 3:
		return fmt.Errorf("%w: fee_bps %s: want 0 to 1000 basis points with at most 3 decimals", ErrSettings, s.FeeBps)
	case s.SlippageBps.Sign() < 0 || thousand.Less(s.SlippageBps) || s.SlippageBps.Decimals() > 3:
		return fmt.Errorf("%w: slippage_bps %s: want 0 to 1000 basis points with at most 3 decimals", ErrSettings, s.SlippageBps)
	case s.Participation.Sign() <= 0 || one.Less(s.Participation) || s.Participation.Decimals() > 4:
		return fmt.Errorf("%w: participation %s: want a share above 0 and at most 1 with at most 4 decimals", ErrSettings, s.Participation)
	case s.MaxGap < 0 || s.MaxGap > 100_000:
		return fmt.Errorf("%w: max_gap %d: want 0 to 100000 intervals", ErrSettings, s.MaxGap)
	case s.MinNotional.Sign() < 0 || money.FromInt(1_000_000).Less(s.MinNotional):
		return fmt.Errorf("%w: min_notional %s: want 0 to 1000000", ErrSettings, s.MinNotional)
	case s.PriceTick.Less(last) || s.PriceTick.Decimals() > money.Scale:
		return fmt.Errorf("%w: price_tick %s: want at least 0.00000001, with at most 8 decimals", ErrSettings, s.PriceTick)
	case s.QuantityStep.Less(last) || s.QuantityStep.Decimals() > money.Scale:
		return fmt.Errorf("%w: quantity_step %s: want at least 0.00000001, with at most 8 decimals", ErrSettings, s.QuantityStep)
	}
	return nil
}
