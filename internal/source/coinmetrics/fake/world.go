package fake

import (
	"encoding/base64"
	"hash/fnv"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	day   = 24 * time.Hour
	nanos = "2006-01-02T15:04:05.000000000Z"
)

// assets are those of the world, with their first days.
func assets() map[string]time.Time {
	d := func(y int) time.Time { return time.Date(y, 3, 1, 0, 0, 0, 0, time.UTC) }
	return map[string]time.Time{"btc": d(2022), "eth": d(2023), "ltc": d(2024), "doge": d(2025), "xrp": d(2025), "ada": d(2025), "xlm": d(2025), "link": d(2025)}
}

// metrics are those of the world, with how large their figures are.
func metrics() map[string]float64 {
	return map[string]float64{"AdrActCnt": 6e5, "AdrBalCnt": 5e7, "TxCnt": 4e5, "TxTfrCnt": 9e5, "BlkCnt": 144, "HashRate": 9e8, "PriceUSD": 9e4, "CapMrktCurUSD": 1.8e12,
		"CapMVRVCur": 1.9, "SplyCur": 1.97e7, "IssTotNtv": 450, "FeeTotNtv": 12, "FlowInExNtv": 3e4, "FlowOutExNtv": 3e4, "ROI30d": 6}
}

// has reports whether there is a metric of an asset, and whether it is free. Flows are not, and only chains with miners have a hash rate.
func (s *Site) has(asset, metric string) (exists, free bool) {
	mined := asset == "btc" || asset == "ltc" || asset == "doge"
	_, exists = metrics()[metric]
	exists = exists && (mined || metric != "HashRate")
	return exists, exists && !strings.HasPrefix(metric, "Flow") && !s.paid[asset+metric]
}

// newest is the last day that is out: each is two hours after it is over.
func newest(now time.Time) time.Time { return now.Add(-2 * time.Hour).Truncate(day).Add(-day) }

// value is a figure. That of the newest day is a first one, and settles a day later.
func (s *Site) value(asset, metric string, at, now time.Time) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(asset + metric)) // never fails
	v := metrics()[metric] * (1 + 0.4*math.Sin(float64(at.Unix()/86_400)/37+float64(h.Sum32()%628)/100))
	if at.Equal(newest(now)) {
		v *= 1.002
	}
	if f, ok := s.revised[asset+metric+at.Format(time.DateOnly)]; ok {
		v *= f
	}
	if strings.HasSuffix(metric, "Cnt") {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 8, 64)
}

// list reads a parameter of several names, all of which must be known.
func list(q url.Values, name string, known func(string) bool) (names []string, wrong string) {
	names = strings.Split(q.Get(name), ",")
	for _, n := range names {
		if !known(n) {
			return nil, n
		}
	}
	return names, ""
}

func knownAsset(n string) bool  { _, ok := assets()[n]; return ok }
func knownMetric(n string) bool { _, ok := metrics()[n]; return ok }

// paging reads page_size and next_page_token, of which the latter is where the page begins.
func paging(q url.Values) (size, from int, wrong string) {
	size = 100
	if q.Has("page_size") {
		n, err := strconv.Atoi(q.Get("page_size"))
		if err != nil || n < 1 || n > 10_000 {
			return 0, 0, "page_size"
		}
		size = n
	}
	if q.Has("next_page_token") {
		b, err := base64.RawURLEncoding.DecodeString(q.Get("next_page_token"))
		at, ok := strings.CutPrefix(string(b), "at ")
		n, bad := strconv.Atoi(at)
		if err != nil || !ok || bad != nil || n < 0 {
			return 0, 0, "next_page_token"
		}
		from = n
	}
	return size, from, ""
}

func token(at int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at " + strconv.Itoa(at)))
}

// slice is the page of rows that begins at from, and the token of the next.
func slice(rows []map[string]any, from, size int) ([]map[string]any, string) {
	from = min(from, len(rows))
	end := min(from+size, len(rows))
	if end == len(rows) {
		return rows[from:end], ""
	}
	return rows[from:end], token(end)
}

// catalog is what there is of each asset. An unknown asset is refused.
func (s *Site) catalog(w http.ResponseWriter, r *http.Request, q url.Values, now time.Time) {
	names, wrong := list(q, "assets", knownAsset)
	if wrong != "" {
		bad(w, "assets", wrong)
		return
	}
	size, from, wrong := paging(q)
	if wrong != "" {
		bad(w, wrong, q.Get(wrong))
		return
	}
	var rows []map[string]any
	for _, a := range names {
		var ms []map[string]any
		for m := range metrics() {
			exists, free := s.has(a, m)
			if !exists {
				continue
			}
			daily := map[string]any{"frequency": "1d", "min_time": assets()[a].Format(nanos), "max_time": newest(now).Format(nanos)}
			if free {
				daily["community"] = true
			}
			ms = append(ms, map[string]any{"metric": m, "frequencies": []any{map[string]any{"frequency": "1b", "min_height": "0"}, daily}})
		}
		slices.SortFunc(ms, func(a, b map[string]any) int { return strings.Compare(a["metric"].(string), b["metric"].(string)) })
		rows = append(rows, map[string]any{"asset": a, "metrics": ms})
	}
	rows, next := slice(rows, from, size)
	page(w, r, rows, next)
}

// timeseries are the days of assets, refused as a whole where a metric of one of them is not to be had.
func (s *Site) timeseries(w http.ResponseWriter, r *http.Request, q url.Values, now time.Time) {
	names, wrong := list(q, "assets", knownAsset)
	if wrong != "" || q.Get("assets") == "" {
		bad(w, "assets", wrong)
		return
	}
	wanted, wrong := list(q, "metrics", knownMetric)
	if wrong != "" || q.Get("metrics") == "" {
		bad(w, "metrics", wrong)
		return
	}
	size, from, wrong := paging(q)
	var start time.Time
	var err error
	if q.Has("start_time") {
		start, err = time.Parse(time.DateOnly, q.Get("start_time"))
	}
	switch {
	case err != nil:
		wrong = "start_time"
	case q.Get("frequency") != "1d":
		wrong = "frequency"
	case !slices.Contains([]string{"", "start", "end"}, q.Get("paging_from")):
		wrong = "paging_from"
	}
	if wrong != "" {
		bad(w, wrong, q.Get(wrong))
		return
	}
	for _, a := range names {
		for _, m := range wanted {
			if _, free := s.has(a, m); !free {
				refuse(w, http.StatusForbidden, "forbidden", "Requested metric '"+m+"' with frequency '1d' for asset '"+a+"' is not available with supplied credentials.")
				return
			}
		}
	}
	rows := s.days(names, wanted, start, now)
	if q.Get("paging_from") != "start" { // the default: the newest page comes first, in order of time
		rows = rows[max(0, len(rows)-from-size):max(0, len(rows)-from)]
		page(w, r, rows, "")
		return
	}
	rows, next := slice(rows, from, size)
	page(w, r, rows, next)
}

// days are rows in order of asset and time. Now and then a metric is not known for a day.
func (s *Site) days(names, wanted []string, start, now time.Time) []map[string]any {
	rows := []map[string]any{}
	slices.Sort(names)
	for _, a := range names {
		first := assets()[a]
		if start.After(first) {
			first = start
		}
		for at := first; !at.After(newest(now)); at = at.Add(day) {
			row := map[string]any{"asset": a, "time": at.Format(nanos)}
			for i, m := range wanted {
				if n := at.Unix() / 86_400; n%97 == int64(i) {
					row[m] = nil
					continue
				}
				row[m] = s.value(a, m, at, now)
				row[m+"-status"] = map[bool]string{true: "flash", false: "reviewed"}[at.Equal(newest(now))]
			}
			rows = append(rows, row)
		}
	}
	return rows
}
