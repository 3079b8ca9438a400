package blockchain

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/sharedtest"
)

func named(name string) chart {
	for _, ch := range charts() {
		if ch.name == name {
			return ch
		}
	}
	return chart{}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"hash-rate":          {`{"status":"ok","name":"Hash Rate","unit":"Hash Rate TH/s","period":"day","description":"","values":[{"x":1714521600,"y":612345678.9}]}`, "hash_rate_ehs 2024-05-01T00:00:00Z 612.3456789"},
		"market-price":       {`{"status":"ok","unit":"USD","values":[{"x":1714521600,"y":6.12345E4}]}`, "price_usd 2024-05-01T00:00:00Z 61234.5"},
		"mvrv":               {`{"status":"ok","values":[{"x":1714521600,"y":"2.1"}]}`, "mvrv_ratio 2024-05-01T00:00:00Z 2.1"},
		"mempool-size":       {`{"status":"ok","values":[{"x":1714521660,"y":0}]}`, "mempool_size_bytes 2024-05-01T00:01:00Z 0"},
		"difficulty":         {`{"status":"ok","values":[{"x":1714521600,"y":88104191118793.16}]}`, "difficulty 2024-05-01T00:00:00Z 88104191118793.16"},
		"trade-volume":       {`{"status":"ok","values":[{"x":1714521600,"y":1},{"x":1714521600,"y":1.0}]}`, "exchange_volume_usd 2024-05-01T00:00:00Z 1"},
		"nothing":            {`{"status":"ok","values":[]}`, ""},
		"n-unique-addresses": {`{"status":"ok","values":[{"x":1714521600,"y":531234.0}]}`, "active_addresses 2024-05-01T00:00:00Z 531234"},
	} {
		points, rejects, err := named(name).decode([]byte(c.body), now)
		got := ""
		for _, m := range points {
			got += m.Metric + " " + m.Event.Format(time.RFC3339) + " " + m.Value.String()
		}
		if err != nil || len(rejects) != 0 || got != c.want {
			t.Errorf("%s: %s %v %v", name, got, rejects, err)
		}
	}
}

func TestBadPointsAreRejected(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`{"x":1714521600000,"y":1}`, `{"x":0,"y":1}`, `{"y":1}`, `{"x":1714521600}`, `{"x":1714521600,"y":null}`, `{"x":1714521600,"y":"NaN"}`, `{"x":1714521600,"y":-1}`,
		`{"x":1714521600,"y":1e309}`, `{"x":1714521600,"y":"1,234"}`, `{"x":1714435200,"y":8}`, `{"x":"1714521600","y":1}`, `[1714521600,1]`, `null`, `7`, `{"x":1714521600,"y":1e10}`, `{"x":1999999999,"y":1}`} {
		body := `{"status":"ok","values":[{"x":1714435200,"y":7},` + bad + `]}`
		points, rejects, err := named("market-price").decode([]byte(body), now)
		if err != nil || len(points) != 1 || len(rejects) != 1 || string(rejects[0].Bytes) != bad {
			t.Errorf("%s: %v %v %v", bad, points, rejects, err)
		}
	}
	many := `{"status":"ok","values":[` + strings.Repeat("null,", 1000) + `{"x":1714435200,"y":7}]}`
	if points, rejects, err := named("mvrv").decode([]byte(many), now); err != nil || len(points) != 1 || len(rejects) != maxRejects {
		t.Errorf("%v %d %v", points, len(rejects), err)
	}
}

func TestOtherAnswersAreErrors(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", "{}", `{"status":"error"}`, `{"status":"ok"}`, `{"status":"ok","values":{}}`, `{"status":"ok","values":[{"x":1,"y":NaN}]}`,
		`{"status":"ok","values":[` + strings.Repeat("1,", maxPoints) + `1]}`} {
		if points, _, err := named("mvrv").decode([]byte(body), now); err == nil {
			t.Errorf("%.60s: %v", body, points)
		}
	}
	if _, _, err := named("hash-rate").decode([]byte(`{"status":"ok","unit":"GH/s","values":[]}`), now); err == nil {
		t.Error("another unit was taken")
	}
}

// What blockchain.info says of transactions and addresses is no chart.
func TestRecordedAnswersOfOtherKinds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rawtx/00", "rawtx/01", "rawtx/02", "multiaddr/00", "multiaddr/01"} {
		body, err := os.ReadFile(sharedtest.Path(t, "wire/fixtures/onchain/blockchain.info/"+name+".body.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range charts() {
			if points, _, err := ch.decode(body, now); err == nil {
				t.Errorf("%s as %s: %v", name, ch.name, points)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"ok","unit":"TH/s","values":[{"x":1714521600,"y":612345678.9},{"x":1714521600,"y":"1e5"}]}`))
	f.Add([]byte(`{"status":"ok","unit":"TH/s","values":[null,1,{"x":-1,"y":{}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, ch := range charts() {
			points, _, err := ch.decode(body, now)
			if err != nil && len(points) > 0 {
				t.Errorf("%v beside %v", points, err)
			}
			for _, m := range points {
				if err := m.Check(now); err != nil {
					t.Errorf("%+v: %v", m, err)
				}
			}
		}
	})
}
