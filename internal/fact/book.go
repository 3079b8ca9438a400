package fact

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Book holds the answers of a run's questions and shows them as of a moment, which never goes back. Facts may be added long before their
// time: until At has passed it they have no effect. Not safe for concurrent use.
type Book struct {
	now     int64
	pending []Fact // by Compare, from next on
	next    int
	mixed   bool // pending is not in order
	series  []series
	total   int
}

// NewBook returns a book without facts.
func NewBook(queries []Query) (*Book, error) {
	if len(queries) > MaxQueries {
		return nil, fmt.Errorf("%d questions to the ledgers, at most %d are allowed: one is asked for each market", len(queries), MaxQueries)
	}
	b := &Book{now: math.MinInt64, series: make([]series, len(queries))}
	for i := range queries {
		q := queries[i]
		if err := q.Check(); err != nil {
			return nil, err
		}
		b.series[i] = series{q: q, events: map[uint64]int64{}, newest: map[uint64]newest{}, out: make([]float64, len(q.Kind.Outputs())), now: math.MinInt64, dirty: true}
	}
	return b, nil
}

// Add tells facts, in any order. One that was known before the book's moment counts from the next moment on.
func (b *Book) Add(facts []Fact) error {
	if b.total += len(facts); b.total > MaxFacts {
		return fmt.Errorf("more than %d facts: ask for shorter windows, fewer coins or a shorter run", MaxFacts)
	}
	for i := range facts {
		if err := facts[i].Check(); err != nil {
			return err
		}
		if facts[i].Query >= len(b.series) {
			return fmt.Errorf("a fact of question %d, there are %d", facts[i].Query, len(b.series))
		}
	}
	if b.next > 0 {
		b.pending = append(b.pending[:0:0], b.pending[b.next:]...)
		b.next = 0
	}
	before := len(b.pending)
	b.pending = append(b.pending, facts...)
	b.mixed = b.mixed || !slices.IsSortedFunc(b.pending[max(0, before-1):], Compare)
	return nil
}

// At moves to a moment, in Unix milliseconds. An earlier one than the newest changes nothing.
func (b *Book) At(now int64) {
	if now <= b.now {
		return
	}
	b.now = now
	if b.mixed {
		slices.SortStableFunc(b.pending[b.next:], Compare)
		b.mixed = false
	}
	first := b.next
	for b.next < len(b.pending) && b.pending[b.next].Known <= now {
		b.next++
	}
	due := b.pending[first:b.next]
	if len(due) < many {
		for i := range due {
			b.series[due[i].Query].take(&due[i])
		}
		return
	}
	by := make([][]*Fact, len(b.series))
	for i := range due {
		by[due[i].Query] = append(by[due[i].Query], &due[i])
	}
	for q, facts := range by {
		if s := &b.series[q]; s.scattered(facts) {
			s.takeAll(facts)
		} else {
			for _, f := range facts {
				s.take(f)
			}
		}
	}
}

// many is from how many facts on it is asked whether they lie among what is known already.
const many = 500

// scattered reports that sorting the facts in costs less than putting them in their places one by one: a past that was fetched at once lies among
// what is known, what comes as it happens goes to the end or near it.
func (s *series) scattered(facts []*Fact) bool {
	const sorting = 64 // what sorting an item in costs, in items moved up by one
	all := len(s.items) + len(facts)
	end := int64(math.MinInt64)
	if n := len(s.items); n > 0 {
		end = s.items[n-1].event
	}
	moved := 0
	for k, f := range facts {
		if f.Event >= end {
			end = f.Event
			continue
		}
		at, _ := s.find(item{event: f.Event, key: f.Key})
		if moved += len(s.items) - at + k; moved > sorting*all {
			return true
		}
	}
	return false
}

// Values are the outputs of a question as of the book's moment, NaN where there is none. They are good until the next At.
func (b *Book) Values(query int) []float64 {
	s := &b.series[query]
	s.at(b.now)
	return s.out
}

// item is what is known of one thing.
type item struct {
	event      int64
	known      int64
	key, group uint64
	values     [3]float64
}

func (a item) compare(b item) int {
	return cmp.Or(cmp.Compare(a.event, b.event), cmp.Compare(a.key, b.key))
}

// series is one question's items in order of event time. Those in [lo, hi) lie in the window that ends now; before lo they are past it,
// from hi on they are still to come.
type series struct {
	q      Query
	items  []item
	lo, hi int
	events map[uint64]int64 // event times by key, of the items
	now    int64
	dirty  bool
	out    []float64

	sum                int64 // of sentiment scores in the window, in billionths: whole numbers, so that nothing drifts
	positive, negative int

	top    float64 // of events in the window: the greatest impact, and how many have it
	tops   int
	newest map[uint64]newest // of flows in the window, by group
	stale  bool              // the last three are to be found anew
}

// newest is the newest flow of a group.
type newest struct {
	item
	lost bool // it was taken away, and which is the newest now is not known
}

const billion = 1e9

// clear: scores beyond it, one way or the other, count as positive or negative.
const clear = .05

// kept is how many past values of a metric stay: of those that a revision may take away there is one before.
const kept = 1_000

// count adds an item to what is kept of the window, or takes it away; leaves: because the window has moved past it.
func (s *series) count(it *item, by int64, leaves bool) {
	switch s.q.Kind {
	case Sentiment:
		s.score(it, by)
	case Events:
		switch v := it.values[0]; {
		case by > 0 && (s.tops == 0 || v > s.top):
			s.top, s.tops = v, 1
		case v == s.top:
			if s.tops += int(by); s.tops == 0 {
				s.stale = true
			}
		}
	case Flows:
		was, there := s.newest[it.group]
		switch {
		case by > 0 && (!there || it.compare(was.item) >= 0):
			s.newest[it.group] = newest{item: *it}
		case by < 0 && there && it.compare(was.item) == 0 && leaves:
			delete(s.newest, it.group) // the others of its group have left before
		case by < 0 && there && it.compare(was.item) == 0:
			was.lost = true
			s.newest[it.group] = was
		}
	}
}

// recount finds anew what is kept of events and flows.
func (s *series) recount() {
	s.top, s.tops, s.stale = 0, 0, false
	s.newest = make(map[uint64]newest, len(s.newest))
	for i := s.lo; i < s.hi; i++ {
		s.count(&s.items[i], 1, false)
	}
}

func (s *series) score(it *item, by int64) {
	v := max(-1, min(1, it.values[0]))
	s.sum += by * int64(math.Round(v*billion))
	switch {
	case v > clear:
		s.positive += int(by)
	case v < -clear:
		s.negative += int(by)
	}
}

// find is the place of an item, and whether it is there.
func (s *series) find(it item) (int, bool) {
	return slices.BinarySearchFunc(s.items, it, item.compare)
}

// take applies a fact.
func (s *series) take(f *Fact) {
	s.dirty = true
	if was, ok := s.events[f.Key]; ok {
		if i, there := s.find(item{event: was, key: f.Key}); there {
			if s.items[i].known > f.Known {
				return // told again, after what replaced it
			}
			if i >= s.lo && i < s.hi {
				s.count(&s.items[i], -1, false)
			}
			s.items = slices.Delete(s.items, i, i+1)
			if i < s.lo {
				s.lo--
			}
			if i < s.hi {
				s.hi--
			}
		}
		delete(s.events, f.Key)
	}
	if f.Gone {
		return
	}
	it := item{event: f.Event, known: f.Known, key: f.Key, group: f.Group, values: f.Values}
	i, there := s.find(it)
	if there {
		return // two keys that are one: not with items of one question
	}
	if i < s.lo {
		return // past the window, which never goes back
	}
	s.items = slices.Insert(s.items, i, it)
	s.events[f.Key] = f.Event
	if it.event <= s.now {
		s.count(&s.items[i], 1, false)
		s.hi++
	}
}

// takeAll is take for many.
func (s *series) takeAll(facts []*Fact) {
	if len(facts) == 0 {
		return
	}
	items := make(map[uint64]item, len(s.items)-s.lo+len(facts))
	for _, it := range s.items[s.lo:] {
		items[it.key] = it
	}
	for _, f := range facts {
		if it, ok := items[f.Key]; ok && it.known > f.Known {
			continue
		}
		if f.Gone {
			delete(items, f.Key)
		} else {
			items[f.Key] = item{event: f.Event, known: f.Known, key: f.Key, group: f.Group, values: f.Values}
		}
	}
	s.items = make([]item, 0, len(items))
	s.events = make(map[uint64]int64, len(items))
	for k, it := range items {
		s.items = append(s.items, it)
		s.events[k] = it.event
	}
	slices.SortFunc(s.items, item.compare)
	s.lo, s.hi, s.sum, s.positive, s.negative, s.dirty, s.stale = 0, 0, 0, 0, 0, true, s.q.Kind != Sentiment
	s.newest = map[uint64]newest{}
}

// at moves the window.
func (s *series) at(now int64) {
	if now == s.now && !s.dirty {
		return
	}
	s.now, s.dirty = now, false
	for ; s.hi < len(s.items) && s.items[s.hi].event <= now; s.hi++ {
		s.count(&s.items[s.hi], 1, false)
	}
	for ; s.lo < s.hi && s.past(s.lo); s.lo++ {
		s.count(&s.items[s.lo], -1, true)
		delete(s.events, s.items[s.lo].key)
	}
	if s.lo > 64 && s.lo > len(s.items)/2 {
		s.items = append(s.items[:0], s.items[s.lo:]...)
		s.hi -= s.lo
		s.lo = 0
	}
	s.measure()
}

// past reports that an item has left the window.
func (s *series) past(i int) bool {
	if s.q.Kind == Metric {
		return s.hi-i > kept
	}
	return s.items[i].event <= s.now-s.q.WindowMS
}

func (s *series) measure() {
	in := s.items[s.lo:s.hi]
	for i := range s.out {
		s.out[i] = math.NaN()
	}
	hours := func(ms int64) float64 { return float64(ms) / 3_600_000 }
	switch s.q.Kind {
	case Sentiment:
		n := float64(len(in))
		if s.out[1] = n; n > 0 {
			s.out[0], s.out[2], s.out[3] = float64(s.sum)/billion/n, float64(s.positive)/n, float64(s.negative)/n
		}
	case Events:
		if s.stale {
			s.recount()
		}
		s.out[0], s.out[1] = max(0, s.top), float64(len(in))
		if len(in) == 0 {
			s.out[0] = 0
		}
		if len(in) > 0 {
			s.out[2] = hours(s.now - in[len(in)-1].event)
		}
		if s.hi < len(s.items) { // of several at that moment the greatest impact
			next := s.items[s.hi].event
			s.out[3], s.out[4] = hours(next-s.now), s.items[s.hi].values[0]
			for i := s.hi + 1; i < len(s.items) && s.items[i].event == next; i++ {
				s.out[4] = max(s.out[4], s.items[i].values[0])
			}
		}
	case Flows:
		s.flows()
		if len(in) > 0 {
			s.out[3] = hours(s.now - in[len(in)-1].event)
		}
	case Metric:
		if len(in) == 0 {
			return
		}
		newest := &in[len(in)-1]
		if age := s.now - newest.event; s.q.WindowMS == 0 || age < s.q.WindowMS {
			s.out[0], s.out[1] = newest.values[0], hours(age)
		}
	}
}

// flows adds the newest flow of each token of the symbol, newest first.
func (s *series) flows() {
	for _, n := range s.newest {
		s.stale = s.stale || n.lost
	}
	if s.stale {
		s.recount()
	}
	of := make([]item, 0, len(s.newest))
	for _, n := range s.newest {
		of = append(of, n.item)
	}
	slices.SortFunc(of, func(a, b item) int { return b.compare(a) })
	net, buying, selling, counted := 0.0, 0.0, 0.0, false
	for i := range of {
		v := of[i].values
		net += v[0]
		if v[1] > 0 || v[2] > 0 {
			counted = true
			buying += v[1]
			selling += v[2]
		}
	}
	if len(of) > 0 {
		s.out[0] = net
	}
	if counted {
		s.out[1], s.out[2] = buying, selling
	}
}
