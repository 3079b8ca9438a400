// Package fake is a strict stand-in for a server of OpenAI's chat completions: it refuses what the real one refuses. It must never be
// used outside tests and demonstrations.
package fake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Fault is something that goes wrong with one request.
type Fault string

// The faults.
const (
	None      Fault = ""
	Limited   Fault = "429" // with Retry-After: 7
	Broken    Fault = "500"
	HTML      Fault = "html"      // a page with 200
	Truncated Fault = "truncated" // the connection ends in the middle of the body
	Empty     Fault = "empty"     // no choices
	Length    Fault = "length"    // cut at the most tokens
	NoUsage   Fault = "no usage"
	Slow      Fault = "slow" // no answer until the client goes
	Echo      Fault = "echo" // an error that repeats the key
	Long      Fault = "400"  // the conversation is too long
	Poor      Fault = "402"  // no money left: told as 429
	Filtered  Fault = "filter"

	// Of answers that are streamed.
	Midway   Fault = "midway"   // an error event in the middle, with 200
	CutOff   Fault = "cut off"  // the connection ends before the answer does
	Quiet    Fault = "quiet"    // the server falls silent in the middle
	Garbage  Fault = "garbage"  // an event that is no JSON
	Huge     Fault = "huge"     // text without end
	Unstream Fault = "unstream" // the answer comes whole
)

// Request is what was asked.
type Request struct {
	Model    string
	Messages []Message
	Most     int // tokens of the answer
	Tools    []string
	Stream   bool
	Warm     bool // a temperature was given
}

// Message is one of a request's.
type Message struct {
	Role, Content string
	Calls         []Call
	CallID        string // of a tool's
}

// Call is a call of a tool.
type Call struct {
	ID, Tool, Args string
}

// Server is an http.Handler. Safe for concurrent use.
type Server struct {
	Key, Model string
	// Answer makes the text of an answer.
	Answer func(Request) string
	// Calls makes the tool calls of an answer; nil: none.
	Calls func(Request) []Call

	mu     sync.Mutex // guards what follows
	faults []Fault
	asked  []Request
	sent   int // requests that came over the wire
}

// Fail lets the next requests go wrong, in this order.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Asked are the requests that were understood.
func (s *Server) Asked() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.asked...)
}

// Sent counts the requests that came, refused ones among them.
func (s *Server) Sent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

func (s *Server) next() (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.next()
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		refuse(w, http.StatusNotFound, "invalid_request_error", fmt.Sprintf("Invalid URL (%s %s)", r.Method, r.URL.Path))
		return
	}
	if auth := r.Header.Get("Authorization"); s.Key != "" && auth != "Bearer "+s.Key || s.Key == "" && auth != "" {
		refuse(w, http.StatusUnauthorized, "invalid_api_key", "Incorrect API key provided: "+strings.TrimPrefix(auth, "Bearer "))
		return
	}
	req, problem := s.read(r)
	if problem != "" {
		refuse(w, http.StatusBadRequest, "invalid_request_error", problem)
		return
	}
	if req.Model != s.Model {
		refuse(w, http.StatusNotFound, "model_not_found", "The model does not exist")
		return
	}
	s.mu.Lock()
	s.asked = append(s.asked, req)
	s.mu.Unlock()
	s.answer(w, r, req, fault)
}

func (s *Server) read(r *http.Request) (Request, string) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return Request{}, "Content-Type is not application/json"
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return Request{}, "the body cannot be read"
	}
	var body struct {
		Model    string `json:"model"`
		Messages []struct {
			Role      string          `json:"role"`
			Content   json.RawMessage `json:"content"`
			ToolCalls []struct {
				ID       string `json:"id"`
				Type     string `json:"type"`
				Function struct {
					Name      string `json:"name"`
					Arguments string `json:"arguments"`
				} `json:"function"`
			} `json:"tool_calls"`
			ToolCallID string `json:"tool_call_id"`
		} `json:"messages"`
		Tools []struct {
			Type     string `json:"type"`
			Function struct {
				Name       string         `json:"name"`
				Parameters map[string]any `json:"parameters"`
			} `json:"function"`
		} `json:"tools"`
		StreamOptions *struct {
			IncludeUsage bool `json:"include_usage"`
		} `json:"stream_options"`
		MaxTokens           int      `json:"max_tokens"`
		MaxCompletionTokens int      `json:"max_completion_tokens"`
		Temperature         *float64 `json:"temperature"`
		Stream              bool     `json:"stream"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return Request{}, "We could not parse the JSON body of your request"
	}
	if t := body.Temperature; t != nil && (*t < 0 || *t > 2) || body.StreamOptions != nil && !body.Stream {
		return Request{}, "Invalid value"
	}
	if len(body.Messages) == 0 || body.MaxTokens > 0 && body.MaxCompletionTokens > 0 {
		return Request{}, "Invalid value"
	}
	req := Request{Model: body.Model, Most: max(body.MaxTokens, body.MaxCompletionTokens), Stream: body.Stream, Warm: body.Temperature != nil}
	for _, x := range body.Tools {
		if x.Type != "function" || x.Function.Name == "" || x.Function.Parameters["type"] != "object" {
			return Request{}, "Invalid 'tools'"
		}
		req.Tools = append(req.Tools, x.Function.Name)
	}
	open := map[string]bool{} // calls that wait for their results
	for _, m := range body.Messages {
		if len(open) > 0 && m.Role != "tool" {
			return Request{}, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'"
		}
		text := ""
		var parts []struct{ Type, Text string }
		if string(m.Content) != "null" && len(m.Content) > 0 && json.Unmarshal(m.Content, &text) != nil {
			if json.Unmarshal(m.Content, &parts) != nil {
				return Request{}, "Invalid type for 'messages.content'"
			}
			for _, p := range parts {
				text += p.Text
			}
		}
		if m.Role != "system" && m.Role != "user" && m.Role != "assistant" && m.Role != "tool" && m.Role != "developer" {
			return Request{}, "Invalid value for 'messages.role'"
		}
		out := Message{Role: m.Role, Content: text, CallID: m.ToolCallID}
		for _, c := range m.ToolCalls {
			if m.Role != "assistant" || c.ID == "" || c.Type != "function" || c.Function.Name == "" || !json.Valid([]byte(c.Function.Arguments)) {
				return Request{}, "Invalid 'tool_calls'"
			}
			open[c.ID] = true
			out.Calls = append(out.Calls, Call{c.ID, c.Function.Name, c.Function.Arguments})
		}
		if m.Role == "tool" {
			if !open[m.ToolCallID] {
				return Request{}, "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
			}
			delete(open, m.ToolCallID)
		}
		req.Messages = append(req.Messages, out)
	}
	if len(open) > 0 {
		return Request{}, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'"
	}
	return req, ""
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, req Request, fault Fault) {
	switch fault {
	case Limited:
		w.Header().Set("Retry-After", "7")
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached")
		return
	case Long:
		refuse(w, http.StatusBadRequest, "context_length_exceeded", "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.")
		return
	case Poor:
		refuse(w, http.StatusTooManyRequests, "insufficient_quota", "You exceeded your current quota, please check your plan and billing details.")
		return
	case Filtered:
		refuse(w, http.StatusBadRequest, "content_filter", "The response was filtered")
		return
	case Broken:
		refuse(w, http.StatusInternalServerError, "server_error", "The server had an error")
		return
	case Echo:
		refuse(w, http.StatusInternalServerError, "server_error", "while serving "+r.Header.Get("Authorization"))
		return
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>maintenance</body></html>")
		return
	case Slow:
		<-r.Context().Done()
		return
	}
	text, sent := s.Answer(req), 0
	for _, m := range req.Messages {
		sent += len(m.Content)
	}
	finish := "stop"
	if fault == Length {
		finish = "length"
	}
	var calls []Call
	if s.Calls != nil {
		calls = s.Calls(req)
	}
	if len(calls) > 0 {
		finish = "tool_calls"
	}
	in, out := sent/4+3, len(text)/4+1
	if req.Stream && fault != Unstream {
		stream(w, r, req, fault, text, calls, finish, in, out)
		return
	}
	var made []any
	for _, c := range calls {
		made = append(made, map[string]any{"id": c.ID, "type": "function", "function": map[string]any{"name": c.Tool, "arguments": c.Args}})
	}
	body := map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": req.Model + "-2026-01-01",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": text, "refusal": nil, "tool_calls": made}}},
		"usage":   usage(in, out)}
	if fault == NoUsage {
		delete(body, "usage")
	}
	if fault == Empty {
		body["choices"] = []any{}
	}
	raw, _ := json.Marshal(body) // plain values always marshal
	w.Header().Set("Content-Type", "application/json")
	if fault == Truncated {
		w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		raw = raw[:len(raw)/2]
	}
	_, _ = w.Write(raw)
}

func usage(in, out int) map[string]any {
	return map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out,
		"prompt_tokens_details": map[string]any{"cached_tokens": 2}, "completion_tokens_details": map[string]any{"reasoning_tokens": 1}}
}

// stream answers in events: the text in pieces, the tool calls' arguments in pieces that take turns.
func stream(w http.ResponseWriter, r *http.Request, req Request, fault Fault, text string, calls []Call, finish string, in, out int) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	flush := http.NewResponseController(w)
	send := func(data string) {
		_, _ = fmt.Fprintf(w, "data: %s\n\n", data) // who has gone misses it
		_ = flush.Flush()
	}
	event := func(delta map[string]any, finish any) {
		b, _ := json.Marshal(map[string]any{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": req.Model + "-2026-01-01", "obfuscation": "x",
			"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}, "usage": nil})
		send(string(b))
	}
	_, _ = io.WriteString(w, ": OPENROUTER PROCESSING\n\n")
	event(map[string]any{"role": "assistant", "content": ""}, nil)
	half := len(text) / 2
	for i, piece := range []string{text[:half], text[half:]} {
		if piece != "" {
			event(map[string]any{"content": piece}, nil)
		}
		if i == 1 {
			break
		}
		switch fault {
		case Midway:
			send(`{"error":{"code":502,"message":"Provider returned error"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`)
			return
		case CutOff:
			return
		case Quiet:
			<-r.Context().Done()
			return
		case Garbage:
			send(`{"choices":`)
		case Huge:
			for r.Context().Err() == nil {
				event(map[string]any{"content": strings.Repeat("x", 64<<10)}, nil)
			}
			return
		}
	}
	for i, c := range calls {
		event(map[string]any{"tool_calls": []any{map[string]any{"index": i, "id": c.ID, "type": "function", "function": map[string]any{"name": c.Tool, "arguments": ""}}}}, nil)
	}
	for at := 0; ; at += 3 {
		more := false
		for i, c := range calls {
			if at < len(c.Args) {
				more = true
				event(map[string]any{"tool_calls": []any{map[string]any{"index": i, "function": map[string]any{"arguments": c.Args[at:min(at+3, len(c.Args))]}}}}, nil)
			}
		}
		if !more {
			break
		}
	}
	event(map[string]any{}, finish)
	if fault != NoUsage {
		b, _ := json.Marshal(map[string]any{"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": []any{}, "usage": usage(in, out)})
		send(string(b))
	}
	send("[DONE]")
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": code}})
}
