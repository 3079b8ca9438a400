package postgres

import (
	"encoding/hex"
	"testing"

	"github.com/ohmycoins/omc/internal/money"
)

// Bytes as PostgreSQL 15 sends them.
func TestNumericReadsTheWire(t *testing.T) {
	for wire, want := range map[string]string{
		"0000000000000000":                   "0",
		"0001000000000000" + "0001":          "1",
		"0001000100000000" + "000a":          "100000",
		"0002000000000001" + "0001" + "1388": "1.5",
		"000500000000" + "0012" + "0000" + "04d2162e2334" + "0d80" + "1e78": "",
		"0005ffff00000012" + "04d2162e23340d801e78":                         "0.123456789012345678",
		"0005ffff00000012" + "270f270f270f270f26ac":                         "0.999999999999999999",
		"0001ffff00000001" + "03e8":                                         "0.1",
	} {
		b, err := hex.DecodeString(wire)
		if err != nil {
			t.Fatal(err)
		}
		m, scale, err := numeric(b)
		if want == "" {
			if err == nil {
				t.Errorf("%s was read as %d × 10^-%d", wire, m, scale)
			}
			continue
		}
		if err != nil || !money.New(m, scale).Equal(money.MustParse(want)) {
			t.Errorf("%s: %d × 10^-%d %v, want %s", wire, m, scale, err, want)
		}
	}
}

func FuzzNumeric(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 0, 0, 0, 0, 0, 10})
	f.Add([]byte{0, 2, 255, 255, 0, 0, 0, 8, 1, 1, 38, 172})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, scale, err := numeric(b); err == nil && (m < 0 || m >= 1e18 || scale > 18) {
			t.Fatalf("%x is %d × 10^-%d", b, m, scale)
		}
	})
}
