package wire

import (
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ohmycoins/omc/internal/llm"
)

const maxRetryAfter = 24 * time.Hour

// said is what a failure's body says, in any of the shapes that providers have for it:
//
//	{"error": {"message", "type", "code", "status", "details"}}      OpenAI, Azure, Google, OpenRouter
//	{"type": "error", "error": {"type", "message"}}                  Anthropic
//	{"error": "text", "code": "…"}                                   xAI, Ollama
//	[{"error": …}]                                                   Google's other surface
type said struct {
	Message, Type, Code, Status string
	Reasons                     []string      // Google's
	Retry                       time.Duration // Google's
	Inner                       string        // Azure's code of what was filtered
}

func read(body []byte) (s said) {
	var e struct {
		Error   json.RawMessage `json:"error"`
		Code    json.RawMessage `json:"code"`
		Message string          `json:"message"`
	}
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 {
		body = list[0]
	}
	if json.Unmarshal(body, &e) != nil {
		return s
	}
	s.Code, s.Message = word(e.Code), e.Message
	if text := ""; json.Unmarshal(e.Error, &text) == nil {
		s.Message = text
		return s
	}
	// Field by field: one of another kind than is known must not cost the others.
	var whole map[string]json.RawMessage
	if json.Unmarshal(e.Error, &whole) != nil {
		return s
	}
	if m := word(whole["message"]); m != "" {
		s.Message = m
	}
	s.Type, s.Status = word(whole["type"]), word(whole["status"])
	if c := word(whole["code"]); c != "" {
		s.Code = c
	}
	var inner struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(whole["innererror"], &inner) // Azure's, where there is one
	s.Inner = inner.Code
	var details []struct {
		Reason     string `json:"reason"`
		RetryDelay string `json:"retryDelay"`
	}
	_ = json.Unmarshal(whole["details"], &details) // Google's; Azure's is a text
	for _, d := range details {
		if d.Reason != "" {
			s.Reasons = append(s.Reasons, d.Reason)
		}
		if w, err := time.ParseDuration(d.RetryDelay); err == nil && w > 0 {
			s.Retry = min(w, maxRetryAfter)
		}
	}
	var metadata struct {
		Raw json.RawMessage `json:"raw"`
	}
	_ = json.Unmarshal(whole["metadata"], &metadata) // OpenRouter's
	if raw := word(metadata.Raw); raw != "" {
		s.Message += ": " + raw
	}
	return s
}

// word is a JSON string or number as a text.
func word(b json.RawMessage) string {
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(b, &n) == nil {
		return n.String()
	}
	return ""
}

// tooLong are the words in which providers say that a conversation is longer than the model takes.
var tooLong = []string{"context_length_exceeded", "maximum context length", "prompt is too long", "context window", "context length", "exceeds the maximum number of tokens", "input token count", "request too large", "too many tokens in"}

// empty are the words for an account without money.
var empty = []string{"insufficient_quota", "credit_balance_exhausted", "credit balance is too low", "insufficient credits", "insufficient balance"}

// classify tells a failure by its status and body.
func classify(status int, h http.Header, body []byte) llm.Error {
	s := read(body)
	e := llm.Error{Status: status, Unsent: status >= 300 && status < 500, Text: s.Message, RetryAfter: retryAfter(h, &s)}
	e.Kind = s.kind(status)
	return e
}

// Broken is a failure that was told in the middle of an answer.
func Broken(event []byte) llm.Error {
	s := read(event)
	e := llm.Error{Status: http.StatusOK, Text: "the answer broke off: " + line(s.Message), RetryAfter: s.Retry, Kind: llm.KindBroken}
	switch s.kind(http.StatusOK) {
	case llm.KindOverloaded:
		e.Kind = llm.KindOverloaded
	case llm.KindRate:
		e.Kind = llm.KindRate
	case llm.KindRefused:
		e.Kind = llm.KindRefused
	case llm.KindQuota:
		e.Kind = llm.KindQuota
	}
	return e
}

func (s *said) kind(status int) llm.Kind {
	all := strings.ToLower(strings.Join([]string{s.Message, s.Type, s.Code, s.Status}, " "))
	says := func(words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(all, w) })
	}
	switch code, err := strconv.Atoi(s.Code); {
	case status != http.StatusOK:
	case err == nil && code >= 400 && code < 600:
		status = code // told inside a stream
	case says([]string{"overloaded", "unavailable", "server_error", "api_error", "internal"}):
		status = http.StatusServiceUnavailable
	case says([]string{"rate_limit", "resource_exhausted"}):
		status = http.StatusTooManyRequests
	}
	switch {
	case s.Code == "content_filter" || s.Inner == "ResponsibleAIPolicyViolation":
		return llm.KindRefused
	case slices.Contains(s.Reasons, "API_KEY_INVALID"), strings.Contains(all, "incorrect api key"), strings.Contains(all, "api key not valid"):
		return llm.KindAuth
	case status == http.StatusPaymentRequired, (status == http.StatusTooManyRequests || status == http.StatusBadRequest || status == http.StatusForbidden) && says(empty):
		return llm.KindQuota
	case (status == http.StatusBadRequest || status == http.StatusTooManyRequests || status == http.StatusRequestEntityTooLarge) && says(tooLong):
		return llm.KindContext
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return llm.KindAuth
	case status == http.StatusNotFound:
		return llm.KindModel
	case status == http.StatusTooManyRequests:
		return llm.KindRate
	case status == http.StatusRequestTimeout, status >= 500:
		return llm.KindOverloaded
	case status >= 300:
		return llm.KindRequest
	}
	return llm.KindOther
}

// inAWhile is how OpenAI says in words when to ask again: "Please try again in 84ms", "in 1m2.5s".
var inAWhile = regexp.MustCompile(`try again in ((?:[0-9.]+(?:ms|s|m|h))+)`)

// retryAfter is when to ask again: from the headers, Google's details, or the message.
func retryAfter(h http.Header, s *said) time.Duration {
	for _, x := range []struct {
		name string
		unit time.Duration
	}{{"Retry-After-Ms", time.Millisecond}, {"Retry-After", time.Second}} {
		if n, err := strconv.ParseFloat(h.Get(x.name), 64); err == nil && n > 0 && !math.IsInf(n, 0) {
			return min(time.Duration(min(n, 1e9)*float64(x.unit)), maxRetryAfter)
		}
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		// By the provider's own clock, where it tells it.
		now, err := http.ParseTime(h.Get("Date"))
		if err != nil {
			now = time.Now()
		}
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	if s.Retry > 0 {
		return s.Retry
	}
	if m := inAWhile.FindStringSubmatch(s.Message); m != nil {
		if w, err := time.ParseDuration(m[1]); err == nil && w > 0 {
			return min(w, maxRetryAfter)
		}
	}
	return 0
}
