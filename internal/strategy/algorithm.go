package strategy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ohmycoins/omc/internal/market"
	"github.com/ohmycoins/omc/internal/research"
)

// State is how far an algorithm has come: draft → validated → paper → live → retired.
type State string

// The states.
const (
	Draft     State = "draft"
	Validated State = "validated"
	Paper     State = "paper"
	Live      State = "live"
	Retired   State = "retired"
)

// after is the one promotion table: one state at a time, and retirement from anywhere.
var after = map[State]State{Draft: Validated, Validated: Paper, Paper: Live}

// Next is the one state an algorithm in state s can be promoted to; "" for live and retired.
func (s State) Next() State { return after[s] }

// Content is what an algorithm is: the same content has the same ID, whoever made it and whenever.
type Content struct {
	Language string             `json:"language"` // starlark
	Script   string             `json:"script"`
	Params   map[string]float64 `json:"params"` // every declared parameter with its value
	Markets  []market.Market    `json:"markets"`
	Interval market.Interval    `json:"interval"`
}

// ID is the content's SHA-256 in lower-case hex, over its JSON with sorted keys.
func (c Content) ID() string {
	b, err := json.Marshal(c) // struct order is fixed and map keys are sorted
	if err != nil {
		panic(fmt.Sprintf("strategy: content of an algorithm: %v", err)) // only NaN or Inf parameters, which Load refuses
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// CodeHash is the SHA-256 of the script alone.
func (c Content) CodeHash() string {
	sum := sha256.Sum256([]byte(c.Script))
	return hex.EncodeToString(sum[:])
}

// Algorithm is an immutable strategy with where it came from and how far it has come.
type Algorithm struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Content    Content    `json:"content"`
	Provenance Provenance `json:"provenance"`
	State      State      `json:"state"`
	StateSince time.Time  `json:"state_since"`
	CreatedAt  time.Time  `json:"created_at"`
}

// Provenance says where an algorithm came from.
type Provenance struct {
	Session      string    `json:"session,omitempty"`     // lab session; empty for a file
	Model        string    `json:"model,omitempty"`       // builtin, provider/model, or "" for a person
	ModelCutoff  time.Time `json:"model_cutoff,omitzero"` // what the model was trained on ends here; zero: no model wrote it
	Author       string    `json:"author,omitempty"`
	DataFrom     time.Time `json:"data_from"`
	DataTo       time.Time `json:"data_to"` // nothing at or after it was seen when the algorithm was made
	DataHash     string    `json:"data_hash,omitempty"`
	TrialsBefore int       `json:"trials_before"` // counted before it was accepted as a candidate
	Simulated    bool      `json:"simulated"`     // made on simulated prices
	CodeHash     string    `json:"code_hash"`
}

// Evidence is what is known of an algorithm's worth, kept beside it.
type Evidence struct {
	Algorithm   string            `json:"algorithm"`
	WalkForward json.RawMessage   `json:"walk_forward,omitempty"` // backtest.WalkForward; null until one is complete
	LookAhead   json.RawMessage   `json:"look_ahead,omitempty"`   // backtest.LookAhead
	Reasons     []research.Reason `json:"reasons"`
	DSR         *float64          `json:"deflated_sharpe"`
	Trials      int               `json:"trials"`
	DataTo      time.Time         `json:"data_to"` // end of the newest data it was tested on
	UpdatedAt   time.Time         `json:"updated_at"`
}
