package floor

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ohmycoins/omc/internal/journal"
)

func TestEventsAreSaidInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, body, want string }{
		{"fill", `{"side":"sell","quantity":"0.5","price":"61000.5","fee":"30.5","market":"BTC/USDT"}`, "sell 0.5 BTC @ 61,000.50, fee 30.50"},
		{"order", `{"side":"buy","quantity":"1","market":"ETH/USDT","type":"limit","state":"rejected","reason":"min_notional"}`, "buy 1 ETH limit → rejected (min_notional)"},
		{"refused", `{"code":"max_notional","detail":"too much"}`, "max_notional: too much"},
		{"status", `{"halted":"kill"}`, "halted by kill"},
		{"cancel", `{"order":"o-1"}`, "cancel asked of order o-1"},
		{"unheard of", `{"a":1}`, `{"a":1}`},
		{"fill", `not json`, "not json"},
	} {
		e, ok := describe(&journal.Line{Kind: c.kind, Body: []byte(c.body)})
		if !ok || e.text != c.want {
			t.Errorf("%s %s: %q (%v), want %q", c.kind, c.body, e.text, ok, c.want)
		}
	}
	for _, kind := range []string{"mark", "intent", "bar"} {
		if _, ok := describe(&journal.Line{Kind: kind, Body: []byte(`{}`)}); ok {
			t.Errorf("%s is shown", kind)
		}
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add("fill", `{"side":"sell","quantity":"0.5"}`)
	f.Add("log", "{\"text\":\"\x1b[31m\"}")
	f.Fuzz(func(t *testing.T, kind, body string) {
		e, _ := describe(&journal.Line{Kind: kind, Body: []byte(body)})
		for _, s := range []string{e.kind, e.text} {
			if !utf8.ValidString(s) || strings.ContainsAny(s, "\x1b\n\r\x07") {
				t.Fatalf("%q", s)
			}
		}
	})
}
