package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// renamed are keys that got another name. The old one works for one more version, so
// that an upgrade stops no service.
var renamed = []struct{ old, group, name string }{
	{"deactivation_limit", "limits", "deactivations"},
}

// moveRenamed puts values that stand under an old name where the new one is, and warns.
// Both names at once are an error: nobody could say which counts.
func (r *report) moveRenamed(root *yaml.Node) {
	for _, key := range renamed {
		now := join(key.group, key.name)
		for {
			old := indexOf(root, key.old)
			if old < 0 {
				break
			}
			name, value := root.Content[old], root.Content[old+1]
			root.Content = append(root.Content[:old:old], root.Content[old+2:]...)
			group := child(root, key.group, name.Line)
			switch also := indexOf(group, key.name); {
			case also >= 0:
				r.at(name.Line, key.old, "is the old name of %s, which is set in line %d too: take %s out", now, group.Content[also].Line, key.old)
			case group.Kind == yaml.MappingNode: // else fit says what it is
				group.Content = append(group.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key.name, Line: name.Line}, value)
				r.warnings = append(r.warnings, Problem{r.file, name.Line, key.old, fmt.Sprintf("is called %s now: the old name works for this version only, so rename it", now)})
			}
		}
	}
}

// child is the value of a group of keys in root, which gets one where there is none.
func child(root *yaml.Node, name string, line int) *yaml.Node {
	at := indexOf(root, name)
	if at < 0 {
		at = len(root.Content)
		root.Content = append(root.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name, Line: line}, &yaml.Node{Kind: yaml.MappingNode, Line: line})
	}
	group := root.Content[at+1]
	if isNull(group) { // an empty group is the same as none
		*group = yaml.Node{Kind: yaml.MappingNode, Line: group.Line}
	}
	return group
}

// indexOf is where a key stands among those of a group; -1: nowhere.
func indexOf(group *yaml.Node, name string) int {
	if group.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(group.Content); i += 2 {
			if strings.EqualFold(group.Content[i].Value, name) {
				return i
			}
		}
	}
	return -1
}
