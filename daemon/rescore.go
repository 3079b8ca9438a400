package daemon

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/internal/config"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm/openai"
	"github.com/ohmycoins/omc/internal/money"
)

const provider = "llm.providers.openai."

// rescore makes the plan of second opinions on texts as the settings want it; nil: they want none.
func (s *sources) rescore(store ledger.Rescoring) (*collect.Rescore, []string, error) {
	kinds := map[string][]string{"news": {ledger.KindNews}, "social": {ledger.KindPost}, "all": {ledger.KindNews, ledger.KindPost}}[s.settings["sentiment.rescore"]]
	if kinds == nil {
		return nil, nil, nil
	}
	o := &collect.Rescore{Provider: openai.Name, Name: s.settings["sentiment.rescore_model"], Kinds: kinds, Store: store, NewID: NewID, Timeout: time.Minute}
	if o.Name == "" {
		o.Name = s.settings[provider+"model"]
	}
	if d, err := time.ParseDuration(s.settings[provider+"timeout"]); err == nil { // checked when the settings were read, as all of these
		o.Timeout = d
	}
	o.Budget.Requests, _ = strconv.ParseInt(s.bound("sentiment.rescore_requests"), 10, 64)
	o.Budget.Tokens, _ = strconv.ParseInt(s.bound("sentiment.rescore_tokens"), 10, 64)
	var err error
	if o.Budget.USDNano, err = nano(s.bound("sentiment.rescore_usd")); err != nil {
		return nil, nil, err
	}
	if in, out := s.settings[provider+"usd_per_mtok_in"], s.settings[provider+"usd_per_mtok_out"]; in != "" && out != "" {
		o.Priced = true
		if o.In, err = nano(in); err != nil {
			return nil, nil, err
		}
		if o.Out, err = nano(out); err != nil {
			return nil, nil, err
		}
	}
	needs := s.modelNeeds(o)
	if len(needs) == 0 {
		if o.Model, err = openai.New(openai.Config{BaseURL: s.bound(provider + "base_url"), Key: s.settings[provider+"api_key"], Model: o.Name, Timeout: o.Timeout}); err != nil {
			return nil, nil, err
		}
	}
	return o, needs, nil
}

// bound is a setting that bounds: emptied, it is its default, never nothing.
func (s *sources) bound(name string) string {
	if v := s.settings[name]; v != "" {
		return v
	}
	k, _ := config.Find(name)
	return k.Default
}

// nano is an amount of USD in billionths.
func nano(s string) (int64, error) {
	d, err := money.Parse(s)
	if err != nil {
		return 0, fmt.Errorf("an amount of USD: %w", err)
	}
	n, ok := d.Mantissa(9)
	if !ok {
		return 0, fmt.Errorf("an amount of USD: %s has more than nine places", s)
	}
	return n, nil
}

// modelNeeds are the commands without which nobody can be asked. A model elsewhere than at OpenAI may want no key.
func (s *sources) modelNeeds(o *collect.Rescore) []string {
	var out []string
	key, url := provider+"api_key", provider+"base_url"
	k, _ := config.Find(url)
	if why, locked := s.unreadable[key]; locked {
		out = append(out, key+" cannot be read: "+why)
	} else if s.settings[key] == "" && s.bound(url) == k.Default {
		out = append(out, needLine(key))
	}
	if o.Name == "" {
		out = append(out, needLine(provider+"model"))
	}
	return out
}

// rescorePlan is how rescoring stands among the collectors.
func (p *parts) rescorePlan(o *collect.Rescore, needs []string) collect.Plan {
	f := o.Feed()
	return collect.Plan{Feed: f, Needs: needs,
		Run:      func(ctx context.Context, tick time.Time) error { return p.runner.Rescore(ctx, o, tick) },
		Spending: o.Spending}
}
