package checks

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/policy"
)

var rootKeys = finding.Check{
	ID: "root-keys", Severity: finding.Critical, Confidence: finding.Probable, Answer: "person-root-keys",
	Attack: []string{"T1078.004"}, Needs: []fact.Kind{"iam.root"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.root") {
			if on, known := finding.Known(l, r, fact.RootKeys); known && on {
				l.Hit(r, yes("root-keys"))
			}
		}
	},
}

var rootMFA = finding.Check{
	ID: "root-without-mfa", Severity: finding.High, Confidence: finding.Sure, Answer: "person-root-mfa",
	Needs: []fact.Kind{"iam.root"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.root") {
			if on, known := finding.Known(l, r, fact.MFA); known && !on {
				l.Hit(r, why("mfa", "false"))
			}
		}
	},
}

// fresh is how old a credential report may be to speak for now. AWS makes a
// new one at most every four hours and gives the old one meanwhile.
const fresh = 30 * time.Minute

var rootUsed = finding.Check{
	ID: "root-used-since", Severity: finding.High, Confidence: finding.Ask, Answer: "person-root-password",
	Attack: []string{"T1078.004"}, Needs: []fact.Kind{"iam.root"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.root") {
			report, known := finding.Known(l, r, fact.ReportAge)
			if !known || !begun(l, r) {
				continue
			}
			if l.At.Sub(report) > fresh {
				l.Blind(r, "the use since "+report.UTC().Format(time.RFC3339))
			}
			for _, k := range []fact.Key[time.Time]{fact.RootPassword, fact.RootKeyUse} {
				if used, known := k.Get(r); known && !used.Before(l.Since) {
					l.Hit(r, at(string(k), used))
				}
			}
		}
	},
}

var (
	identitySince   = since("identity-since", finding.High, []string{"T1136.003"}, []fact.Kind{"iam.user", "iam.role", "iam.group"})
	credentialSince = since("credential-since", finding.High, []string{"T1098.001"}, credentials)
	resourceSince   = since("resource-since", finding.Medium, []string{"T1578"}, dated)
)

// policySince looks at versions too: a harmless policy that was given a new
// default version keeps its old creation time.
var policySince = finding.Check{
	ID: "policy-since", Severity: finding.High, Confidence: finding.Ask,
	Attack: []string{"T1098.003"}, Needs: []fact.Kind{"iam.policy"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.policy") {
			versions, known := finding.Known(l, r, fact.Versions)
			if !known || !begun(l, r) {
				continue
			}
			for _, v := range versions {
				if !v.Created.Before(l.Since) {
					l.Hit(r, at("version "+v.Name, v.Created))
					break
				}
			}
		}
	},
}

var keyUsedSince = finding.Check{
	ID: "key-used-since", Severity: finding.Low, Confidence: finding.Ask,
	Attack: []string{"T1078.004"}, Needs: []fact.Kind{"iam.access-key"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.access-key") {
			if used, known := fact.LastUsed.Get(r); known && begun(l, r) && !used.Before(l.Since) {
				l.Hit(r, at("last-used", used), why("where", fact.LastUsedWhere.Or(r, "")))
			}
		}
	},
}

// administrators lists who can take the account over, by what their policies
// allow and not by their names. The owner knows which of them he made.
var administrators = finding.Check{
	ID: "administrators", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1098.003"}, Needs: []fact.Kind{"iam.user", "iam.role", "iam.group", "iam.policy"},
	Find: func(l *finding.Look) {
		for _, k := range principals {
			for r := range l.Of(k) {
				if level, known := finding.Known(l, r, fact.Admin); known && level != "no" {
					l.Hit(r, why("administrator", level))
				}
			}
		}
	},
}

// trusts finds roles by who may assume them.
func trusts(id string, severity finding.Severity, match func(policy.Trust) bool) finding.Check {
	return finding.Check{
		ID: id, Severity: severity, Confidence: finding.Ask,
		Attack: []string{"T1098.003", "T1484.002"}, Needs: []fact.Kind{"iam.role"},
		Find: func(l *finding.Look) {
			for r := range l.Of("iam.role") {
				text, known := finding.Known(l, r, fact.Trust)
				doc, err := policy.Parse(text)
				if known && err != nil {
					l.Blind(r, "the trust policy") // it is there and cannot be understood
				}
				if !known || err != nil {
					continue
				}
				var reasons []finding.Evidence
				for _, t := range policy.TrustOf(doc, l.Account) {
					if match(t) {
						reasons = append(reasons, why("principal", t.Principal))
						if t.ExternalID != "" {
							reasons = append(reasons, yes("external-id"))
						}
					}
				}
				if len(reasons) > 0 {
					l.Hit(r, reasons...)
				}
			}
		},
	}
}

var (
	wildcardTrust  = trusts("wildcard-trust", finding.Critical, func(t policy.Trust) bool { return t.Wildcard })
	foreignTrust   = trusts("foreign-trust", finding.High, func(t policy.Trust) bool { return t.Foreign && !t.Wildcard })
	openFederation = trusts("open-federation", finding.High, func(t policy.Trust) bool {
		// A token from this issuer is enough, whoever it was made for.
		return t.Kind == "federated" && namesNobody(t.Sub) && !strings.Contains(t.Principal, ":saml-provider/")
	})
)

// namesNobody says whether one of the subjects that a trust asks for begins
// with a wildcard, at once or behind its label: "*", "repo:*", "repo:*/x:*".
// Anybody can call an organisation or a project so that it matches (GitHub
// Docs, "Configuring OpenID Connect in AWS": condition on the organisation).
func namesNobody(subjects string) bool {
	return slices.ContainsFunc(strings.Split(subjects, ","), func(s string) bool {
		label, rest, labelled := strings.Cut(s, ":")
		if !labelled || strings.ContainsAny(label, "*?") {
			rest = s
		}
		return rest == "" || rest[0] == '*' || rest[0] == '?'
	})
}

var bedrockUser = finding.Check{
	ID: "bedrock-key-user", Severity: finding.Medium, Confidence: finding.Ask,
	Attack: []string{"T1098.001"}, Needs: []fact.Kind{"iam.user"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.user") {
			if strings.HasPrefix(r.ID, "BedrockAPIKey-") {
				l.Hit(r, why("name", r.ID))
			}
		}
	},
}

var userWithoutMFA = finding.Check{
	ID: "user-without-mfa", Severity: finding.Medium, Confidence: finding.Sure,
	Needs: []fact.Kind{"iam.user", "iam.login-profile", "iam.mfa-device"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.user") {
			console, ok := finding.Known(l, r, fact.Console)
			mfa, also := finding.Known(l, r, fact.MFA)
			if ok && also && console && !mfa {
				l.Hit(r, yes("console"), why("mfa", "false"))
			}
		}
	},
}

var secondKey = finding.Check{
	ID: "second-key", Severity: finding.Low, Confidence: finding.Ask,
	Attack: []string{"T1098.001"}, Needs: []fact.Kind{"iam.access-key"},
	Find: func(l *finding.Look) {
		active := map[string][]fact.Resource{}
		var owners []string
		for r := range l.Of("iam.access-key") {
			if on, known := finding.Known(l, r, fact.Active); known && on {
				owner := fact.Owner.Or(r, "")
				if !slices.Contains(owners, owner) {
					owners = append(owners, owner)
				}
				active[owner] = append(active[owner], r)
			}
		}
		for _, owner := range owners {
			if keys := active[owner]; len(keys) > 1 {
				newest := slices.MaxFunc(keys, func(a, b fact.Resource) int { return a.Created.Compare(b.Created) })
				l.Hit(newest, number("active keys of "+owner, len(keys)))
			}
		}
	},
}

// unusedAfter is when a key that nobody uses becomes a risk without a purpose.
const unusedAfter = 90 * 24 * time.Hour

var unusedKey = finding.Check{
	ID: "unused-key", Severity: finding.Low, Confidence: finding.Ask,
	Needs: []fact.Kind{"iam.access-key"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.access-key") {
			last, used := fact.LastUsed.Get(r)
			if !used {
				last = r.Created
			}
			if fact.Active.Or(r, true) && !last.IsZero() && l.At.Sub(last) > unusedAfter {
				l.Hit(r, at("last-used", last))
			}
		}
	},
}
