// Package graph runs a typed state through a graph of nodes, one node per step, so that a run survives a crash between any two
// instructions: after each step the state is checkpointed, within a step every answer from outside (an Effect) is stored before
// the node sees it, and a node that asks a person (an Interrupt) stops the run until the answer is there.
// docs/graph.md is the contract for authors of nodes.
//
// It must never know what a node is for (models, tools, trading), nor reach a clock or a store but through its ports.
package graph

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"time"
)

// End is where a run is done: the target of an edge, never a node's name.
const End = "end"

// NodeFunc is the work of one node. It returns the state after the step; what it did to the state it was given does not matter.
// It is deterministic given the state, the answers of its effects and the answers of persons: everything else (time, chance,
// network, files, models) goes through Effect. It may be run again for the same step and must return errors of ctx, of Effect
// and of Interrupt to its caller, wrapped or not.
type NodeFunc[S any] func(ctx context.Context, step *Step, state S) (S, error)

// ChooseFunc picks the next node from the state after a step. Pure: it may be called again for the same state.
type ChooseFunc[S any] func(state S) string

// Limits bound a run. A zero field means its default.
type Limits struct {
	// MaxSteps bounds the steps since the thread began or a person last answered, across crashes and resumes. Default 100, at most 100,000.
	MaxSteps int `json:"max_steps"`
	// MaxWrites bounds the effects and questions stored in one step. Default 1,000, at most 100,000.
	MaxWrites int `json:"max_writes"`
}

const (
	defaultMaxSteps  = 100
	defaultMaxWrites = 1000
	largestLimit     = 100_000
	maxNodes         = 1000
)

// Graph is a compiled graph: immutable, safe for concurrent use.
type Graph[S any] struct {
	name   string
	entry  string
	order  []string // nodes in the order they were added
	nodes  map[string]node[S]
	limits Limits
}

type node[S any] struct {
	run     NodeFunc[S]
	timeout time.Duration // 0: none
	to      []string      // where its edge leads; several only with choose
	choose  ChooseFunc[S] // nil on a static edge
}

// Builder collects nodes and edges. Mistakes are kept and told, all of them, by Compile. Not safe for concurrent use.
type Builder[S any] struct {
	graph Graph[S]
	errs  []error
}

var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

// New begins a graph. Names, of graphs as of nodes, are 1 to 64 of a-z, 0-9, - and _, beginning with a letter.
func New[S any](name string) *Builder[S] {
	b := &Builder[S]{graph: Graph[S]{name: name, nodes: map[string]node[S]{}}}
	if !nameShape.MatchString(name) {
		b.fail("graph name %.80q: want 1 to 64 of a-z, 0-9, - and _, beginning with a letter", name)
	}
	return b
}

func (b *Builder[S]) fail(format string, args ...any) *Builder[S] {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
	return b
}

// NodeOption changes one node.
type NodeOption func(*nodeOptions)

type nodeOptions struct{ timeout time.Duration }

// Timeout ends the node's context d after it began; a node that then fails has failed with a TimeoutError. The node must heed its
// context: it is waited for. An effect's answer that arrives late is stored all the same.
func Timeout(d time.Duration) NodeOption {
	return func(o *nodeOptions) { o.timeout = d }
}

// Node adds a node.
func (b *Builder[S]) Node(name string, run NodeFunc[S], options ...NodeOption) *Builder[S] {
	var o nodeOptions
	for _, option := range options {
		option(&o)
	}
	_, twice := b.graph.nodes[name]
	switch {
	case name == End:
		return b.fail("node %q: the name is reserved for where a run is done", name)
	case !nameShape.MatchString(name):
		return b.fail("node %.80q: want 1 to 64 of a-z, 0-9, - and _, beginning with a letter", name)
	case twice:
		return b.fail("node %q is added twice", name)
	case run == nil:
		return b.fail("node %q has no function", name)
	case o.timeout < 0:
		return b.fail("node %q: timeout %s is negative", name, o.timeout)
	}
	b.graph.nodes[name] = node[S]{run: run, timeout: o.timeout}
	b.graph.order = append(b.graph.order, name)
	return b
}

// Edge leads from a node, which must have been added, to the node that always runs after it, or to End.
func (b *Builder[S]) Edge(from, to string) *Builder[S] { return b.out(from, nil, []string{to}) }

// Branch leads from a node, which must have been added, to the one of targets that choose picks from the state after it. A pick that is
// not among targets fails the run.
func (b *Builder[S]) Branch(from string, choose ChooseFunc[S], targets ...string) *Builder[S] {
	if choose == nil {
		return b.fail("branch from %q has no function", from)
	}
	if len(targets) == 0 {
		return b.fail("branch from %q has no targets: name every node that it can pick", from)
	}
	return b.out(from, choose, slices.Clone(targets))
}

func (b *Builder[S]) out(from string, choose ChooseFunc[S], to []string) *Builder[S] {
	n, known := b.graph.nodes[from]
	switch {
	case from == End:
		return b.fail("edge from %q: nothing runs after it", End)
	case !known:
		return b.fail("edge from unknown node %.80q: add the node first", from)
	case n.to != nil:
		return b.fail("node %q has two edges: a node has one Edge or one Branch", from)
	}
	n.to, n.choose = to, choose
	b.graph.nodes[from] = n
	return b
}

// Entry names the node that runs first.
func (b *Builder[S]) Entry(name string) *Builder[S] {
	if b.graph.entry != "" {
		return b.fail("entry is set twice, to %q and %q", b.graph.entry, name)
	}
	b.graph.entry = name
	return b
}

// Compile checks the whole and returns the graph, or every mistake found: names, missing and unknown nodes, nodes that cannot be
// reached or from which End cannot be reached, limits, and a state type that JSON would not give back.
func (b *Builder[S]) Compile(limits Limits) (*Graph[S], error) {
	g := b.graph
	errs := slices.Clone(b.errs)
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(g.nodes) > maxNodes {
		add("%d nodes: the limit is %d", len(g.nodes), maxNodes)
	}
	if g.entry == "" {
		add("no entry: name the node that runs first")
	} else if _, known := g.nodes[g.entry]; !known {
		add("entry %.80q is not a node", g.entry)
	}
	var err error
	if g.limits.MaxSteps, err = limit("MaxSteps", limits.MaxSteps, defaultMaxSteps); err != nil {
		add("%w", err)
	}
	if g.limits.MaxWrites, err = limit("MaxWrites", limits.MaxWrites, defaultMaxWrites); err != nil {
		add("%w", err)
	}
	if err := checkType(reflect.TypeFor[S]()); err != nil {
		add("state: %w", err)
	}
	for _, name := range g.order {
		n := g.nodes[name]
		if n.to == nil {
			add("node %q has no edge: lead it to a node or to End", name)
		}
		for i, to := range n.to {
			if _, known := g.nodes[to]; !known && to != End {
				add("edge from %q to unknown node %.80q", name, to)
			}
			if slices.Contains(n.to[:i], to) {
				add("branch from %q names %q twice", name, to)
			}
		}
	}
	if len(errs) == 0 {
		errs = g.checkPaths()
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("compile graph %.80q: %w", g.name, errors.Join(errs...))
	}
	g.order = slices.Clone(g.order)
	nodes := make(map[string]node[S], len(g.nodes))
	for name, n := range g.nodes {
		nodes[name] = n
	}
	g.nodes = nodes
	return &g, nil
}

func limit(name string, value, standard int) (int, error) {
	if value < 0 || value > largestLimit {
		return 0, fmt.Errorf("%s %d: want 1 to %d, or 0 for %d", name, value, largestLimit, standard)
	}
	if value == 0 {
		return standard, nil
	}
	return value, nil
}

// checkPaths tells the nodes that the entry does not lead to, and those that do not lead to End.
func (g *Graph[S]) checkPaths() (errs []error) {
	reached := map[string]bool{g.entry: true}
	for queue := []string{g.entry}; len(queue) > 0; queue = queue[1:] {
		for _, to := range g.nodes[queue[0]].to {
			if !reached[to] {
				reached[to] = true
				queue = append(queue, to)
			}
		}
	}
	ends := map[string]bool{End: true}
	for grown := true; grown; {
		grown = false
		for _, name := range g.order {
			if !ends[name] && slices.ContainsFunc(g.nodes[name].to, func(to string) bool { return ends[to] }) {
				ends[name], grown = true, true
			}
		}
	}
	for _, name := range g.order {
		if !reached[name] {
			errs = append(errs, fmt.Errorf("node %q cannot be reached from entry %q", name, g.entry))
		}
		if !ends[name] {
			errs = append(errs, fmt.Errorf("no path leads from node %q to End", name))
		}
	}
	return errs
}

// next returns where the edge of a node leads from state.
func (g *Graph[S]) next(name string, state S) (to string, err error) {
	n := g.nodes[name]
	if n.choose == nil {
		return n.to[0], nil
	}
	defer recoverTo(&err)
	to = n.choose(state)
	if !slices.Contains(n.to, to) {
		return "", fmt.Errorf("branch from %q picked %.80q, which is not among its targets %q: %w", name, to, n.to, ErrInvalid)
	}
	return to, nil
}

// Name returns the graph's name.
func (g *Graph[S]) Name() string { return g.name }
