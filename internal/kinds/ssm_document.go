package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ssmDocumentReader interface {
	ListDocuments(context.Context, *ssm.ListDocumentsInput, ...func(*ssm.Options)) (*ssm.ListDocumentsOutput, error)
	DescribeDocument(context.Context, *ssm.DescribeDocumentInput, ...func(*ssm.Options)) (*ssm.DescribeDocumentOutput, error)
	DescribeDocumentPermission(context.Context, *ssm.DescribeDocumentPermissionInput, ...func(*ssm.Options)) (*ssm.DescribeDocumentPermissionOutput, error)
	GetDocument(context.Context, *ssm.GetDocumentInput, ...func(*ssm.Options)) (*ssm.GetDocumentOutput, error)
}

type ssmDocumentWriter interface {
	ModifyDocumentPermission(context.Context, *ssm.ModifyDocumentPermissionInput, ...func(*ssm.Options)) (*ssm.ModifyDocumentPermissionOutput, error)
	DeleteDocument(context.Context, *ssm.DeleteDocumentInput, ...func(*ssm.Options)) (*ssm.DeleteDocumentOutput, error)
}

type ssmDocumentVerb = kind.Verb[ssmDocumentReader, ssmDocumentWriter]

var ssmDocument = kind.Of(ssmDocumentSpec)

var ssmDocumentSpec = kind.Spec[ssmDocumentReader, ssmDocumentWriter]{
	Name:   "ssm.document",
	Reader: func(c aws.Config) ssmDocumentReader { return ssm.NewFromConfig(c) },
	Writer: func(c aws.Config) ssmDocumentWriter { return ssm.NewFromConfig(c) },
	Needs:  []string{"ssm:ListDocuments", "ssm:DescribeDocument", "ssm:DescribeDocumentPermission", "ssm:GetDocument"},
	Carry:  []string{string(fact.SharedWith), string(fact.Public)},
	Cost:   kind.Cost{Fixed: 1, Page: 50, Each: 1}, // permissions are told one document at a time
	Covers: []string{"A16"},
	Named:  true,
	List:   listSSMDocuments,
	Keep:   keepSSMDocument,
	Verbs: []ssmDocumentVerb{
		withdraw(ssmDocumentVerb{
			Name: "unshare", Class: kind.Reversible, For: kind.Close, Mends: []string{"ModifyDocumentPermission"},
			Needs: []string{"ssm:ModifyDocumentPermission"},
		}, ssmDocumentShares,
			func(ctx context.Context, api ssmDocumentWriter, j kind.Job, had []string) error {
				return shareSSMDocument(ctx, api, &ssm.ModifyDocumentPermissionInput{Name: &j.ID, AccountIdsToRemove: had})
			},
			func(ctx context.Context, api ssmDocumentWriter, j kind.Job, had []string) error {
				return shareSSMDocument(ctx, api, &ssm.ModifyDocumentPermissionInput{Name: &j.ID, AccountIdsToAdd: had})
			}),
		// One that is still shared is refused: its sharing is taken back with it.
		remove(ssmDocumentVerb{Name: "delete", Needs: []string{"ssm:DeleteDocument", "ssm:ModifyDocumentPermission"}},
			func(ctx context.Context, api ssmDocumentReader, r fact.Resource) (any, error) {
				out, err := api.DescribeDocument(ctx, &ssm.DescribeDocumentInput{Name: &r.ID})
				if err != nil {
					return nil, ssmGone(err)
				}
				return onlyMade(r.ARN, out.Document.CreatedDate), nil
			},
			func(ctx context.Context, api ssmDocumentWriter, j kind.Job) error {
				shares := fact.SharedWith.Or(j.Resource, nil)
				if fact.Public.Or(j.Resource, false) {
					shares = []string{"all"}
				}
				if len(shares) > 0 {
					if err := shareSSMDocument(ctx, api, &ssm.ModifyDocumentPermissionInput{Name: &j.ID, AccountIdsToRemove: shares}); err != nil {
						return ssmGone(err)
					}
				}
				_, err := api.DeleteDocument(ctx, &ssm.DeleteDocumentInput{Name: &j.ID})
				return ssmGone(err)
			}),
	},
}

// ssmGone knows Systems Manager's older ways of saying that a thing is not
// there.
func ssmGone(err error) error {
	switch awsapi.Code(err) {
	case "InvalidDocument", "InvalidActivation", "InvalidActivationId":
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return gone(err)
}

func listSSMDocuments(ctx context.Context, api ssmDocumentReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ssm.NewListDocumentsPaginator(api, &ssm.ListDocumentsInput{
		Filters: []types.DocumentKeyValuesFilter{{Key: aws.String("Owner"), Values: []string{"Self"}}}, MaxResults: aws.Int32(50),
	})) {
		if err != nil {
			return fmt.Errorf("cannot list documents: %w", err)
		}
		for _, d := range page.DocumentIdentifiers {
			id := aws.ToString(d.Name)
			r := fact.Resource{
				Ref: fact.Ref{Kind: "ssm.document", Place: at, ID: id}, ARN: arn(at, "ssm", "document/"+id), Created: aws.ToTime(d.CreatedDate).UTC(),
			}
			fact.Detail.Set(&r, string(d.DocumentType))
			setTagFacts(&r, d.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		shares, err := ssmDocumentShares(ctx, api, *r)
		if err != nil {
			return err
		}
		public := slices.Contains(shares, "all")
		fact.Public.Set(r, public)
		fact.SharedWith.Set(r, slices.DeleteFunc(shares, func(s string) bool { return s == "all" }))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list documents: %w", err)
	}
	return nil
}

// ssmDocumentShares are the accounts it is shared with, or "all".
func ssmDocumentShares(ctx context.Context, api ssmDocumentReader, r fact.Resource) ([]string, error) {
	all := []string{}
	ask := &ssm.DescribeDocumentPermissionInput{Name: &r.ID, PermissionType: types.DocumentPermissionTypeShare}
	for {
		out, err := api.DescribeDocumentPermission(ctx, ask)
		if err != nil {
			return nil, ssmGone(err)
		}
		for _, id := range out.AccountIds {
			if id != r.Account {
				all = append(all, id)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			slices.Sort(all)
			return slices.Compact(all), nil
		}
		ask.NextToken = out.NextToken
	}
}

func shareSSMDocument(ctx context.Context, api ssmDocumentWriter, change *ssm.ModifyDocumentPermissionInput) error {
	change.PermissionType = types.DocumentPermissionTypeShare
	_, err := api.ModifyDocumentPermission(ctx, change)
	return err
}

func keepSSMDocument(ctx context.Context, api ssmDocumentReader, r fact.Resource, put func(string, []byte) error) error {
	about, err := api.DescribeDocument(ctx, &ssm.DescribeDocumentInput{Name: &r.ID})
	if err != nil {
		return ssmGone(err)
	}
	text, err := api.GetDocument(ctx, &ssm.GetDocumentInput{Name: &r.ID})
	if err != nil {
		return ssmGone(err)
	}
	shares, err := ssmDocumentShares(ctx, api, r)
	if err != nil {
		return err
	}
	return errors.Join(putJSON(put, "document.json", about.Document), put("content.txt", []byte(aws.ToString(text.Content))), putJSON(put, "shares.json", shares))
}
