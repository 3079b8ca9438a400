package mempool

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

type decoder func([]byte, time.Time) (figures, error)

func TestDocumentedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decode decoder
		rows   int
		has    string
	}{
		"docs-examples/get-recommended-fees.json": {decodeFees, 5, "fees_fastest_sat_vb 2026-04-05T15:59:00Z 1"},
		"docs-examples/get-mempool.json":          {decodeQueue, 3, "mempool_fees_btc 2026-04-05T15:59:00Z 0.20317481"},
		"docs-examples/get-block-tip-height.json": {func(b []byte, _ time.Time) (figures, error) {
			return decodeTip(b, time.Date(2021, 9, 2, 0, 0, 0, 0, time.UTC))
		}, 1, "block_height 2021-09-02T00:00:00Z 698767"},
		"docs-examples/get-difficulty-adjustment.json": {decodeAdjustment, 4, "block_interval_seconds 2026-04-05T15:59:00Z 302.328"},
		"docs-examples/get-hashrate.json":              {decodeHashrate, 4, "hash_rate_ehs 2022-05-14T00:00:00Z 236.4997621087718"},
		"docs-examples/get-price.json":                 {decodePrices, 7, "price_aud 2023-12-22T13:40:11Z 64499"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/onchain/mempool.space/"+name))
			if err != nil {
				t.Fatal(err)
			}
			f, err := c.decode(body, now)
			if err != nil || len(f.metrics) != c.rows || len(f.rejects) != 0 {
				t.Fatalf("%v %v %v", err, f.metrics, f.rejects)
			}
			if text := say(f); !strings.Contains(text, c.has+"\n") {
				t.Errorf("%s", text)
			}
		})
	}
}

func say(f figures) string {
	var b strings.Builder
	for _, m := range f.metrics {
		b.WriteString(m.Metric + " " + m.Event.Format(time.RFC3339) + " " + m.Value.String() + "\n")
	}
	return b.String()
}

// One bad figure is a reject with its bytes, and the others land.
func TestBadFiguresAreRejected(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`"NaN"`, "null", `"1,234"`, "1e309", "-1", "[]", "{}", "true", "1e15", `"0x10"`} {
		f, err := decodeFees([]byte(`{"fastestFee":`+bad+`,"halfHourFee":3.5,"hourFee":"2","economyFee":1,"minimumFee":0}`), now)
		if err != nil || len(f.metrics) != 4 || len(f.rejects) != 1 || string(f.rejects[0].Bytes) != bad && bad != "null" {
			t.Errorf("%s: %v %v %+v", bad, err, f.metrics, f.rejects)
		}
		f, err = decodePrices([]byte(`{"time":1700000000,"USD":`+bad+`,"AUD":50000}`), now)
		if err != nil || len(f.metrics) != 1 || len(f.rejects) != 1 {
			t.Errorf("%s: %v %v", bad, err, f.metrics)
		}
		f, err = decodeHashrate([]byte(`{"hashrates":[{"timestamp":1650240000,"avgHashrate":2e20},{"timestamp":`+bad+`,"avgHashrate":2e20}],"difficulty":[]}`), now)
		if err != nil || len(f.metrics) != 1 || len(f.rejects) != 1 {
			t.Errorf("%s: %v %v", bad, err, f.metrics)
		}
	}
}

func TestTimesInAnotherUnitAreRefused(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"1700000000000", "0", "-1", "1e9", `"1700000000"`, "99999999999999999999"} {
		if f, err := decodePrices([]byte(`{"time":`+at+`,"USD":50000}`), now); err == nil {
			t.Errorf("%s: %v", at, f.metrics)
		}
	}
}

func TestOtherShapesAreErrors(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "[]", "{}", "null", `"x"`, "1.5", "NaN", `{"fastestFee":1}`} {
		for i, d := range []decoder{decodeFees, decodeQueue, decodeTip, decodeAdjustment, decodeHashrate, decodePrices} {
			if f, err := d([]byte(body), now); err == nil {
				t.Errorf("%d %q: %v", i, body, f)
			}
		}
	}
	long := `{"hashrates":[` + strings.Repeat("{},", maxRows) + `{}]}`
	if _, err := decodeHashrate([]byte(long), now); err == nil {
		t.Error("a list longer than any answer was taken")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"fastestFee":1,"halfHourFee":2,"hourFee":3}`, `{"count":1,"vsize":2,"total_fee":3}`, "930000", `{"progressPercent":1,"difficultyChange":2,"remainingBlocks":3,"timeAvg":4}`,
		`{"hashrates":[{"timestamp":1652486400,"avgHashrate":236499762108771800000}],"difficulty":[{"time":1652486400,"difficulty":1.5}]}`, `{"time":1703252411,"USD":43753}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, d := range []decoder{decodeFees, decodeQueue, decodeTip, decodeAdjustment, decodeHashrate, decodePrices} {
			got, err := d(body, now)
			if err != nil && len(got.metrics) > 0 {
				t.Errorf("%v beside %v", got.metrics, err)
			}
			for _, m := range got.metrics {
				if err := m.Check(now); err != nil {
					t.Errorf("%+v: %v", m, err)
				}
				if _, err := json.Marshal(m); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
