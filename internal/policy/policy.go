// Package policy reads AWS policy documents as real accounts hold them and
// answers three questions by evaluating them, never by their names: can this
// principal administer the account, whom does this document let in from
// outside, and what is the document that lets them in no more. Pure.
package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// A Document is one policy, as far as evaluating it needs. The members that it
// was read from are kept, in order, so that it can be written again with one
// thing changed.
type Document struct {
	Version    string
	Statements []Statement

	members []member
	single  bool // Statement was one object and not a list
}

// A Statement is one statement. Allow and deny are never both set; a statement
// whose effect is neither word has no effect, as AWS would refuse it.
type Statement struct {
	Sid          string
	Allow, Deny  bool
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Principals   []Principal
	NotPrincipal bool // it speaks of everybody except some
	Conditions   []Condition

	members []member
}

// A Principal is one entry of a Principal element; Type is "AWS", "Service",
// "Federated", "CanonicalUser", or whatever else was found there. The bare
// form "Principal":"*" has an empty type.
type Principal struct{ Type, ID string }

// A Condition is one operator applied to one key.
type Condition struct {
	Operator, Key string
	Values        []string
}

// Parse reads a document. It accepts AWS's URL encoding, a string wherever AWS
// accepts a string or a list, and element names in any case; it keeps what it
// does not know. What is no policy at all is an error that says where.
func Parse(body string) (Document, error) {
	raw, err := decode(body)
	if err != nil {
		return Document{}, fmt.Errorf("cannot read policy: %w", err)
	}
	var d Document
	if d.members, err = members(raw); err != nil {
		return Document{}, fmt.Errorf("cannot read policy: %w", err)
	}
	for _, m := range d.members {
		switch {
		case m.is("Version"):
			d.Version = text(m.Value)
		case m.is("Statement"):
			if err := d.statements(m.Value); err != nil {
				return Document{}, fmt.Errorf("cannot read policy: %w", err)
			}
		}
	}
	return d, nil
}

// decode undoes the URL encoding, once or twice: some tools store what IAM
// returned and encode it again. A plus sign stands for itself (RFC 3986).
func decode(body string) ([]byte, error) {
	body = strings.TrimSpace(strings.TrimPrefix(body, "\ufeff"))
	for range 2 {
		if !strings.HasPrefix(body, "%") {
			break
		}
		plain, err := url.PathUnescape(body)
		if err != nil {
			return nil, err
		}
		body = strings.TrimSpace(plain)
	}
	if body == "" {
		return nil, fmt.Errorf("it is empty")
	}
	return []byte(body), nil
}

func (d *Document) statements(raw json.RawMessage) error {
	list := []json.RawMessage{raw}
	if first(raw) == '[' {
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
	} else {
		d.single = true
	}
	for i, raw := range list {
		s, err := statement(raw)
		if err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
		d.Statements = append(d.Statements, s)
	}
	return nil
}

func statement(raw json.RawMessage) (s Statement, err error) {
	if s.members, err = members(raw); err != nil {
		return s, err
	}
	lists := map[string]*[]string{
		"action": &s.Actions, "notaction": &s.NotActions,
		"resource": &s.Resources, "notresource": &s.NotResources,
	}
	for _, m := range s.members {
		if list := lists[strings.ToLower(m.Key)]; list != nil {
			err = addStrings(list, m.Value)
		}
		switch {
		case m.is("Sid"):
			s.Sid = text(m.Value)
		case m.is("Effect"):
			s.Allow = strings.EqualFold(text(m.Value), "Allow")
			s.Deny = strings.EqualFold(text(m.Value), "Deny")
		case m.is("Principal"):
			var more []Principal
			more, err = principals(m.Value)
			s.Principals = append(s.Principals, more...)
		case m.is("NotPrincipal"):
			s.NotPrincipal = true
		case m.is("Condition"):
			var more []Condition
			more, err = conditions(m.Value)
			s.Conditions = append(s.Conditions, more...)
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", m.Key, err)
		}
	}
	return s, nil
}

func principals(raw json.RawMessage) ([]Principal, error) {
	if first(raw) == '"' {
		return []Principal{{ID: text(raw)}}, nil
	}
	types, err := members(raw)
	if err != nil {
		return nil, err
	}
	var all []Principal
	for _, t := range types {
		var ids []string
		if err := addStrings(&ids, t.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Key, err)
		}
		for _, id := range ids {
			all = append(all, Principal{Type: principalType(t.Key), ID: id})
		}
	}
	return all, nil
}

// principalType gives the four known types AWS's spelling.
func principalType(key string) string {
	for _, known := range []string{typeAWS, typeService, typeFederated, typeCanonical} {
		if strings.EqualFold(key, known) {
			return known
		}
	}
	return key
}

func conditions(raw json.RawMessage) (all []Condition, err error) {
	operators, err := members(raw)
	if err != nil {
		return nil, err
	}
	for _, op := range operators {
		keys, err := members(op.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op.Key, err)
		}
		for _, k := range keys {
			c := Condition{Operator: op.Key, Key: k.Key}
			if err := addStrings(&c.Values, k.Value); err != nil {
				return nil, fmt.Errorf("%s: %w", k.Key, err)
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// A member is one key and value of an object, in the order it was found.
type member struct {
	Key   string
	Value json.RawMessage
}

func (m member) is(key string) bool { return strings.EqualFold(m.Key, key) }

// members reads an object without losing order or repeated keys. Null is an
// object without members.
func members(raw []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	open, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if open == nil {
		return nil, nil
	}
	if open != json.Delim('{') {
		return nil, fmt.Errorf("an object was expected, not %.20q", raw)
	}
	var all []member
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{Key: key.(string)}
		if err := dec.Decode(&m.Value); err != nil {
			return nil, fmt.Errorf("%s: %w", m.Key, err)
		}
		all = append(all, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, fmt.Errorf("something follows the object")
	}
	return all, nil
}

// write is the opposite of members.
func write(all []member) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(quote(m.Key))
		b.WriteByte(':')
		if json.Compact(&b, m.Value) != nil {
			b.Write(m.Value)
		}
	}
	b.WriteByte('}')
	return b.Bytes()
}

// quote is JSON without the HTML escapes, which AWS counts against its limits.
func quote(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("internal error: policy: " + err.Error())
	}
	return bytes.TrimSpace(b.Bytes())
}

func first(raw []byte) byte {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// text is a string, number or boolean as its text, and anything else empty.
func text(raw json.RawMessage) string {
	switch first(raw) {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s)
		return s
	case 0, '{', '[', 'n':
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// addStrings appends a scalar or every scalar of a list.
func addStrings(to *[]string, raw json.RawMessage) error {
	switch first(raw) {
	case 0, 'n':
		return nil
	case '{':
		return fmt.Errorf("a string or a list was expected, not %.20q", raw)
	case '[':
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		for _, item := range list {
			if c := first(item); c == '{' || c == '[' {
				return fmt.Errorf("a string was expected, not %.20q", item)
			}
			*to = append(*to, text(item))
		}
	default:
		*to = append(*to, text(raw))
	}
	return nil
}
