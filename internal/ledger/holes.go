package ledger

import (
	"fmt"
	"strconv"

	"github.com/ohmycoins/omc/internal/market"
)

// MaxMissing is the share of a window's bars that may be missing where nothing else is set.
const MaxMissing = 0.1

// HolesError refuses a window that lacks too many bars: what is computed over it would say little about the market.
type HolesError struct {
	Market          market.Market
	Interval        market.Interval
	Missing, Places int
	Limit           float64
}

// Error names the holes and the ways out.
func (e *HolesError) Error() string {
	return fmt.Sprintf("data_gaps: %d of %d %s bars of %s are missing in the window (%.1f %%), the limit is %s %%; fill them with 'omc data backfill %s --interval %s --from …', choose a window "+
		"without them ('omc data gaps %s --interval %s' lists them), or allow more with --max-missing or data.max_missing", e.Missing, e.Places, e.Interval, e.Market,
		100*float64(e.Missing)/float64(e.Places), strconv.FormatFloat(100*e.Limit, 'g', 4, 64), e.Market, e.Interval, e.Market, e.Interval)
}

// CheckHoles refuses bars, in time order, of which more than the share limit is missing between the first and the last; limit 0 is
// MaxMissing.
func CheckHoles(m market.Market, iv market.Interval, bars []market.Bar, limit float64) error {
	if len(bars) == 0 {
		return nil
	}
	if limit <= 0 {
		limit = MaxMissing
	}
	places := int((bars[len(bars)-1].Unix()-bars[0].Unix())/int64(iv)) + 1
	if missing := places - len(bars); float64(missing) > limit*float64(places) {
		return &HolesError{Market: m, Interval: iv, Missing: missing, Places: places, Limit: limit}
	}
	return nil
}
