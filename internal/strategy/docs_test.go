package strategy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/indicator"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/script"
	"github.com/ohmycoins/omc/internal/series"
	"github.com/ohmycoins/omc/internal/trade"
	"go.starlark.net/starlark"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/strategies.md")

// TestDocsFollowTheCode keeps the generated parts of docs/strategies.md equal to what the code says of itself.
func TestDocsFollowTheCode(t *testing.T) {
	const path = "../../docs/strategies.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	study, err := os.ReadFile("testdata/study.star")
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{
		"names": table(builtins()), "ctx": table(ctxMembers()), "bar": table(barMembers()), "time": table(timeMembers()),
		"position": table(positionMembers()), "order": table(orderMembers()), "fill": table(fillMembers()),
		"indicator": table(indicatorMembers()), "ledger": ledgerTable(), "indicators": indicatorTable(), "examples": exampleText(), "limits": limitTable(),
		"record": table(recordMembers()), "study": "```python\n" + string(study) + "```\n",
	}
	for _, s := range script.Reference() {
		members := make([]builtin, len(s.Docs))
		for i, d := range s.Docs {
			members[i] = builtin{d.Name, d.Signature, d.Text}
		}
		parts["script "+s.Name] = table(members)
	}
	for name, text := range parts {
		begin, end := "<!-- generated: "+name+" -->\n", "<!-- end -->"
		head, rest, ok := strings.Cut(doc, begin)
		_, tail, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("docs/strategies.md has no section %q", name)
		}
		doc = head + begin + text + end + tail
	}
	if doc == string(b) {
		return
	}
	if !*update {
		t.Fatal("docs/strategies.md differs from the code: run go test ./internal/strategy -run TestDocs -update")
	}
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(members []builtin) string {
	var b strings.Builder
	b.WriteString("| name | what it is |\n|---|---|\n")
	for _, m := range members {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(m.signature, "|", `\|`), strings.ReplaceAll(m.doc, "|", `\|`))
	}
	return b.String()
}

func indicatorTable() string {
	var b strings.Builder
	b.WriteString("| call, with its defaults | outputs | unit | warm-up | what it is |\n|---|---|---|---|---|\n")
	for _, s := range indicator.Specs() {
		doc := s.Doc
		if s.Differences != "" {
			doc += " " + s.Differences
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", signature(s), strings.Join(s.Outputs, ", "), s.Unit, s.WarmupDoc, strings.ReplaceAll(doc, "|", `\|`))
	}
	return b.String()
}

func ledgerTable() string {
	var b strings.Builder
	b.WriteString("| call, with its defaults | outputs | what it is |\n|---|---|---|\n")
	for _, k := range ledgerKinds() {
		outputs := make([]string, len(k.outputs))
		for i, o := range k.outputs {
			name, what, _ := strings.Cut(o, ": ")
			outputs[i] = "`" + name + "`: " + what
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.signature, strings.Join(outputs, "; "), k.doc)
	}
	return b.String()
}

func exampleText() string {
	var b strings.Builder
	for _, e := range Examples() {
		fmt.Fprintf(&b, "### %s\n\n```python\n%s```\n\n", e.Name, e.Source)
	}
	return b.String()
}

func limitTable() string {
	var b strings.Builder
	b.WriteString("| limit | value |\n|---|---|\n")
	for _, l := range []struct {
		what string
		n    int
	}{
		{"bytes of a script", MaxScript}, {"brackets inside one another", maxNesting}, {"interpreter steps of the top level", maxLoadSteps},
		{"interpreter steps of one handler call", maxCallSteps}, {"values that the fits of one handler call look at (rows × columns × trees)", maxCallWork}, {"elements of a range", maxRange}, {"parameters", maxParams},
		{"markets", maxMarkets}, {"indicators", maxIndicators}, {"values all indicators remember, windows included", maxWindow},
		{"values one indicator remembers (keep)", maxKeep}, {"attributes of state", maxState}, {"lines printed by the top level", maxPrint},
		{"characters of a logged line", maxLine}, {"records", maxRecords}, {"rows that a record keeps", maxRecordRows}, {"values that all records keep", maxRecordCells / 2},
		{"rows of a frame", series.MaxRows}, {"columns of a frame", series.MaxColumns}, {"results in a report", maxResults},
	} {
		fmt.Fprintf(&b, "| %s | %d |\n", l.what, l.n)
	}
	return b.String()
}

// TestEveryDocumentedNameExists reads each attribute that the reference lists.
func TestEveryDocumentedNameExists(t *testing.T) {
	p, err := Compile([]byte(`strategy(name="t", markets=["BTC/USDT"], interval="1h")
x = ind.sma(2)
def on_bar(ctx, bar): pass
`), "t")
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(p, Options{})
	for _, b := range builtins() {
		if h.predeclared()[b.name] == nil {
			t.Errorf("%s is documented and not there", b.name)
		}
	}
	if len(h.predeclared()) != len(builtins()) {
		t.Error("a predeclared name is not documented")
	}
	if err := h.load(); err != nil {
		t.Fatal(err)
	}
	h.ctx.live = idle{}
	for _, c := range []struct {
		of      starlark.HasAttrs
		members []builtin
	}{
		{&h.ctx, ctxMembers()}, {&barValue{bar: market.MustBar(0, "1", "1", "1", "1", "1"), market: starlark.String("m")}, barMembers()},
		{timeValue(0), timeMembers()}, {&h.ctx.positions[0], positionMembers()}, {newOrder(trade.Order{}), orderMembers()},
		{newFill(&trade.Fill{}), fillMembers()}, {h.series[0], indicatorMembers()},
	} {
		for _, m := range c.members {
			if v, err := c.of.Attr(m.name); err != nil || v == nil {
				t.Errorf("%s.%s is documented and not there: %v", c.of.Type(), m.name, err)
			}
		}
	}
	for _, k := range ledgerKinds() {
		outputs := k.kind.Outputs()
		if len(outputs) != len(k.outputs) {
			t.Fatalf("%s has %d outputs, %d are documented", k.signature, len(outputs), len(k.outputs))
		}
		for i, o := range k.outputs {
			if !strings.HasPrefix(o, outputs[i]+": ") {
				t.Errorf("%s: output %s is documented as %q", k.signature, outputs[i], o)
			}
		}
	}
	if len(h.ctx.methods)+8 != len(ctxMembers()) {
		t.Error("a method of ctx is not documented")
	}
}

// idle is a Context in which nothing has happened.
type idle struct{ Context }

func (idle) Now() time.Time              { return time.Unix(0, 0).UTC() }
func (idle) WarmingUp() bool             { return false }
func (idle) Cash() money.Decimal         { return money.Zero }
func (idle) Equity() money.Decimal       { return money.Zero }
func (idle) Last(int) money.Decimal      { return money.Zero }
func (idle) Position(int) trade.Position { return trade.Position{} }
