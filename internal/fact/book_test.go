package fact

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const hour = 3_600_000

// recompute answers a question from all facts anew.
func recompute(q Query, index int, facts []Fact, now int64) []float64 {
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, Compare)
	last := map[uint64]Fact{}
	for _, f := range facts {
		if f.Query == index && f.Known <= now {
			last[f.Key] = f
		}
	}
	var in, after []Fact
	for _, f := range last {
		switch {
		case f.Gone:
		case f.Event > now:
			after = append(after, f)
		case q.Kind == Metric || f.Event > now-q.WindowMS:
			in = append(in, f)
		}
	}
	byTime := func(a, b Fact) int {
		if a.Event != b.Event {
			return sign(a.Event < b.Event)
		}
		return sign(a.Key < b.Key)
	}
	slices.SortFunc(in, byTime)
	slices.SortFunc(after, byTime)
	out := make([]float64, len(q.Kind.Outputs()))
	for i := range out {
		out[i] = math.NaN()
	}
	age := func(f Fact) float64 { return float64(now-f.Event) / hour }
	switch q.Kind {
	case Sentiment:
		out[1] = float64(len(in))
		total, up, down := 0.0, 0.0, 0.0
		for _, f := range in {
			total += f.Values[0]
			if f.Values[0] > .05 {
				up++
			}
			if f.Values[0] < -.05 {
				down++
			}
		}
		if len(in) > 0 {
			out[0], out[2], out[3] = total/out[1], up/out[1], down/out[1]
		}
	case Events:
		out[0], out[1] = 0, float64(len(in))
		for _, f := range in {
			out[0] = max(out[0], f.Values[0])
			out[2] = age(f)
		}
		if len(after) > 0 {
			out[3], out[4] = -age(after[0]), after[0].Values[0]
			for _, f := range after { // of several at that moment the greatest
				if f.Event == after[0].Event {
					out[4] = max(out[4], f.Values[0])
				}
			}
		}
	case Flows:
		newest := map[uint64]Fact{}
		for _, f := range in {
			newest[f.Group] = f
			out[3] = age(f)
		}
		for _, f := range newest {
			if math.IsNaN(out[0]) {
				out[0] = 0
			}
			out[0] += f.Values[0]
			if f.Values[1]+f.Values[2] > 0 {
				if math.IsNaN(out[1]) {
					out[1], out[2] = 0, 0
				}
				out[1] += f.Values[1]
				out[2] += f.Values[2]
			}
		}
	case Metric:
		if n := len(in); n > 0 && (q.WindowMS == 0 || now-in[n-1].Event < q.WindowMS) {
			out[0], out[1] = in[n-1].Values[0], age(in[n-1])
		}
	}
	return out
}

var questions = []Query{
	{Kind: Sentiment, Coin: "BTC", WindowMS: 24 * hour},
	{Kind: Events, Coin: "BTC", WindowMS: 10 * hour},
	{Kind: Flows, Coin: "BTC", WindowMS: 30 * hour, OverMS: hour},
	{Kind: Metric, Coin: "BTC", Names: []string{"tvl_usd"}},
	{Kind: Metric, Coin: "BTC", Names: []string{"tvl_usd"}, WindowMS: 20 * hour},
}

func randomFacts(seed uint64, n int) []Fact {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]Fact, n)
	for i := range out {
		q := r.IntN(len(questions))
		event := r.Int64N(200) * hour
		f := Fact{Query: q, Event: event, Known: max(0, event+r.Int64N(30)*hour-5*hour), Key: uint64(r.IntN(n/2 + 1)), Group: uint64(r.IntN(3)), Gone: r.IntN(10) == 0}
		if questions[q].Kind == Metric { // what a figure is of is its time
			f.Key = uint64(event)
		}
		f.Values[0] = math.Round((r.Float64()*2-1)*100) / 100
		if r.IntN(3) > 0 {
			f.Values[1], f.Values[2] = float64(r.IntN(9)), float64(r.IntN(9))
		}
		out[i] = f
	}
	// The same item known twice at one moment is nobody's revision.
	slices.SortStableFunc(out, Compare)
	return slices.CompactFunc(out, func(a, b Fact) bool { return a.Query == b.Query && a.Known == b.Known })
}

// However facts are told, a moment shows what was known by then and nothing else.
func TestBookShowsWhatWasKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := randomFacts(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(1, 120).Draw(t, "facts"))
		late := rapid.Bool().Draw(t, "told when known")
		b, err := NewBook(questions)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		if !late {
			shuffled := slices.Clone(facts)
			slices.Reverse(shuffled)
			if err := b.Add(shuffled); err != nil {
				t.Fatal(err)
			}
		}
		step := rapid.Int64Range(1, 20).Draw(t, "step") * hour / 2
		for now := int64(0); now < 260*hour; now += step {
			for ; late && told < len(facts) && facts[told].Known <= now; told++ {
				if err := b.Add(facts[told : told+1]); err != nil {
					t.Fatal(err)
				}
			}
			b.At(now)
			for i, q := range questions {
				got, want := b.Values(i), recompute(q, i, facts, now)
				for k := range want {
					if math.IsNaN(got[k]) != math.IsNaN(want[k]) || math.Abs(got[k]-want[k]) > 1e-9 {
						t.Fatalf("%s at %d h: %s is %v, want %v", q.String(), now/hour, q.Kind.Outputs()[k], got[k], want[k])
					}
				}
			}
		}
	})
}

// Many facts at once are the same as one after the other, and do not take their square.
func TestManyFactsAtOnce(t *testing.T) {
	t.Parallel()
	facts := randomFacts(9, 4*many)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range facts {
		if r.IntN(2) == 0 { // half of them were fetched on three days
			facts[i].Known = int64(60+60*r.IntN(3)) * hour
		}
	}
	slices.SortStableFunc(facts, Compare)
	facts = slices.CompactFunc(facts, func(a, b Fact) bool { return a.Query == b.Query && a.Known == b.Known && a.Key == b.Key })
	at, slow := must(NewBook(questions)), must(NewBook(questions))
	if err := at.Add(facts); err != nil {
		t.Fatal(err)
	}
	told := 0
	for now := int64(0); now < 260*hour; now += 5 * hour {
		at.At(now)
		for ; told < len(facts) && facts[told].Known <= now; told++ {
			slow.series[facts[told].Query].take(&facts[told])
		}
		slow.now = now
		for q := range questions {
			x, y := at.Values(q), slow.Values(q)
			for k := range x {
				if math.Float64bits(x[k]) != math.Float64bits(y[k]) && !(math.IsNaN(x[k]) && math.IsNaN(y[k])) {
					t.Fatalf("question %d at %d h, output %d: %v at once, %v one by one", q, now/hour, k, x[k], y[k])
				}
			}
		}
	}
	big := make([]Fact, 400_000)
	for i := range big {
		big[i] = Fact{Key: uint64(i), Event: int64(i*7919%len(big)) * 1000, Known: 4e8 + int64(i%3)}
	}
	b := must(NewBook(questions[:1]))
	for part := range slices.Chunk(big, 250) {
		if err := b.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	b.At(4e8 + 5)
	if b.Values(0)[1] == 0 {
		t.Error("nothing is in the window")
	}
}

func must(b *Book, err error) *Book {
	if err != nil {
		panic(err)
	}
	return b
}

func TestBookForgetsNothingOfAMetricThatIsTakenBack(t *testing.T) {
	t.Parallel()
	b, err := NewBook(questions[3:4])
	if err != nil {
		t.Fatal(err)
	}
	var facts []Fact
	for i := range int64(5_000) {
		facts = append(facts, Fact{Key: uint64(i), Event: i * hour, Known: i*hour + 1, Values: [3]float64{float64(i)}})
	}
	facts = append(facts, Fact{Key: 4_999, Event: 4_999 * hour, Known: 5_000 * hour, Gone: true})
	if err := b.Add(facts); err != nil {
		t.Fatal(err)
	}
	for now := int64(0); now < 5_001; now += 7 {
		b.At(now * hour)
		b.Values(0)
	}
	b.At(5_002 * hour)
	if got := b.Values(0)[0]; got != 4_998 {
		t.Errorf("after the newest was taken back the value is %v, want 4998", got)
	}
}

func TestBadQuestionsAndFactsAreRefused(t *testing.T) {
	t.Parallel()
	good := questions[3]
	for name, change := range map[string]func(*Query){
		"no coin": func(q *Query) { q.Coin = "" }, "kind": func(q *Query) { q.Kind = "prices" }, "window": func(q *Query) { q.WindowMS = -1 },
		"endless": func(q *Query) { q.WindowMS = math.MaxInt64 }, "no window": func(q *Query) { q.Kind, q.WindowMS = Sentiment, 0 },
		"impact": func(q *Query) { q.MinImpact = math.NaN() }, "lag": func(q *Query) { q.LagMS = 5 }, "names": func(q *Query) { q.Names = nil },
		"control": func(q *Query) { q.Source = "a\x1b" }, "empty": func(q *Query) { q.Names = []string{""} },
	} {
		q := good
		if change(&q); q.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := NewBook(make([]Query, MaxQueries+1)); err == nil {
		t.Error("too many questions: taken")
	}
	b, err := NewBook([]Query{good})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]Fact{"of another question": {Query: 1}, "no number": {Values: [3]float64{math.NaN()}}, "before 1970": {Event: -1}, "far": {Known: math.MaxInt64}} {
		if b.Add([]Fact{f}) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestBlocksAreReadBack(t *testing.T) {
	t.Parallel()
	facts := randomFacts(3, 100)
	got, err := Parse(nil, Append(nil, facts))
	if err != nil || !slices.Equal(got, facts) {
		t.Fatalf("%d facts came back as %d: %v", len(facts), len(got), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, randomFacts(1, 5)))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, block []byte) {
		facts, err := Parse(nil, block)
		if err != nil {
			return
		}
		if b := Append(nil, facts); string(b) != string(block) {
			t.Errorf("%d bytes came back as %d others", len(block), len(b))
		}
	})
}

// BenchmarkBook reads one question at every bar: of news as they come, so many a bar, and of events and flows in a window of years.
func BenchmarkBook(b *testing.B) {
	for _, c := range []struct {
		name  string
		kind  Kind
		facts int
		a     int // facts a bar
	}{{"news", Sentiment, 200_000, 10}, {"news-many-a-bar", Sentiment, 200_000, 600}, {"events", Events, 100_000, 10}, {"flows", Flows, 100_000, 10}} {
		b.Run(c.name, func(b *testing.B) {
			facts := make([]Fact, c.facts)
			for i := range facts {
				at := int64(i/c.a)*hour + 1
				facts[i] = Fact{Key: uint64(i), Group: uint64(i % 10), Event: at, Known: at, Values: [3]float64{.1}}
			}
			for b.Loop() {
				book := must(NewBook([]Query{{Kind: c.kind, Coin: "BTC", WindowMS: 3650 * 24 * hour}}))
				if err := book.Add(facts); err != nil {
					b.Fatal(err)
				}
				for at := int64(1); at <= int64(c.facts/c.a); at++ {
					book.At(at * hour)
					book.Values(0)
				}
			}
			b.ReportMetric(float64(c.facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
		})
	}
}
