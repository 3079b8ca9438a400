package indicator

import "math"

// The run methods below do what as many Updates would do, in the same bits, and faster: the steady state of an indicator stays in
// registers, and independent chains of additions go on side by side. Whatever is not the steady state (the warm-up, a bad input, the
// bars before and after the whole blocks) is left to Update, so that there is one definition. An output may be the input's own slice.

// run is Update over src, into dst.
func (s *SMA) run(dst, src []float64) {
	n := len(s.sum.cells)
	i := 0
	for ; i < len(src) && (s.sum.slot != 0 || !s.sum.full); i++ {
		dst[i] = s.Update(src[i])
	}
	if i+n <= len(src) {
		i += sumBlocks(dst[i:], src[i:], s.sum.cells, &s.same)
		s.value = dst[i-1]
	}
	for ; i < len(src); i++ {
		dst[i] = s.Update(src[i])
	}
}

// sumBlocks writes the averages of n values that end in the whole blocks of n in src, at least one, and returns how many those are. cells
// are the suffix sums of the block before them, and of the last of them afterwards.
func sumBlocks(dst, src, cells []float64, same *standing) int {
	n := len(cells)
	length := float64(n)
	// The suffixes of a block are summed one block ahead: its inputs may be overwritten by its outputs. Behind the n suffixes stands a zero, for the
	// window that is a block.
	room := make([]float64, 3*(n+1))
	old, next, spare := room[:n+1], room[n+1:2*n+2], room[2*n+2:]
	copy(old, cells)
	sum := 0.0
	for k := n - 1; k >= 0; k-- {
		sum += src[k]
		next[k] = sum
	}
	at := 0
	for ; at+n <= len(src); at += n {
		in := src[at : at+n]
		ahead := in // behind the last block there is none: what is summed then is not used
		if at+2*n <= len(src) {
			ahead = src[at+n : at+2*n]
		}
		// Of equal inputs: how many the block goes on with from the one before, and how many it ends with. See standing.
		head, tail := 0, 1
		for head < n && in[head] == same.x {
			head++
		}
		for tail < n && in[n-1-tail] == in[n-1] {
			tail++
		}
		ends := in[n-tail] // the first of them, as standing keeps it: −0 equals 0
		ahead, suffixes, older, out := ahead[:len(in)], spare[:len(in)], old[1:], dst[at:at+n]
		older, out = older[:len(in)], out[:len(in)]
		front, back := 0.0, 0.0
		j := len(in) - 1
		for k, x := range in {
			front += x
			back += ahead[j]
			mean := (front + older[k]) / length
			suffixes[j] = back
			if mean-mean != 0 {
				mean = nan
			}
			out[k] = mean
			j--
		}
		for k := max(0, n-1-same.rows); k < head; k++ {
			out[k] = clean(same.x)
		}
		if head == n {
			same.rows += n
		} else {
			if tail == n {
				out[n-1] = clean(ends)
			}
			same.x, same.rows = ends, tail
		}
		old, next, spare = next, spare, old
	}
	copy(cells, old)
	return at
}

// run is Update over src, into dst.
func (e *EMA) run(dst, src []float64) {
	dst = dst[:len(src)]
	for i := 0; i < len(src); i++ {
		if e.seen == e.n {
			value, weight := e.value, e.weight
			for ; i < len(src); i++ {
				v := value + float64(weight*(src[i]-value))
				if v-v != 0 {
					break
				}
				value, dst[i] = v, v
			}
			if e.value = value; i == len(src) {
				return
			}
		}
		dst[i] = e.Update(src[i])
	}
}

// run is Update over src, into dst.
func (r *RSI) run(dst, src []float64) {
	dst = dst[:len(src)]
	for i := 0; i < len(src); i++ {
		if r.started && r.gain.seen == r.gain.n {
			if i = r.steady(dst, src, i); i == len(src) {
				return
			}
		}
		dst[i] = r.Update(src[i])
	}
}

// steady goes on from bar i to the first that is not a plain one, which it returns.
func (r *RSI) steady(dst, src []float64, i int) int {
	gain, loss, before := r.gain.value, r.loss.value, r.before
	n, less := float64(r.gain.n), float64(r.gain.n-1)
	for ; i < len(src); i++ {
		x := src[i]
		change := x - before
		size := math.Abs(change)
		// Half of size ± change is the rise and the fall, exactly: no branch to mispredict.
		g := (float64(gain*less) + 0.5*(size+change)) / n
		l := (float64(loss*less) + 0.5*(size-change)) / n
		total := g + l
		if total-total != 0 || change == 0 {
			break
		}
		gain, loss, before = g, l, x
		dst[i] = 100 * (g / total)
	}
	if r.gain.value, r.loss.value, r.before = gain, loss, before; i > 0 {
		r.value = dst[i-1]
	}
	return i
}

// run is Update over src, into three columns.
func (m *MACD) run(line, signal, histogram, src []float64) {
	for i := 0; i < len(src); i++ {
		if m.fast.seen == m.fast.n && m.slow.seen == m.slow.n && m.signal.seen == m.signal.n {
			if i = m.steady(line, signal, histogram, src, i); i == len(src) {
				return
			}
		}
		v := m.Update(src[i])
		line[i], signal[i], histogram[i] = v.Line, v.Signal, v.Histogram
	}
}

// steady goes on from bar i to the first that is not a plain one, which it returns.
func (m *MACD) steady(line, signal, histogram, src []float64, i int) int {
	line, signal, histogram = line[:len(src)], signal[:len(src)], histogram[:len(src)]
	fast, slow, sig := m.fast.value, m.slow.value, m.signal.value
	wf, ws, wg := m.fast.weight, m.slow.weight, m.signal.weight
	for ; i < len(src); i++ {
		x := src[i]
		f := fast + float64(wf*(x-fast))
		s := slow + float64(ws*(x-slow))
		l := f - s
		g := sig + float64(wg*(l-sig))
		h := l - g
		if h-h != 0 {
			break
		}
		fast, slow, sig = f, s, g
		line[i], signal[i], histogram[i] = l, g, h
		m.value = Convergence{Line: l, Signal: g, Histogram: h}
	}
	m.fast.value, m.slow.value, m.signal.value = fast, slow, sig
	return i
}

// run is Update over three columns, into dst.
func (a *ATR) run(dst, high, low, close []float64) {
	for i := 0; i < len(close); i++ {
		if a.started && a.smooth.seen == a.smooth.n {
			if i = a.steady(dst, high, low, close, i); i == len(close) {
				return
			}
		}
		dst[i] = a.Update(high[i], low[i], close[i])
	}
}

// steady goes on from bar i to the first that is not a plain one, which it returns.
func (a *ATR) steady(dst, high, low, close []float64, i int) int {
	dst, high, low = dst[:len(close)], high[:len(close)], low[:len(close)]
	value, before := a.smooth.value, a.before
	n, less := float64(a.smooth.n), float64(a.smooth.n-1)
	for ; i < len(close); i++ {
		h, l, c := high[i], low[i], close[i]
		spread := max(h-l, math.Abs(h-before), math.Abs(l-before))
		v := (float64(value*less) + spread) / n
		if (v-v)+(c-c) != 0 {
			break
		}
		value, before = v, c
		dst[i] = v
	}
	a.smooth.value, a.value, a.before = value, value, before
	return i
}

// run is Update over src, into the three bands.
func (b *Bollinger) run(upper, middle, lower, src []float64) {
	n := len(b.window.cells)
	i := 0
	one := func() {
		v := b.Update(src[i])
		upper[i], middle[i], lower[i] = v.Upper, v.Middle, v.Lower
		i++
	}
	for i < len(src) && (b.window.slot != 0 || !b.window.full) {
		one()
	}
	if i+n <= len(src) {
		m := newMomentBlocks(b.window, b.width, src[i:i+n])
		for ; i+n <= len(src); i += n {
			m.next(upper[i:i+n], middle[i:i+n], lower[i:i+n], src[i:])
		}
		copy(b.window.cells, m.old)
		b.value = b.around(m.newest, m.input)
	}
	for i < len(src) {
		one()
	}
}

// momentBlocks goes on with the moments of a window of n inputs by whole blocks of n. As in sumBlocks, the suffixes of a block are made
// one block ahead.
type momentBlocks struct {
	old, following, spare []moments
	joints                []joint // at k−1
	inverse, width        float64
	newest                moments // of the window that ends with the newest block
	input                 float64 // its last
}

// joint is what it takes to join n−k older inputs with k newer ones, and to add the next to the k.
type joint struct{ share, weight, inverse float64 }

func newMomentBlocks(window rollingMoments, width float64, src []float64) momentBlocks {
	n := len(window.cells)
	m := momentBlocks{
		old: window.cells, following: make([]moments, n), spare: make([]moments, n), joints: make([]joint, n-1),
		inverse: window.inverse[n-1], width: width,
	}
	for k := 1; k < n; k++ {
		share := float64(k) / (float64(n-k) + float64(k))
		m.joints[k-1] = joint{share: share, weight: float64(float64(n-k) * share), inverse: window.inverse[k]}
	}
	var back moments
	for k := n - 1; k >= 0; k-- {
		back.push(src[k], window.inverse[n-1-k])
		m.following[k] = back
	}
	return m
}

// next writes the bands of the block that src begins with. What follows it in src is the block ahead.
func (m *momentBlocks) next(upper, middle, lower, src []float64) {
	n := len(m.old)
	in, ahead := src[1:n], src[:n] // behind the last block there is none: what is made of it then is not used
	if len(src) >= 2*n {
		ahead = src[n : 2*n]
	}
	joints, suffixes, old := m.joints[:len(in)], m.spare[:n], m.old[1:n]
	m.input = src[n-1]
	j := n - 1
	x, y := src[0], ahead[j]
	frontMean, frontSquares, backMean, backSquares := x, x-x, y, y-y
	inverse, width := m.inverse, m.width
	for k := range joints {
		suffixes[j] = moments{backMean, backSquares}
		w, o := &joints[k], &old[k]
		d := frontMean - o.mean
		mean := o.mean + float64(d*w.share)
		squares := frontSquares + (o.squares + float64(float64(d*d)*w.weight))
		x := in[k]
		d = x - frontMean
		frontMean += float64(d * w.inverse)
		frontSquares += float64(d * (x - frontMean))
		j--
		y := ahead[j]
		d = y - backMean
		backMean += float64(d * w.inverse)
		backSquares += float64(d * (y - backMean))
		half := float64(width * math.Sqrt(float64(squares*inverse)))
		up, low := mean+half, mean-half
		if both := up - low; both-both != 0 {
			up, mean, low = cleanBands(up, mean, low)
		}
		upper[k], middle[k], lower[k] = up, mean, low
	}
	suffixes[0] = moments{backMean, backSquares}
	m.newest = moments{frontMean, frontSquares}
	half := float64(width * math.Sqrt(float64(frontSquares*inverse)))
	upper[n-1], middle[n-1], lower[n-1] = cleanBands(frontMean+half, frontMean, frontMean-half)
	m.old, m.following, m.spare = m.following, m.spare, m.old
}

// cleanBands is kept out of the loop's registers.
//
//go:noinline
func cleanBands(up, mean, low float64) (float64, float64, float64) {
	return clean(up), clean(mean), clean(low)
}
