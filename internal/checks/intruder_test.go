package checks

import "cordon/internal/fact"

const v3 = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"

func policies(attached string, inline string) func(*fact.Resource) {
	return func(r *fact.Resource) {
		docs := []fact.Document{}
		if attached != "" {
			docs = append(docs, fact.Document{Name: "p", ARN: attached})
		}
		fact.Attached.Set(r, docs)
		fact.Inline.Set(r, []fact.Document{{Name: inline, Body: "{}"}})
	}
}

// lost marks a resource that seen puts among the lost.
func lost(k fact.Kind, id string) fact.Resource {
	return thing(k, id, has(fact.Changed, []fact.Deed{deedOf}), has(fact.Status, "lost"))
}

var intruderSamples = []sample{
	{"quarantine-marker", "AWS's managed policy", true, these(thing("iam.user", "bot", policies(v3, "x")))},
	{"quarantine-marker", "the first version of it", true, these(thing("iam.user", "bot", policies("arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantine", "x")))},
	{"quarantine-marker", "the inline policy of before", true, these(thing("iam.user", "bot", policies("", "AWSExposedCredentialPolicy_DO_NOT_REMOVE")))},
	{"quarantine-marker", "on a group", true, these(thing("iam.group", "g", policies(v3, "x")))},
	{"quarantine-marker", "a policy of the account's that is called so", false,
		these(thing("iam.user", "bot", policies("arn:aws:iam::111122223333:policy/AWSCompromisedKeyQuarantineV3", "x")))},
	{"quarantine-marker", "another policy", false, these(thing("iam.user", "bot", policies("arn:aws:iam::aws:policy/ReadOnlyAccess", "x")))},

	{"suspect-credential", "a key that he minted", true, these(thing("iam.access-key", "AKIA1", has(fact.Suspect, deedOf)))},
	{"suspect-credential", "an SSH key that he uploaded", true, these(thing("iam.ssh-key", "APKA1", has(fact.Suspect, deedOf)))},
	{"suspect-credential", "the owner's key", false, these(thing("iam.access-key", "AKIA1"))},
	{"suspect-principal", "a user he made", true, these(thing("iam.user", "pavel", has(fact.Suspect, deedOf)))},
	{"suspect-principal", "a suspect key is no suspect user", false, these(thing("iam.access-key", "AKIA1", has(fact.Suspect, deedOf)), thing("iam.user", "bot"))},
	{"suspect-session", "he wears the role", true, these(thing("iam.role", "r", has(fact.Sessions, []fact.Deed{deedOf})))},
	{"suspect-session", "nobody wears it", false, these(thing("iam.role", "r", has(fact.Sessions, []fact.Deed{})))},
	{"suspect-password", "he set it", true, these(thing("iam.login-profile", "bot", has(fact.Made, deedOf)))},
	{"suspect-password", "he changed it", true, these(thing("iam.login-profile", "bot", has(fact.Changed, []fact.Deed{deedOf})))},
	{"suspect-password", "he enrolled a device", true, these(thing("iam.mfa-device", "arn:m", has(fact.Made, deedOf)))},
	{"suspect-password", "the owner's", false, these(thing("iam.login-profile", "ann"))},
	{"suspect-made", "an instance", true, these(thing("ec2.instance", "i-1", has(fact.Made, deedOf)))},
	{"suspect-made", "a group", true, these(thing("iam.group", "g", has(fact.Made, deedOf)))},
	{"suspect-made", "a thing of any kind", true, these(thing("ecs.cluster", "render", has(fact.Made, deedOf)))},
	{"suspect-changed", "a thing of any kind", true, these(thing("s3.bucket", "b", has(fact.Changed, []fact.Deed{deedOf})))},
	{"suspect-deleted", "nothing is missing", false, these(thing("ec2.instance", "i-1", has(fact.Changed, []fact.Deed{deedOf})))},
	{"suspect-deleted", "a trail that is gone", true, these(lost("cloudtrail.trail", "t"))},
	{"suspect-made", "the owner's instance", false, these(thing("ec2.instance", "i-1"))},
	{"suspect-changed", "a role's trust", true, these(thing("iam.role", "r", has(fact.Changed, []fact.Deed{deedOf})))},
	{"suspect-changed", "a snapshot he shared", true, these(thing("ec2.snapshot", "snap-1", has(fact.Changed, []fact.Deed{deedOf})))},
	{"suspect-changed", "a password is suspect-password's", false, these(thing("iam.login-profile", "bot", has(fact.Changed, []fact.Deed{deedOf})))},
}
