package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type smsReader interface {
	GetSMSAttributes(context.Context, *sns.GetSMSAttributesInput, ...func(*sns.Options)) (*sns.GetSMSAttributesOutput, error)
	GetSMSSandboxAccountStatus(context.Context, *sns.GetSMSSandboxAccountStatusInput, ...func(*sns.Options)) (*sns.GetSMSSandboxAccountStatusOutput, error)
}

type smsWriter interface {
	SetSMSAttributes(context.Context, *sns.SetSMSAttributesInput, ...func(*sns.Options)) (*sns.SetSMSAttributesOutput, error)
}

const spendLimit = "MonthlySpendLimit"

var smsSettings = kind.Of(smsSpec)

// Each region has one set of attributes for text messages. What costs is the
// monthly limit, in US dollars; "" stands for AWS's own limit.
var smsSpec = kind.Spec[smsReader, smsWriter]{
	Name:   "sns.sms",
	Reader: func(c aws.Config) smsReader { return sns.NewFromConfig(c) },
	Writer: func(c aws.Config) smsWriter { return sns.NewFromConfig(c) },
	Needs:  []string{"sns:GetSMSAttributes", "sns:GetSMSSandboxAccountStatus"},
	Cost:   kind.Cost{Fixed: 2},
	Covers: []string{"B11"},
	List:   listSMS,
	Keep:   kept("sms-attributes.json", smsAttributes),
	Verbs: []kind.Verb[smsReader, smsWriter]{
		// SNS stops sending within minutes of the limit.
		stopSMS(kind.Verb[smsReader, smsWriter]{
			Name: "stop-sms", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"sns:SetSMSAttributes"},
		}),
		restore(kind.Verb[smsReader, smsWriter]{
			Name: "restore-sms-limit", Class: kind.Disruptive, Of: "sms-attributes", Needs: []string{"sns:SetSMSAttributes"},
			Mends: []string{"SetSMSAttributes"},
			Recall: func(_ string, request, _ json.RawMessage) (string, bool) {
				return attribute(request, spendLimit)
			},
		}, smsLimit, setSMSLimit),
	},
}

func listSMS(ctx context.Context, api smsReader, at fact.Place, put func(fact.Resource)) error {
	limit, err := smsLimit(ctx, api, fact.Resource{})
	if err != nil {
		return fmt.Errorf("cannot read the attributes of text messages: %w", err)
	}
	sandbox, err := api.GetSMSSandboxAccountStatus(ctx, &sns.GetSMSSandboxAccountStatusInput{})
	if err != nil {
		return fmt.Errorf("cannot read whether text messages are in the sandbox: %w", err)
	}
	r := fact.Resource{Ref: fact.Ref{Kind: "sns.sms", Place: at, ID: "sms"}}
	fact.Production.Set(&r, !sandbox.IsInSandbox)
	fact.Detail.Set(&r, limit)
	setAspect(&r, "sms-attributes", limit)
	put(r)
	return nil
}

func smsAttributes(ctx context.Context, api smsReader, _ fact.Resource) (map[string]string, error) {
	out, err := api.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{})
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func smsLimit(ctx context.Context, api smsReader, r fact.Resource) (string, error) {
	a, err := smsAttributes(ctx, api, r)
	return a[spendLimit], err
}

func setSMSLimit(ctx context.Context, api smsWriter, _ kind.Job, limit string) error {
	_, err := api.SetSMSAttributes(ctx, &sns.SetSMSAttributesInput{Attributes: map[string]string{spendLimit: limit}})
	return err
}

func stopSMS(v kind.Verb[smsReader, smsWriter]) kind.Verb[smsReader, smsWriter] {
	v.Prior = func(ctx context.Context, api smsReader, r fact.Resource) (json.RawMessage, error) {
		return prior(smsLimit(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api smsWriter, j kind.Job, _ json.RawMessage) error {
		return setSMSLimit(ctx, api, j, "0")
	}
	v.Done = func(ctx context.Context, api smsReader, j kind.Job) (bool, error) {
		limit, err := smsLimit(ctx, api, j.Resource)
		return err == nil && limit == "0", err
	}
	v.Undo = func(ctx context.Context, api smsWriter, j kind.Job, was json.RawMessage) error {
		limit, err := read[string](was)
		if err != nil {
			return err
		}
		return setSMSLimit(ctx, api, j, limit)
	}
	return v
}
