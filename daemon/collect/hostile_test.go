package collect

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/sharedtest"
)

// TestHostileFilesEndInAnAnswer imports whatever there is as if it were candles: each ends in a summary or a problem, and what was
// not taken is reported.
func TestHostileFilesEndInAnAnswer(t *testing.T) {
	root := sharedtest.Path(t, "corpora")
	var files []string
	for _, dir := range []string{"blns", "fuzzdb", "json-test-suite", "empyrical", "payloadsallthethings"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, p)
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if len(files) < 100 {
		t.Fatalf("only %d files in the corpora", len(files))
	}
	s, db := service(t)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h := imported(t, s, data, api.ImportOptions{File: "BTCUSDT-5m.csv"})
		if h.done == nil && h.problem == nil {
			t.Errorf("%s: neither a summary nor a problem", filepath.Base(f))
		}
		if h.done != nil && h.done.Added+h.done.Same+h.done.Conflicts+h.done.Replaced+h.done.Rejected != h.done.Rows {
			t.Errorf("%s: rows got lost: %+v", filepath.Base(f), h.done)
		}
		if h.done != nil && int64(len(h.rejects)) != h.done.Rejected {
			t.Errorf("%s: %d rejects told, %d counted", filepath.Base(f), len(h.rejects), h.done.Rejected)
		}
	}
	if cs, err := db.Coverage(t.Context()); err != nil || len(cs) > 0 {
		t.Errorf("garbage became prices: %+v %v", cs, err)
	}
}

func TestTheSpoiltFileIsRejectedWhole(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/candles/binance/vision/malformed-excel-BTCUSDT-1h-2023-11-18.csv"))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := service(t)
	h := imported(t, s, data, api.ImportOptions{File: "BTCUSDT-1h-2023-11-18.csv"})
	lines := int64(bytes.Count(bytes.TrimSpace(data), []byte("\n")) + 1)
	if h.done == nil || h.done.Added != 0 || h.done.Rejected < lines-1 {
		t.Fatalf("%+v %+v of %d lines", h.done, h.problem, lines)
	}
}

func TestDirtyDaysAreReportedOneByOne(t *testing.T) {
	dir := sharedtest.Path(t, "data/aud-daily")
	files, err := filepath.Glob(filepath.Join(dir, "*.csv.gz"))
	if err != nil || len(files) != 6 {
		t.Fatalf("%v %v", files, err)
	}
	s, _ := service(t)
	var rows, added, rejected int64
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h := imported(t, s, data, api.ImportOptions{File: filepath.Base(f)})
		if h.done == nil {
			t.Fatalf("%s: %v", f, h.problem)
		}
		rows, added, rejected = rows+h.done.Rows, added+h.done.Added, rejected+h.done.Rejected
	}
	if rows != 8203 || rejected != 774 || added != 8203-774 {
		t.Errorf("%d rows, %d added, %d rejected; 8,203 with 774 that cannot be bars", rows, added, rejected)
	}
}
