package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ohmycoins/omc/tui/widget"
)

// Help is written for the terminal's width, within these bounds.
const (
	narrowHelp = 60
	widestHelp = 110
)

// fitHelp breaks help between words at the terminal's width. What is generated from the commands keeps the text as it is written.
func fitHelp(root *cobra.Command, width int) {
	width = min(max(width, narrowHelp), widestHelp) - 1
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages |", fmt.Sprintf("FlagUsagesWrapped %d |", width)))
	write := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		long := cmd.Long
		cmd.Long = prose(long, width)
		write(cmd, args)
		cmd.Long = long
	})
}

// prose breaks each paragraph anew.
func prose(text string, width int) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(widget.Wrap(strings.Join(strings.Fields(p), " "), width), "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}
