package llm

import (
	"encoding/json"

	"github.com/tmc/langchaingo/llms"
)

// Kept is what a provider wants back with its own earlier answer, as it said it: thoughts and calls with their signatures. It is a part of a
// message beside the text and the calls, for the adapter that made it alone; every other leaves it out.
type Kept struct {
	llms.TextContent // empty: it makes this a part of a message

	Provider string          `json:"provider"`
	Data     json.RawMessage `json:"data"`
}

const infoKept = "omc.kept"

// Keep adds what is to be kept to an answer.
func Keep(r *llms.ContentResponse, k Kept) {
	for _, c := range r.Choices {
		if c.GenerationInfo == nil {
			c.GenerationInfo = map[string]any{}
		}
		c.GenerationInfo[infoKept] = k
	}
}

// KeptOf returns what is to be kept of an answer, for Calls.
func KeptOf(r *llms.ContentResponse) (Kept, bool) {
	if r == nil || len(r.Choices) == 0 {
		return Kept{}, false
	}
	k, ok := r.Choices[0].GenerationInfo[infoKept].(Kept)
	return k, ok
}

// Own returns what a provider kept with a message, or nil.
func Own(m *llms.MessageContent, provider string) json.RawMessage {
	for _, p := range m.Parts {
		if k, ok := p.(Kept); ok && k.Provider == provider {
			return k.Data
		}
	}
	return nil
}

// Plain is a conversation without what providers keep.
func Plain(messages []llms.MessageContent) []llms.MessageContent {
	out := make([]llms.MessageContent, len(messages))
	for i, m := range messages {
		out[i] = llms.MessageContent{Role: m.Role}
		for _, p := range m.Parts {
			if _, ok := p.(Kept); !ok {
				out[i].Parts = append(out[i].Parts, p)
			}
		}
	}
	return out
}
