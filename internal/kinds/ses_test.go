package kinds

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
)

func mailOn(*testing.T, kindtest.World) string { return "sending" }

func mailOff(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ses.UpdateAccountSendingEnabledOutput](t)(ses.NewFromConfig(w.Config(here)).UpdateAccountSendingEnabled(t.Context(), &ses.UpdateAccountSendingEnabledInput{Enabled: false}))
	return "sending"
}

func TestMailAccount(t *testing.T) {
	kindtest.Run(t, kindtest.Case[mailReader, mailWriter]{
		Spec: mailSpec, Region: here, Setup: mailOn,
		Verbs:  map[string]func(*testing.T, kindtest.World) string{"restore-sending": mailOff},
		Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-sending": func(*testing.T, kindtest.World, string) string { return "true" }},
	})
}

func TestMailAccountFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, mailAccount, "sending")
	if production, known := fact.Production.Get(r); !known || production || !fact.Sending.Or(r, false) || fact.Detail.Or(r, "") != "200" {
		t.Errorf("%s", r.Facts)
	}
	mailOff(t, w)
	if r = listed(t, w, mailAccount, "sending"); fact.Sending.Or(r, true) || fact.Aspects.Or(r, nil)["sending"] != "false" {
		t.Errorf("%s", r.Facts)
	}
	for request, want := range map[string]string{`{"enabled":true}`: "true", `{"sendingEnabled":true}`: "true", `{"sendingEnabled":false}`: "false", `{}`: "false", "null": "false"} {
		if said, ok := recallSending("", json.RawMessage(request), nil); !ok || said != want {
			t.Errorf("recalled %q, %v of %s", said, ok, request)
		}
	}
	wantAbsent(t, w, mailAccount, "sesv2", "GetAccount")
}

func makeIdentity(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := sesv2.NewFromConfig(w.Config(here))
	must[*sesv2.CreateEmailIdentityOutput](t)(api.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("example.com")}))
	where := "arn:aws:ses:" + here + ":" + kindtest.Account + ":identity/example.com"
	for name, who := range map[string]string{"theirs": stranger, "ours": "arn:aws:iam::" + kindtest.Account + ":role/mailer"} {
		must[*sesv2.CreateEmailIdentityPolicyOutput](t)(api.CreateEmailIdentityPolicy(t.Context(), &sesv2.CreateEmailIdentityPolicyInput{
			EmailIdentity: aws.String("example.com"), PolicyName: &name,
			Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"` + who + `"},"Action":"ses:SendEmail","Resource":"` + where + `"}]}`),
		}))
	}
	return "example.com"
}

func TestIdentity(t *testing.T) {
	kindtest.Run(t, kindtest.Case[identityReader, identityWriter]{Spec: identitySpec, Region: here, Setup: makeIdentity})
}

func TestIdentityFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, emailIdentity, makeIdentity(t, w))
	wantSharing(t, r, false, stranger)
	if !fact.Sending.Or(r, false) || fact.Detail.Or(r, "") != "DOMAIN" || fact.Status.Or(r, "") != "SUCCESS" {
		t.Errorf("%s", r.Facts)
	}
	wantAbsent(t, w, emailIdentity, "sesv2", "ListEmailIdentities")
	wantAbsent(t, w, configurationSet, "sesv2", "ListConfigurationSets")
}

func makeReceiptRules(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ses.CreateReceiptRuleSetOutput](t)(ses.NewFromConfig(w.Config(here)).CreateReceiptRuleSet(t.Context(), &ses.CreateReceiptRuleSetInput{RuleSetName: aws.String("all")}))
	return "all"
}

func makeActiveRules(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeReceiptRules(t, w)
	must[*ses.SetActiveReceiptRuleSetOutput](t)(ses.NewFromConfig(w.Config(here)).SetActiveReceiptRuleSet(t.Context(), &ses.SetActiveReceiptRuleSetInput{RuleSetName: &name}))
	return name
}

func TestReceiptRules(t *testing.T) {
	kindtest.Run(t, kindtest.Case[receiptReader, receiptWriter]{
		Spec: receiptSpec, Region: here, Setup: makeReceiptRules,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"stop-receiving": makeActiveRules},
	})
}

func TestReceiptRulesFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	if r := listed(t, w, receiptRules, makeReceiptRules(t, w)); fact.Active.Or(r, true) || r.Created.IsZero() {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	name := "all"
	must[*ses.SetActiveReceiptRuleSetOutput](t)(ses.NewFromConfig(w.Config(here)).SetActiveReceiptRuleSet(t.Context(), &ses.SetActiveReceiptRuleSetInput{RuleSetName: &name}))
	if r := listed(t, w, receiptRules, name); !fact.Active.Or(r, false) {
		t.Errorf("%s", r.Facts)
	}
	wantAbsent(t, w, receiptRules, "ses", "ListReceiptRuleSets")
}

func makeConfigurationSet(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sesv2.CreateConfigurationSetOutput](t)(sesv2.NewFromConfig(w.Config(here)).CreateConfigurationSet(t.Context(), &sesv2.CreateConfigurationSetInput{ConfigurationSetName: aws.String("bulk")}))
	return "bulk"
}

func TestConfigurationSet(t *testing.T) {
	kindtest.Run(t, kindtest.Case[mailSetReader, mailSetWriter]{Spec: mailSetSpec, Region: here, Setup: makeConfigurationSet})
}
