package ops

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// levels are the log's levels from the least, as the level key steps through them; "" is all.
var levels = []string{"", "INFO", "WARN", "ERROR"}

func (p *Page) logNote() string {
	var out []string
	if l := levels[p.level]; l != "" {
		out = append(out, "level "+strings.ToLower(l)+" or worse")
	}
	if p.filters[logs] != "" {
		out = append(out, "filter: "+widget.Neutralise(p.filters[logs]))
	}
	return strings.Join(out, ", ")
}

func rank(level string) int {
	for i, l := range levels {
		if strings.HasPrefix(strings.ToUpper(level), l) && l != "" {
			return i
		}
	}
	return 0
}

// logRows is the log's tail.
func (p *Page) logRows(e page.Env, w, h int) []string {
	t := e.Theme
	if p.logErr != nil {
		return page.Fail(t, w, page.Explain("read the log", p.logErr))
	}
	var lines []string
	for i := range p.log {
		l := &p.log[i]
		text := widget.Neutralise(l.Message) + attrs(l.Attrs)
		if rank(l.Level) < p.level || !page.Matches(l.Level+" "+text, p.filters[logs]) {
			continue
		}
		style := &t.Muted
		switch rank(l.Level) {
		case 2:
			style = &t.Warn
		case 3:
			style = &t.Danger
		}
		lines = append(lines, widget.Fit(" "+t.Muted.Render(l.Time.UTC().Format("15:04:05"))+" "+style.Render(widget.Fit(widget.Neutralise(l.Level), 5))+" "+text, w))
	}
	if len(lines) == 0 {
		if p.filters[logs] != "" || p.level > 0 {
			return page.Teach(t, w, "No line of the newest "+page.Count(int64(len(p.log)))+" of the log is "+p.logNote()+". Press esc to see all.")
		}
		return page.Teach(t, w, "The log is empty. What omc does, and what goes wrong, appears here.")
	}
	shown, below := p.scroll.Tail(lines, max(1, h))
	if below > 0 && len(shown) > 0 {
		shown = append(append([]string{}, shown[:len(shown)-1]...), t.Muted.Render(fmt.Sprintf(" ↓ %d newer lines: end goes there", below+1)))
	}
	return shown
}

// attrs writes a line's attributes as key=value in key order.
func attrs(raw json.RawMessage) string {
	var m map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &m) != nil {
		return ""
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%v", k, m[k])
	}
	return widget.Neutralise(b.String())
}
