// Package page holds what the workstation's pages share: the shape of a page, its actions, how it loads and follows things without
// blocking, and the layout they are drawn with. It knows no page in particular and makes no call by itself.
package page

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/tui/theme"
)

// Env is what a page is drawn with.
type Env struct {
	Theme    *theme.Theme
	Now      time.Time
	Embedded bool // omc works in this very process: no daemon
}

// Shell is the line that stands above commands for a shell. Without a daemon this process holds the data directory, and another omc
// is refused until it has ended.
func (e Env) Shell() string {
	if e.Embedded {
		return "Press q first: while no daemon runs, this omc keeps the data to itself. Then in a shell:"
	}
	return "In a shell:"
}

// Caret is where the terminal's cursor stands, in columns and lines from the page's upper left corner.
type Caret struct{ X, Y int }

// Action is something a page can do now.
type Action struct {
	Key   string // as the terminal names it: enter, s, ctrl+c
	Label string // one or two words, for the footer
	Help  string // one sentence, for the list of keys and the palette
	Verb  string // the command's verb for the palette; empty: not in the palette
	Off   string // why it does not work now; empty: it works
	Quiet bool   // left out of the footer: listed by ? only
	// Common is set by the workstation on the keys that work on every page.
	Common bool
}

// Entry is something the palette can go to: a session, a market, an algorithm.
type Entry struct {
	Title string // noun, verb and argument, as the command line has them
	Help  string
	Msg   tea.Msg // given to the pages when it is chosen
}

// Page is one page of the workstation. Its methods run on the program's one loop: they never block and make no call; what takes
// time is returned as a command.
type Page interface {
	Title() string
	Noun() string // the command line's noun for what the page does
	// Poll is called when the page appears and about every second while it is shown.
	Poll(now time.Time) tea.Cmd
	// Update takes every message that is not a key or the mouse.
	Update(msg tea.Msg) tea.Cmd
	// Do runs the action of a key; unknown keys do nothing.
	Do(key string) tea.Cmd
	// Type takes a key while Typing.
	Type(k tea.KeyPressMsg) tea.Cmd
	// Paste takes pasted text while Typing.
	Paste(text string) tea.Cmd
	Typing() bool
	// Wheel scrolls the pane under x, y by lines.
	Wheel(x, y, lines int)
	Actions() []Action
	Entries() []Entry
	// Back leaves what was opened last, and says whether there was anything.
	Back() bool
	// FilterName says what a filter narrows, "" where there is nothing to filter; Filter sets it.
	FilterName() string
	Filter(text string)
	// View draws the page in exactly w columns and h lines.
	View(e Env, w, h int) (string, *Caret)
}

// Notice is a message for the line above the footer.
type Notice struct {
	Text string
	Bad  bool
	Keep bool // it stays until esc, or until another comes
}

// FloorSessions is an answer that lists the floor's sessions, given to the pages by whoever asked.
type FloorSessions struct{ List []api.FloorSession }

// Filtered is a page that keeps a filter.
type Filtered interface {
	// Filtered is the filter's text, "" for none, and how many things it hides.
	Filtered() (text string, hidden int)
}

// Urgent is a page that can have something to say in the header, whatever page is shown.
type Urgent interface {
	// Urgent is a few words, "" for nothing.
	Urgent(now time.Time) string
}

// Clicked is a page whose rows can be chosen with the mouse.
type Clicked interface {
	// Click chooses what is drawn at column x and line y of the page.
	Click(x, y int) tea.Cmd
}

// Goto asks for a page by its noun.
type Goto struct{ Noun string }

// OpenAlgorithm asks the algorithms page to show one.
type OpenAlgorithm struct{ ID string }

// OpenMarket asks the ledgers page to show one market.
type OpenMarket struct{ Market string }

// OpenLab asks the lab page to show one session.
type OpenLab struct{ ID string }

// OpenFloor asks the floor page to show one session.
type OpenFloor struct{ ID string }

// OpenCollector asks the ops page to show one collector.
type OpenCollector struct{ Name string }

// StartFloor asks the floor page to start an algorithm.
type StartFloor struct{ ID, Name string }

// Confirm asks the person before something is done. Lines are drawn as they are given: neutralised by the caller.
type Confirm struct {
	Title string
	Lines []string
	Word  string // what must be typed; empty: y is enough
	Label string // what happens: "promote to paper"
	Off   string // why it cannot be confirmed: only the reasons are shown
	Yes   tea.Cmd
	// Now, where it is not nil, gives title, lines and label as they are at each drawing. It makes no call.
	Now func() (title string, lines []string, label string)
}

// Choice asks for one of several options, by its number or by enter.
type Choice struct {
	Title   string
	Lines   []string
	Options []Option
	Now     func() []string // where it is not nil, gives the lines as they are at each drawing. It makes no call.
}

// Option is one line of a Choice.
type Option struct {
	Label string
	Help  string
	Off   string
	Do    tea.Cmd
	Msg   tea.Msg // given to the program instead, where it is not nil
}

// Prompt asks for one line of text.
type Prompt struct {
	Title string
	Lines []string
	Label string
	Value string
	Do    func(text string) tea.Cmd
}
