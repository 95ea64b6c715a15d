package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type s3AccountReader interface {
	GetPublicAccessBlock(context.Context, *s3control.GetPublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.GetPublicAccessBlockOutput, error)
}

type s3AccountWriter interface {
	PutPublicAccessBlock(context.Context, *s3control.PutPublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.PutPublicAccessBlockOutput, error)
	DeletePublicAccessBlock(context.Context, *s3control.DeletePublicAccessBlockInput, ...func(*s3control.Options)) (*s3control.DeletePublicAccessBlockOutput, error)
}

var s3Account = kind.Of(s3AccountSpec)

// s3AccountSpec is the account's own setting of S3: one for all regions, there
// in every account, and never created or deleted.
var s3AccountSpec = kind.Spec[s3AccountReader, s3AccountWriter]{
	Name: "s3.account", Global: true,
	Reader: func(c aws.Config) s3AccountReader { return s3control.NewFromConfig(c) },
	Writer: func(c aws.Config) s3AccountWriter { return s3control.NewFromConfig(c) },
	Needs:  []string{"s3control:GetPublicAccessBlock=s3:GetAccountPublicAccessBlock"},
	List: func(ctx context.Context, api s3AccountReader, at fact.Place, put func(fact.Resource)) error {
		r := fact.Resource{Ref: fact.Ref{Kind: "s3.account", Place: at, ID: at.Account}}
		block, err := accountBlock(ctx, api, r)
		if err != nil {
			return fmt.Errorf("cannot read the public access block of the account: %w", err)
		}
		setAspect(&r, "public-block", block)
		fact.Active.Set(&r, block == allBlocked)
		put(r)
		return nil
	},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"C4"},
	Keep: func(ctx context.Context, api s3AccountReader, r fact.Resource, put func(string, []byte) error) error {
		block, err := accountBlock(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "public-access-block.json", block)
	},
	Verbs: []kind.Verb[s3AccountReader, s3AccountWriter]{
		restore(kind.Verb[s3AccountReader, s3AccountWriter]{
			Name: "restore-public-block", Class: kind.Disruptive, Of: "public-block",
			Needs: []string{
				"s3control:PutPublicAccessBlock=s3:PutAccountPublicAccessBlock", "s3control:DeletePublicAccessBlock=s3:PutAccountPublicAccessBlock",
			},
			Mends:  []string{"PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock"},
			Recall: recallAccountBlock,
		}, accountBlock, setAccountBlock),
		// A public website or download of the owner's stops being reachable.
		strengthen(kind.Verb[s3AccountReader, s3AccountWriter]{
			Name: "block-public-buckets", Class: kind.Disruptive,
			Needs: []string{
				"s3control:PutPublicAccessBlock=s3:PutAccountPublicAccessBlock", "s3control:DeletePublicAccessBlock=s3:PutAccountPublicAccessBlock",
			},
		}, atLeast(allBlocked), accountBlock, setAccountBlock),
	},
}

// allBlocked is the setting that keeps every bucket from the public.
const allBlocked = `{"BlockPublicAcls":true,"BlockPublicPolicy":true,"IgnorePublicAcls":true,"RestrictPublicBuckets":true}`

func accountBlock(ctx context.Context, api s3AccountReader, r fact.Resource) (string, error) {
	out, err := api.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: &r.Account})
	if storeAbsent(err, "NoSuchPublicAccessBlockConfiguration") {
		return "", nil
	}
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return "", err
	}
	c := out.PublicAccessBlockConfiguration
	return publicBlockForm(types.PublicAccessBlockConfiguration{
		BlockPublicAcls: c.BlockPublicAcls, BlockPublicPolicy: c.BlockPublicPolicy,
		IgnorePublicAcls: c.IgnorePublicAcls, RestrictPublicBuckets: c.RestrictPublicBuckets,
	})
}

func setAccountBlock(ctx context.Context, api s3AccountWriter, j kind.Job, value string) error {
	if value == "" {
		_, err := api.DeletePublicAccessBlock(ctx, &s3control.DeletePublicAccessBlockInput{AccountId: &j.Account})
		return err
	}
	c, err := storeUnform[controltypes.PublicAccessBlockConfiguration](value)
	if err == nil {
		_, err = api.PutPublicAccessBlock(ctx, &s3control.PutPublicAccessBlockInput{AccountId: &j.Account, PublicAccessBlockConfiguration: &c})
	}
	return err
}

func recallAccountBlock(call string, request, _ json.RawMessage) (string, bool) {
	if call == "DeleteAccountPublicAccessBlock" {
		return "", true
	}
	var q map[string]any
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	c, ok := fromXML[types.PublicAccessBlockConfiguration](q, "PublicAccessBlockConfiguration")
	text, err := publicBlockForm(c)
	return text, ok && err == nil
}
