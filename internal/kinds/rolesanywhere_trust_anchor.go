package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type trustAnchorReader interface {
	ListTrustAnchors(context.Context, *rolesanywhere.ListTrustAnchorsInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.ListTrustAnchorsOutput, error)
	GetTrustAnchor(context.Context, *rolesanywhere.GetTrustAnchorInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.GetTrustAnchorOutput, error)
}

type trustAnchorWriter interface {
	EnableTrustAnchor(context.Context, *rolesanywhere.EnableTrustAnchorInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.EnableTrustAnchorOutput, error)
	DisableTrustAnchor(context.Context, *rolesanywhere.DisableTrustAnchorInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.DisableTrustAnchorOutput, error)
	DeleteTrustAnchor(context.Context, *rolesanywhere.DeleteTrustAnchorInput, ...func(*rolesanywhere.Options)) (*rolesanywhere.DeleteTrustAnchorOutput, error)
}

var trustAnchor = kind.Of(trustAnchorSpec)

// A trust anchor lets whoever has a certificate of its authority take the roles
// of the account's profiles, from anywhere, without any credential of AWS's.
// Sessions that it gave go on when it is disabled: revoke those of the roles.
var trustAnchorSpec = kind.Spec[trustAnchorReader, trustAnchorWriter]{
	Name:   "rolesanywhere.trust-anchor",
	Reader: func(c aws.Config) trustAnchorReader { return rolesanywhere.NewFromConfig(c) },
	Writer: func(c aws.Config) trustAnchorWriter { return rolesanywhere.NewFromConfig(c) },
	Needs:  []string{"rolesanywhere:ListTrustAnchors", "rolesanywhere:GetTrustAnchor"},
	Cost:   kind.Cost{Fixed: 1, Page: 50},
	Covers: []string{"A9"},
	List:   listTrustAnchors,
	Keep: func(ctx context.Context, api trustAnchorReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := readTrustAnchor(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, map[string]any{"TrustAnchor": a, "Certificates": trustAnchorSource(a)})
	},
	Verbs: []kind.Verb[trustAnchorReader, trustAnchorWriter]{
		flip(kind.Verb[trustAnchorReader, trustAnchorWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable, Mends: []string{"EnableTrustAnchor", "UpdateTrustAnchor"},
			Needs: []string{"rolesanywhere:EnableTrustAnchor", "rolesanywhere:DisableTrustAnchor"},
		}, false, func(ctx context.Context, api trustAnchorReader, r fact.Resource) (bool, error) {
			a, err := readTrustAnchor(ctx, api, r.ID)
			return aws.ToBool(a.Enabled), err
		}, func(ctx context.Context, api trustAnchorWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.EnableTrustAnchor(ctx, &rolesanywhere.EnableTrustAnchorInput{TrustAnchorId: &j.ID})
			} else {
				_, err = api.DisableTrustAnchor(ctx, &rolesanywhere.DisableTrustAnchorInput{TrustAnchorId: &j.ID})
			}
			return err
		}),
		remove(kind.Verb[trustAnchorReader, trustAnchorWriter]{Name: "delete", Needs: []string{"rolesanywhere:DeleteTrustAnchor"}},
			func(ctx context.Context, api trustAnchorReader, r fact.Resource) (any, error) {
				a, err := readTrustAnchor(ctx, api, r.ID)
				return lasting(a.TrustAnchorArn, a.CreatedAt), err
			},
			func(ctx context.Context, api trustAnchorWriter, j kind.Job) error {
				_, err := api.DeleteTrustAnchor(ctx, &rolesanywhere.DeleteTrustAnchorInput{TrustAnchorId: &j.ID})
				return err
			}),
	},
}

func listTrustAnchors(ctx context.Context, api trustAnchorReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, rolesanywhere.NewListTrustAnchorsPaginator(api, &rolesanywhere.ListTrustAnchorsInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list trust anchors: %w", err)
		}
		for _, a := range page.TrustAnchors {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "rolesanywhere.trust-anchor", Place: at, ID: aws.ToString(a.TrustAnchorId)},
				ARN: aws.ToString(a.TrustAnchorArn), Created: aws.ToTime(a.CreatedAt),
			}
			fact.Name.Set(&r, aws.ToString(a.Name))
			if a.Enabled != nil {
				fact.Active.Set(&r, *a.Enabled)
			}
			if a.Source != nil {
				fact.Detail.Set(&r, string(a.Source.SourceType))
			}
			put(r)
		}
	}
	return nil
}

func readTrustAnchor(ctx context.Context, api trustAnchorReader, id string) (types.TrustAnchorDetail, error) {
	out, err := api.GetTrustAnchor(ctx, &rolesanywhere.GetTrustAnchorInput{TrustAnchorId: &id})
	if err != nil {
		return types.TrustAnchorDetail{}, gone(err)
	}
	return told(out.TrustAnchor, "trust anchor "+id)
}

// trustAnchorSource is the bundle of certificates, or the ARN of the private
// authority: public halves both.
func trustAnchorSource(a types.TrustAnchorDetail) string {
	if a.Source == nil {
		return ""
	}
	switch d := a.Source.SourceData.(type) {
	case *types.SourceDataMemberX509CertificateData:
		return d.Value
	case *types.SourceDataMemberAcmPcaArn:
		return d.Value
	}
	return ""
}
