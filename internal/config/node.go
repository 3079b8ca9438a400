package config

import (
	"bytes"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// at finds where a setting stands in a mapping: its dots may be levels, or part of a key. It returns the mapping that holds it, the
// position of its key there, and how many parts of the name lie before that mapping.
func at(m *yaml.Node, parts []string) (holder *yaml.Node, i int, ok bool) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, v := m.Content[i].Value, m.Content[i+1]
		for n := len(parts); n > 0; n-- {
			if key != strings.Join(parts[:n], ".") {
				continue
			}
			if n == len(parts) {
				return m, i, true
			}
			if v.Kind == yaml.MappingNode {
				if holder, j, ok := at(v, parts[n:]); ok {
					return holder, j, true
				}
			}
		}
	}
	return nil, 0, false
}

// put changes a setting where it stands, or adds it: into the level that is there for it, else at the end. It reports whether
// there was a place for it.
func put(m *yaml.Node, parts []string, value string) bool {
	if holder, i, ok := at(m, parts); ok {
		v := holder.Content[i+1]
		if v.Kind != yaml.ScalarNode {
			return false
		}
		v.Anchor, v.Style = "", 0
		setScalar(v, value)
		return true
	}
	for len(parts) > 1 {
		i := index(m, parts[0])
		if i < 0 {
			break
		}
		v := m.Content[i+1]
		if v.Kind == yaml.ScalarNode && v.Tag == "!!null" { // 'sources:' with nothing below it
			*v = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: v.HeadComment, LineComment: v.LineComment, FootComment: v.FootComment}
		}
		if v.Kind != yaml.MappingNode {
			return false
		}
		m, parts = v, parts[1:]
	}
	m.Content = append(m.Content, nested(parts, value)...)
	return true
}

// nested is a key and its value, the dots as levels.
func nested(parts []string, value string) []*yaml.Node {
	key, v := &yaml.Node{}, &yaml.Node{Kind: yaml.ScalarNode}
	key.SetString(parts[0])
	if len(parts) == 1 {
		setScalar(v, value)
	} else {
		v = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: nested(parts[1:], value)}
	}
	return []*yaml.Node{key, v}
}

// setScalar makes a node a string, but a switch what one writes by hand. The encoder quotes what would read as something else.
func setScalar(n *yaml.Node, value string) {
	n.Value, n.Tag = value, "!!str"
	if value == "true" || value == "false" {
		n.Tag = "!!bool"
	}
}

// remove takes a setting out, and the levels that hold nothing else.
func remove(m *yaml.Node, parts []string) {
	holder, i, ok := at(m, parts)
	if !ok {
		return
	}
	if above := holder.Content[i].HeadComment; above != "" && i+2 < len(holder.Content) { // it may be the file's own heading
		next := holder.Content[i+2]
		next.HeadComment = strings.TrimRight(above+"\n"+next.HeadComment, "\n")
	}
	holder.Content = append(holder.Content[:i], holder.Content[i+2:]...)
	if len(holder.Content) == 0 && holder != m {
		prune(m, holder)
	}
}

// prune takes an empty level out, and what is empty without it.
func prune(m, empty *yaml.Node) {
	for i := 1; i < len(m.Content); i += 2 {
		v := m.Content[i]
		if v.Kind == yaml.MappingNode && v != empty {
			prune(v, empty)
		}
		if v == empty || v.Kind == yaml.MappingNode && len(v.Content) == 0 && v.Anchor == "" {
			m.Content = append(m.Content[:i-1], m.Content[i+1:]...)
			i -= 2
		}
	}
}

func index(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// fresh is a file that held nothing, or comments only, with its first setting.
func fresh(raw []byte, name, value string) ([]byte, error) {
	var out bytes.Buffer
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			out.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	err := e.Encode(&yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: nested(strings.Split(name, "."), value)})
	if err := errors.Join(err, e.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// comments is what is left of a file without settings.
func comments(nodes ...*yaml.Node) string {
	var lines []string
	for _, n := range nodes {
		for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			if c != "" {
				lines = append(lines, c)
			}
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
