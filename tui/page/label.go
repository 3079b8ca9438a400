package page

import (
	"github.com/ohmycoins/omc/tui/theme"
	"github.com/ohmycoins/omc/tui/widget"
)

// TabsOf is Tabs with what the panes are of at its right end: the first of labels that fits, the last of them cut where none does.
func TabsOf(t *theme.Theme, names []string, chosen, w int, labels ...string) string {
	used := 1
	for _, n := range names {
		used += widget.Width(n) + 2
	}
	room := w - used - 3 // two blanks around the label and a stroke after it
	label := ""
	for _, l := range labels {
		label = l
		if widget.Width(l) <= room {
			break
		}
	}
	if label == "" || room < 4 {
		return Tabs(t, names, chosen, w)
	}
	label = widget.Truncate(label, room)
	end := widget.Width(label) + 3
	return Tabs(t, names, chosen, w-end) + " " + t.Bold.Render(label) + " " + t.Border.Render("─")
}
