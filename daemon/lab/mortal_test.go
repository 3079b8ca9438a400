package lab

import (
	"context"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/research"
	"github.com/ohmycoins/omc/internal/strategy"
)

// Every write of the store, each a point to die at.

func (m *mortal) Save(ctx context.Context, thread string, c graph.Checkpoint) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.DB.Save(ctx, thread, c)
}

func (m *mortal) PutWrite(ctx context.Context, thread string, w graph.Write) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.DB.PutWrite(ctx, thread, w)
}

func (m *mortal) UpdateSession(ctx context.Context, s research.Session) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.DB.UpdateSession(ctx, s)
}

func (m *mortal) AppendEvents(ctx context.Context, session, key string, es []research.Event) ([]research.Event, error) {
	if err := m.alive(); err != nil {
		return nil, err
	}
	return m.DB.AppendEvents(ctx, session, key, es)
}

func (m *mortal) AppendTrial(ctx context.Context, t research.Trial) (int, error) {
	if err := m.alive(); err != nil {
		return 0, err
	}
	return m.DB.AppendTrial(ctx, t)
}

func (m *mortal) PutArtifact(ctx context.Context, a research.Artifact, content []byte) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.DB.PutArtifact(ctx, a, content)
}

func (m *mortal) PutAlgorithm(ctx context.Context, user string, a strategy.Algorithm) (strategy.Algorithm, bool, error) {
	if err := m.alive(); err != nil {
		return a, false, err
	}
	return m.DB.PutAlgorithm(ctx, user, a)
}

func (m *mortal) PutEvidence(ctx context.Context, e strategy.Evidence, report []byte) error {
	if err := m.alive(); err != nil {
		return err
	}
	return m.DB.PutEvidence(ctx, e, report)
}
