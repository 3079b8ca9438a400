package evidence

import (
	"math"
	"slices"
	"strconv"
)

// TrialPoint is one point of a search: the values of the parameters that were varied, in one order for all points, and its score; nil: none.
type TrialPoint struct {
	Values []float64
	Score  *float64
}

// Neighbourhood says how a chosen point compares with the points around it, and those with the points around others.
type Neighbourhood struct {
	Stability
	Absent int     `json:"absent"` // direct neighbours of the grid that were not tried; they count nowhere
	Around float64 `json:"around"` // mean score of the point and its neighbours; one without a score counts as zero
	Rank   float64 `json:"rank"`   // of Around among those of all points that have a score and a neighbour: 1 is the highest, equals share their average
	Ranked int     `json:"ranked"` // how many
}

const (
	maxTrialPoints = 10_000
	maxTrialValues = 64
	maxTrialTouch  = 2_000_000_000
)

// AroundGrid looks at a point of a grid, whose axes have the values that occur in points: its direct neighbours are the points that differ from
// it in one value, by one step of that axis. Of points tried twice the first counts. It takes up to 10,000 points of up to 64 values.
func AroundGrid(points []TrialPoint, chosen int) (Neighbourhood, error) {
	if err := checkTrials(points, chosen); err != nil {
		return Neighbourhood{}, err
	}
	axes := make([][]float64, len(points[0].Values))
	for a := range axes {
		for i := range points {
			axes[a] = append(axes[a], points[i].Values[a])
		}
		slices.Sort(axes[a])
		axes[a] = slices.Compact(axes[a])
	}
	key := func(places []int) string {
		var b []byte
		for _, p := range places {
			b = append(strconv.AppendInt(b, int64(p), 36), ' ')
		}
		return string(b)
	}
	index, places := map[string]int{}, make([][]int, len(points))
	for i := range points {
		places[i] = make([]int, len(axes))
		for a := range axes {
			places[i][a], _ = slices.BinarySearch(axes[a], points[i].Values[a])
		}
		if _, tried := index[key(places[i])]; !tried {
			index[key(places[i])] = i
		}
	}
	beside, absent := make([][]int, len(points)), 0
	for i := range points {
		if index[key(places[i])] != i {
			continue // tried before: it has no place of its own
		}
		at := slices.Clone(places[i])
		for a := range axes {
			for _, step := range [2]int{-1, 1} {
				p := places[i][a] + step
				if p < 0 || p >= len(axes[a]) {
					continue
				}
				at[a] = p
				if j, ok := index[key(at)]; ok {
					beside[i] = append(beside[i], j)
				} else if i == index[key(places[chosen])] {
					absent++
				}
			}
			at[a] = places[i][a]
		}
	}
	n, err := around(points, beside, index[key(places[chosen])])
	n.Absent = absent
	return n, err
}

// AroundNearest looks at a point of a random or sequential search: its neighbours are the k points nearest to it, after each value was scaled to
// 0 … 1 over all points (an axis on which all are equal counts nothing), by the sum of squares; of equally near ones the earlier. Points equal
// in all values are one: the first counts.
func AroundNearest(points []TrialPoint, chosen, k int) (Neighbourhood, error) {
	if err := checkTrials(points, chosen); err != nil {
		return Neighbourhood{}, err
	}
	n := float64(len(points))
	if k < 1 || k >= len(points) || n*n*float64(k+len(points[0].Values)) > maxTrialTouch {
		return Neighbourhood{}, degenerate("neighbourhood", "%d neighbours of %d points: it takes at least 1 and fewer than there are points, and points² × (neighbours + parameters) up to %d",
			k, len(points), maxTrialTouch)
	}
	widths := spans(points)
	first := make([]int, 0, len(points)) // of equal points
	own := chosen
	seen := map[string]int{}
	for i := range points {
		var b []byte
		for _, v := range points[i].Values {
			b = append(strconv.AppendFloat(b, v+0, 'b', -1, 64), ' ') // −0 and 0 are one value
		}
		if at, ok := seen[string(b)]; !ok {
			seen[string(b)] = i
			first = append(first, i)
		} else if i == chosen {
			own = at
		}
	}
	beside := make([][]int, len(points))
	for _, i := range first {
		beside[i] = nearest(points, widths, first, i, k)
	}
	return around(points, beside, own)
}

// nearest lists the k of others that are nearest to i, the nearest first; others are ascending, so an equally near later one stays behind.
func nearest(all []TrialPoint, widths []float64, others []int, i, k int) []int {
	points, squares := make([]int, 0, k+1), make([]float64, 0, k+1)
	for _, j := range others {
		if i == j {
			continue
		}
		d := 0.0
		for a, width := range widths {
			if width > 0 { // differences first: points as far below as above stay equally near
				by := (all[j].Values[a]/2 - all[i].Values[a]/2) / width
				d += by * by
			}
		}
		at := len(squares)
		for at > 0 && squares[at-1] > d {
			at--
		}
		if at == k {
			continue
		}
		points, squares = slices.Insert(points, at, j), slices.Insert(squares, at, d)
		points, squares = points[:min(k, len(points))], squares[:min(k, len(squares))]
	}
	return points
}

// spans are half the widths of the axes: a width itself may be beyond numbers.
func spans(points []TrialPoint) []float64 {
	out := make([]float64, len(points[0].Values))
	for a := range out {
		low, high := math.Inf(1), math.Inf(-1)
		for i := range points {
			low, high = min(low, points[i].Values[a]), max(high, points[i].Values[a])
		}
		out[a] = high/2 - low/2
	}
	return out
}

// sameMean is how far apart, of themselves, two means of the same scores may be by the order of their additions.
const sameMean = 1e-12

// around measures the chosen point, whose neighbours and those of all others are known.
func around(points []TrialPoint, beside [][]int, chosen int) (Neighbourhood, error) {
	var n Neighbourhood
	if points[chosen].Score == nil {
		return n, degenerate("neighbourhood", "the chosen point has no score")
	}
	var direct []Neighbour
	for _, j := range beside[chosen] {
		direct = append(direct, Neighbour{Score: points[j].Score})
	}
	var err error
	if n.Stability, err = Stable(*points[chosen].Score, direct); err != nil {
		return n, err
	}
	mean := func(i int) float64 {
		size := float64(1 + len(beside[i]))
		m := *points[i].Score / size
		for _, j := range beside[i] {
			if s := points[j].Score; s != nil {
				m += *s / size
			}
		}
		return m
	}
	n.Around = mean(chosen)
	above, equal := 0, 0
	for i := range points {
		if points[i].Score == nil || len(beside[i]) == 0 {
			continue
		}
		n.Ranked++
		m := mean(i)
		switch slack := sameMean * max(math.Abs(m), math.Abs(n.Around)); {
		case m > n.Around+slack:
			above++
		case m >= n.Around-slack:
			equal++
		}
	}
	n.Rank = float64(above) + float64(equal+1)/2
	return n, nil
}

func checkTrials(points []TrialPoint, chosen int) error {
	const figure = "neighbourhood"
	if len(points) == 0 || len(points) > maxTrialPoints {
		return degenerate(figure, "%d points, it takes 1 to %d", len(points), maxTrialPoints)
	}
	if chosen < 0 || chosen >= len(points) {
		return degenerate(figure, "the chosen point is number %d of %d", chosen, len(points))
	}
	width := len(points[0].Values)
	if width < 1 || width > maxTrialValues {
		return degenerate(figure, "%d parameters, it takes 1 to %d", width, maxTrialValues)
	}
	for i, p := range points {
		if len(p.Values) != width {
			return degenerate(figure, "point %d has %d values, the first has %d", i, len(p.Values), width)
		}
		if a := firstBad(p.Values); a >= 0 || p.Score != nil && !finite(*p.Score) {
			return degenerate(figure, "point %d has a value or a score that is not finite", i)
		}
	}
	return nil
}
