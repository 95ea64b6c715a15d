package parquet

import (
	"bytes"
	"encoding/json"
	"strings"

	"cordon/internal/event"
)

// A record is an event with what else its columns need, worked out once.
type record struct {
	event.Event
	principal  string
	session    string
	failed     bool
	request    string // AWS's id of the call
	category   string
	management string // "true", "false", "" where not said
	resources  []resource
	named      string // resources as JSON

	unmapped []pair // of the ocsf layout
	resolved bool
}

type resource struct {
	ARN     string `json:"ARN,omitempty"`
	Account string `json:"accountId,omitempty"`
	Type    string `json:"type,omitempty"`
}

type pair struct{ key, value string }

// extras is what event.Event leaves out and the export has.
type extras struct {
	RequestID       json.RawMessage   `json:"requestID"`
	EventCategory   json.RawMessage   `json:"eventCategory"`
	ManagementEvent json.RawMessage   `json:"managementEvent"`
	Resources       []json.RawMessage `json:"resources"`
}

// read parses a raw record. The bodies come from event.Parse, which takes
// secrets out of them; of the rest only named members are read.
func read(raw []byte) (record, error) {
	e, err := event.Parse(raw)
	if err != nil {
		return record{}, err
	}
	r := of(e)
	var x extras
	if json.Unmarshal(raw, &x) != nil {
		// A field of another shape than AWS's: what could be read stands in x.
		// The record itself is whole, or Parse would have failed.
	}
	r.request, r.category, r.management = scalar(x.RequestID), scalar(x.EventCategory), strings.ToLower(scalar(x.ManagementEvent))
	for _, item := range x.Resources {
		var fields map[string]json.RawMessage
		if json.Unmarshal(item, &fields) != nil {
			continue
		}
		var found resource
		for name, value := range fields {
			switch strings.ToLower(name) {
			case "arn":
				found.ARN = scalar(value)
			case "accountid":
				found.Account = scalar(value)
			case "type":
				found.Type = scalar(value)
			}
		}
		if found != (resource{}) {
			r.resources = append(r.resources, found)
		}
	}
	if len(r.resources) > 0 {
		r.named = compact(r.resources)
	}
	return r, nil
}

func of(e event.Event) record {
	return record{Event: e, principal: principal(e), session: session(e.Principal.ARN), failed: e.Failed()}
}

// principal is as package trail's answers have it.
func principal(e event.Event) string {
	for _, s := range []string{e.Principal.Issuer.ARN, e.Principal.ARN, e.Principal.InvokedBy} {
		if s != "" {
			return s
		}
	}
	return ""
}

// session is the name in the ARN of an assumed role or a federated user.
func session(arn string) string {
	resource := arn[strings.LastIndexByte(arn, ':')+1:]
	kind, rest, _ := strings.Cut(resource, "/")
	switch kind {
	case "assumed-role":
		return rest[strings.LastIndexByte(rest, '/')+1:]
	case "federated-user":
		return rest
	}
	return ""
}

// scalar is a string, number or boolean as its text.
func scalar(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return ""
		}
		return s
	case 'n', '{', '[':
		return ""
	}
	return string(raw)
}

// compact is v as JSON without HTML's escapes.
func compact(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSuffix(b.String(), "\n")
}
