// Package checks is the table of everything triage looks for. Each check is
// one declaration; its words are in the catalogues under "check.<ID>".
package checks

import (
	"slices"
	"strconv"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// History is the pseudo-kind whose readings tell in which regions the event
// history could be searched.
const History fact.Kind = "cloudtrail.event-history"

// All returns the checks in the order a responder should read them: what says
// that an intruder is there, what he made, what he left open, what helps him.
func All() []finding.Check {
	return slices.Concat(
		[]finding.Check{quarantineMarker, suspectCredential, suspectPrincipal, suspectSession, suspectPassword, suspectMade, suspectChanged, suspectDeleted},
		[]finding.Check{rootKeys, rootMFA, rootUsed},
		[]finding.Check{identitySince, credentialSince, policySince, resourceSince, otherSince, keyUsedSince},
		[]finding.Check{administrators, wildcardTrust, foreignTrust, openFederation, bedrockUser, userWithoutMFA, secondKey, unusedKey},
		[]finding.Check{lonelyRegion, publicSnapshot, sharedSnapshot, publicImage, sharedImage, publicFunction, publicLayer, outsideAccess, openPorts},
		[]finding.Check{stoppedTrail, noTrail, stoppedDetector, protections},
	)
}

// Principals are the kinds that can hold policies.
var principals = []fact.Kind{"iam.user", "iam.role", "iam.group"}

// credentials are the kinds that let somebody in.
var credentials = []fact.Kind{
	"iam.access-key", "iam.login-profile", "iam.mfa-device", "iam.service-credential",
	"iam.ssh-key", "iam.signing-certificate", "iam.server-certificate", "iam.saml-provider", "iam.oidc-provider",
}

// resources are the kinds that cost money or carry data out.
var resources = []fact.Kind{
	"ec2.instance", "ec2.image", "ec2.volume", "ec2.snapshot", "ec2.key-pair", "ec2.security-group",
	"lambda.function", "lambda.layer", "cloudtrail.trail", "guardduty.detector",
}

var everything = slices.Concat(principals, []fact.Kind{"iam.policy"}, credentials, resources)

// dated are those of them that AWS gives a date; of the others only the trail
// tells when they were made.
var dated = slices.DeleteFunc(slices.Clone(resources), func(k fact.Kind) bool {
	return k == "ec2.security-group" || k == "cloudtrail.trail"
})

// since is a check over creation times: what was made since the incident began.
func since(id string, severity finding.Severity, attack []string, kinds []fact.Kind) finding.Check {
	return finding.Check{
		ID: id, Severity: severity, Confidence: finding.Ask, Attack: attack, Needs: kinds,
		Find: func(l *finding.Look) {
			for _, k := range kinds {
				for r := range l.Of(k) {
					modified, dated := fact.Modified.Get(r)
					switch {
					case r.Created.IsZero() && !fact.Active.Or(r, true): // a device that nobody uses
					case !begun(l, r):
					case r.Created.IsZero() && dated && modified.Before(l.Since): // a function: it is older than its last change
					case r.Created.IsZero():
						l.Blind(r, "the creation date")
					case !r.Created.Before(l.Since):
						l.Hit(r, at("created", r.Created))
					}
				}
			}
		},
	}
}

// begun says whether it is known when the incident began; without that no
// check over times can end as clear.
func begun(l *finding.Look, r fact.Resource) bool {
	if l.Since.IsZero() {
		l.Blind(r, "whether it is older than the incident, whose beginning is not known,")
	}
	return !l.Since.IsZero()
}

func at(name string, t time.Time) finding.Evidence {
	return finding.Evidence{Fact: name, Value: t.UTC().Format(time.RFC3339)}
}

func why(name, value string) finding.Evidence { return finding.Evidence{Fact: name, Value: value} }

func yes(name string) finding.Evidence { return why(name, "true") }

func number(name string, n int) finding.Evidence { return why(name, strconv.Itoa(n)) }

// deed turns a recorded call into evidence.
func deed(d fact.Deed) finding.Evidence {
	return finding.Evidence{Fact: d.Call, Value: d.Reason, EventID: d.EventID}
}
