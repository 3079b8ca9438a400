package sandbox_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/report"
	"github.com/ohmycoins/omc/internal/sandbox"
	"github.com/ohmycoins/omc/internal/strategy"
	"github.com/ohmycoins/omc/internal/trade"
)

func frame(kind byte, payload string) string {
	h := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)))
	return string(append(append(h, kind), payload...))
}

const hello = `{"version":1}`

// saying is a Spawn whose children say what they say, whatever they are asked, and then hang or end.
func saying(what string, hang bool) sandbox.Spawn {
	return func(context.Context, int64) (*sandbox.Process, error) {
		gone := make(chan struct{})
		var once sync.Once
		var out io.Reader = strings.NewReader(what)
		if hang {
			out = io.MultiReader(out, hanging(gone))
		}
		return &sandbox.Process{In: io.Discard, Out: out, Kill: func() { once.Do(func() { close(gone) }) }, Wait: func() sandbox.Exit { return sandbox.Exit{} }}, nil
	}
}

// patient gives a busy machine the time to meet any other limit than that of time.
func patient(l sandbox.Limits, want string) sandbox.Limits {
	if want != sandbox.LimitTime {
		l.Call, l.Event = time.Minute, time.Minute
	}
	return l
}

type hanging chan struct{}

func (h hanging) Read([]byte) (int, error) { <-h; return 0, io.EOF }

func TestAHostileChildIsEndedAndNamed(t *testing.T) {
	t.Parallel()
	e, ok := strategy.FindExample("ema-cross")
	if !ok {
		t.Fatal("no example")
	}
	limits := sandbox.Limits{Memory: 1 << 20, Call: 100 * time.Millisecond, Run: time.Minute, Event: 100 * time.Millisecond}
	for name, c := range map[string]struct {
		says  string
		hang  bool
		limit string
	}{
		"nothing":            {"", true, sandbox.LimitTime},
		"ends at once":       {"", false, sandbox.LimitCrash},
		"another version":    {frame('H', `{"version":9}`), true, sandbox.LimitCrash},
		"hello and silence":  {frame('H', hello), true, sandbox.LimitTime},
		"hello and end":      {frame('H', hello), false, sandbox.LimitCrash},
		"no frame":           {frame('H', hello) + "GET / HTTP/1.1\r\n\r\n", true, sandbox.LimitCrash},
		"four gigabytes":     {frame('H', hello) + "\xff\xff\xff\xffK", true, sandbox.LimitCrash},
		"a cut frame":        {frame('H', hello) + frame('K', "true")[:7], true, sandbox.LimitTime},
		"no JSON":            {frame('H', hello) + frame('K', "{"), true, sandbox.LimitCrash},
		"a trace unasked":    {frame('H', hello) + frame('T', "x"), true, sandbox.LimitCrash},
		"an intent":          {frame('H', hello) + frame('I', "{}"), true, sandbox.LimitCrash},
		"a bad failure":      {frame('H', hello) + frame('X', "["), true, sandbox.LimitCrash},
		"beats that stand":   {frame('H', hello) + strings.Repeat(frame('P', `{"calls":1}`), 1000), true, sandbox.LimitTime},
		"declares nothing":   {frame('H', hello) + frame('K', "true") + frame('K', `{}`), true, sandbox.LimitCrash},
		"another's content":  {frame('H', hello) + frame('K', "true") + frame('K', `{"spec":{"markets":["BTC/USDT"],"interval":"1h"},"content":{"language":"starlark","script":"x","markets":["BTC/USDT"],"interval":"1h"}}`), true, sandbox.LimitCrash},
		"deeply nested JSON": {frame('H', hello) + frame('K', strings.Repeat("[", 100_000)), true, sandbox.LimitCrash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := sandbox.NewHost(saying(c.says, c.hang), sandbox.Options{Limits: patient(limits, c.limit)})
			defer h.Close()
			b := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
			defer b.Close()
			_, err := b.Declare(context.Background(), strategy.Options{})
			var limit *sandbox.LimitError
			if !errors.As(err, &limit) || limit.Limit != c.limit {
				t.Errorf("%v: want the limit %s", err, c.limit)
			}
		})
	}
}

// account is a strategy.Context that takes everything.
type account struct{ submitted int }

func (*account) Now() time.Time                            { return time.Unix(1_700_000_000, 0).UTC() }
func (*account) WarmingUp() bool                           { return false }
func (*account) Cash() money.Decimal                       { return money.One }
func (*account) Equity() money.Decimal                     { return money.One }
func (*account) Position(int) trade.Position               { return trade.Position{} }
func (*account) Last(int) money.Decimal                    { return money.One }
func (*account) OpenOrders(int) []trade.Order              { return nil }
func (a *account) Submit(strategy.Intent) (string, string) { a.submitted++; return "o1", "" }
func (*account) Cancel(string)                             {}
func (*account) SetTimer(string, time.Time)                {}
func (*account) Log(string)                                {}

func declared(t *testing.T) (strategy.Content, string) {
	t.Helper()
	e, _ := strategy.FindExample("ema-cross")
	s, c, err := strategy.Load([]byte(e.Source), e.Name, strategy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(sandbox.Declared{Spec: s.Spec(), Content: c})
	if err != nil {
		t.Fatal(err)
	}
	return c, frame('H', hello) + frame('K', "true") + frame('K', string(b))
}

func TestAHostileSessionGetsNothingThrough(t *testing.T) {
	t.Parallel()
	content, opened := declared(t)
	good := `{"Market":0,"Side":"buy","Type":"market","Size":"notional","Amount":"1","Limit":"0"}`
	for name, c := range map[string]struct {
		says      string
		submitted int
		limit     string
	}{
		"silence":           {"", 0, sandbox.LimitTime},
		"an unknown side":   {frame('I', strings.Replace(good, "buy", "give", 1)), 0, sandbox.LimitCrash},
		"an unknown size":   {frame('I', strings.Replace(good, "notional", "all", 1)), 0, sandbox.LimitCrash},
		"an endless tag":    {frame('I', strings.Replace(good, `"Market"`, `"Tag":"`+strings.Repeat("x", 65)+`","Market"`, 1)), 0, sandbox.LimitCrash},
		"no number":         {frame('I', strings.Replace(good, `"1"`, `"NaN"`, 1)), 0, sandbox.LimitCrash},
		"one, then silence": {frame('I', good), 1, sandbox.LimitTime},
		"logs for ever":     {strings.Repeat(frame('G', "x"), 25_000), 0, sandbox.LimitCrash},
		"logs of 20 MB":     {strings.Repeat(frame('G', strings.Repeat("x", 1<<20)), 20), 0, sandbox.LimitCrash},
		"a reply":           {frame('K', "true"), 0, sandbox.LimitCrash},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := sandbox.NewHost(saying(opened+c.says, true), sandbox.Options{Limits: patient(sandbox.Limits{Memory: 1, Call: time.Second, Run: time.Second, Event: 300 * time.Millisecond}, c.limit)})
			defer h.Close()
			s, err := h.Session(context.Background(), "x", content)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			a := &account{}
			err = s.OnTimer(a, "t")
			var limit *sandbox.LimitError
			if !errors.As(err, &limit) || limit.Limit != c.limit || a.submitted != c.submitted {
				t.Errorf("%d submitted, %v: want %d and the limit %s", a.submitted, err, c.submitted, c.limit)
			}
			if again := s.OnTimer(a, "t"); again == nil || a.submitted != c.submitted {
				t.Error("a session that was ended goes on")
			}
		})
	}
}

// FuzzParent gives a parent what a child might say.
func FuzzParent(f *testing.F) {
	e, _ := strategy.FindExample("ema-cross")
	f.Add([]byte(frame('K', "true") + frame('K', "{}")))
	f.Add([]byte(frame('X', `{"kind":"script","text":"t","script":{"File":"f","Line":-1}}`)))
	f.Add([]byte(frame('P', `{"calls":1,"done":5,"total":2}`) + frame('K', "true") + frame('T', "x")))
	f.Fuzz(func(t *testing.T, says []byte) {
		h := sandbox.NewHost(saying(frame('H', hello)+string(says), false), sandbox.Options{Limits: sandbox.Limits{Memory: 1, Call: 5 * time.Second, Run: 5 * time.Second, Event: time.Second}})
		defer h.Close()
		b := h.Bench(sandbox.Script{Name: e.Name, Source: e.Source})
		defer b.Close()
		if d, err := b.Declare(context.Background(), strategy.Options{}); err == nil && (d.Content.Script != e.Source || len(d.Spec.Markets) == 0) {
			t.Fatalf("%+v was believed", d)
		}
		b.Load(sandbox.Data{Markets: []market.Market{{Base: "BTC", Quote: "USDT"}}, Interval: market.Hour, Bars: [][]market.Bar{nil}})
		var trace bytes.Buffer
		_, err := b.Backtest(context.Background(), sandbox.Run{Settings: report.Default()}, &trace, func(done, total int) {
			if done < 0 || done > total {
				t.Fatalf("progress %d of %d", done, total)
			}
		})
		if err != nil && len(err.Error()) > 64<<10 {
			t.Fatalf("an error of %d bytes", len(err.Error()))
		}
	})
}

// FuzzChild gives a child what a parent might say. It ends in order or with an error, and says only frames.
func FuzzChild(f *testing.F) {
	e, _ := strategy.FindExample("ema-cross")
	script, err := json.Marshal(sandbox.Script{Name: "x", Source: e.Source})
	if err != nil {
		f.Fatal(err)
	}
	bar := market.MustBar(1_700_000_000, "1", "1", "1", "1", "1")
	block, err := market.AppendColumns([]byte{0, 0}, []market.Bar{bar})
	if err != nil {
		f.Fatal(err)
	}
	head := frame('s', string(script))
	f.Add([]byte(head + frame('d', `{}`) + frame('m', `{"markets":["BTC/USDT"],"interval":"1h","bars":[1]}`) + frame('b', string(block)) + frame('r', `{"settings":{}}`)))
	f.Add([]byte(head + frame('o', `{}`) + frame('e', `{"kind":"bar","market":0,"bar":"AA=="}`)))
	f.Add([]byte(head + frame('m', `{"markets":["BTC/USDT"],"interval":"1h","bars":[1000000]}`)))
	f.Add([]byte(head + frame('l', `{"cuts":-1}`) + frame('w', `{"folds":1000}`)))
	f.Fuzz(func(t *testing.T, said []byte) {
		var out bytes.Buffer
		_ = sandbox.Serve(bytes.NewReader(said), &out, "") // a broken pipe's error is its own
		for b := out.Bytes(); len(b) > 0; {
			if len(b) < 5 || len(b) < 5+int(binary.LittleEndian.Uint32(b)) {
				t.Fatalf("%d bytes that are no frame", len(b))
			}
			if k := b[4]; k < 'A' || k > 'Z' {
				t.Fatalf("kind %s", fmt.Sprint(k))
			}
			b = b[5+binary.LittleEndian.Uint32(b):]
		}
	})
}
