package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ohmycoins/omc/internal/cli/factory"
)

// state is what the demo has done so far, kept in the data directory, so that a killed one goes on.
type state struct {
	Prices    bool      `json:"prices"`
	Simulated bool      `json:"simulated"`
	Markets   []string  `json:"markets"`
	From      time.Time `json:"from"`  // research looks at nothing before it
	Split     time.Time `json:"split"` // and at nothing from here on
	To        time.Time `json:"to"`    // trading ends here
	Lab       string    `json:"lab_session,omitempty"`
	Algorithm string    `json:"algorithm,omitempty"`
	Floor     string    `json:"floor_session,omitempty"`
}

func (r *run) stateFile() string { return filepath.Join(r.dir, "demo.json") }

func (r *run) load() error {
	raw, err := os.ReadFile(r.stateFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &r.state)
	}
	if err != nil {
		return fmt.Errorf("the demo's state %s: %w; remove the file to begin anew", r.stateFile(), err)
	}
	return nil
}

func (r *run) save(change func(*state)) error {
	change(&r.state)
	return factory.WriteFile(r.stateFile(), func(w io.Writer) error { return json.NewEncoder(w).Encode(r.state) })
}
