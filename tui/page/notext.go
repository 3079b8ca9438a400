package page

import tea "charm.land/bubbletea/v2"

// NoText is for embedding in a page that has no text of its own to write.
type NoText struct{}

// Typing is never so.
func (NoText) Typing() bool { return false }

// Type is not called, as Typing is never so.
func (NoText) Type(tea.KeyPressMsg) tea.Cmd { return nil }

// Paste is not called, as Typing is never so.
func (NoText) Paste(string) tea.Cmd { return nil }
