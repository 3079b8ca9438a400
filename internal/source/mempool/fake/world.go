package fake

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"
)

// world is Bitcoin as it might be at one time: the same at the same time, always.
type world struct{ now time.Time }

// genesis is when this world begins, at block 930,000, with a block every ten minutes.
func genesis() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

const first = 930_000

// wave is between −1 and 1, different for each name.
func wave(name string, at time.Time, period time.Duration) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // never fails
	return math.Sin(2*math.Pi*float64(at.Unix()%(400*86_400))/period.Seconds() + float64(h.Sum32()%628)/100)
}

func (w world) height() int64 { return first + int64(w.now.Sub(genesis())/(10*time.Minute)) }

// answer is what a path gives; ok is false for a path that there is none.
func (w world) answer(path string) (v any, ok bool) {
	if p, found := strings.CutPrefix(path, "/v1/mining/hashrate/"); found {
		return w.hashrates(p)
	}
	switch path {
	case "/v1/fees/recommended":
		f := math.Round(6 + 5*wave("fees", w.now, 7*time.Hour))
		return map[string]any{"fastestFee": f + 2, "halfHourFee": f + 1, "hourFee": f, "economyFee": math.Max(1, f-1), "minimumFee": 1}, true
	case "/mempool":
		n := int64(60_000 + 40_000*wave("queue", w.now, 5*time.Hour) + 500*wave("queue", w.now, 3*time.Minute))
		return map[string]any{"count": n, "vsize": n * 420, "total_fee": n * 1900, "fee_histogram": [][2]float64{{10.1, 50_000}, {4, 210_000}}}, true
	case "/blocks/tip/height":
		return w.height(), true
	case "/v1/difficulty-adjustment":
		past := w.height() % 2016
		return map[string]any{"progressPercent": float64(past) / 20.16, "difficultyChange": 3 * wave("change", w.now, 14*24*time.Hour),
			"estimatedRetargetDate": w.now.Add(time.Duration(2016-past) * 10 * time.Minute).UnixMilli(), "remainingBlocks": 2016 - past,
			"remainingTime": (2016 - past) * 600_000, "previousRetarget": 1.5, "previousTime": w.now.Unix() - past*600,
			"nextRetargetHeight": w.height() + 2016 - past, "timeAvg": int64(600_000 + 9_000*wave("interval", w.now, 24*time.Hour)),
			"adjustedTimeAvg": 600_000, "timeOffset": 0, "expectedBlocks": float64(past)}, true
	case "/v1/prices":
		at := w.now.Truncate(5 * time.Minute)
		usd := 90_000 + 4_000*wave("price", at, 31*time.Hour)
		out := map[string]int64{"time": at.Unix()}
		for k, v := range map[string]float64{"USD": 1, "EUR": 0.86, "GBP": 0.75, "CAD": 1.4, "CHF": 0.8, "AUD": 1.52, "JPY": 154} {
			out[k] = int64(usd * v)
		}
		return out, true
	}
	return nil, false
}

// hashrates are days, of which the last is not over, and the adjustments of difficulty among them.
func (w world) hashrates(period string) (v any, ok bool) {
	days := map[string]int{"1m": 30, "3m": 91, "6m": 182, "1y": 365, "2y": 730, "3y": 1095}[period]
	if days == 0 {
		return nil, false
	}
	rate := func(at time.Time) json.Number {
		return json.Number(strconv.FormatFloat(math.Round(1e9+5e7*wave("rate", at, 90*24*time.Hour))*1e12, 'f', 0, 64))
	}
	today := w.now.UTC().Truncate(24 * time.Hour)
	var rates, difficulties []map[string]any
	for d := days; d >= 0; d-- {
		day := today.AddDate(0, 0, -d)
		at := day.Add(12 * time.Hour)
		if d == 0 {
			at = w.now // an average of the hours so far
		}
		rates = append(rates, map[string]any{"timestamp": day.Unix(), "avgHashrate": rate(at)})
		if n := day.Unix() / 86_400; n%14 == 0 {
			difficulties = append(difficulties, map[string]any{"time": day.Unix() + 4242, "difficulty": 1.4e14 + 2e12*wave("difficulty", day, 300*24*time.Hour),
				"height": first + int64(day.Sub(genesis())/(10*time.Minute)), "adjustment": 1.01})
		}
	}
	return map[string]any{"hashrates": rates, "difficulty": difficulties, "currentHashrate": rate(w.now), "currentDifficulty": 1.4e14}, true
}
