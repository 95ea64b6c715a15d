package lineage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// by is the part of a deed that says who did it, when, from where.
func by(e event.Event) Deed {
	d := Deed{Principal: speaker(e), Agent: e.Agent, Deed: fact.Deed{
		EventID: e.ID, Call: baseName(e), At: e.Time, Credential: e.Credential, Address: e.Address,
	}}
	if ByAWS(e) {
		if d.OnBehalf = OnBehalf(e); d.OnBehalf == "" {
			d.OnBehalf = cmp.Or(e.Principal.InvokedBy, e.Address, "AWS")
		}
	}
	return d
}

// Attribute lists what was done to a resource, by id, name or ARN: who created,
// changed, shared or deleted it, in the order of time. What failed is
// Attempted. Calls that the table of deeds does not know are read by their
// names and by where the resource stands in them: "CreateTable" creates the
// table that its body names as table, and not the key that it names too. What
// AWS made for a stack, a group or a fleet says for which.
func Attribute(id string, events []event.Event) (all []Deed) {
	if id == "" {
		return nil
	}
	short := []byte(nameIn(id))
	seen := map[string]bool{}
	for _, e := range events {
		if e.ReadOnlyKnown && e.ReadOnly || seen[e.ID] || !mentions(e, short) {
			continue
		}
		seen[e.ID] = e.ID != ""
		for _, d := range deedsOn(e, id) {
			d.For = madeFor(e)
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b Deed) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	return all
}

// deedsOn is what one call did to the resource: by the table, else by guessing.
func deedsOn(e event.Event, id string) (all []Deed) {
	for _, d := range Made(e) {
		if same(d.Ref.ID, id) {
			all = append(all, d)
		}
	}
	if len(all) == 0 {
		if d, ok := guess(e, id); ok {
			all = append(all, d)
		}
	}
	return all
}

// mentions says whether a call can be about what has this name. IAM's calls
// without a user name are about the caller.
func mentions(e event.Event, name []byte) bool {
	return bytes.Contains(e.Request, name) || bytes.Contains(e.Response, name) || e.Service() == "iam" && callingUser(e).ID == string(name)
}

// same says whether two of id, name and ARN are one resource. Two ARNs, or two
// ids, must be equal; a name stands for the ARN that ends in it.
func same(a, b string) bool {
	if a == b {
		return a != ""
	}
	longA, longB := strings.HasPrefix(a, "arn:"), strings.HasPrefix(b, "arn:")
	if longA == longB || a == "" || b == "" {
		return false
	}
	if longB {
		a, b = b, a
	}
	return strings.HasSuffix(a, "/"+b) || strings.HasSuffix(a, ":"+b) || strings.Contains(a, ":"+b+":") && strings.Contains(a, ":layer:")
}

// nameIn is the last part of an ARN, or the whole of anything else.
func nameIn(id string) string {
	if !strings.HasPrefix(id, "arn:") {
		return id
	}
	if at := strings.LastIndexAny(id, ":/"); at+1 < len(id) {
		return id[at+1:]
	}
	return id
}

// verbs say what a call does to what it is named after. Reads have none.
var verbs = []struct {
	verb   string
	change Change
}{
	{"Create", Created}, {"Run", Created}, {"Register", Created}, {"Import", Created}, {"Allocate", Created}, {"Copy", Created},
	{"Upload", Created}, {"Publish", Created}, {"Request", Created}, {"Restore", Created}, {"Clone", Created}, {"Launch", Created}, {"Start", Changed},
	{"Delete", Deleted}, {"Terminate", Deleted}, {"Remove", Deleted}, {"Deregister", Deleted}, {"Release", Deleted}, {"Cancel", Deleted}, {"Purge", Deleted}, {"Schedule", Changed},
	{"Share", Shared}, {"AddPermission", Shared}, {"AcceptResourceShare", Shared},
	{"Modify", Changed}, {"Update", Changed}, {"Put", Changed}, {"Set", Changed}, {"Attach", Changed}, {"Detach", Changed}, {"Associate", Changed}, {"Disassociate", Changed},
	{"Replace", Changed}, {"Reset", Changed}, {"Enable", Changed}, {"Disable", Changed}, {"Stop", Changed}, {"Reboot", Changed}, {"Tag", Changed}, {"Untag", Changed},
	{"Add", Changed}, {"Change", Changed}, {"Authorize", Changed}, {"Revoke", Changed}, {"Rotate", Changed}, {"Promote", Changed}, {"Accept", Changed}, {"Send", Changed}, {"Invoke", Changed},
}

// guess reads a call that no table knows.
func guess(e event.Event, id string) (Deed, bool) {
	name := baseName(e)
	for _, v := range verbs {
		noun, ok := strings.CutPrefix(name, v.verb)
		if !ok || noun != "" && !unicode.IsUpper(rune(noun[0])) {
			continue
		}
		asked, answered := keysOf(e.Request, id), keysOf(e.Response, id)
		if len(asked)+len(answered) == 0 {
			return Deed{}, false
		}
		change := v.change
		own := slices.ContainsFunc(append(slices.Clone(asked), answered...), func(key string) bool { return named(key, noun) })
		switch {
		case change == Created && !own:
			return Deed{}, false // it is only mentioned
		case change == Deleted && !own:
			change = Changed // a part of it was deleted
		case change == Changed && len(asked) == 0:
			return Deed{}, false
		case change == Changed && isSharing(name):
			change = Shared
		}
		d := by(e)
		d.Ref = fact.Ref{Kind: fact.Kind(e.Service()), Place: fact.Place{Account: e.Account, Region: e.Region}, ID: id}
		d.Change, d.Wanted = change, change
		if e.Failed() {
			d.Change = Attempted
		}
		return d, true
	}
	return Deed{}, false
}

// isSharing recognises calls that decide who else may use a resource.
func isSharing(name string) bool {
	for _, what := range []string{"BucketPolicy", "BucketAcl", "ObjectAcl", "ResourcePolicy", "RepositoryPolicy", "KeyPolicy", "TopicAttributes", "QueueAttributes", "SnapshotAttribute", "ImageAttribute", "DocumentPermission", "VaultAccessPolicy"} {
		if strings.HasSuffix(name, what) && !strings.HasPrefix(name, "Delete") {
			return true
		}
	}
	return false
}

// keysOf lists under which members of a body a resource is named. A member
// that only says "arn", "id" or "name" goes by the object around it.
func keysOf(raw json.RawMessage, id string) []string {
	var body any
	if len(raw) == 0 || json.Unmarshal(raw, &body) != nil {
		return nil
	}
	found := map[string]bool{}
	var walk func(v any, key string)
	walk = func(v any, key string) {
		switch v := v.(type) {
		case string:
			if same(v, id) {
				found[key] = true
			}
		case []any:
			for _, item := range v {
				walk(item, key)
			}
		case map[string]any:
			for k, item := range v {
				if k == "items" || k == "item" || k == "content" || isBare(k) && key != "" {
					k = key
				}
				walk(item, k)
			}
		}
	}
	walk(body, "")
	return slices.Sorted(maps.Keys(found))
}

func isBare(key string) bool {
	switch strings.ToLower(key) {
	case "arn", "id", "name", "identifier":
		return true
	}
	return false
}

// named says whether a member is what a call is named after: "bucketName" of
// CreateBucket, "instanceId" of RunInstances, "id" of anything.
func named(key, noun string) bool {
	key, noun = strings.ToLower(key), strings.ToLower(noun)
	if isBare(key) {
		return true
	}
	for _, end := range []string{"identifier", "name", "arn", "id", "url"} {
		if cut, ok := strings.CutSuffix(key, end); ok && cut != "" {
			key = cut
			break
		}
	}
	key = strings.TrimSuffix(key, "s")
	return key != "" && strings.HasPrefix(noun, key)
}

// tags by which AWS says what it made a resource for.
var purposes = []string{
	"aws:cloudformation:stack-id", "aws:cloudformation:stack-name", "aws:autoscaling:groupName", "aws:ec2:fleet-id",
	"aws:ec2spot:fleet-request-id", "aws:elasticmapreduce:job-flow-id", "aws:eks:cluster-name", "eks:cluster-name", "aws:batch:compute-environment",
}

// madeFor is the stack, group or fleet that a resource belongs to.
func madeFor(e event.Event) string {
	for _, body := range []json.RawMessage{e.Request, e.Response} {
		if !bytes.Contains(body, []byte(`aws:`)) && !bytes.Contains(body, []byte(`eks:`)) {
			continue
		}
		for _, purpose := range purposes {
			if !bytes.Contains(body, []byte(purpose)) {
				continue
			}
			var v any
			if json.Unmarshal(body, &v) == nil {
				if value := tag(v, purpose); value != "" {
					return value
				}
			}
		}
	}
	return ""
}

func tag(v any, key string) string {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if value := tag(item, key); value != "" {
				return value
			}
		}
	case map[string]any:
		if v["key"] == key {
			value, _ := v["value"].(string)
			return value
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if value := tag(v[k], key); value != "" {
				return value
			}
		}
	}
	return ""
}
