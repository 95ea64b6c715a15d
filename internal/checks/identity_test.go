package checks

import (
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// noDate is the one sample of a timed check that has no date to compare.
const noDate = "a device that nobody uses has no date"

const day = 24 * time.Hour

func trusting(principal, condition string) fact.Resource {
	return thing("iam.role", "r", arn("arn:aws:iam::111122223333:role/r"), has(fact.Trust,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:AssumeRole"`+condition+`}]}`))
}

const github = `{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`

func federated(condition string) fact.Resource {
	return thing("iam.role", "r", arn("arn:aws:iam::111122223333:role/r"), has(fact.Trust,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":`+github+`,"Action":"sts:AssumeRoleWithWebIdentity"`+condition+`}]}`))
}

// root is a root user whose report was made just now.
func rootUser(more ...func(*fact.Resource)) []fact.Resource {
	return these(thing("iam.root", "root", append([]func(*fact.Resource){
		has(fact.RootKeys, false), has(fact.MFA, true), has(fact.ReportAge, now.Add(-time.Minute)),
	}, more...)...))
}

func versions(at ...time.Time) []fact.Resource {
	docs := []fact.Document{}
	for _, t := range at {
		docs = append(docs, fact.Document{Name: "v", Created: t})
	}
	return these(thing("iam.policy", "p", has(fact.Versions, docs)))
}

func key(id, owner string, more ...func(*fact.Resource)) fact.Resource {
	return thing("iam.access-key", id, append([]func(*fact.Resource){has(fact.Owner, owner), has(fact.Active, true)}, more...)...)
}

var identitySamples = []sample{
	{"root-keys", "there are", true, rootUser(has(fact.RootKeys, true))},
	{"root-keys", "there are none", false, rootUser()},
	{"root-without-mfa", "without", true, rootUser(has(fact.MFA, false))},
	{"root-without-mfa", "with", false, rootUser()},
	{"root-used-since", "the password", true, rootUser(has(fact.RootPassword, tonight))},
	{"root-used-since", "a key", true, rootUser(has(fact.RootKeyUse, began))},
	{"root-used-since", "long before", false, rootUser(has(fact.RootPassword, old))},
	{"root-used-since", "never", false, rootUser()},

	{"identity-since", "a user of this night", true, these(thing("iam.user", "pavel", created(tonight)))},
	{"identity-since", "at the very beginning", true, these(thing("iam.role", "r", created(began)))},
	{"identity-since", "an old user", false, these(thing("iam.user", "ann"))},
	{"credential-since", "a key of this night", true, these(key("AKIA1", "bot", created(tonight)))},
	{"credential-since", "an old key", false, these(key("AKIA1", "bot"))},
	{"credential-since", noDate, false, these(thing("iam.mfa-device", "arn:m", created(time.Time{}), has(fact.Active, false)))},
	{"policy-since", "a new version of an old policy", true, versions(old, tonight)},
	{"policy-since", "old versions", false, versions(old, old.Add(day))},
	{"key-used-since", "used this night", true, these(key("AKIA1", "bot", has(fact.LastUsed, tonight), has(fact.LastUsedWhere, "iam us-east-1")))},
	{"key-used-since", "used before", false, these(key("AKIA1", "bot", has(fact.LastUsed, old)))},

	{"administrators", "in full", true, these(thing("iam.user", "ann", has(fact.Admin, "full")))},
	{"administrators", "by a detour", true, these(thing("iam.role", "ci", has(fact.Admin, "escalates")))},
	{"administrators", "none", false, these(thing("iam.user", "bot", has(fact.Admin, "no")))},

	{"wildcard-trust", "everybody", true, these(trusting(`"*"`, ""))},
	{"wildcard-trust", "this account", false, these(trusting(`{"AWS":"arn:aws:iam::111122223333:root"}`, ""))},
	{"foreign-trust", "another account", true, these(trusting(`{"AWS":"arn:aws:iam::999988887777:root"}`, ""))},
	{"foreign-trust", "another account with an external id", true,
		these(trusting(`{"AWS":"arn:aws:iam::999988887777:root"}`, `,"Condition":{"StringEquals":{"sts:ExternalId":"x"}}`))},
	{"foreign-trust", "a service of AWS", false, these(trusting(`{"Service":"ec2.amazonaws.com"}`, ""))},
	{"open-federation", "any token of the issuer", true, these(federated(""))},
	{"open-federation", "one repository's tokens", false,
		these(federated(`,"Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:o/r:ref:refs/heads/main"}}`))},

	{"bedrock-key-user", "a user that the console makes", true, these(thing("iam.user", "BedrockAPIKey-7f3a"))},
	{"bedrock-key-user", "somebody else", false, these(thing("iam.user", "ann"))},
	{"user-without-mfa", "a password alone", true, these(thing("iam.user", "ann", has(fact.Console, true), has(fact.MFA, false)))},
	{"user-without-mfa", "with a device", false, these(thing("iam.user", "ann", has(fact.Console, true), has(fact.MFA, true)))},
	{"user-without-mfa", "no password", false, these(thing("iam.user", "bot", has(fact.Console, false), has(fact.MFA, false)))},
	{"second-key", "two active keys", true, these(key("AKIA1", "bot"), key("AKIA2", "bot", created(tonight)))},
	{"second-key", "one of two is off", false, these(key("AKIA1", "bot"), key("AKIA2", "bot", has(fact.Active, false)))},
	{"second-key", "two users", false, these(key("AKIA1", "bot"), key("AKIA2", "ann"))},
	{"unused-key", "not for a hundred days", true, these(key("AKIA1", "bot", has(fact.LastUsed, now.Add(-100*day))))},
	{"unused-key", "never since it was made", true, these(key("AKIA1", "bot"))},
	{"unused-key", "yesterday", false, these(key("AKIA1", "bot", has(fact.LastUsed, now.Add(-day))))},
	{"unused-key", "it is off", false, these(key("AKIA1", "bot", has(fact.Active, false)))},
}

func TestASubjectThatNamesNobodyIsOpen(t *testing.T) {
	for sub, open := range map[string]bool{
		`"*"`: true, `"repo:*"`: true, `"repo:*:*"`: true, `"repo:*/infra:*"`: true, `"?epo:o/r:*"`: true,
		`["repo:o/r:*","repo:*"]`: true, `"project_path:*:ref_type:branch:ref:main"`: true,
		`"repo:o/*"`: false, `"repo:o/r:*"`: false, `"system:serviceaccount:*:*"`: false, `"117"`: false,
	} {
		r := federated(`,"Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":` + sub + `}}`)
		if f := run(seen(these(r)), openFederation); (f.Outcome == finding.Found) != open {
			t.Errorf("%s: %s", sub, f.Outcome)
		}
	}
}
