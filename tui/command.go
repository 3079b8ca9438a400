package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/tui/page"
	"github.com/ohmycoins/omc/tui/widget"
)

// verbs gives the verbs that omc has for a noun and that the workstation can do: those on one thing, and those on none.
func verbs(noun string) (onOne, onNone []string) {
	switch noun {
	case "lab":
		return []string{"show", "chat", "resume", "cancel"}, []string{"run", "sessions"}
	case "data":
		return []string{"prices", "gaps"}, []string{"coins", "quotes", "sentiment", "events", "on-chain", "smart-money", "trust"}
	case "algo":
		return []string{"show", "promote", "retire"}, []string{"list"}
	case "floor":
		return []string{"watch", "stop"}, []string{"start", "status", "kill", "positions", "orders", "trades", "pnl"}
	case "collect":
		return []string{"status", "run", "pause", "resume", "gaps", "quarantine"}, []string{"list"}
	case "daemon":
		return nil, []string{"status", "logs"}
	}
	return nil, nil
}

// subject names what a page's keys act on now.
func subject(p page.Page) string {
	if s, ok := p.(page.Subject); ok {
		return s.Subject()
	}
	return ""
}

// actionEntry is a key of a page as the palette has it: by the command line's words where there is such a command, else by the page
// and the key's label; with the thing that it acts on.
func actionEntry(p page.Page, a *page.Action) page.Entry {
	noun, verb := p.Noun(), a.Verb
	if n, v, ok := strings.Cut(verb, " "); ok { // of another noun's
		noun, verb = n, v
	}
	onOne, onNone := verbs(noun)
	title := noun + " " + verb
	known := slices.Contains(onOne, verb) || slices.Contains(onNone, verb)
	if !known {
		title = p.Title() + ": " + strings.TrimRight(a.Label, "…")
	}
	if s := subject(p); s != "" && (!slices.Contains(onNone, verb) || verb == "start" && noun != p.Noun()) {
		title += " " + s
	}
	e := page.Entry{Title: title, Help: a.Help, Msg: actMsg{p.Noun(), a.Key}}
	if a.Off != "" {
		e.Help, e.Msg = "not now: "+a.Off, thenMsg{page.Goto{Noun: p.Noun()}, a.Verb}
	}
	return e
}

// listEntries are the commands that open a page.
func listEntries(p page.Page) []page.Entry {
	noun, title := p.Noun(), p.Title()
	keys := map[string]bool{} // the verbs that have a key of their own
	for _, a := range p.Actions() {
		keys[a.Verb] = true
	}
	out := []page.Entry{{Title: noun, Help: "open " + title, Msg: page.Goto{Noun: noun}}}
	_, onNone := verbs(noun)
	for _, v := range onNone {
		switch {
		case noun == "data" && (keys[v] || v == "trust"): // the ops page has that
		case v == "sessions":
			out = append(out, page.Entry{Title: noun + " " + v, Help: "open the list of sessions", Msg: page.Act{Noun: noun, Verb: v}})
		case v != "run" && v != "start" && v != "kill": // their keys are entries
			out = append(out, page.Entry{Title: noun + " " + v, Help: "open " + title, Msg: page.Goto{Noun: noun}})
		}
	}
	return out
}

// objectEntries are all commands on one thing of a page: the entry that opens it is e.
func objectEntries(p page.Page, e page.Entry) []page.Entry {
	noun, rest, _ := strings.Cut(e.Title, " ") // which may be another than the page's: collect, of ops
	_, name, _ := strings.Cut(rest, " ")
	onOne, _ := verbs(noun)
	var out []page.Entry
	for i, v := range onOne {
		made := page.Entry{Title: noun + " " + v + " " + name, Help: e.Help, Msg: e.Msg}
		switch open := e.Msg.(type) {
		case page.OpenAlgorithm:
			made.Msg = page.Act{Noun: noun, Verb: v, ID: open.ID}
		case page.OpenLab:
			made.Msg = page.Act{Noun: noun, Verb: v, ID: open.ID}
		default:
			switch {
			case i == 0:
			case noun != p.Noun():
				made.Msg = thenMsg{e.Msg, noun + " " + v}
			default:
				made.Msg = thenMsg{e.Msg, v}
			}
		}
		out = append(out, made)
	}
	if open, ok := e.Msg.(page.OpenAlgorithm); ok {
		out = append(out, page.Entry{Title: "floor start " + name, Help: e.Help, Msg: page.Act{Noun: noun, Verb: "floor start", ID: open.ID}})
	}
	if len(out) > 0 {
		out[0].Msg = e.Msg
	}
	return out
}

// idOf gives the id of what an entry is on, "" where it is on none.
func idOf(msg tea.Msg) string {
	switch msg := msg.(type) {
	case page.OpenAlgorithm:
		return msg.ID
	case page.OpenLab:
		return msg.ID
	case page.OpenFloor:
		return msg.ID
	case page.OpenCollector:
		return msg.Name
	case page.Act:
		return msg.ID
	case thenMsg:
		return idOf(msg.open)
	}
	return ""
}

// thenMsg opens something and runs the key of a verb on its page, or says why it does not work now.
type thenMsg struct {
	open tea.Msg
	verb string
}

// helpMsg shows the list of keys.
type helpMsg struct{}

// choose does what an entry of the palette stands for.
func (m *Model) choose(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case helpMsg:
		m.over = &help{}
		return nil
	case page.Act:
		return tea.Batch(m.open(msg.Noun), m.deliver(msg))
	case thenMsg:
		cmd := m.deliver(msg.open)
		p := m.pages[m.at]
		for _, a := range p.Actions() {
			switch {
			case a.Verb != msg.verb:
			case a.Off != "":
				return tea.Batch(cmd, m.deliver(page.Notice{Text: a.Label + ": " + a.Off, Bad: true}))
			default:
				return tea.Batch(cmd, p.Do(a.Key))
			}
		}
		return cmd
	}
	return m.deliver(msg)
}

// commandLine splits what was typed into the words that name something and the flags after them, which the palette does not take: the
// dialogs ask for what they need. A leading omc goes without saying, and so does --paper: there is no other floor.
func commandLine(text string) (words, flags []string) {
	words = strings.Fields(strings.ToLower(text))
	if len(words) > 1 && words[0] == "omc" {
		words = words[1:]
	}
	for i, w := range words {
		if strings.HasPrefix(w, "-") && len(w) > 1 {
			for _, f := range words[i:] {
				if f != "--paper" {
					flags = append(flags, f)
				}
			}
			return words[:i], flags
		}
	}
	return words, nil
}

// ofCommand gives the entries of a command whose noun and verb are written in full, and all of them for other words: promote is not to
// find retire, whose help speaks of promoting.
func ofCommand(words []string, all []page.Entry) []page.Entry {
	if len(words) < 2 {
		return all
	}
	onOne, onNone := verbs(words[0])
	if !slices.Contains(onOne, words[1]) && !slices.Contains(onNone, words[1]) {
		return all
	}
	command := words[0] + " " + words[1]
	return slices.DeleteFunc(slices.Clone(all), func(e page.Entry) bool { return e.Title != command && !strings.HasPrefix(e.Title, command+" ") })
}

// goalEntry is lab run with its goal, which no entry can name beforehand.
func goalEntry(text string) (page.Entry, bool) {
	fields := strings.Fields(text)
	if len(fields) > 1 && fields[0] == "omc" {
		fields = fields[1:]
	}
	if len(fields) < 3 || fields[0] != "lab" || fields[1] != "run" {
		return page.Entry{}, false
	}
	goal := strings.Trim(strings.Join(fields[2:], " "), `"'`)
	return page.Entry{Title: "lab run " + widget.Neutralise(goal), Help: "write it as the goal of a new session", Msg: page.Act{Noun: "lab", Verb: "run", Text: goal}}, true
}
