package llm

import (
	"context"
	"fmt"
	"time"

	"github.com/tmc/langchaingo/llms"
)

// Usage is what one answer came to, in tokens.
type Usage struct {
	In      int64 // all that was sent, what was read from or written to a cache among it
	Cached  int64 // of In: read from a cache
	Kept    int64 // of In: written to a cache
	Out     int64 // all that was answered, thoughts among it
	Thought int64 // of Out: thoughts

	Estimated bool // the provider did not say: In and Out are no less than what it was
}

// The keys of llms.ContentChoice.GenerationInfo under which langchaingo and omc's adapters tell usage.
const (
	infoIn, infoOut = "PromptTokens", "CompletionTokens"
	infoUsage       = "omc.usage"
)

// TellUsage adds the usage to an answer.
func TellUsage(r *llms.ContentResponse, u Usage) {
	for _, c := range r.Choices {
		if c.GenerationInfo == nil {
			c.GenerationInfo = map[string]any{}
		}
		c.GenerationInfo[infoUsage] = u
	}
}

// UsageOf reads the usage of an answer. false: it tells none.
func UsageOf(r *llms.ContentResponse) (Usage, bool) {
	if r == nil || len(r.Choices) == 0 {
		return Usage{}, false
	}
	info := r.Choices[0].GenerationInfo
	if u, ok := info[infoUsage].(Usage); ok {
		return u, true
	}
	in, _ := info[infoIn].(int)
	out, _ := info[infoOut].(int)
	if in <= 0 || out < 0 {
		return Usage{}, false
	}
	return Usage{In: int64(in), Out: int64(out)}, true
}

// WorstIn is no less than the tokens of what is sent: a token is at least one byte, and a message has a few around it.
func WorstIn(messages []llms.MessageContent) int64 {
	n := int64(16)
	for _, m := range messages {
		n += int64(len(text(m))) + 16
	}
	return n
}

// Delta is a part of an answer as it comes in. What it belongs to is known from the whole answer alone: a Delta is to be shown, not acted on.
type Delta struct {
	Text    string // of the answer
	Thought string // of what the model thinks aloud
	Call    int    // the tool call that Tool and Args belong to, from 0
	Tool    string // its name, with its first part
	Args    string // of its arguments' JSON
}

type listenKey struct{}

// Listen has an adapter stream its answer to fn: what it returns is the whole answer all the same. An error of fn ends the call with it.
func Listen(ctx context.Context, fn func(Delta) error) context.Context {
	return context.WithValue(ctx, listenKey{}, fn)
}

// Listener is who listens, for adapters: fn of Listen, and langchaingo's StreamingFunc, which gets the text alone; nil: nobody does.
func Listener(ctx context.Context, o *llms.CallOptions) func(Delta) error {
	fn, _ := ctx.Value(listenKey{}).(func(Delta) error)
	stream := o.StreamingFunc
	if fn == nil && stream == nil {
		return nil
	}
	return func(d Delta) error {
		if fn != nil {
			if err := fn(d); err != nil {
				return err
			}
		}
		if stream != nil && d.Text != "" {
			return stream(ctx, []byte(d.Text))
		}
		return nil
	}
}

// Kind is what a failure of a provider is, whoever it is.
type Kind string

// The kinds.
const (
	KindAuth       Kind = "auth"       // the key is wrong, or may not do this
	KindModel      Kind = "model"      // there is no such model, or deployment
	KindRequest    Kind = "request"    // the request was refused: it would be again
	KindContext    Kind = "context"    // the conversation is longer than the model takes
	KindRate       Kind = "rate"       // too many requests or tokens for now
	KindQuota      Kind = "quota"      // the account has no money left: waiting does not help
	KindOverloaded Kind = "overloaded" // the provider has too much to do, or failed
	KindRefused    Kind = "refused"    // the model, or a filter before it, does not answer this
	KindCut        Kind = "cut"        // the answer reached the most tokens it may have
	KindBroken     Kind = "broken"     // the answer broke off, or is none
	KindSilent     Kind = "silent"     // no answer in time
	KindNetwork    Kind = "network"    // the provider was not reached
	KindStopped    Kind = "stopped"    // the caller gave up
	KindOther      Kind = ""           // not told apart
)

// Again reports whether the same request may do better a while later.
func (k Kind) Again() bool {
	switch k {
	case KindRate, KindOverloaded, KindBroken, KindSilent, KindNetwork:
		return true
	}
	return false
}

// Error is what a provider's failure says.
type Error struct {
	Provider   string
	Kind       Kind
	Status     int           // of HTTP; 0: there was no answer
	RetryAfter time.Duration // 0: it does not say
	Unsent     bool          // the request was refused or never arrived: it was not charged
	Text       string        // without the key
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("model at %s: %s", e.Provider, e.Text)
	}
	return fmt.Sprintf("model at %s answered %d: %s", e.Provider, e.Status, e.Text)
}
