package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
)

// setPassword: an administrator, or the intruder, sets somebody's password.
func setPassword(at int, who, call, user, from string) story {
	return story{at: at, who: who, call: "iam:" + call, id: fmt.Sprintf("pw-%d", at), q: `{"userName":"` + user + `"}`, from: from}
}

// signedIn: a console session's call; began is when the user signed in.
func signedIn(at, began int, user, key, from string) story {
	return story{at: at, began: began, who: "user " + user + " " + key, call: "ec2:RunInstances", id: "by-" + key, from: from,
		more: `"sessionCredentialFromConsole":"true"`, r: `{"instancesSet":{"items":[{"instanceId":"i-` + key + `"}]}}`}
}

func (c story) named(id string) story {
	c.id = id
	return c
}

// TestAPasswordThatTheOwnerSetAnew: whose console sessions are, once somebody else
// has set the password after the intruder.
func TestAPasswordThatTheOwnerSetAnew(t *testing.T) {
	const home, his, office = "198.51.100.7", "203.0.113.9", "198.51.100.33"
	his1 := setPassword(5, "user ann AKIA1", "UpdateLoginProfile", "alice", his)
	for name, c := range map[string]struct {
		calls []story
		want  []string // the sessions of alice's that are suspect, and how sure
	}{
		"nobody": {[]story{his1, signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"the administrator": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, nil},
		"he took the password away": {[]story{his1, setPassword(125, "role admin/s ASIAB", "DeleteLoginProfile", "alice", home),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, nil},
		"another user's": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "carol", home),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"refused": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home).also(failed),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"sessions between": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home),
			signedIn(100, 90, "alice", "ASIA2", his), signedIn(200, 90, "alice", "ASIA3", his), signedIn(300, 299, "alice", "ASIA4", office)}, []string{"ASIA2 high", "ASIA3 high"}},
		"he set it again": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home),
			setPassword(130, "user ann AKIA1", "UpdateLoginProfile", "alice", his), signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"in the same second": {[]story{his1, setPassword(5, "user bob ASIAB", "UpdateLoginProfile", "alice", home).named("pw-other"),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"she signs in within that second": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home),
			signedIn(2*day, 125, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"he himself": {[]story{his1, setPassword(125, "user ann AKIA1", "DeleteLoginProfile", "alice", his),
			setPassword(126, "user ann AKIA1", "CreateLoginProfile", "alice", his), signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"somebody at his address": {[]story{his1, setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", his),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"another session of the user whose key he has": {[]story{his1, setPassword(125, "user ann ASIAANN", "UpdateLoginProfile", "alice", home),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"that user, from where he always was": {[]story{
			{at: -20 * day, who: "user ann ASIAOLD", call: "s3:ListBuckets", from: home}, his1,
			setPassword(125, "user ann ASIAANN", "UpdateLoginProfile", "alice", home), signedIn(2*day, 2*day, "alice", "ASIA2", office)}, nil},
		"her own change of it": {[]story{his1, {at: 125, who: "user alice AKIAALICE", call: "iam:ChangePassword", from: home},
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"one whose password he set": {[]story{his1, setPassword(6, "user ann AKIA1", "UpdateLoginProfile", "bob", his),
			setPassword(125, "user bob ASIAB", "UpdateLoginProfile", "alice", home).also(`"sessionCredentialFromConsole":"true"`),
			signedIn(2*day, 2*day, "alice", "ASIA2", office)}, []string{"ASIA2 high"}},
		"nobody, but it is her own place": {[]story{
			{at: -20 * day, who: "user alice ASIAOLD", call: "s3:ListBuckets", from: office}, his1,
			signedIn(2*day, 2*day, "alice", "ASIA2", office), signedIn(2*day, 2*day, "alice", "ASIA3", his)}, []string{"ASIA2 low", "ASIA3 high"}},
	} {
		var events []event.Event
		for _, s := range c.calls {
			events = append(events, s.parse(t))
		}
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Add(Query{}, events)
		var got []string
		for _, s := range closure.Suspects() {
			if s.Principal.ID == "alice" && s.Credential != "" {
				got = append(got, s.Credential+" "+s.Confidence)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		for _, d := range closure.Deeds() {
			i, sure := strings.CutPrefix(d.Ref.ID, "i-")
			if want := slices.Contains(c.want, i+" high"); sure && (d.Confidence == High) != want {
				t.Errorf("%s: %s is %s", name, d.Ref.ID, d.Confidence)
			}
		}
	}
}

// TestWhoSetAPasswordIsAskedFor: by the calls' names, since the caller's would not
// find them; and a password that the owner set is no way in.
func TestWhoSetAPasswordIsAskedFor(t *testing.T) {
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{ByAccessKey, "AKIA1"}, []event.Event{setPassword(5, "user ann AKIA1", "UpdateLoginProfile", "alice", "203.0.113.9").parse(t)})
	asked := c.Next()
	for _, call := range []string{"CreateLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile"} {
		if !slices.Contains(asked, Query{ByEventName, call}) {
			t.Errorf("not asked for: %s", call)
		}
	}
	way := func() bool {
		return slices.ContainsFunc(c.Graph(began.AddDate(0, 0, 1), nil).Nodes, func(n Node) bool { return strings.HasPrefix(n.ID, "password:") })
	}
	if !way() {
		t.Error("his password is no way in")
	}
	c.Add(Query{}, []event.Event{setPassword(-1, "user bob ASIAB", "UpdateLoginProfile", "alice", "198.51.100.7").parse(t)})
	if !way() {
		t.Error("what was before his is after it")
	}
	c.Add(Query{}, []event.Event{setPassword(9, "user bob ASIAB", "UpdateLoginProfile", "alice", "198.51.100.7").parse(t)})
	if way() {
		t.Error("the owner's password is a way in")
	}
}
