package kinds

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// A denial is a policy that denies everything: at all times, to temporary
// credentials, or to those that were issued before a moment.
type denial struct {
	sid    string
	before time.Time // zero: to all
	// sessions: to temporary credentials only, of whatever age.
	sessions bool
}

// denyEverything is the total denial, signed with the case in the Sid, which
// takes letters and digits only.
func denyEverything(caseID string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"` + denialSid(caseID) + `","Effect":"Deny","Action":"*","Resource":"*"}]}`
}

func denialSid(caseID string) string {
	return "Cordon" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, caseID)
}

// denyOlder is the policy that the IAM console's "Revoke active sessions" puts
// on a role (IAM User Guide, "Revoke IAM role temporary security credentials").
// aws:TokenIssueTime is absent from requests signed with long-term keys, and
// an absent key does not match DateLessThan: such keys go on working.
func denyOlder(at time.Time) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],` +
		`"Condition":{"DateLessThan":{"aws:TokenIssueTime":"` + issueTime(at).Format(time.RFC3339) + `"}}}]}`
}

// denySessions denies every temporary credential, also those of sign-ins yet
// to come: the console works with temporary credentials that it makes for the
// user (IAM User Guide, "AWS global condition context keys", on
// aws:MultiFactorAuthPresent), and aws:TokenIssueTime is there exactly when a
// request is made with temporary ones.
func denySessions(caseID string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"` + denialSid(caseID) + `","Effect":"Deny","Action":"*","Resource":"*",` +
		`"Condition":{"Null":{"aws:TokenIssueTime":"false"}}}]}`
}

// issueTime rounds up to the whole second in which tokens are dated, so that
// one issued just before the moment is older.
func issueTime(at time.Time) time.Time {
	whole := at.UTC().Truncate(time.Second)
	if whole.Before(at) {
		whole = whole.Add(time.Second)
	}
	return whole
}

// parseDenial reads a policy that is exactly one denial. Anything else, and
// anything beside it, is not one: an intruder may have emptied the policy and
// kept its name.
func parseDenial(doc string) (denial, bool) {
	var p struct {
		Version   string
		ID        string
		Statement oneOrMore[struct {
			Sid, Effect      string
			Action, Resource oneOrMore[string]
			Condition        map[string]map[string]oneOrMore[string]
		}]
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(doc)))
	dec.DisallowUnknownFields()
	if dec.Decode(&p) != nil || len(p.Statement) != 1 {
		return denial{}, false
	}
	s := p.Statement[0]
	if s.Effect != "Deny" || !slices.Equal(s.Action, []string{"*"}) || !slices.Equal(s.Resource, []string{"*"}) {
		return denial{}, false
	}
	if len(s.Condition) == 0 {
		return denial{sid: s.Sid}, true
	}
	if null := s.Condition["Null"]; len(s.Condition) == 1 && len(null) == 1 && slices.Equal(null["aws:TokenIssueTime"], []string{"false"}) {
		return denial{sid: s.Sid, sessions: true}, true
	}
	before := s.Condition["DateLessThan"]["aws:TokenIssueTime"]
	if len(s.Condition) != 1 || len(s.Condition["DateLessThan"]) != 1 || len(before) != 1 {
		return denial{}, false
	}
	t, err := time.Parse(time.RFC3339, before[0])
	return denial{sid: s.Sid, before: t}, err == nil && !t.IsZero()
}

// denies reports whether the policy denies everything in the name of the case.
func denies(doc *string, caseID string) bool {
	if doc == nil {
		return false
	}
	d, ok := parseDenial(*doc)
	return ok && d.before.IsZero() && !d.sessions && d.sid == denialSid(caseID)
}

// barsSessions reports whether the policy denies all temporary credentials in
// the name of the case.
func barsSessions(doc *string, caseID string) bool {
	if doc == nil {
		return false
	}
	d, ok := parseDenial(*doc)
	return ok && d.sessions && d.sid == denialSid(caseID)
}

// revokes reports whether the policy denies every credential issued before at.
func revokes(doc *string, at time.Time) bool {
	if doc == nil {
		return false
	}
	d, ok := parseDenial(*doc)
	return ok && !d.before.IsZero() && !d.before.Before(issueTime(at))
}

// oneOrMore reads the policy grammar's lists, where a list of one may be bare.
type oneOrMore[T any] []T

func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		return dec.Decode((*[]T)(l))
	}
	*l = make([]T, 1)
	return dec.Decode(&(*l)[0])
}
