package daemon

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ohmycoins/omc/internal/config"
)

func TestRescoringIsAsTheSettingsWantIt(t *testing.T) {
	const key, model, in, out = provider + "api_key", provider + "model", provider + "usd_per_mtok_in", provider + "usd_per_mtok_out"
	for _, c := range []struct {
		name  string
		set   map[string]string
		kinds string
		needs []string
		check string // budget, prices
	}{
		{name: "off unless asked for", set: map[string]string{key: "k", model: "m"}},
		{name: "nothing else set", set: map[string]string{"sentiment.rescore": "news"}, kinds: "[news]", needs: []string{"omc config set --secret " + key, "omc config set " + model + " VALUE"},
			check: "{200 500000 1000000000} false 0 0"},
		{name: "whole", set: map[string]string{"sentiment.rescore": "all", key: "k", model: "m", in: "0.15", out: "0.6", "sentiment.rescore_usd": "0.000000001", "sentiment.rescore_requests": "7"},
			kinds: "[news post]", check: "{7 500000 1} true 150000000 600000000"},
		{name: "one price is none", set: map[string]string{"sentiment.rescore": "social", key: "k", "sentiment.rescore_model": "m", in: "0.15"}, kinds: "[post]", check: "{200 500000 1000000000} false 0 0"},
		{name: "a server of one's own", set: map[string]string{"sentiment.rescore": "news", provider + "base_url": "http://127.0.0.1:1/v1", model: "m"}, kinds: "[news]", check: "{200 500000 1000000000} false 0 0"},
	} {
		settings := map[string]string{}
		for _, k := range config.Keys() {
			settings[k.Name] = k.Default
		}
		for name, v := range c.set {
			if k, ok := config.Find(name); !ok || k.Check(v) != nil {
				t.Fatalf("%s: %s", c.name, name)
			}
			settings[name] = v
		}
		s := newSources(&Config{Settings: settings}, nil)
		o, needs, err := s.rescore(nil)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if o == nil {
			if c.kinds != "" {
				t.Errorf("%s: it is off", c.name)
			}
			continue
		}
		if got := fmt.Sprint(o.Budget, o.Priced, o.In, o.Out); fmt.Sprint(o.Kinds) != c.kinds || strings.Join(needs, "\n") != strings.Join(c.needs, "\n") || got != c.check {
			t.Errorf("%s: %v %q %s", c.name, o.Kinds, needs, got)
		}
		if (o.Model == nil) != (len(needs) > 0) {
			t.Errorf("%s: a model %v with needs %q", c.name, o.Model, needs)
		}
	}
	s := newSources(&Config{Settings: map[string]string{"sentiment.rescore": "news", model: "m"}, Unreadable: map[string]string{key: "the keyring is locked"}}, nil)
	if _, needs, err := s.rescore(nil); err != nil || len(needs) != 1 || !strings.Contains(needs[0], "the keyring is locked") {
		t.Error(needs, err)
	}
}
