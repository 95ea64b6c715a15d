package scan

import (
	"context"
	"errors"

	"cordon/internal/secrets/leak"
)

// What AWS said of a key.
const (
	Active  = "active"
	Refused = "refused"
	Trap    = "canary"  // not asked: the question alone would set it off
	Unknown = "unknown" // nobody could say
)

// What Ask may answer beside an ARN. Any other error says nothing of the key.
var (
	ErrRefused     = errors.New("the key is not taken")
	ErrOtherSecret = errors.New("the id is known, and the secret is not its own")
)

// Ask asks AWS whose a key is.
type Ask func(ctx context.Context, id, secret, token string) (arn string, err error)

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
		arn, err := ask(ctx, f.ID, r.Findings[j].value(), token)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrRefused):
			f.Verified = Refused
		case errors.Is(err, ErrOtherSecret):
			f.Verified, f.Why = Unknown, "other-secret"
		case err != nil:
			f.Verified, f.Why = Unknown, "no-answer"
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
