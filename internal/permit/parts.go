package permit

import (
	"slices"

	"cordon/internal/awsapi"
	"cordon/internal/charges"
	"cordon/internal/fact"
	"cordon/internal/kinds"
)

// The calls of the places that a new secret goes to.
var (
	SecretReads     = []awsapi.Need{"secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy"}
	SecretWrites    = []awsapi.Need{"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue", "secretsmanager:TagResource"}
	ParameterReads  = []awsapi.Need{"ssm:DescribeParameters"}
	ParameterWrites = []awsapi.Need{"ssm:PutParameter"}
	KeyReads        = []awsapi.Need{"iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"}
)

// beside are the calls of a part that no kind makes.
var beside = map[string][]awsapi.Need{
	"rotate":  slices.Concat(KeyReads, SecretReads, SecretWrites, ParameterReads, ParameterWrites),
	"account": slices.Concat(kinds.AccountNameNeeds, kinds.MemberEmailNeeds, kinds.ManagementNeeds),
	"bill":    slices.Concat(charges.ExplorerNeeds, charges.BudgetNeeds, charges.FreeTierNeeds),
}

// A kindVerb is one verb of one kind.
type kindVerb struct {
	kind fact.Kind
	verb string
}

// parts are the verbs of the parts that purposes do not tell apart.
var parts = map[string][]kindVerb{
	"rotate":  {{"iam.access-key", "add-key"}, {"iam.access-key", "deactivate"}, {"iam.access-key", "delete-inactive"}},
	"recover": {{"iam.login-profile", "set-password"}, {"iam.mfa-device", "enrol-mfa"}},
	"account": {{"account.alternate-contact", "set-contact"}, {"account.contact-information", "set-contact-information"}},
}

// verbsOf is what some verbs declare beyond what their kinds need to look. A verb
// that is not there is a mistake of this table.
func verbsOf(all []kindVerb) (out []Grant) {
	look := reading()
	for _, x := range all {
		found := false
		for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
			if v, ok := k.Verb(x.verb); ok && k.Name() == x.kind {
				out, found = append(out, grants(awsapi.Actions(v.Own), look)...), true
			}
		}
		if !found {
			panic("internal error: " + string(x.kind) + " has no verb " + x.verb)
		}
	}
	return out
}
