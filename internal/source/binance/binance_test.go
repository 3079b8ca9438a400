package binance

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
	"github.com/ohmycoins/omc/internal/source/upstream"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/binance/"+name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestRecordedAnswer(t *testing.T) {
	bars, err := decode(fixture(t, "hummingbot/get_candles_rest_data_mock.json"), market.Hour)
	if err != nil || len(bars) != 4 || bars[0].String() != "2023-01-06T05:00Z o=16823.24 h=16823.63 l=16792.12 c=16810.18 v=6230.44034" {
		t.Errorf("%v %v", err, bars)
	}
}

// The bulk files have the columns of an answer: a real month reads the same, and one in microseconds or spoilt by a spreadsheet
// is refused.
func TestRealCandles(t *testing.T) {
	for _, c := range []struct {
		file string
		rows int
		says string
	}{
		{"BTCUSDT-1h-2024-12.csv", 400, ""}, {"ETHUSDT-1h-2024-12.csv", 400, ""}, {"BTCUSDT-1h-2025-01.csv", 400, "another unit"},
		{"malformed-excel-BTCUSDT-1h-2023-11-18.csv", 20, "candle"},
	} {
		body, n := answer(fixture(t, "vision/"+c.file), c.rows)
		bars, err := decode(body, market.Hour)
		switch {
		case c.says == "" && (err != nil || len(bars) != n || n == 0):
			t.Errorf("%s: %v, %d candles of %d", c.file, err, len(bars), n)
		case c.says != "" && (!errors.Is(err, upstream.ErrMalformed) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v, %d candles", c.file, err, len(bars))
		}
	}
}

// answer makes an answer of the first rows of a bulk file.
func answer(csv []byte, most int) (body []byte, rows int) {
	var b bytes.Buffer
	b.WriteByte('[')
	for line := range strings.Lines(string(csv)) {
		if strings.HasPrefix(line, "open") {
			continue // the spreadsheet's own header
		}
		f := strings.Split(strings.TrimSpace(line), ",")
		if len(f) != 12 || rows == most {
			break
		}
		if rows > 0 {
			b.WriteByte(',')
		}
		rows++
		fmt.Fprintf(&b, `[%s,"%s","%s","%s","%s","%s",%s,"%s",%s,"%s","%s","%s"]`, f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11])
	}
	b.WriteByte(']')
	return b.Bytes(), rows
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	const rest = `"2","3","1","2.5","7",1,"1",1,"1","1","0"]`
	for body, says := range map[string]string{
		"null":                                      "no list",
		`{"code":-1121}`:                            "cannot unmarshal object",
		`[[null,` + rest + `]`:                      "candle 0",
		`[[60001,` + rest + `]`:                     "not on a whole second",
		`[[61000,` + rest + `]`:                     "off the 1m grid",
		`[[6e4,` + rest + `]`:                       "candle 0",
		`[["60000",` + rest + `]`:                   "candle 0",
		`[[60000,"2","3","1","2.5","7"]]`:           "6 fields, want 12",
		`[[60000,"NaN` + rest[2:] + `]`:             "candle 0",
		`[[60000,` + rest + `,[60000,` + rest + `]`: "out of order",
		"[" + strings.Repeat("[],", 1000) + "[]]":   "1001 candles, want at most 1000",
	} {
		if _, err := decode([]byte(body), market.Minute); !errors.Is(err, upstream.ErrMalformed) || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", body, err, says)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`[[60000,"2","3","1","2.5","7",1,"1",1,"1","1","0"],[120000,"2","3","1","2.5","7",1,"1",1,"1","1","0"]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		bars, err := decode(b, market.Minute)
		if err != nil && bars != nil {
			t.Fatal("candles beside an error")
		}
		for i := range bars {
			if bars[i].Unix()%60 != 0 || i > 0 && bars[i].Unix() <= bars[i-1].Unix() {
				t.Fatal("out of order or off the grid")
			}
		}
	})
}
