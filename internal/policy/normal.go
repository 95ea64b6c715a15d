package policy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// Normal returns the document in the one spelling that all documents with its
// meaning and its statements share: without blanks, the members of objects by
// name, the strings of a list in order. IAM keeps neither order in a trust
// policy, two reads of an unchanged role may differ in both
// (hashicorp/terraform-provider-aws#30870, boto/boto3#1178,
// aws-controllers-k8s/community#2142). The order of statements stays. What is
// no policy stays as it is.
func Normal(body string) string {
	raw, err := decode(body)
	if err != nil {
		return body
	}
	if _, err := Parse(body); err != nil {
		return body
	}
	normal, err := inOrder(raw)
	if err != nil {
		return body
	}
	return string(normal)
}

func inOrder(raw json.RawMessage) (json.RawMessage, error) {
	switch first(raw) {
	case '{':
		all, err := members(raw)
		if err != nil {
			return nil, err
		}
		for i := range all {
			if all[i].Value, err = inOrder(all[i].Value); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(all, func(a, b member) int { return cmp.Compare(a.Key, b.Key) })
		return write(all), nil
	case '[':
		var all []json.RawMessage
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, err
		}
		scalars := true
		for i := range all {
			var err error
			if all[i], err = inOrder(all[i]); err != nil {
				return nil, err
			}
			c := first(all[i])
			scalars = scalars && c != '{' && c != '['
		}
		if scalars {
			slices.SortFunc(all, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
		}
		return quote(all), nil
	case '"':
		return quote(text(raw)), nil
	}
	return bytes.TrimSpace(raw), nil
}
