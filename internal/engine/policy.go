package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"cordon/internal/awsapi"
	"cordon/internal/kind"
	"cordon/internal/kinds"
)

// historyNeeds are the calls of reading the event history.
var historyNeeds = []string{"cloudtrail:LookupEvents"}

// Policies are what Policy can print.
var Policies = []string{"triage", "contain", "responder"}

// Policy makes the least IAM policy for a part of the work from the very lists
// that the read-only guard enforces.
func Policy(what string) ([]byte, error) {
	read := slices.Concat([]string{"sts:GetCallerIdentity"}, awsapi.RegionNeeds(), historyNeeds, groupNeeds)
	var write []string
	for _, k := range kinds.All() {
		read = append(read, k.Needs()...)
		for _, v := range k.Verbs() {
			if v.Class != kind.Permanent && !v.Secret { // who contains makes no credentials
				write = append(write, v.Needs...)
			}
		}
	}
	type statement struct {
		Sid, Effect string
		Action      []string
		Resource    string
	}
	look := statement{"CordonLooks", "Allow", awsapi.Actions(read), "*"}
	var statements []statement
	switch what {
	case "triage":
		statements = []statement{look}
	case "contain":
		acts := slices.DeleteFunc(awsapi.Actions(write), func(a string) bool { return slices.Contains(look.Action, a) })
		statements = []statement{{"CordonContains", "Allow", acts, "*"}}
	case "responder":
		acts := slices.DeleteFunc(awsapi.Actions(write), func(a string) bool { return slices.Contains(look.Action, a) })
		statements = []statement{look, {"CordonContains", "Allow", acts, "*"}}
	default:
		return nil, refuse("no-such-policy", fmt.Errorf("cannot print the policy %q: it is one of %v", what, Policies), "name", what)
	}
	return json.MarshalIndent(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements}, "", "  ")
}
