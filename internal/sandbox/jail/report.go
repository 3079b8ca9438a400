package jail

import (
	"errors"
	"strings"
)

// The parts of a Report.
const (
	PartNetwork = "network"
	PartFiles   = "files"
	PartExec    = "exec"
	PartOthers  = "others" // other processes: signals, memory, tracing
	PartMemory  = "memory"
	PartCPU     = "cpu"
)

// Part is one thing that a child must not get out of.
type Part struct {
	Name string `json:"name"`
	Held bool   `json:"held"`
	How  string `json:"how"` // for a person: by what it is held, or what is missing
}

// Report says what contains a child. Enter's says what the kernel granted; Probe's says what was tried and held.
type Report struct {
	Parts []Part   `json:"parts"`
	Notes []string `json:"notes,omitempty"` // differences from the best possible, which do not open anything by themselves
}

// Held says whether the named part holds. One that is not there does not.
func (r Report) Held(name string) bool {
	for _, p := range r.Parts {
		if p.Name == name {
			return p.Held
		}
	}
	return false
}

// Contained says whether network and memory hold, without which generated code must not run unless the owner accepts the risk.
func (r Report) Contained() bool { return r.Held(PartNetwork) && r.Held(PartMemory) }

// Refusal is nil where the child is contained, and otherwise names what is missing.
func (r Report) Refusal() error {
	if r.Contained() {
		return nil
	}
	var missing []string
	for _, name := range []string{PartNetwork, PartMemory} {
		how := name + " is not contained"
		for _, p := range r.Parts {
			if p.Name == name && !p.Held {
				how = name + " is not contained: " + p.How
			}
		}
		if !r.Held(name) {
			missing = append(missing, how)
		}
	}
	return errors.New(strings.Join(missing, "; "))
}

// Lines is the report for a person, one line a part and a note.
func (r Report) Lines() []string {
	var lines []string
	for _, p := range r.Parts {
		word := "contained"
		if !p.Held {
			word = "NOT CONTAINED"
		}
		lines = append(lines, p.Name+": "+word+": "+p.How)
	}
	for _, n := range r.Notes {
		lines = append(lines, "note: "+n)
	}
	return lines
}
