package graph

import (
	"fmt"
	"strings"
	"time"
)

// Description is what a graph looks like: for pictures and for listings.
type Description struct {
	Name   string            `json:"name"`
	Entry  string            `json:"entry"`
	Nodes  []NodeDescription `json:"nodes"` // in the order they were added
	Edges  []EdgeDescription `json:"edges"` // by node, then as declared
	Limits Limits            `json:"limits"`
}

// NodeDescription is one node.
type NodeDescription struct {
	Name    string        `json:"name"`
	Timeout time.Duration `json:"timeout_ns,omitempty"` // 0: none
}

// EdgeDescription is one edge: always taken, or one that a branch may pick.
type EdgeDescription struct {
	From        string `json:"from"`
	To          string `json:"to"` // a node or End
	Conditional bool   `json:"conditional"`
}

// Describe returns the graph's shape and its limits.
func (g *Graph[S]) Describe() Description {
	d := Description{Name: g.name, Entry: g.entry, Limits: g.limits}
	for _, name := range g.order {
		n := g.nodes[name]
		d.Nodes = append(d.Nodes, NodeDescription{Name: name, Timeout: n.timeout})
		for _, to := range n.to {
			d.Edges = append(d.Edges, EdgeDescription{From: name, To: to, Conditional: n.choose != nil})
		}
	}
	return d
}

// Mermaid returns the picture as Mermaid flowchart text. current, a node's name or End or "", is marked. Dotted lines are edges of a branch.
func (d Description) Mermaid(current string) string {
	ids, b := d.ids(), &strings.Builder{}
	fmt.Fprintf(b, "%%%% %s: at most %d steps without a person, %d writes in a step\n", d.Name, d.Limits.MaxSteps, d.Limits.MaxWrites)
	b.WriteString("flowchart TD\n  start((start))\n")
	for _, n := range d.Nodes {
		fmt.Fprintf(b, "  %s[\"%s%s\"]\n", ids[n.Name], n.Name, within(n.Timeout))
	}
	fmt.Fprintf(b, "  %s((end))\n  start --> %s\n", ids[End], ids[d.Entry])
	for _, e := range d.Edges {
		arrow := "-->"
		if e.Conditional {
			arrow = "-.->"
		}
		fmt.Fprintf(b, "  %s %s %s\n", ids[e.From], arrow, ids[e.To])
	}
	if id, ok := ids[current]; ok {
		fmt.Fprintf(b, "  classDef current stroke-width:4px\n  class %s current\n", id)
	}
	return b.String()
}

// DOT returns the picture as Graphviz text. current, a node's name or End or "", is marked. Dashed lines are edges of a branch.
func (d Description) DOT(current string) string {
	ids, b := d.ids(), &strings.Builder{}
	fmt.Fprintf(b, "digraph %q {\n  label=\"%s: at most %d steps without a person, %d writes in a step\"\n", d.Name, d.Name, d.Limits.MaxSteps, d.Limits.MaxWrites)
	b.WriteString("  start [shape=circle]\n")
	mark := func(name string) string {
		if name == current {
			return " penwidth=3"
		}
		return ""
	}
	for _, n := range d.Nodes {
		fmt.Fprintf(b, "  %s [shape=box label=\"%s%s\"%s]\n", ids[n.Name], n.Name, within(n.Timeout), mark(n.Name))
	}
	fmt.Fprintf(b, "  %s [shape=doublecircle label=\"end\"%s]\n  start -> %s\n", ids[End], mark(End), ids[d.Entry])
	for _, e := range d.Edges {
		style := ""
		if e.Conditional {
			style = " [style=dashed]"
		}
		fmt.Fprintf(b, "  %s -> %s%s\n", ids[e.From], ids[e.To], style)
	}
	b.WriteString("}\n")
	return b.String()
}

// ids are names that neither language reserves ("end" breaks Mermaid, "graph" and "node" break DOT).
func (d Description) ids() map[string]string {
	ids := map[string]string{End: "finish"}
	for i, n := range d.Nodes {
		ids[n.Name] = fmt.Sprintf("n%d", i+1)
	}
	return ids
}

func within(timeout time.Duration) string {
	if timeout == 0 {
		return ""
	}
	return " ≤" + timeout.String()
}
