// Command picture turns a captured terminal screen (tmux capture-pane -e -p) on stdin into an SVG on stdout: the README's picture
// of the workstation is made from the real thing with it. It knows colours, bold, faint and reverse, and one column per character.
package main

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	cellW, cellH = 8.4, 18.0
	foreground   = "#d8dee9"
	background   = "#16181d"
)

type style struct {
	fg, bg               string
	bold, faint, reverse bool
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var rows [][]cell
	cols := 0
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 1<<20)
	var st style // colours may go on over a line's end
	for sc.Scan() {
		var row []cell
		row, st = parse(sc.Text(), st)
		rows = append(rows, row)
		cols = max(cols, len(row))
	}
	if err := sc.Err(); err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	width, height := float64(cols)*cellW+24, float64(len(rows))*cellH+24
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">`+"\n", width, height, width, height)
	fmt.Fprintf(w, `<rect width="100%%" height="100%%" rx="8" fill="%s"/><g font-family="'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">`+"\n", background)
	for y, row := range rows {
		draw(w, y, row)
	}
	fmt.Fprintln(w, "</g></svg>")
	return w.Flush()
}

type cell struct {
	r rune
	s style
}

// draw writes one row: a rectangle for each run with a background, and a text for each run of one style.
func draw(w io.Writer, y int, row []cell) {
	for x := 0; x < len(row); {
		end := x + 1
		for end < len(row) && row[end].s == row[x].s {
			end++
		}
		fg, bg := row[x].s.colours()
		px, py := 12+float64(x)*cellW, 12+float64(y)*cellH
		if bg != "" {
			fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`, px, py, float64(end-x)*cellW, cellH, bg)
		}
		var text strings.Builder
		for _, c := range row[x:end] {
			if c.r == ' ' {
				c.r = '\u00a0' // viewers fold plain spaces
			}
			text.WriteRune(c.r)
		}
		if strings.Trim(text.String(), "\u00a0") != "" {
			weight := ""
			if row[x].s.bold {
				weight = ` font-weight="bold"`
			}
			if row[x].s.faint {
				weight += ` opacity="0.65"`
			}
			fmt.Fprintf(w, `<text x="%.1f" y="%.1f" textLength="%.1f" fill="%s"%s>%s</text>`, px, py+13.5, float64(end-x)*cellW, fg, weight, html.EscapeString(text.String()))
		}
		x = end
	}
	fmt.Fprintln(w)
}

func (s style) colours() (fg, bg string) {
	fg, bg = s.fg, s.bg
	if fg == "" {
		fg = foreground
	}
	if s.reverse {
		if bg == "" {
			bg = background
		}
		return bg, fg
	}
	return fg, bg
}

func parse(line string, st style) ([]cell, style) {
	var row []cell
	for i := 0; i < len(line); {
		if strings.HasPrefix(line[i:], "\x1b[") {
			end := i + 2
			for end < len(line) && (line[end] < '@' || line[end] > '~') {
				end++
			}
			if end < len(line) && line[end] == 'm' {
				st = st.apply(line[i+2 : end])
			}
			i = min(end+1, len(line))
			continue
		}
		r := []rune(line[i:min(i+4, len(line))])[0]
		if r != '\x1b' && r != '\x0f' && r != '\x0e' {
			row = append(row, cell{r, st})
		}
		i += len(string(r))
	}
	return row, st
}

// apply reads one SGR sequence.
func (s style) apply(params string) style {
	p := strings.FieldsFunc(params, func(r rune) bool { return r == ';' || r == ':' })
	if len(p) == 0 {
		return style{}
	}
	for i := 0; i < len(p); i++ {
		n, err := strconv.Atoi(p[i])
		if err != nil {
			continue
		}
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 7:
			s.reverse = true
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.fg = palette(n - 30)
		case n >= 90 && n <= 97:
			s.fg = palette(n - 90 + 8)
		case n >= 40 && n <= 47:
			s.bg = palette(n - 40)
		case n >= 100 && n <= 107:
			s.bg = palette(n - 100 + 8)
		case n == 39:
			s.fg = ""
		case n == 49:
			s.bg = ""
		case (n == 38 || n == 48) && i+1 < len(p):
			c, used := extended(p[i+1:])
			i += used
			if n == 38 {
				s.fg = c
			} else {
				s.bg = c
			}
		}
	}
	return s
}

func extended(p []string) (colour string, used int) {
	num := func(i int) int {
		if i >= len(p) {
			return 0
		}
		n, _ := strconv.Atoi(p[i]) // a bad number is black
		return n
	}
	switch p[0] {
	case "5":
		return palette(num(1)), 2
	case "2":
		return fmt.Sprintf("#%02x%02x%02x", num(1)&255, num(2)&255, num(3)&255), 4
	}
	return "", 1
}

func palette(n int) string {
	basic := [...]string{"#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
		"#5c6370", "#ef7f88", "#a9d38b", "#f0d090", "#7cc0ff", "#d38be8", "#6bcbd6", "#ffffff"}
	switch {
	case n < 0 || n > 255:
		return foreground
	case n < 16:
		return basic[n]
	case n >= 232:
		v := 8 + (n-232)*10
		return fmt.Sprintf("#%02x%02x%02x", v, v, v)
	}
	level := func(k int) int {
		if k == 0 {
			return 0
		}
		return 55 + 40*k
	}
	n -= 16
	return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
}
