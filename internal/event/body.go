package event

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Removed stands where a secret was.
const Removed = "<removed by cordon>"

// secrets are the members whose values are never kept, in lower case. AWS
// leaves most of them out of the trail itself; session tokens it does not.
var secrets = []string{
	"sessiontoken", "secretaccesskey", "secretkey", "keymaterial", "privatekey", "privatekeymaterial",
	"password", "oldpassword", "newpassword", "masteruserpassword", "servicepassword", "servicecredentialsecret",
	"base32stringseed", "qrcodepng", "secretstring", "secretbinary", "clientsecret", "signintoken",
	"authorizationtoken", "webidentitytoken", "samlassertion", "userdata", "tokencode", "accesstoken", "idtoken", "refreshtoken",
}

// clean copies a body without its secrets. Null and empty are nil. Some
// stores deliver the body as JSON inside a string; it comes out as JSON.
func clean(raw json.RawMessage) json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var inner string
		if json.Unmarshal(raw, &inner) == nil && strings.HasPrefix(strings.TrimSpace(inner), "{") && json.Valid([]byte(inner)) {
			raw = bytes.TrimSpace([]byte(inner))
		}
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var body any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&body) != nil {
		return nil
	}
	if !strip(body) {
		return bytes.Clone(raw)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(body) != nil {
		return nil
	}
	return bytes.TrimSpace(b.Bytes())
}

// strip replaces secrets in place and says whether there were any.
func strip(v any) (found bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if isSecret(key) && value != nil {
				v[key] = Removed
				found = true
			} else if strip(value) {
				found = true
			}
		}
	case []any:
		for _, item := range v {
			found = strip(item) || found
		}
	}
	return found
}

func isSecret(key string) bool {
	if len(key) < 7 {
		return false
	}
	key = strings.ToLower(key)
	for _, s := range secrets {
		if key == s {
			return true
		}
	}
	return false
}

// Path digs values out of a body: "instancesSet.items[].instanceId" is that
// member of every item. Names are matched exactly or else in any case, since
// services spell the same name differently; a single object stands for a
// list of one. Strings, numbers and booleans come back as text.
func Path(raw json.RawMessage, path string) []string {
	if len(raw) == 0 {
		return nil
	}
	var body any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&body) != nil {
		return nil
	}
	at := []any{body}
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
	var out []string
	for _, v := range at {
		out = appendText(out, v)
	}
	return out
}

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
