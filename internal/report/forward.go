package report

import (
	"bufio"
	"fmt"
	"time"
)

// Forward is what a walk-forward showed: the strategy out of sample, fold by fold and end to end, and whether it looks ahead.
type Forward struct {
	Folds       []ForwardFold `json:"folds"`
	From        time.Time     `json:"from"` // of the first fold
	To          time.Time     `json:"to"`
	Return      float64       `json:"return"` // compounded over all folds
	Hold        float64       `json:"buy_and_hold"`
	Sharpe      *float64      `json:"sharpe"`
	HoldSharpe  *float64      `json:"buy_and_hold_sharpe"`
	Drawdown    float64       `json:"max_drawdown"` // on the daily equity end to end, ≤ 0
	Trades      int           `json:"trades"`
	Positive    int           `json:"positive_folds"`
	NoLookAhead bool          `json:"no_look_ahead"`
	LookAhead   string        `json:"look_ahead"` // what the test found, in words
}

// ForwardFold is one out-of-sample stretch, with its own starting cash.
type ForwardFold struct {
	N        int       `json:"n"` // from 1
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Return   *float64  `json:"return"`
	Hold     *float64  `json:"buy_and_hold"`
	Sharpe   *float64  `json:"sharpe"`
	Drawdown *float64  `json:"max_drawdown"`
	Trades   int       `json:"trades"`
}

const day = "2006-01-02"

// rows are the folds and, last, all of them end to end: fold, from, to, return, buy and hold, Sharpe, max drawdown, trades.
func (f *Forward) rows() [][8]string {
	var out [][8]string
	for i := range f.Folds {
		x := &f.Folds[i]
		out = append(out, [8]string{fmt.Sprint(x.N), x.From.Format(day), x.To.Format(day), Percent(x.Return), Percent(x.Hold), Ratio(x.Sharpe), Percent(x.Drawdown), fmt.Sprint(x.Trades)})
	}
	return append(out, [8]string{"all", f.From.Format(day), f.To.Format(day), Percent(&f.Return), Percent(&f.Hold), Ratio(f.Sharpe), Percent(&f.Drawdown), fmt.Sprint(f.Trades)})
}

func (f *Forward) text(b *bufio.Writer, width int) {
	fmt.Fprintf(b, "\nWalk-forward, out of sample: %d of %d folds made money\n", f.Positive, len(f.Folds))
	line := func(r [8]string) {
		fmt.Fprintf(b, "%-5s%-11s%-11s%s%s%s%s", r[0], r[1], r[2], right(r[3], 11), right(r[4], 11), right(r[5], 8), right(r[6], 11))
		if width >= 76 {
			fmt.Fprint(b, right(r[7], 8))
		}
		fmt.Fprintln(b)
	}
	line([8]string{"fold", "from", "to", "return", "hold", "Sharpe", "drawdown", "trades"})
	for _, r := range f.rows() {
		line(r)
	}
	mark := "no look-ahead: "
	if !f.NoLookAhead {
		mark = "LOOK-AHEAD: "
	}
	wrap(b, mark+f.LookAhead, width)
}
