package llm

import (
	"fmt"
	"time"

	"github.com/tmc/langchaingo/llms"
)

// Usage is what one answer came to.
type Usage struct {
	In, Out   int64 // tokens
	Estimated bool  // the provider did not say: In and Out are no less than what it was
}

// The keys of llms.ContentChoice.GenerationInfo under which langchaingo and omc's adapters tell usage.
const (
	infoIn, infoOut = "PromptTokens", "CompletionTokens"
)

// UsageOf reads the usage of an answer. false: it tells none.
func UsageOf(r *llms.ContentResponse) (Usage, bool) {
	if r == nil || len(r.Choices) == 0 {
		return Usage{}, false
	}
	in, _ := r.Choices[0].GenerationInfo[infoIn].(int)
	out, _ := r.Choices[0].GenerationInfo[infoOut].(int)
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

// Error is what a provider's failure says.
type Error struct {
	Provider   string
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
