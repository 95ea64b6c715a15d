package permit

import (
	"slices"
	"strings"

	"cordon/internal/awsapi"
	"cordon/internal/charges"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/plan"
	"cordon/internal/rotate"
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

// sinkOf is what storing an action's new secret needs, in the one place that it
// names. A secret that is not there has no ARN that a look at it could be checked
// against; whether making it is checked with the six characters that Secrets
// Manager adds is not known for sure: both forms stand.
func sinkOf(a plan.Action, partition string) (out []Grant) {
	sink, err := rotate.ParseSink(a.Sink, "", "")
	if err != nil { // none, or the screen
		return nil
	}
	region := sink.Region
	if region == "" { // the home region of whoever applies
		region = "*"
	}
	at := func(service, name string) string {
		return "arn:" + partition + ":" + service + ":" + region + ":" + a.Target.Account + ":" + name
	}
	switch sink.Kind {
	case rotate.SinkSecret:
		out = []Grant{{Action: "secretsmanager:DescribeSecret"}}
		arn := at("secretsmanager", "secret:"+sink.Name)
		for _, g := range grants(awsapi.Actions(SecretWrites), map[string]bool{}) {
			g.On = []string{arn, arn + "-??????"}
			out = append(out, g)
		}
	case rotate.SinkParameter:
		out = grants(awsapi.Actions(ParameterReads), map[string]bool{})
		for _, g := range grants(awsapi.Actions(ParameterWrites), map[string]bool{}) {
			g.On = []string{at("ssm", "parameter/"+strings.TrimPrefix(sink.Name, "/"))}
			out = append(out, g)
		}
	}
	return out
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
	"support": {{"support.case", "open-case"}},
}

// verbsOf is what some verbs declare beyond what a triage looks at. A verb that is
// not there is a mistake of this table.
func verbsOf(all []kindVerb) (out []Grant) {
	look := reading()
	for _, x := range all {
		found := false
		for _, k := range slices.Concat(kinds.All(), kinds.Apart()) {
			if v, ok := k.Verb(x.verb); ok && k.Name() == x.kind {
				needs := v.Own
				if slices.ContainsFunc(kinds.Apart(), func(a kind.Kind) bool { return a.Name() == x.kind }) { // no triage lists it
					needs = v.Needs
				}
				out, found = append(out, grants(awsapi.Actions(needs), look)...), true
			}
		}
		if !found {
			panic("internal error: " + string(x.kind) + " has no verb " + x.verb)
		}
	}
	return out
}
