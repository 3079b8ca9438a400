package algorithm

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Diff compares two of the user's algorithms: what differs, and nothing else.
func (s *Service) Diff(ctx context.Context, user, a, b string) (api.Diff, error) {
	x, err := s.find(ctx, user, a)
	if err != nil {
		return api.Diff{}, err
	}
	y, err := s.find(ctx, user, b)
	if err != nil {
		return api.Diff{}, err
	}
	return compare(x, y), nil
}

func compare(x, y strategy.Algorithm) api.Diff {
	d := api.Diff{A: x.ID, B: y.ID, Params: map[string][2]string{}, Fields: map[string][2]string{}}
	for _, from := range []map[string]float64{x.Content.Params, y.Content.Params} {
		for name := range from {
			if v := [2]string{value(x.Content.Params, name), value(y.Content.Params, name)}; v[0] != v[1] {
				d.Params[name] = v
			}
		}
	}
	for name, v := range map[string][2]string{
		"name": {x.Name, y.Name}, "state": {string(x.State), string(y.State)}, "language": {x.Content.Language, y.Content.Language},
		"markets": {marketList(x.Content.Markets), marketList(y.Content.Markets)}, "interval": {x.Content.Interval.String(), y.Content.Interval.String()},
	} {
		if v[0] != v[1] {
			d.Fields[name] = v
		}
	}
	d.Script = unified(fmt.Sprintf("%.12s", x.ID), fmt.Sprintf("%.12s", y.ID), x.Content.Script, y.Content.Script)
	return d
}

func value(params map[string]float64, name string) string {
	if v, ok := params[name]; ok {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}

func marketList(ms []market.Market) string {
	names := make([]string, len(ms))
	for i := range ms {
		names[i] = ms[i].String()
	}
	return strings.Join(names, ",")
}

const (
	around   = 3         // unchanged lines shown about a change
	maxCells = 4_000_000 // of the table of common lines; beyond it the differing middle is shown as replaced whole
)

// edit is one line of a diff: ' ' in both, '-' in the first only, '+' in the second only.
type edit struct {
	op   byte
	line string
}

// unified writes the difference of two texts as diff -u does; "" where they are equal.
func unified(nameA, nameB, a, b string) string {
	if a == b {
		return ""
	}
	edits := lineEdits(lines(a), lines(b))
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", nameA, nameB)
	na, nb := 1, 1 // the next line of each
	for i := 0; i < len(edits); {
		if edits[i].op == ' ' && !changeWithin(edits[i:], around) {
			i, na, nb = i+1, na+1, nb+1
			continue
		}
		end := hunkEnd(edits, i)
		var body strings.Builder
		ca, cb := 0, 0
		for _, e := range edits[i:end] {
			body.WriteByte(e.op)
			body.WriteString(e.line)
			if !strings.HasSuffix(e.line, "\n") {
				body.WriteString("\n\\ No newline at end of file\n")
			}
			if e.op != '+' {
				ca++
			}
			if e.op != '-' {
				cb++
			}
		}
		fmt.Fprintf(&out, "@@ -%s +%s @@\n%s", span(na, ca), span(nb, cb), body.String())
		i, na, nb = end, na+ca, nb+cb
	}
	return out.String()
}

// span writes a hunk's place: an empty one is named by the line before it.
func span(start, count int) string {
	if count == 0 {
		start--
	}
	if count == 1 {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d,%d", start, count)
}

// changeWithin reports a change among the next n+1 lines.
func changeWithin(edits []edit, n int) bool {
	for _, e := range edits[:min(len(edits), n+1)] {
		if e.op != ' ' {
			return true
		}
	}
	return false
}

// hunkEnd is where the hunk that begins at i ends: after the context of its last change, changes close to one another together.
func hunkEnd(edits []edit, i int) int {
	end, same := i, 0
	for j := i; j < len(edits); j++ {
		if edits[j].op != ' ' {
			same, end = 0, j+1
			continue
		}
		if same++; same > 2*around && end > i {
			break
		}
	}
	return min(end+around, len(edits))
}

// lines splits a text after each newline; the last one may have none.
func lines(s string) []string {
	all := strings.SplitAfter(s, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// lineEdits finds the longest common lines between the equal head and tail.
func lineEdits(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out := make([]edit, 0, len(a)+len(b))
	for _, l := range a[:head] {
		out = append(out, edit{' ', l})
	}
	out = append(out, middle(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, l := range a[len(a)-tail:] {
		out = append(out, edit{' ', l})
	}
	return out
}

func middle(a, b []string) []edit {
	var out []edit
	i, j := 0, 0
	if len(a)*len(b) <= maxCells {
		w := len(b) + 1
		common := make([]int32, (len(a)+1)*w) // common[i*w+j]: longest common lines of a[i:] and b[j:]
		for i := len(a) - 1; i >= 0; i-- {
			for j := len(b) - 1; j >= 0; j-- {
				if a[i] == b[j] {
					common[i*w+j] = common[(i+1)*w+j+1] + 1
				} else {
					common[i*w+j] = max(common[(i+1)*w+j], common[i*w+j+1])
				}
			}
		}
		for i < len(a) && j < len(b) {
			switch {
			case a[i] == b[j]:
				out = append(out, edit{' ', a[i]})
				i, j = i+1, j+1
			case common[(i+1)*w+j] >= common[i*w+j+1]:
				out = append(out, edit{'-', a[i]})
				i++
			default:
				out = append(out, edit{'+', b[j]})
				j++
			}
		}
	}
	for _, l := range a[i:] {
		out = append(out, edit{'-', l})
	}
	for _, l := range b[j:] {
		out = append(out, edit{'+', l})
	}
	return out
}
