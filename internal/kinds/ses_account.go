package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type mailReader interface {
	GetAccount(context.Context, *sesv2.GetAccountInput, ...func(*sesv2.Options)) (*sesv2.GetAccountOutput, error)
}

type mailWriter interface {
	PutAccountSendingAttributes(context.Context, *sesv2.PutAccountSendingAttributesInput, ...func(*sesv2.Options)) (*sesv2.PutAccountSendingAttributesOutput, error)
}

var mailAccount = kind.Of(mailSpec)

// Each region sends mail, or does not, for the whole account. To be out of
// AWS's sandbox is what an intruder looks for, and what AWS takes away when
// spam was sent.
var mailSpec = kind.Spec[mailReader, mailWriter]{
	Name:   "ses.account",
	Reader: func(c aws.Config) mailReader { return sesv2.NewFromConfig(c) },
	Writer: func(c aws.Config) mailWriter { return sesv2.NewFromConfig(c) },
	Needs:  []string{"sesv2:GetAccount"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"B9"},
	List:   listMailAccount,
	Keep: kept("account.json", func(ctx context.Context, api mailReader, _ fact.Resource) (*sesv2.GetAccountOutput, error) {
		return api.GetAccount(ctx, &sesv2.GetAccountInput{})
	}),
	Verbs: []kind.Verb[mailReader, mailWriter]{
		flip(kind.Verb[mailReader, mailWriter]{
			Name: "pause-sending", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"sesv2:PutAccountSendingAttributes"},
		}, false, sendsMail, switchMail),
		restore(kind.Verb[mailReader, mailWriter]{
			Name: "restore-sending", Class: kind.Reversible, Of: "sending", Needs: []string{"sesv2:PutAccountSendingAttributes"},
			Mends: []string{"PutAccountSendingAttributes", "UpdateAccountSendingEnabled"}, Recall: recallSending,
		}, func(ctx context.Context, api mailReader, r fact.Resource) (string, error) {
			on, err := sendsMail(ctx, api, r)
			return strconv.FormatBool(on), err
		}, func(ctx context.Context, api mailWriter, j kind.Job, text string) error {
			return switchMail(ctx, api, j, text == "true")
		}),
	},
}

func listMailAccount(ctx context.Context, api mailReader, at fact.Place, put func(fact.Resource)) error {
	a, err := api.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return fmt.Errorf("cannot read the account's sending of mail: %w", err)
	}
	r := fact.Resource{Ref: fact.Ref{Kind: "ses.account", Place: at, ID: "sending"}}
	fact.Sending.Set(&r, a.SendingEnabled)
	fact.Production.Set(&r, a.ProductionAccessEnabled)
	fact.Status.Set(&r, aws.ToString(a.EnforcementStatus))
	if q := a.SendQuota; q != nil {
		fact.Count.Set(&r, int(q.SentLast24Hours))
		fact.Detail.Set(&r, strconv.FormatFloat(q.Max24HourSend, 'f', -1, 64))
	}
	setAspect(&r, "sending", strconv.FormatBool(a.SendingEnabled))
	put(r)
	return nil
}

func sendsMail(ctx context.Context, api mailReader, _ fact.Resource) (bool, error) {
	a, err := api.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return false, err
	}
	return a.SendingEnabled, nil
}

func switchMail(ctx context.Context, api mailWriter, _ kind.Job, on bool) error {
	_, err := api.PutAccountSendingAttributes(ctx, &sesv2.PutAccountSendingAttributesInput{SendingEnabled: on})
	return err
}

// recallSending reads both APIs' calls; what is left out is false to both.
func recallSending(_ string, request, _ json.RawMessage) (string, bool) {
	var q struct{ SendingEnabled, Enabled bool }
	if len(request) > 0 && json.Unmarshal(request, &q) != nil {
		return "", false
	}
	return strconv.FormatBool(q.SendingEnabled || q.Enabled), true
}
