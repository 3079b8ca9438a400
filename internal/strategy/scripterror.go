package strategy

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// ScriptError is an error of a script, with the place in it. Line and Col count from 1; 0 where no place is known.
type ScriptError struct {
	File  string
	Line  int
	Col   int
	Func  string // the function it happened in; "" at the top level
	Msg   string
	Stack string // one "file:line:col: in function" a line, outermost first; "" for errors found before running
}

// Error says file:line:col, the function and the message on one line.
func (e *ScriptError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Col)
	}
	if e.Func != "" {
		fmt.Fprintf(&b, ": in %s", e.Func)
	}
	b.WriteString(": " + e.Msg)
	return b.String()
}

// Backtrace is the error with the calls that led to it, for people.
func (e *ScriptError) Backtrace() string {
	if e.Stack == "" {
		return e.Error()
	}
	return e.Stack + e.Error()
}

// scriptError turns what the interpreter reports into a ScriptError.
func scriptError(file string, err error) error {
	var known *ScriptError
	if errors.As(err, &known) {
		return known
	}
	var se syntax.Error
	if errors.As(err, &se) {
		return &ScriptError{File: file, Line: int(se.Pos.Line), Col: int(se.Pos.Col), Msg: se.Msg}
	}
	var rl resolve.ErrorList
	if errors.As(err, &rl) && len(rl) > 0 {
		msg := rl[0].Msg
		if len(rl) > 1 {
			msg += fmt.Sprintf(" (and %d more)", len(rl)-1)
		}
		return &ScriptError{File: file, Line: int(rl[0].Pos.Line), Col: int(rl[0].Pos.Col), Msg: msg}
	}
	var ee *starlark.EvalError
	if !errors.As(err, &ee) {
		return &ScriptError{File: file, Msg: err.Error()}
	}
	out := &ScriptError{File: file, Msg: clipLine(strings.TrimPrefix(ee.Msg, "Starlark computation cancelled: "))}
	if strings.Contains(ee.Msg, "NoneType") {
		out.Msg += " (an indicator that is not ready has the value None: ask its .ready first)"
	}
	var stack strings.Builder
	for _, fr := range ee.CallStack {
		if fr.Pos.Filename() != file {
			continue // a built-in
		}
		out.Line, out.Col, out.Func = int(fr.Pos.Line), int(fr.Pos.Col), fr.Name
		fmt.Fprintf(&stack, "  %s:%d:%d: in %s\n", file, fr.Pos.Line, fr.Pos.Col, fr.Name)
	}
	if out.Func == "<toplevel>" {
		out.Func = ""
	}
	out.Stack = stack.String()
	return out
}

// clipLine bounds one line of text from a script.
func clipLine(s string) string {
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine-3], "") + "…"
	}
	return s
}

// checkText refuses bytes that are not UTF-8 and control characters: a stored script must be shown and read back as it was.
func checkText(src []byte, file string) error {
	for i, line := 0, 1; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			return &ScriptError{File: file, Line: line, Msg: "the script is not UTF-8 text"}
		case r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return &ScriptError{File: file, Line: line, Msg: fmt.Sprintf("the control character %U is not allowed", r)}
		case r == '\n':
			line++
		}
		i += n
	}
	return nil
}

// checkNesting refuses source that nests so deeply that the recursive parser could exhaust the stack, which Go cannot recover
// from. It counts per line of logic: brackets still open, and prefix operators and conditionals since the last separator.
func checkNesting(src []byte, file string) error {
	line, depth, chain := 1, 0, 0
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\n':
			line++
			if depth == 0 {
				chain = 0
			}
		case c == '\\' && i+1 < len(src): // a continued line is the same expression
			if i++; src[i] == '\n' {
				line++
			}
		case c == '#':
			for i+1 < len(src) && src[i+1] != '\n' {
				i++
			}
		case c == '"' || c == '\'':
			end, lines := skipString(src, i)
			i, line = end, line+lines
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth = max(0, depth-1)
		case c == '-' || c == '+' || c == '~' || c == '*' || c == '/' || c == '%' || c == '|' || c == '&' || c == '^' || c == '.':
			chain++
		case c >= 'a' && c <= 'z' || c == '_' || c >= 'A' && c <= 'Z':
			start := i
			for i+1 < len(src) && wordByte(src[i+1]) {
				i++
			}
			switch string(src[start : i+1]) {
			case "not", "lambda", "if", "else", "and", "or", "for", "in":
				chain++
			}
		}
		if depth > maxNesting || chain > 20*maxNesting {
			return &ScriptError{File: file, Line: line, Msg: fmt.Sprintf("nested too deeply: at most %d brackets or %d operators in one expression", maxNesting, 20*maxNesting)}
		}
	}
	return nil
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// skipString returns the index of the last byte of the string literal that starts at i, and how many lines it spans.
func skipString(src []byte, i int) (end, lines int) {
	q := src[i]
	triple := i+2 < len(src) && src[i+1] == q && src[i+2] == q
	if triple {
		i += 2
	}
	for i++; i < len(src); i++ {
		switch {
		case src[i] == '\\' && i+1 < len(src):
			i++
			if src[i] == '\n' {
				lines++
			}
		case src[i] == '\n':
			lines++
			if !triple {
				return i, lines
			}
		case src[i] == q && !triple:
			return i, lines
		case src[i] == q && i+2 < len(src) && src[i+1] == q && src[i+2] == q:
			return i + 2, lines
		}
	}
	return len(src) - 1, lines
}
