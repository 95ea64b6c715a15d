package checks

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// Names under which AWS marks a principal whose key it found in public. The
// inline form is no longer used but still found; every version of the managed
// policy starts alike.
const (
	quarantinePrefix = "AWSCompromisedKeyQuarantine"
	quarantineInline = "AWSExposedCredentialPolicy_DO_NOT_REMOVE"
)

// Quarantined returns the marker that AWS put on a principal, or "".
func Quarantined(r fact.Resource) string {
	for _, p := range fact.Attached.Or(r, nil) {
		name := p.ARN[strings.LastIndex(p.ARN, "/")+1:]
		if strings.HasPrefix(name, quarantinePrefix) && strings.Contains(p.ARN, ":iam::aws:policy/") {
			return name
		}
	}
	for _, p := range fact.Inline.Or(r, nil) {
		if p.Name == quarantineInline {
			return p.Name
		}
	}
	return ""
}

var quarantineMarker = finding.Check{
	ID: "quarantine-marker", Severity: finding.Critical, Confidence: finding.Sure, Answer: "cut-user",
	Attack: []string{"T1552.001", "T1078.004"}, Needs: principals,
	Find: func(l *finding.Look) {
		for _, k := range principals {
			for r := range l.Of(k) {
				finding.Known(l, r, fact.Attached)
				if marker := Quarantined(r); marker != "" {
					l.Hit(r, why("policy", marker))
				}
			}
		}
	},
}

// suspects finds what the trail marks, among some kinds.
func suspects(key fact.Key[fact.Deed], kinds ...fact.Kind) func(*finding.Look) {
	return func(l *finding.Look) {
		for _, k := range kinds {
			for r := range l.Of(k) {
				if d, known := key.Get(r); known {
					l.Hit(r, deed(d))
				}
			}
		}
	}
}

var suspectCredential = finding.Check{
	ID: "suspect-credential", Severity: finding.Critical, Confidence: finding.Sure, Answer: "cut-credential",
	Attack: []string{"T1098.001"},
	Needs:  []fact.Kind{History, "iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate"},
	Find:   suspects(fact.Suspect, "iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate"),
}

var suspectPrincipal = finding.Check{
	ID: "suspect-principal", Severity: finding.Critical, Confidence: finding.Sure, Answer: "cut-principal",
	Attack: []string{"T1136.003"}, Needs: []fact.Kind{History, "iam.user", "iam.role", "iam.root"},
	Find: func(l *finding.Look) {
		for _, k := range []fact.Kind{"iam.user", "iam.role", "iam.root"} {
			for r := range l.Of(k) {
				d, known := fact.Suspect.Get(r)
				if !known { // a role is no credential; the trust that he gave it is his door
					d, known = fact.Made.Get(r)
				}
				if known {
					l.Hit(r, deed(d))
				}
			}
		}
	},
}

var suspectSession = finding.Check{
	ID: "suspect-session", Severity: finding.Critical, Confidence: finding.Sure, Answer: "revoke-role",
	Attack: []string{"T1550.001", "T1548.005"}, Needs: []fact.Kind{History, "iam.role"},
	Find: func(l *finding.Look) {
		for r := range l.Of("iam.role") {
			if ds := fact.Sessions.Or(r, nil); len(ds) > 0 {
				l.Hit(r, deeds(ds)...)
			}
		}
	},
}

var suspectPassword = finding.Check{
	ID: "suspect-password", Severity: finding.Critical, Confidence: finding.Sure, Answer: "cut-console",
	Attack: []string{"T1098.001"}, Needs: []fact.Kind{History, "iam.login-profile", "iam.mfa-device"},
	Find: func(l *finding.Look) {
		for _, k := range []fact.Kind{"iam.login-profile", "iam.mfa-device"} {
			for r := range l.Of(k) {
				ds := fact.Changed.Or(r, nil)
				if d, made := fact.Made.Get(r); made {
					ds = append([]fact.Deed{d}, ds...)
				}
				if len(ds) > 0 {
					l.Hit(r, deeds(ds)...)
				}
			}
		}
	},
}

// apart are the kinds whose deeds other checks tell.
var apart = []fact.Kind{
	"iam.user", "iam.role", "iam.root", // suspectPrincipal
	"iam.login-profile", "iam.mfa-device", // suspectPassword
	"iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate", // suspectCredential
}

var suspectMade = finding.Check{
	ID: "suspect-made", Severity: finding.High, Confidence: finding.Sure, Answer: "stop",
	Attack: []string{"T1496.001", "T1578"}, Needs: append([]fact.Kind{History}, resources...), Wide: true,
	Find: func(l *finding.Look) {
		for _, r := range l.Resources {
			if d, known := fact.Made.Get(r); known && !slices.Contains(apart, r.Kind) {
				l.Hit(r, deed(d))
			}
		}
	},
}

var suspectChanged = finding.Check{
	ID: "suspect-changed", Severity: finding.High, Confidence: finding.Sure, Answer: "close",
	Attack: []string{"T1098.003", "T1578.005"}, Needs: append([]fact.Kind{History}, everything...), Wide: true,
	Find: func(l *finding.Look) {
		for _, r := range l.Resources {
			if r.Kind == "iam.login-profile" || r.Kind == "iam.mfa-device" {
				continue // suspectPassword
			}
			if ds := fact.Changed.Or(r, nil); len(ds) > 0 {
				l.Hit(r, deeds(ds)...)
			}
		}
	},
}

// suspectDeleted has targets that are in no listing: the record names them.
var suspectDeleted = finding.Check{
	ID: "suspect-deleted", Severity: finding.High, Confidence: finding.Sure,
	Attack: []string{"T1070", "T1485", "T1531"}, Needs: []fact.Kind{History},
	Find: func(l *finding.Look) {
		for _, r := range l.Lost {
			l.Hit(r, deeds(fact.Changed.Or(r, nil))...)
		}
	},
}

func deeds(ds []fact.Deed) (out []finding.Evidence) {
	for _, d := range ds {
		out = append(out, deed(d))
	}
	return out
}
