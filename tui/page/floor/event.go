package floor

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/journal"
	"github.com/ohmycoins/omc/internal/trade"
	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// event is one line of the log for people.
type event struct {
	at   time.Time
	kind string
	text string
	bad  bool
}

// describe says in words what an audit line says; ok is false for lines that only repeat what the page shows anyway.
func describe(l *journal.Line) (event, bool) {
	e := event{at: l.Time, kind: widget.Neutralise(l.Kind)}
	switch l.Kind {
	case "fill":
		var f trade.Fill
		if json.Unmarshal(l.Body, &f) != nil {
			break
		}
		if !f.Time.IsZero() { // the fill's own: the line is written when the bar is over
			e.at = f.Time
		}
		e.text = string(f.Side) + " " + page.Quantity(f.Quantity) + " " + string(f.Market.Base) + " @ " + page.Price(f.Price) + ", fee " + page.Amount(f.Fee)
		return clean(e), true
	case "order":
		var o trade.Order
		if json.Unmarshal(l.Body, &o) != nil {
			break
		}
		if o.State == trade.Filled { // its fill is the line beside it
			return event{}, false
		}
		e.kind = "order"
		e.text = string(o.Side) + " " + page.Quantity(o.Quantity) + " " + string(o.Market.Base) + " " + string(o.Type) + " → " + string(o.State)
		if o.Reason != "" {
			e.text += " (" + o.Reason + ")"
		}
		e.bad = o.State == trade.Rejected || o.State == trade.Unknown
		return clean(e), true
	case "refused":
		var r struct{ Code, Detail string }
		if json.Unmarshal(l.Body, &r) != nil {
			break
		}
		e.text, e.bad = r.Code+": "+r.Detail, true
		return clean(e), true
	case "log":
		var r struct{ Text string }
		if json.Unmarshal(l.Body, &r) != nil {
			break
		}
		e.text = r.Text
		return clean(e), true
	case "status":
		var r struct{ Halted string }
		if json.Unmarshal(l.Body, &r) != nil || r.Halted == "" {
			break
		}
		e.text, e.bad = "halted by "+r.Halted, true
		return clean(e), true
	case "cancel":
		var r struct{ Order string }
		if json.Unmarshal(l.Body, &r) != nil {
			break
		}
		e.text = "cancel asked of order " + r.Order
		return clean(e), true
	case "timer":
		var r struct{ Name string }
		if json.Unmarshal(l.Body, &r) != nil {
			break
		}
		e.text = r.Name
		return clean(e), true
	case "mark", "intent", "approved", "bar", "quote", "clock", "update":
		return event{}, false
	}
	body := string(l.Body)
	if len(body) > 300 {
		body = body[:300]
	}
	e.text = body
	return clean(e), true
}

func clean(e event) event {
	e.text = widget.Neutralise(e.text)
	return e
}

// oneLine is the width from which an event takes one line, whatever its length.
const oneLine = 100

// lines draws an event; a text that is too long for the rest of the line stands under its time, whole.
func (e *event) lines(t *theme.Theme, now time.Time, w int) []string {
	style := &t.Muted
	if e.bad {
		style = &t.Danger
	}
	head := " " + t.Muted.Render(page.MomentSeconds(now, e.at)) + " "
	if line := head + style.Render(widget.Fit(e.kind, 8)) + " " + e.text; w >= oneLine || widget.Width(line) <= w {
		return []string{widget.Fit(line, w)}
	}
	out := []string{widget.Fit(head+style.Render(e.kind), w)}
	for _, l := range widget.Wrap(e.text, max(8, w-4)) {
		out = append(out, widget.Fit("   "+l, w))
	}
	return out
}

func (p *Page) eventRows(e page.Env, w, h int) []string {
	t := e.Theme
	if len(p.log) == 0 && p.streamErr == nil {
		return page.Teach(t, w, "Every decision, refusal, order and fill of the session appears here as it happens.")
	}
	var lines []string
	for i := range p.log {
		lines = append(lines, p.log[i].lines(t, e.Now, w)...)
	}
	if p.streamErr != nil {
		lines = append(lines, page.Fail(t, w, page.Explain("follow the session", p.streamErr))...)
	}
	shown, below := p.logScroll.Tail(lines, max(1, h))
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(" ↓ "+strconv.Itoa(below+1)+" newer lines: end goes there"))
	}
	return shown
}
