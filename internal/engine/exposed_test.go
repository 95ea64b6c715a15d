package engine

import (
	"testing"

	"cordon/internal/fact"
	"cordon/internal/incident"
)

// Every key and every user that AWS's notice names counts, not the first alone.
func TestExposedByAnyOfTheNotice(t *testing.T) {
	notice := &incident.Notice{Key: "AKIAFIRST", Keys: []string{"AKIASECOND"}, User: "ann", Users: []string{"ben"}}
	for _, c := range []struct {
		key, owner, want string
		notice           *incident.Notice
	}{
		{"AKIAFIRST", "carl", "notice", notice}, {"AKIASECOND", "carl", "notice", notice},
		{"AKIAOTHER", "ann", "notice", notice}, {"AKIAOTHER", "ben", "notice", notice},
		{"AKIAOTHER", "carl", "", notice}, {"AKIAFIRST", "ann", "", nil},
	} {
		ref := fact.Ref{Kind: "iam.access-key", ID: c.key}
		if got := exposed(Triage{}, &incident.Case{Info: incident.Info{Notice: c.notice}}, nil, ref, c.owner); got != c.want {
			t.Errorf("%s of %s: %q, want %q", c.key, c.owner, got, c.want)
		}
	}
}
