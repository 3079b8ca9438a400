package strategy

// Interpreted is the program without shortcuts: every call goes through the interpreter.
func (p *Program) Interpreted() *Program {
	q := *p
	q.slow = true
	return &q
}

// Shortcuts is how many calls of on_bar were looked at without the interpreter, and how many of these did not need it.
func Shortcuts(s Strategy) (looked, done int) {
	if h := s.(*host); h.short != nil {
		return h.short.looked, h.short.done
	}
	return 0, 0
}
