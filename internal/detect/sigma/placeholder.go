package sigma

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
)

// isPlaceholders says whether a file of the folder, at its top, has the values
// of placeholders instead of rules.
func isPlaceholders(name string) bool {
	return name == "placeholders.yml" || name == "placeholders.yaml"
}

// placeholders reads the values of a file: a mapping of names, with or without
// percent signs, to a value or a list of values. What the caller of LoadWith
// gave stays.
func (l *loader) placeholders(fsys fs.FS) error {
	text, err := l.content(fsys)
	if err != nil {
		return err
	}
	l.budget = budget
	found := map[string][]string{}
	dec := yaml.NewDecoder(strings.NewReader(text))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF):
			maps.Copy(found, l.given)
			l.given = found
			return nil
		case err != nil:
			return fmt.Errorf("is no YAML: %w", err)
		case len(doc.Content) == 0 || doc.Content[0].Tag == "!!null":
			continue
		}
		members, err := l.entries(doc.Content[0])
		if err != nil {
			return err
		}
		for _, m := range members {
			name := strings.Trim(m.key, "%")
			values, err := l.texts(m.value)
			switch {
			case err != nil:
				return fmt.Errorf("%.60q: %w", m.key, err)
			case name == "" || len(values) == 0:
				return fmt.Errorf("%.60q has no value", m.key)
			case found[name] != nil:
				return fmt.Errorf("%.60q stands twice", m.key)
			}
			found[name] = values
		}
	}
}
