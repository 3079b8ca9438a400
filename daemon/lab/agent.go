package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/tmc/langchaingo/llms"
)

// Bounds of one agent's step.
const (
	maxCalls    = 8        // tool calls in one answer
	maxText     = 64 << 10 // bytes of words in one answer
	maxArgs     = 256 << 10
	modelWaits  = 5 * time.Minute
	resultLimit = 1 << 20 // bytes of one tool result
)

// agent is one role: what it is told, which tools it has, how many answers it may take.
type agent struct {
	name         string
	instructions string
	tools        []string
	moves        int
}

// agents are the roles, in the order they work. Each has the tools of its role and no others.
var agents = []agent{
	{"orchestrator", "Read the person's goal. Look at which coins have history. Where the goal is ambiguous, ask; then set the brief.",
		[]string{research.ToolCoins, research.ToolAskUser, research.ToolSetBrief}, 20},
	{"planner", "Turn the brief into a plan of at most eight steps.", []string{research.ToolSubmitPlan}, 3},
	{"retriever", "Fetch the price history that the brief needs.", []string{research.ToolCoins, research.ToolFetchPrices, research.ToolStatistics, research.ToolOnChain, research.ToolSmartMoney, research.ToolSentiment,
		research.ToolCatalysts, research.ToolOrders, research.ToolPositions, research.ToolAligned}, 25},
	{"analyst", "Explore the data: does it trend or revert, which features carry information, and is that stable?", []string{research.ToolExplore, research.ToolOnChain, research.ToolSmartMoney, research.ToolSentiment, research.ToolCatalysts, research.ToolAligned}, 15},
	{"trainer", "Try candidates by walk-forward. Every backtest is a trial and makes the evidence weaker: choose them with care.",
		[]string{research.ToolStrategies, research.ToolWalkForward}, 60},
	{"evaluator", "Judge the best candidate: look-ahead, deflation by the number of trials, costs, drawdown, comparison with holding. Say plainly when nothing deserves money.",
		[]string{research.ToolLookAhead, research.ToolEvaluate, research.ToolVerdict}, 10},
	{"reporter", "Write the report in Markdown. Every figure is a reference to a tool result, like {{r17.sharpe|num}}.", []string{research.ToolWriteReport}, 4},
}

// compile builds the agents' graph.
func (l *Lab) compile() (*graph.Graph[State], error) {
	b := graph.New[State]("lab")
	for _, a := range agents {
		b.Node(a.name, l.node(a))
	}
	b.Entry("orchestrator")
	b.Branch("orchestrator", func(s State) string {
		if s.Task.Brief == nil || len(s.Task.Brief.Markets) == 0 {
			return "evaluator" // nothing to work on: said so in a verdict and a report
		}
		return "planner"
	}, "planner", "evaluator")
	b.Edge("planner", "retriever").Edge("retriever", "analyst").Edge("analyst", "trainer").Edge("trainer", "evaluator").
		Edge("evaluator", "reporter").Edge("reporter", graph.End)
	return b.Compile(graph.Limits{MaxSteps: 50, MaxWrites: 1000})
}

// turn runs or goes on with the session's current turn.
func (l *Lab) turn(ctx context.Context, s research.Session, answers map[string][]byte) (State, error) {
	r, err := l.graph.Runner(l.Store, graph.Options{Clock: l.Clock})
	if err != nil {
		return State{}, err
	}
	given := map[string]json.RawMessage{}
	for k, v := range answers {
		given[k] = v
	}
	state, err := r.Resume(ctx, thread(s), given)
	if !errors.Is(err, graph.ErrNotFound) {
		return state, err
	}
	first, err := l.first(ctx, s)
	if err != nil {
		return State{}, err
	}
	return r.Start(ctx, thread(s), first)
}

// first is the state a turn begins with: the goal is the turn's message, earlier messages go along.
func (l *Lab) first(ctx context.Context, s research.Session) (State, error) {
	st := State{Session: s, Task: research.Task{Goal: s.Goal, Options: s.Options}}
	st.Task.Examined = window(s.Options)
	if s.Turn == 1 {
		return st, nil
	}
	var after int64
	for {
		es, err := l.Store.SessionEvents(ctx, s.ID, after, pageSize)
		if err != nil {
			return st, err
		}
		for _, e := range es {
			after = e.Seq
			switch e.Kind {
			case research.EventUser:
				st.Task.Turns = append(st.Task.Turns, e.Text)
			case research.EventTool:
				st.Refs++ // references go on counting, so that r17 means one thing in a session
			}
		}
		if len(es) < pageSize {
			break
		}
	}
	if n := len(st.Task.Turns); n > 0 {
		st.Task.Goal, st.Task.Turns = st.Task.Turns[n-1], st.Task.Turns[max(0, n-21):n-1]
	}
	return st, nil
}

func window(o research.Options) string {
	from, to := o.From, o.To
	if from == "" {
		from = "the first bar"
	}
	if to == "" {
		to = "now"
	}
	return from + " to " + to
}

// node is the work of one agent: the model is asked, its tool calls are checked and run, until it has nothing more to call.
func (l *Lab) node(a agent) graph.NodeFunc[State] {
	return func(ctx context.Context, step *graph.Step, s State) (State, error) {
		model, err := l.Model(s.Session.Model)
		if err != nil {
			return s, err
		}
		t := &turn{lab: l, agent: a, step: step, state: s, model: model}
		if err := t.showPlan(ctx, "running", ""); err != nil {
			return s, err
		}
		said, err := t.converse(ctx)
		if err != nil {
			return s, err
		}
		if err := t.showPlan(ctx, "done", firstLine(said)); err != nil {
			return s, err
		}
		return t.state, nil
	}
}

// turn is one agent's step in progress.
type turn struct {
	lab   *Lab
	agent agent
	step  *graph.Step
	state State
	model llm.Model
}

// reply is a model's answer as it is stored: paid for once.
type reply struct {
	Text  string  `json:"text"`
	Calls []asked `json:"calls,omitempty"`
}

type asked struct {
	ID   string `json:"id"`
	Tool string `json:"tool"`
	Args string `json:"args"`
}

func (t *turn) converse(ctx context.Context) (said string, err error) {
	messages, err := llm.Start(t.agent.name, t.agent.instructions, t.state.Task)
	if err != nil {
		return "", err
	}
	for i := range t.agent.moves {
		r, err := t.ask(ctx, i, messages)
		if err != nil {
			return "", err
		}
		if r.Text != "" {
			said = r.Text
			if err := t.emit(ctx, fmt.Sprintf("text/%d", i), research.Event{Kind: research.EventText, Text: r.Text}); err != nil {
				return "", err
			}
		}
		if len(r.Calls) == 0 {
			return said, nil
		}
		calls := make([]llms.ToolCall, len(r.Calls))
		for j, c := range r.Calls {
			calls[j] = llms.ToolCall{ID: c.ID, Type: "function", FunctionCall: &llms.FunctionCall{Name: c.Tool, Arguments: c.Args}}
		}
		messages = append(messages, llm.Calls(r.Text, calls))
		for j, c := range r.Calls {
			result, err := t.call(ctx, fmt.Sprintf("%d/%d", i, j), c)
			if err != nil {
				return "", err
			}
			m, err := llm.Answer(calls[j], result)
			if err != nil {
				return "", err
			}
			messages = append(messages, m)
		}
	}
	return said, t.emit(ctx, "limit", research.Event{Kind: research.EventError,
		Text: fmt.Sprintf("%s reached its limit of %d answers; the session goes on with what there is", t.agent.name, t.agent.moves)})
}

// ask gets the model's next answer, once: on a re-run the stored one stands.
func (t *turn) ask(ctx context.Context, i int, messages []llms.MessageContent) (reply, error) {
	return graph.Effect(ctx, t.step, fmt.Sprintf("model/%d", i), func(ctx context.Context) (reply, error) {
		ctx, cancel := context.WithTimeout(ctx, modelWaits)
		defer cancel()
		stream := func(_ context.Context, chunk []byte) error {
			t.lab.hub.delta(research.Event{Session: t.state.Session.ID, Time: t.lab.Clock.Now(), Kind: research.EventDelta, Agent: t.agent.name, Text: string(chunk)})
			return nil
		}
		answer, err := t.model.GenerateContent(ctx, messages, llms.WithTools(toolSchemas(t.agent.tools)), llms.WithStreamingFunc(stream))
		if err != nil {
			return reply{}, fmt.Errorf("model %s: %w", t.state.Session.Model, err)
		}
		if answer == nil || len(answer.Choices) == 0 {
			return reply{}, fmt.Errorf("model %s: it answered nothing", t.state.Session.Model)
		}
		return bounded(answer.Choices[0])
	})
}

// bounded checks a model's answer before anything is done with it.
func bounded(c *llms.ContentChoice) (reply, error) {
	r := reply{Text: c.Content}
	if len(r.Text) > maxText {
		return r, fmt.Errorf("the model wrote %d bytes; the limit is %d", len(r.Text), maxText)
	}
	if len(c.ToolCalls) > maxCalls {
		return r, fmt.Errorf("the model called %d tools at once; the limit is %d", len(c.ToolCalls), maxCalls)
	}
	for _, k := range c.ToolCalls {
		if k.FunctionCall == nil || len(k.FunctionCall.Arguments) > maxArgs || len(k.FunctionCall.Name) > 100 {
			return r, errors.New("the model made a tool call without a function, or with oversized arguments")
		}
		r.Calls = append(r.Calls, asked{ID: k.ID, Tool: k.FunctionCall.Name, Args: k.FunctionCall.Arguments})
	}
	return r, nil
}

// emit stores one event of this step, once.
func (t *turn) emit(ctx context.Context, key string, e research.Event) error {
	e.Agent = t.agent.name
	return t.lab.append(ctx, t.state.Session.ID, t.key(key), []research.Event{e})
}

func (t *turn) key(key string) string {
	return strconv.Itoa(t.state.Session.Turn) + "/" + strconv.FormatInt(t.step.Number(), 10) + "/" + key
}

// showPlan marks this agent's line of the plan and tells the whole plan.
func (t *turn) showPlan(ctx context.Context, state, detail string) error {
	if len(t.state.Task.Plan) == 0 {
		return nil
	}
	t.state.Task.Plan = t.state.plan(t.agent.name, state, detail)
	b, err := json.Marshal(t.state.Task.Plan)
	if err != nil {
		return err
	}
	return t.emit(ctx, "plan/"+state, research.Event{Kind: research.EventPlan, Data: b})
}
