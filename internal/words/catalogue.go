package words

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
)

// Catalogue is all texts of one language by key.
type Catalogue map[string]Message

// Message is one text. A plain text has only Other; a plural has the forms
// that its language needs: English one and other, Chinese other, French one
// (for 0 and 1), other and, where it matters, many ("1 000 000 de clés").
type Message struct {
	Plural           bool
	One, Other, Many string
}

// A placeholder is {name}; other braces are text.
var placeholder = regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`)

//go:embed en/*.json zh/*.json fr/*.json
var files embed.FS

// embedded is the catalogue that is built in; its tests have read it.
func embedded(lang Lang) *index {
	x, err := indexed(files, lang)
	if err != nil {
		panic(err)
	}
	return x
}

// Load reads <lang>/*.json: each file is one object, key to text or key to
// plural forms. A key that stands twice, in one file or in two, is an error.
func Load(fsys fs.FS, lang Lang) (Catalogue, error) {
	names, err := fs.Glob(fsys, string(lang)+"/*.json")
	if err != nil {
		return nil, err
	}
	all := Catalogue{}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		if err := all.read(data); err != nil {
			return nil, fmt.Errorf("cannot read catalogue %s: %w", name, err)
		}
	}
	return all, nil
}

// read adds one file. It walks the tokens, because a map would let the second
// of two equal keys win in silence.
func (c Catalogue) read(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("it must be one object: %v", err)
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		if _, twice := c[key]; twice {
			return fmt.Errorf("%s stands twice", key)
		}
		m, err := parseMessage(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		c[key] = m
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if dec.More() {
		return fmt.Errorf("text after the object")
	}
	return nil
}

func parseMessage(raw json.RawMessage) (Message, error) {
	if raw[0] == '"' {
		var m Message
		return m, json.Unmarshal(raw, &m.Other)
	}
	forms := struct{ One, Other, Many *string }{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&forms); err != nil {
		return Message{}, err
	}
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return Message{Plural: true, One: text(forms.One), Other: text(forms.Other), Many: text(forms.Many)}, nil
}
