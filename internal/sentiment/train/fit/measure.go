package fit

// Matrix counts examples: rows are true classes, columns predicted ones, both in the order of sentiment.Labels.
type Matrix [3][3]int

// Measure classifies each example.
func Measure(es []Example, classify func(Example) int) Matrix {
	var m Matrix
	for _, e := range es {
		m[e.Class][classify(e)]++
	}
	return m
}

// Total is the number of examples.
func (m Matrix) Total() int {
	n := 0
	for _, r := range m {
		n += r[0] + r[1] + r[2]
	}
	return n
}

// Accuracy is the share of right answers, 0..1; 0 of nothing.
func (m Matrix) Accuracy() float64 { return ratio(m[0][0]+m[1][1]+m[2][2], m.Total()) }

// MacroF1 is the mean of the three classes' F1; a class never predicted counts 0.
func (m Matrix) MacroF1() float64 {
	sum := 0.0
	for c := range m {
		predicted, actual := 0, 0
		for k := range m {
			predicted += m[k][c]
			actual += m[c][k]
		}
		sum += ratio(2*m[c][c], predicted+actual)
	}
	return sum / 3
}

// Balanced is the mean recall of the three classes: 1/3 for any constant answer.
func (m Matrix) Balanced() float64 {
	sum := 0.0
	for c, r := range m {
		sum += ratio(m[c][c], r[0]+r[1]+r[2])
	}
	return sum / 3
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
