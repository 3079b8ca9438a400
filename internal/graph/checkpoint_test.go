package graph_test

import (
	"testing"

	"github.com/ohmycoins/omc/internal/graph"
	"github.com/ohmycoins/omc/internal/graph/checkpointtest"
)

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	checkpointtest.Run(t, func(*testing.T) graph.Checkpointer { return graph.NewMemory() })
}
