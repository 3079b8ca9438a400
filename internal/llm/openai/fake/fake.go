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
)

// Request is what was asked.
type Request struct {
	Model    string
	Messages []Message
	Most     int // tokens of the answer
}

// Message is one of a request's.
type Message struct {
	Role, Content string
}

// Server is an http.Handler. Safe for concurrent use.
type Server struct {
	Key, Model string
	// Answer makes the text of an answer.
	Answer func(Request) string

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
			Role    string          `json:"role"`
			Content json.RawMessage `json:"content"`
		} `json:"messages"`
		MaxTokens           int     `json:"max_tokens"`
		MaxCompletionTokens int     `json:"max_completion_tokens"`
		Temperature         float64 `json:"temperature"`
		Stream              bool    `json:"stream"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return Request{}, "We could not parse the JSON body of your request"
	}
	if len(body.Messages) == 0 || body.Stream || body.Temperature < 0 || body.Temperature > 2 || body.MaxTokens > 0 && body.MaxCompletionTokens > 0 {
		return Request{}, "Invalid value"
	}
	req := Request{Model: body.Model, Most: max(body.MaxTokens, body.MaxCompletionTokens)}
	for _, m := range body.Messages {
		text := ""
		var parts []struct{ Type, Text string }
		if json.Unmarshal(m.Content, &text) != nil {
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
		req.Messages = append(req.Messages, Message{m.Role, text})
	}
	return req, ""
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, req Request, fault Fault) {
	switch fault {
	case Limited:
		w.Header().Set("Retry-After", "7")
		refuse(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached")
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
	in, out := sent/4+3, len(text)/4+1
	body := map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": req.Model + "-2026-01-01",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": text, "refusal": nil}}},
		"usage":   map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}}
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

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": code}})
}
