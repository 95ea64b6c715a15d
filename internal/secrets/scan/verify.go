package scan

import (
	"context"

	"cordon/internal/secrets/leak"
)

// What AWS said of a key.
const (
	Active  = "active"
	Refused = "refused"
	Trap    = "canary"  // not asked: the question alone would set it off
	Unknown = "unknown" // nobody could say
)

// Ask asks AWS whose a key is. refused says that AWS does not take it.
type Ask func(ctx context.Context, id, secret, token string) (arn string, refused bool, err error)

// Verify asks once for each key id whose secret was found, and never for one that
// is known to be a trap. What was allowed is not asked about.
func (r *Result) Verify(ctx context.Context, ask Ask) error {
	at := map[string]int{}
	for i := range r.Findings {
		at[r.Findings[i].Rule+r.Findings[i].Fingerprint] = i
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Rule != leak.RuleKey && f.Rule != leak.RuleTemporary || f.Pair == "" || f.Allowed != "" {
			continue
		}
		j, there := at[leak.RuleSecret+f.Pair]
		if !there {
			continue
		}
		if f.Canary != "" {
			f.Verified = Trap
			continue
		}
		token := ""
		if f.Rule == leak.RuleTemporary {
			if token = r.tokenOf(f); token == "" {
				f.Verified, f.Why = Unknown, "no-token"
				continue
			}
		}
		arn, refused, err := ask(ctx, f.ID, r.Findings[j].value(), token)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			f.Verified, f.Why = Unknown, "no-answer"
		case refused:
			f.Verified = Refused
		default:
			f.Verified, f.Identity = Active, arn
		}
	}
	return nil
}

// tokenOf is the one session token that stands where a temporary key does.
func (r *Result) tokenOf(id *Finding) string {
	token := ""
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Rule != leak.RuleSession {
			continue
		}
		for _, p := range f.Places {
			q := id.Places[0]
			if p.Source == q.Source && p.Path == q.Path && p.Object == q.Object {
				if token != "" && token != f.value() {
					return ""
				}
				token = f.value()
			}
		}
	}
	return token
}
