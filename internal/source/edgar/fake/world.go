package fake

import (
	"fmt"
	"time"
)

// known is a filer of the world: the numbers, names and tickers of filers that are widely watched, so that a daemon with its usual
// watch list finds them, and invented ones. What they file is invented.
type known struct {
	Party
	ticker string
}

func companies() []known {
	filer := func(cik int, ticker, name string) known { return known{Party{cik, name, "Filer"}, ticker} }
	return []known{
		filer(1050446, "MSTR", "Strategy Inc"), filer(1679788, "COIN", "Coinbase Global, Inc."), filer(1507605, "MARA", "MARA Holdings, Inc."),
		filer(1167419, "RIOT", "Riot Platforms, Inc."), filer(827876, "CLSK", "CLEANSPARK, INC."), filer(1859392, "GLXY", "Galaxy Digital Inc."),
		filer(1783879, "HOOD", "Robinhood Markets, Inc."), filer(1512673, "XYZ", "Block, Inc."), filer(1318605, "TSLA", "Tesla, Inc."),
		filer(1829311, "BMNR", "BITMINE IMMERSION TECHNOLOGIES, INC."), filer(1876042, "CRCL", "Circle Internet Group, Inc."),
		filer(1980994, "IBIT", "iShares Bitcoin Trust ETF"), filer(1852317, "FBTC", "Fidelity Wise Origin Bitcoin Fund"),
		filer(1588489, "GBTC", "Grayscale Bitcoin Trust ETF"), filer(2000638, "ETHA", "iShares Ethereum Trust ETF"), filer(1725210, "ETHE", "Grayscale Ethereum Trust ETF"),
		filer(9000001, "HBRT", "Harbour Bitcoin Trust"), filer(9000002, "QOKA", "Quokka Blockchain Holdings, Inc."), filer(9000003, "", "Société Éther Crypto S.A."),
		filer(9000004, "LNTN", "Lantern Foods, Inc."), filer(9000005, "TIDE", "Tidewater & Sons Logistics Corp"), filer(9000006, "", "Marble Arch Realty Trust"),
	}
}

func company(cik int) (known, bool) {
	for _, c := range companies() {
		if c.CIK == cik {
			return c, true
		}
	}
	return known{}, false
}

// began is when the world's first filing was made, and every how often comes another.
var began = time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)

const every = 10 * time.Minute

// world is what has been filed so far. The same moment always sees the same filings.
type world struct {
	filings []Filing // oldest first
	next    int64    // number of the next
}

// until brings the world up to a moment. It starts two years before the first.
func (w *world) until(now time.Time) {
	all := companies()
	if w.next == 0 {
		w.next = max(1, int64(now.AddDate(-2, 0, 0).Sub(began)/every))
	}
	for ; ; w.next++ {
		at := began.Add(time.Duration(w.next) * every)
		if at.Add(time.Minute).After(now) {
			return
		}
		if hour := at.Hour(); hour >= 3 && hour < 11 || at.Weekday() == time.Sunday || at.Weekday() == time.Saturday {
			continue // EDGAR is closed
		}
		w.filings = append(w.filings, invent(uint64(w.next), at, all))
	}
}

func invent(k uint64, at time.Time, all []known) Filing {
	n := mix(k)
	who := all[n%uint64(len(all))]
	f := Filing{Accession: fmt.Sprintf("%010d-%02d-%06d", 9900000+k/1_000_000, at.Year()%100, k%1_000_000), Accepted: at.Add(time.Duration(n>>8%60) * time.Second),
		Parties: []Party{who.Party}, Documents: 1 + int(n>>16%3), Text: "We make and sell things."}
	switch n >> 24 % 10 {
	case 0, 1, 2:
		f.Form = "8-K"
		f.Items = [][]string{{"8.01", "9.01"}, {"1.01", "9.01"}, {"2.02", "9.01"}, {"7.01"}, {"5.02"}}[n>>32%5]
		if n>>40%4 == 0 {
			f.Text += " Our board adopted a bitcoin treasury policy."
		}
	case 3:
		f.Form = "10-Q"
	case 4:
		f.Form = "424B5"
	case 5:
		f.Form = "S-1/A"
		f.Text += " We intend to become a digital asset treasury company."
	case 6:
		f.Form = "SCHEDULE 13G"
		f.Parties[0].Role = "Subject"
		f.Parties = append(f.Parties, Party{9100000 + int(n>>40%50), "Passive Capital Partners LP", "Filed by"})
	case 7:
		f.Form = "D"
	default:
		f.Form = "4"
		f.Parties[0].Role = "Issuer"
		f.Parties = append([]Party{{9200000 + int(n>>40%500), "Doe Jane Q.", "Reporting"}}, f.Parties...)
	}
	return f
}

// mix spreads a number over all bits (splitmix64).
func mix(k uint64) uint64 {
	k += 0x9e3779b97f4a7c15
	k = (k ^ k>>30) * 0xbf58476d1ce4e5b9
	k = (k ^ k>>27) * 0x94d049bb133111eb
	return k ^ k>>31
}

// inNewYork is t on New York's clocks: UTC−4 from the second Sunday of March, 7:00 UTC, to the first of November, 6:00 UTC; else UTC−5.
func inNewYork(t time.Time) time.Time {
	sunday := func(m time.Month, first, hour int) time.Time {
		d := time.Date(t.Year(), m, first, hour, 0, 0, 0, time.UTC)
		return d.AddDate(0, 0, (7-int(d.Weekday()))%7)
	}
	if t = t.UTC(); !t.Before(sunday(time.March, 8, 7)) && t.Before(sunday(time.November, 1, 6)) {
		return t.In(time.FixedZone("EDT", -4*60*60))
	}
	return t.In(time.FixedZone("EST", -5*60*60))
}
