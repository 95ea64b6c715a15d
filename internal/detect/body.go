package detect

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A body is a request, response or addition, decoded once for all detections
// that look into it.
type body struct{ root any }

// dig decodes the body when it is first asked for. The notation is
// event.Path's, whose answers these are; only the decoding is kept.
func dig(kept **body, raw json.RawMessage, path string) []string {
	if len(raw) == 0 {
		return nil
	}
	var out []string
	for _, v := range decoded(kept, raw).at(path) {
		out = appendText(out, v)
	}
	return out
}

// document is the value at path as a document: a string as it stands, an
// object or list as its JSON.
func document(kept **body, raw json.RawMessage, path string) string {
	if len(raw) == 0 {
		return ""
	}
	for _, v := range decoded(kept, raw).at(path) {
		switch v := v.(type) {
		case string:
			if v != "" {
				return v
			}
		case map[string]any:
			if b, err := json.Marshal(v); err == nil && len(v) > 0 {
				return string(b)
			}
		}
	}
	return ""
}

func decoded(kept **body, raw json.RawMessage) *body {
	if *kept == nil {
		*kept = &body{}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if dec.Decode(&(*kept).root) != nil {
			(*kept).root = nil
		}
	}
	return *kept
}

// at walks to the values at a path.
func (b *body) at(path string) []any {
	at := []any{b.root}
	for step := range strings.SplitSeq(path, ".") {
		name, list := strings.CutSuffix(step, "[]")
		var next []any
		for _, v := range at {
			object, _ := v.(map[string]any)
			value, ok := member(object, name)
			if !ok {
				continue
			}
			if items, isList := value.([]any); isList && list {
				next = append(next, items...)
			} else {
				next = append(next, value)
			}
		}
		at = next
	}
	return at
}

// member finds a name exactly, or else in any case, since services spell the
// same name differently.
func member(object map[string]any, name string) (any, bool) {
	if v, ok := object[name]; ok {
		return v, true
	}
	best := ""
	for key := range object {
		if strings.EqualFold(key, name) && (best == "" || key < best) {
			best = key
		}
	}
	return object[best], best != ""
}

func appendText(out []string, v any) []string {
	switch v := v.(type) {
	case string:
		return append(out, v)
	case json.Number:
		return append(out, v.String())
	case bool:
		if v {
			return append(out, "true")
		}
		return append(out, "false")
	case []any:
		for _, item := range v {
			out = appendText(out, item)
		}
	}
	return out
}
