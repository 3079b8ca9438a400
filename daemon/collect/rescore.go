package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/api"
	"github.com/ohmycoins/omc/internal/ledger"
	"github.com/ohmycoins/omc/internal/llm"
	"github.com/ohmycoins/omc/internal/money"
	"github.com/ohmycoins/omc/internal/sentiment/rescore"
	"github.com/ohmycoins/omc/internal/source"
	"github.com/ohmycoins/omc/internal/store"
	"github.com/tmc/langchaingo/llms"
)

// RescoreName is the feed of second opinions on texts.
const RescoreName = "sentiment.rescore"

// Bounds of rescoring.
const (
	rescoreAge   = 24 * time.Hour // older texts keep their score
	rescoreTries = 2              // times that a text is paid for at most
	rescoreEvery = 20 * time.Second
	restLeast    = 30 * time.Second // after a failure, doubled with each in a row
	restMost     = 15 * time.Minute
	maxUsage     = 100_000_000 // tokens that one answer may say it came to
)

// Rescore is what second opinions are asked with.
type Rescore struct {
	Model    llm.Model
	Provider string // openai
	Name     string // the model's
	Kinds    []string
	Budget   ledger.Budget // of a UTC day
	// In and Out are prices of a million tokens in billionths of a dollar. Not Priced: unknown, and no amount of money bounds the spend.
	In, Out int64
	Priced  bool
	Timeout time.Duration // of one request
	Store   ledger.Rescoring
	NewID   func() string // cannot be guessed
}

// Feed is how rescoring stands among the collectors.
func (o *Rescore) Feed() source.Feed {
	return source.Feed{Name: RescoreName, Source: o.Provider, Ledger: ledger.Human, About: "second opinions on texts by your model " + o.Name,
		Every: rescoreEvery, Timeout: o.Timeout + 5*time.Second, Fresh: 5 * time.Minute}
}

// scorer names who scored a text.
func (o *Rescore) scorer() string { return "llm:" + o.Provider + "/" + source.Text(o.Name, 100) }

// cost is what usage comes to, rounded up.
func (o *Rescore) cost(u llm.Usage) int64 {
	sum := new(big.Int).Mul(big.NewInt(u.In), big.NewInt(o.In))
	sum.Add(sum, new(big.Int).Mul(big.NewInt(u.Out), big.NewInt(o.Out)))
	sum.Add(sum, big.NewInt(999_999)).Quo(sum, big.NewInt(1_000_000))
	if !sum.IsInt64() || sum.Int64() > math.MaxInt64/1024 {
		return math.MaxInt64 / 1024 // more than any budget, and it still adds up
	}
	return sum.Int64()
}

func (o *Rescore) spend(u llm.Usage) ledger.Spend {
	s := ledger.Spend{Requests: 1, Tokens: u.In + u.Out}
	if o.Priced {
		s.USDNano = o.cost(u)
	}
	return s
}

// Rescore asks for second opinions on the newest texts that have none, one question after the other, as long as there are any and the
// day's budget holds. One process at a time does, by the claim that feeds use, and no feed waits for it.
func (r *Runner) Rescore(ctx context.Context, o *Rescore, tick time.Time) error {
	f := o.Feed()
	for range maxPages {
		claim, begun, err := r.store.Begin(ctx, f.Name, r.owner, tick, r.clock.Now().Add(lease))
		if err != nil || !begun {
			return err
		}
		release := r.keep(ctx, claim)
		again, err := r.question(ctx, o, &f, claim, tick)
		release()
		if err != nil || !again || ctx.Err() != nil {
			return err
		}
		if now := r.clock.Now(); now.After(tick) {
			tick = now
		} else {
			tick = tick.Add(time.Millisecond)
		}
	}
	return nil
}

// rest is rescoring's cursor.
type rest struct {
	Until int64 `json:"rest_until_ms,omitempty"` // after a failure
}

// question asks once and lands what came of it.
func (r *Runner) question(ctx context.Context, o *Rescore, f *source.Feed, claim ledger.Claim, tick time.Time) (again bool, err error) {
	var was, now rest
	if len(claim.Cursor) > 0 && json.Unmarshal(claim.Cursor, &was) != nil {
		was = rest{}
	}
	l := ledger.Landing{Claim: claim, Source: f.Source, Tick: tick, Started: r.clock.Now()}
	var failure error
	if until := time.UnixMilli(was.Until); until.After(l.Started) && until.Before(l.Started.Add(2*restMost)) && !claim.Asked {
		now, l.Err, l.Hold = was, "the model is left alone for a while after a failure", ledger.Hold{Until: until, By: ledger.HeldBySource}
	} else if failure, err = r.opinions(ctx, o, &l); err != nil {
		return false, err
	}
	land, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace(f))
	defer cancel()
	if failure != nil {
		l.Err, l.GivenUp = source.Text(failure.Error(), 1000), ctx.Err() != nil
		var e *llm.Error
		if errors.As(failure, &e) && e.Status == http.StatusTooManyRequests && !l.GivenUp {
			l.Hold = ledger.Hold{Until: l.Started.Add(max(e.RetryAfter, restLeast)), By: ledger.HeldByUpstream}
		} else if !l.GivenUp {
			now.Until = l.Started.Add(min(restLeast<<min(claim.Failed, 10), restMost)).UnixMilli()
		}
	}
	if l.Cursor, err = json.Marshal(now); err != nil {
		return false, fmt.Errorf("feed %s: its cursor: %w", f.Name, err)
	}
	got, err := r.store.Land(land, l)
	if errors.Is(err, store.ErrConflict) {
		r.log.Info("second opinions came too late and were dropped", "feed", f.Name)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if l.GivenUp || !l.Hold.Until.IsZero() {
		failure = nil
	} else if !l.Idle {
		r.note(f, claim, failure)
	}
	r.tell(land, f, &l, got)
	if failure != nil {
		return false, &PollError{f.Name, failure}
	}
	return !l.Idle && !l.GivenUp && l.Hold.Until.IsZero(), nil
}

// opinions picks texts, writes down what asking may cost at most, asks, and puts what it came to in its place. failure is the model's.
func (r *Runner) opinions(ctx context.Context, o *Rescore, l *ledger.Landing) (failure, err error) {
	texts, err := o.Store.Unscored(ctx, o.Kinds, l.Started.Add(-rescoreAge), l.Started, rescoreTries, rescore.MaxTexts)
	if err != nil {
		return nil, err
	}
	words := make([]string, len(texts))
	for i := range texts {
		words[i] = texts[i].Text
	}
	texts, words = texts[:rescore.Take(words)], words[:rescore.Take(words)]
	if len(texts) == 0 {
		l.Idle = true
		return nil, nil
	}
	q, err := rescore.Ask(words, o.NewID)
	if err != nil {
		return nil, err
	}
	seqs := make([]int64, len(texts))
	for i := range texts {
		seqs[i] = texts[i].Seq
	}
	worst := o.spend(q.Worst())
	day, ok, err := o.Store.Reserve(ctx, RescoreName, worst, o.most(), seqs)
	if err != nil {
		return nil, err
	}
	if !ok {
		spent, err := o.Store.Spent(ctx, RescoreName, l.Started)
		if err != nil {
			return nil, err
		}
		l.Err = o.exhausted(spent, worst)
		l.Hold = ledger.Hold{Until: time.Unix((spent.Day+1)*86400, 0).UTC(), By: ledger.HeldBySource}
		return nil, nil
	}
	l.Requests = 1
	answer, failure := o.Model.GenerateContent(ctx, q.Messages, llms.WithMaxTokens(q.MaxOut))
	actual, again := worst, []int64(nil)
	if failure == nil {
		l.Read = r.clock.Now()
		if u, told := llm.UsageOf(answer); told {
			u.In, u.Out = min(u.In, maxUsage), min(u.Out, maxUsage)
			actual = o.spend(u)
		}
		r.take(o, l, texts, q.Read(answer.Choices[0].Content))
		actual.Done, actual.Refused = int64(len(l.Scores)), int64(len(l.Rejects))
	} else {
		actual, again = o.failed(failure, worst, seqs)
	}
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowGrace)
	defer cancel()
	return failure, o.Store.Settle(settle, RescoreName, day, worst, actual, again)
}

// failed is what a request without an answer came to: nothing where it was refused, and else what it may have cost at most. A text's try
// does not count where the model never saw it.
func (o *Rescore) failed(failure error, worst ledger.Spend, seqs []int64) (ledger.Spend, []int64) {
	var e *llm.Error
	if !errors.As(failure, &e) || !e.Unsent {
		return worst, nil
	}
	actual := ledger.Spend{Requests: 1}
	switch e.Status {
	case 0:
		actual.Requests = 0 // nobody was there
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests:
	default:
		return actual, nil // it may be the texts that are refused
	}
	return actual, seqs
}

// take makes scores of the verdicts, and rejects of those that are none.
func (r *Runner) take(o *Rescore, l *ledger.Landing, texts []ledger.Text, verdicts []rescore.Verdict) {
	for i, v := range verdicts {
		if v.Why != "" {
			l.Rejects = append(l.Rejects, ledger.Reject{Reason: fmt.Sprintf("%s: row %d of %s keeps its score", v.Why, texts[i].Seq, texts[i].Kind), Bytes: []byte(v.Piece)})
			continue
		}
		l.Scores = append(l.Scores, ledger.Score{Seq: texts[i].Seq, Kind: texts[i].Kind,
			Sentiment: ledger.Sentiment{Label: string(v.Label), Score: v.Score, Scorer: o.scorer()}})
	}
}

// most is the day's budget; an amount of money binds only where prices are known.
func (o *Rescore) most() ledger.Budget {
	b := o.Budget
	if !o.Priced {
		b.USDNano = 0
	}
	return b
}

// exhausted tells which bounds the next question does not fit.
func (o *Rescore) exhausted(spent, worst ledger.Spend) string {
	var which []string
	most := o.most()
	if spent.Requests+worst.Requests > most.Requests && most.Requests > 0 {
		which = append(which, fmt.Sprintf("%d of %d requests (sentiment.rescore_requests)", spent.Requests, most.Requests))
	}
	if spent.Tokens+worst.Tokens > most.Tokens && most.Tokens > 0 {
		which = append(which, fmt.Sprintf("%d of %d tokens (sentiment.rescore_tokens)", spent.Tokens, most.Tokens))
	}
	if spent.USDNano+worst.USDNano > most.USDNano && most.USDNano > 0 {
		which = append(which, fmt.Sprintf("%s of %s USD (sentiment.rescore_usd)", dollars(spent.USDNano), dollars(most.USDNano)))
	}
	return "the day's budget does not hold another question, which goes on at 00:00 UTC: " + strings.Join(which, ", ") + " are spent"
}

func dollars(nano int64) string { return money.New(nano, 9).RoundUp(6).String() }

// Spending tells what today came to.
func (o *Rescore) Spending(ctx context.Context, now time.Time) (*api.Spending, error) {
	s, err := o.Store.Spent(ctx, RescoreName, now)
	if err != nil {
		return nil, err
	}
	out := &api.Spending{Day: time.Unix(s.Day*86400, 0).UTC().Format(time.DateOnly), Requests: s.Requests, MostRequests: o.Budget.Requests, Tokens: s.Tokens, MostTokens: o.Budget.Tokens,
		Rescored: s.Done, Rejected: s.Refused, Priced: o.Priced}
	if o.Priced {
		out.USD, out.MostUSD = dollars(s.USDNano), dollars(o.Budget.USDNano)
	}
	return out, nil
}
