package candlefile

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/sharedtest"
)

type result struct {
	info    Info
	rows    []Row
	rejects []Reject
}

func read(r io.Reader, o Options) (result, error) {
	var res result
	info, err := Read(context.Background(), r, o, Sink{
		Rows: func(i Info, _ string, rows []Row) error {
			res.info = i
			res.rows = append(res.rows, rows...)
			return nil
		},
		Reject: func(r Reject) error { res.rejects = append(res.rejects, r); return nil },
	})
	res.info = info
	return res, err
}

func readShared(t *testing.T, rel string) result {
	t.Helper()
	p := sharedtest.Path(t, rel)
	f, err := os.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	res, err := read(f, Options{Name: filepath.Base(p)})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestRecordedFiles(t *testing.T) {
	for _, c := range []struct {
		file, want    string
		rows, rejects int
		first, last   int64
	}{
		{"binance/vision/BTCUSDT-1h-2024-12.csv", "BTC/USDT 1h binance binance", 240, 0, 1733011200, 1735686000},
		{"binance/vision/BTCUSDT-1h-2025-01.csv", "BTC/USDT 1h binance binance", 240, 0, 1735689600, 1738364400},
		{"binance/vision/ETHUSDT-1h-2025-02.csv", "ETH/USDT 1h binance binance", 240, 0, 1738368000, 1740783600},
		{"kraken/bulk-csv/XBTUSD_1440.csv", "BTC/USD 1d kraken kraken", -1, 0, 1381017600, 0},
		{"cryptodatadownload/2021-layout/Binance_BTCUSDT_1h.csv", "BTC/USDT 1h cryptodatadownload binance", -1, 0, 1623283200, 1502942400},
		{"cryptodatadownload/2021-layout/Binance_BTCUSDT_d.csv", "BTC/USDT 1d cryptodatadownload binance", -1, 0, 1623369600, 1502928000},
		{"cryptodatadownload/2025-layout/Binance_BTCUSDT_d.csv", "BTC/USDT 1d cryptodatadownload binance", -1, 0, 1746057600, 1502928000},
	} {
		t.Run(c.file, func(t *testing.T) {
			res := readShared(t, "wire/fixtures/candles/"+c.file)
			got := fmt.Sprintf("%s %s %s %s", res.info.Market, res.info.Interval, res.info.Layout, res.info.Source)
			if got != c.want || len(res.rejects) != c.rejects || c.rows >= 0 && len(res.rows) != c.rows {
				t.Fatalf("%s, %d rows, %d rejects %v", got, len(res.rows), len(res.rejects), res.rejects[:min(3, len(res.rejects))])
			}
			if f, l := res.rows[0].Bar.Unix(), res.rows[len(res.rows)-1].Bar.Unix(); f != c.first || c.last != 0 && l != c.last {
				t.Errorf("from %d to %d", f, l)
			}
		})
	}
}

func TestSpreadsheetDamageIsRejectedNotGuessed(t *testing.T) {
	res := readShared(t, "wire/fixtures/candles/binance/vision/malformed-excel-BTCUSDT-1h-2023-11-18.csv")
	if len(res.rows) != 0 || len(res.rejects) < 24 || !strings.Contains(res.rejects[0].Reason, "scientific") || res.rejects[0].Line != 2 {
		t.Errorf("%d rows, %d rejects, %+v", len(res.rows), len(res.rejects), res.rejects[0])
	}
}

func TestDirtyDailyRowsAreAllReported(t *testing.T) {
	rows, rejects := 0, 0
	for _, c := range []string{"BCH", "BNB", "BTC", "ETH", "LTC", "XRP"} {
		res := readShared(t, "data/aud-daily/"+c+"-AUD-1d.csv.gz")
		if res.info.Market.String() != c+"/AUD" || res.info.Interval != market.Day || res.info.Layout != LayoutOMC {
			t.Errorf("%+v", res.info)
		}
		rows, rejects = rows+len(res.rows), rejects+len(res.rejects)
	}
	if rows+rejects != 8203 || rejects != 774 {
		t.Errorf("%d rows, %d rejects", rows, rejects)
	}
}

const header = "timestamp,open,high,low,close,volume\n"

func TestHostileRows(t *testing.T) {
	good := "1700000100,1.5,2,1,1.75,3\n"
	for name, c := range map[string]struct{ row, reason string }{
		"nan":           {"1700000400,NaN,2,1,1.75,3", "open"},
		"infinite":      {"1700000400,1.5,Inf,1,1.75,3", "high"},
		"negative":      {"1700000400,-1.5,2,-1.5,1.75,3", "low"},
		"high under":    {"1700000400,1.5,1,1,1.75,3", "between"},
		"bad volume":    {"1700000400,1.5,2,1,1.75,-3", "negative"},
		"short":         {"1700000400,1.5,2,1", "columns"},
		"off grid":      {"1700000401,1.5,2,1,1.75,3", "grid"},
		"off second":    {"1700000400001,1.5,2,1,1.75,3", "second"},
		"excel":         {"1.70027E+12,1.5,2,1,1.75,3", "scientific"},
		"year 1970":     {"300,1.5,2,1,1.75,3", "2001"},
		"nul":           {"1700000400,1.5,2,1,1.75,3\x00", "NUL"},
		"open quote":    {"\"1700000400,1.5,2,1,1.75,3", "quotes"},
		"separator":     {"1700000400,\"1,500.5\",2,1,1.75,3", "open"},
		"too many dots": {"1700000400,1.5.1,2,1,1.75,3", "open"},
		"digits":        {"1700000400,1.5,20000000000000000000000000000000,1,1.75,3", "digits"},
		"long":          {"1700000400," + strings.Repeat("1", 70<<10), "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := read(strings.NewReader("\xef\xbb\xbf"+header+good+c.row+"\r\n"+"\"1700000700\",1.5,2,1,1.75,3\r\n"), Options{Name: "BTC-USDT-5m.csv"})
			if err != nil || len(res.rows) != 2 || len(res.rejects) != 1 {
				t.Fatalf("%v: %d rows, %v", err, len(res.rows), res.rejects)
			}
			r := res.rejects[0]
			if r.Line != 3 || !strings.Contains(r.Reason, c.reason) || len(r.Row) > maxRow {
				t.Errorf("line %d: %s", r.Line, r.Reason)
			}
			if res.rows[1].Bar.Unix() != 1700000700 || res.rows[1].Bar.Close().String() != "1.75" {
				t.Errorf("%s", res.rows[1].Bar)
			}
		})
	}
}

func TestUnitsAreToldApartRowByRow(t *testing.T) {
	in := header + "1700000100,1,1,1,1,\n1700000400000,1,1,1,1,0\n1700000700000000,1,1,1,1,1\n1700001000000000000,1,1,1,1,2\n1700001300.0,1,1,1,1e0,3\n"
	res, err := read(strings.NewReader(in), Options{Coin: "BTC", Quote: "USDT"})
	if err != nil || len(res.rows) != 5 || res.info.Interval != market.FiveMinutes {
		t.Fatalf("%v %+v", err, res)
	}
	for i := range res.rows {
		if u := res.rows[i].Bar.Unix(); u != 1700000100+int64(i)*300 {
			t.Errorf("row %d at %d", i, u)
		}
	}
	if res.rows[0].Bar.HasVolume() || !res.rows[1].Bar.HasVolume() {
		t.Error("an absent volume is not a volume of zero")
	}
}

func TestWhatCannotBeToldIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		in, file string
		want     error
		says     string
	}{
		"market":   {header + "1700000100,1,1,1,1,1\n1700000400,1,1,1,1,1\n", "x.csv", ErrUnknown, "--coin"},
		"interval": {header + "1700000100,1,1,1,1,1\n", "BTCUSDT.csv", ErrUnknown, "--interval"},
		"empty":    {"", "BTCUSDT-5m.csv", ErrLayout, "empty"},
		"prose":    {"hello world\n", "BTCUSDT-5m.csv", ErrLayout, "header"},
		"columns":  {"1,2,3,4,5,6,7,8\n", "BTCUSDT-5m.csv", ErrLayout, "8 columns"},
		"binary":   {"\x00\x01\x02\n", "BTCUSDT-5m.csv", ErrLayout, "NUL"},
	} {
		if _, err := read(strings.NewReader(c.in), Options{Name: c.file}); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"BTCUSDT-5m.csv.gz": "BTC/USDT 5m ", "BTCUSDT-1h-2025-01.csv": "BTC/USDT 1h ", "XBTUSD_1440.csv": "BTC/USD 1d ",
		"Binance_BTCUSDT_1h.csv": "BTC/USDT 1h binance", "BTC-AUD-1d.csv.gz": "BTC/AUD 1d ", "XDGEUR_5.csv": "DOGE/EUR 5m ", "prices.csv": " 0m ",
	} {
		if g := guess(name); fmt.Sprintf("%s %s %s", g.market, g.interval, g.source) != want {
			t.Errorf("%s: %s %s %q", name, g.market, g.interval, g.source)
		}
	}
}

func zipped(t *testing.T, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, members[i+1])
	}
	z.Close()
	return b.Bytes()
}

func TestZipWithSeveralMembers(t *testing.T) {
	row := func(ts string) string { return ts + ",1,2,1,2,5,0,0,0,0,0,0\n" }
	res, err := read(bytes.NewReader(zipped(t, "BTCUSDT-1h-2024-12.csv", row("1735686000000"), "BTCUSDT-1h-2025-01.csv", row("1735689600000000"),
		"ETHUSDT-1h-2025-01.csv", row("1735689600000000"), "a.CHECKSUM", "x")), Options{Name: "dump.zip", TempDir: t.TempDir()})
	if err != nil || len(res.rows) != 2 || len(res.rejects) != 2 || res.info.Market.String() != "BTC/USDT" {
		t.Fatalf("%v %+v", err, res)
	}
	if !strings.Contains(res.rejects[0].Reason, "ETH/USDT") || res.rejects[1].File != "dump.zip:a.CHECKSUM" {
		t.Errorf("%+v", res.rejects)
	}
}

func TestBombsAreRefused(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(header))
	zeros := bytes.Repeat([]byte("\n"), 1<<20)
	for range 64 {
		z.Write(zeros)
	}
	z.Close()
	if _, err := read(&b, Options{Name: "BTCUSDT-5m.csv.gz"}); !errors.Is(err, ErrTooBig) {
		t.Errorf("%v", err)
	}
}

func TestGarbageNeverPanics(t *testing.T) {
	files := 0
	for _, dir := range []string{"json-test-suite", "blns", "fuzzdb"} {
		err := filepath.WalkDir(sharedtest.Path(t, "corpora/"+dir), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			files++
			if res, err := read(bytes.NewReader(b), Options{Name: "BTCUSDT-5m.csv", TempDir: t.TempDir()}); err == nil {
				t.Errorf("%s was taken for candles: %d rows", p, len(res.rows))
			}
			lines := 0
			for _, l := range strings.Split(string(b), "\n") {
				if strings.TrimSuffix(l, "\r") != "" {
					lines++
				}
			}
			res, err := read(io.MultiReader(strings.NewReader(header), bytes.NewReader(b)), Options{Name: "BTCUSDT-5m.csv"})
			if err != nil || len(res.rows)+len(res.rejects) != lines {
				t.Errorf("%s: %v: %d rows and %d rejects of %d lines", p, err, len(res.rows), len(res.rejects), lines)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 300 {
		t.Errorf("only %d files", files)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(header+"1700000100,1,1,1,1,1\n"), "BTCUSDT-5m.csv")
	f.Add([]byte("https://x\nUnix,Date,Symbol,Open,High,Low,Close,Volume BTC\n1,2017-08-17 04-AM,BTC/USDT,1,1,1,1,NULL\n"), "")
	f.Add([]byte("PK\x03\x04"), "x.zip")
	f.Add([]byte("\x1f\x8b\x08"), "x.gz")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		res, _ := read(bytes.NewReader(b), Options{Name: name, TempDir: dir})
		for i := range res.rows {
			b := &res.rows[i].Bar
			if b.Low().Sign() <= 0 || b.High().Less(b.Low()) || res.info.Interval.Floor(b.Unix()) != b.Unix() {
				t.Fatalf("accepted %s", b)
			}
		}
		for _, r := range res.rejects {
			if r.Reason == "" || len(r.Row) > maxRow {
				t.Fatalf("%+v", r)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile(sharedtest.Path(b, "data/binance-spot-5m/BTCUSDT-5m.csv.gz"))
	if err != nil {
		b.Fatal(err)
	}
	rows := 0
	for b.Loop() {
		_, err := Read(context.Background(), bytes.NewReader(data), Options{Name: "BTCUSDT-5m.csv.gz"},
			Sink{Rows: func(_ Info, _ string, r []Row) error { rows += len(r); return nil }, Reject: func(r Reject) error { return errors.New(r.Reason) }})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
