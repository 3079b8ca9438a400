package source

import "time"

// Shallow is the error of a source whose history does not reach back as far as was asked for. What it has comes with it: everything from
// Since on.
type Shallow struct {
	Since time.Time
	Err   error // for people: what it keeps, and where older data is had
}

// Error implements error.
func (s *Shallow) Error() string { return s.Err.Error() }

// Unwrap returns what it says.
func (s *Shallow) Unwrap() error { return s.Err }
