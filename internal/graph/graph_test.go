package graph_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
)

type count struct {
	N int `json:"n"`
}

func same(_ context.Context, _ *graph.Step, c count) (count, error) { return c, nil }

func always(to string) graph.ChooseFunc[count] { return func(count) string { return to } }

func TestCompileTellsEveryMistake(t *testing.T) {
	t.Parallel()
	ok := func() *graph.Builder[count] { return graph.New[count]("g").Node("a", same).Entry("a") }
	for name, tc := range map[string]struct {
		b    *graph.Builder[count]
		l    graph.Limits
		want []string
	}{
		"bad names":            {graph.New[count]("G!").Node("A b", same).Node("", same), graph.Limits{}, []string{`graph name "G!"`, `node "A b"`, `node ""`, "no entry"}},
		"long name":            {ok().Node(strings.Repeat("n", 65), same).Edge("a", graph.End), graph.Limits{}, []string{"want 1 to 64"}},
		"end is reserved":      {ok().Node(graph.End, same).Edge("a", graph.End), graph.Limits{}, []string{`node "end": the name is reserved`}},
		"duplicate node":       {ok().Node("a", same).Edge("a", graph.End), graph.Limits{}, []string{`node "a" is added twice`}},
		"no function":          {ok().Node("b", nil).Edge("a", graph.End), graph.Limits{}, []string{`node "b" has no function`}},
		"negative timeout":     {ok().Node("b", same, graph.Timeout(-1)).Edge("a", graph.End), graph.Limits{}, []string{`node "b": timeout -1ns is negative`}},
		"empty":                {graph.New[count]("g"), graph.Limits{}, []string{"no entry"}},
		"unknown entry":        {graph.New[count]("g").Entry("x"), graph.Limits{}, []string{`entry "x" is not a node`}},
		"two entries":          {ok().Entry("a").Edge("a", graph.End), graph.Limits{}, []string{"entry is set twice"}},
		"unknown target":       {ok().Edge("a", "x"), graph.Limits{}, []string{`edge from "a" to unknown node "x"`}},
		"unknown source":       {ok().Edge("a", graph.End).Edge("x", "a"), graph.Limits{}, []string{`edge from unknown node "x"`}},
		"edge from end":        {ok().Edge("a", graph.End).Edge(graph.End, "a"), graph.Limits{}, []string{`edge from "end"`}},
		"two edges":            {ok().Edge("a", graph.End).Branch("a", always("a"), "a"), graph.Limits{}, []string{`node "a" has two edges`}},
		"no edge":              {ok(), graph.Limits{}, []string{`node "a" has no edge`}},
		"branch without pick":  {ok().Branch("a", nil, "a"), graph.Limits{}, []string{`branch from "a" has no function`}},
		"branch without goals": {ok().Branch("a", always("a")), graph.Limits{}, []string{`branch from "a" has no targets`}},
		"branch goal twice":    {ok().Branch("a", always("a"), "a", graph.End, "a"), graph.Limits{}, []string{`names "a" twice`}},
		"unreachable":          {ok().Edge("a", graph.End).Node("b", same).Edge("b", graph.End), graph.Limits{}, []string{`node "b" cannot be reached from entry "a"`}},
		"no way to the end": {ok().Node("b", same).Node("c", same).Branch("a", always("b"), "b", graph.End).Edge("b", "c").Edge("c", "b"),
			graph.Limits{}, []string{`no path leads from node "b" to End`, `no path leads from node "c" to End`}},
		"limits": {ok().Edge("a", graph.End), graph.Limits{MaxSteps: -1, MaxWrites: 1e6}, []string{"MaxSteps -1", "MaxWrites 1000000"}},
	} {
		_, err := tc.b.Compile(tc.l)
		if err == nil {
			t.Errorf("%s: compiled", name)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not say %q: %v", name, want, err)
			}
		}
	}
}

type tree struct {
	Left, Right *tree
	At          time.Time
	Any         map[string]any
	Raw         json.RawMessage
	Scratch     chan int `json:"-"`
	embedded
}

type embedded struct{ Inner [2][]byte }

func TestStateTypeMustSurviveJSON(t *testing.T) {
	t.Parallel()
	if err := compileState[tree](); err != nil {
		t.Errorf("a state that survives is refused: %v", err)
	}
	type hidden struct {
		A int
		b int
	}
	_ = hidden{b: 1}.b
	for want, err := range map[string]error{
		"graph_test.hidden.b: an unexported field is lost":    compileState[hidden](),
		".In[][].b: an unexported field":                      compileState[struct{ In map[string][]hidden }](),
		".R: JSON cannot be read back into interface":         compileState[struct{ R io.Reader }](),
		".F: JSON has no func":                                compileState[struct{ F func() }](),
		"chan int: JSON has no chan":                          compileState[chan int](),
		".M: JSON has no map keys of type graph_test.count":   compileState[struct{ M map[count]int }](),
		"graph_test.oneWay writes its own JSON but cannot re": compileState[struct{ W oneWay }](),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want it to say %q", err, want)
		}
	}
}

type oneWay struct{ n int }

func (o oneWay) MarshalJSON() ([]byte, error) { return json.Marshal(o.n) }

func compileState[S any]() error {
	_, err := graph.New[S]("g").Node("a", func(_ context.Context, _ *graph.Step, s S) (S, error) { return s, nil }).
		Entry("a").Edge("a", graph.End).Compile(graph.Limits{})
	return err
}

func pictured(t *testing.T) graph.Description {
	t.Helper()
	g, err := graph.New[count]("research").Node("plan", same, graph.Timeout(time.Minute)).Node("act", same).
		Entry("plan").Edge("plan", "act").Branch("act", always(graph.End), "plan", graph.End).Compile(graph.Limits{MaxSteps: 7})
	if err != nil {
		t.Fatal(err)
	}
	return g.Describe()
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(pictured(t))
	want := `{"name":"research","entry":"plan","nodes":[{"name":"plan","timeout_ns":60000000000},{"name":"act"}],` +
		`"edges":[{"from":"plan","to":"act","conditional":false},{"from":"act","to":"plan","conditional":true},{"from":"act","to":"end","conditional":true}],` +
		`"limits":{"max_steps":7,"max_writes":1000}}`
	if err != nil || string(got) != want {
		t.Errorf("description is\n%s, want\n%s (%v)", got, want, err)
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	wantMermaid := `%% research: at most 7 steps without a person, 1000 writes in a step
flowchart TD
  start((start))
  n1["plan ≤1m0s"]
  n2["act"]
  finish((end))
  start --> n1
  n1 --> n2
  n2 -.-> n1
  n2 -.-> finish
  classDef current stroke-width:4px
  class n2 current
`
	if got := pictured(t).Mermaid("act"); got != wantMermaid {
		t.Errorf("Mermaid is\n%s, want\n%s", got, wantMermaid)
	}
	wantDOT := `digraph "research" {
  label="research: at most 7 steps without a person, 1000 writes in a step"
  start [shape=circle]
  n1 [shape=box label="plan ≤1m0s"]
  n2 [shape=box label="act" penwidth=3]
  finish [shape=doublecircle label="end"]
  start -> n1
  n1 -> n2
  n2 -> n1 [style=dashed]
  n2 -> finish [style=dashed]
}
`
	if got := pictured(t).DOT("act"); got != wantDOT {
		t.Errorf("DOT is\n%s, want\n%s", got, wantDOT)
	}
}
