package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ssmAssociationReader interface {
	ListAssociations(context.Context, *ssm.ListAssociationsInput, ...func(*ssm.Options)) (*ssm.ListAssociationsOutput, error)
	DescribeAssociation(context.Context, *ssm.DescribeAssociationInput, ...func(*ssm.Options)) (*ssm.DescribeAssociationOutput, error)
}

type ssmAssociationWriter interface {
	DeleteAssociation(context.Context, *ssm.DeleteAssociationInput, ...func(*ssm.Options)) (*ssm.DeleteAssociationOutput, error)
}

var ssmAssociation = kind.Of(ssmAssociationSpec)

// ssmAssociationSpec is about what Systems Manager runs on instances again and
// again. Systems Manager has no switch for one: it is deleted.
var ssmAssociationSpec = kind.Spec[ssmAssociationReader, ssmAssociationWriter]{
	Name:      "ssm.association",
	Reader:    func(c aws.Config) ssmAssociationReader { return ssm.NewFromConfig(c) },
	Writer:    func(c aws.Config) ssmAssociationWriter { return ssm.NewFromConfig(c) },
	Needs:     []string{"ssm:ListAssociations", "ssm:DescribeAssociation"},
	Carry:     []string{string(fact.AttachedTo)},
	Cost:      kind.Cost{Fixed: 1, Page: 50, Each: 1}, // the list does not tell when it was made
	Covers:    []string{"A16", "D6"},
	Recreates: true,
	List:      listSSMAssociations,
	Holds: func(r fact.Resource) []fact.Ref {
		document := fact.AttachedTo.Or(r, "")
		if document == "" || strings.HasPrefix(document, "AWS-") || strings.HasPrefix(document, "arn:") {
			return nil // not of this account
		}
		return []fact.Ref{{Kind: "ssm.document", Place: r.Place, ID: document}}
	},
	Keep: func(ctx context.Context, api ssmAssociationReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := findSSMAssociation(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "association.json", a)
	},
	Verbs: []kind.Verb[ssmAssociationReader, ssmAssociationWriter]{
		remove(kind.Verb[ssmAssociationReader, ssmAssociationWriter]{Name: "delete", Needs: []string{"ssm:DeleteAssociation"}},
			func(ctx context.Context, api ssmAssociationReader, r fact.Resource) (any, error) {
				a, err := findSSMAssociation(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				return onlyMade(r.ARN, a.Date), nil
			},
			func(ctx context.Context, api ssmAssociationWriter, j kind.Job) error {
				_, err := api.DeleteAssociation(ctx, &ssm.DeleteAssociationInput{AssociationId: &j.ID})
				return err
			}),
	},
}

func listSSMAssociations(ctx context.Context, api ssmAssociationReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ssm.NewListAssociationsPaginator(api, &ssm.ListAssociationsInput{MaxResults: aws.Int32(50)})) {
		if err != nil {
			return fmt.Errorf("cannot list associations: %w", err)
		}
		for _, a := range page.Associations {
			id := aws.ToString(a.AssociationId)
			r := fact.Resource{Ref: fact.Ref{Kind: "ssm.association", Place: at, ID: id}, ARN: arn(at, "ssm", "association/"+id)}
			if a.AssociationName != nil {
				fact.Name.Set(&r, *a.AssociationName)
			}
			fact.AttachedTo.Set(&r, aws.ToString(a.Name))
			fact.Detail.Set(&r, strings.TrimSpace(aws.ToString(a.Name)+" "+aws.ToString(a.ScheduleExpression)))
			when(fact.LastUsed, &r, a.LastExecutionDate)
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		a, err := findSSMAssociation(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.Created = aws.ToTime(a.Date).UTC()
		when(fact.Modified, r, a.LastUpdateAssociationDate)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list associations: %w", err)
	}
	return nil
}

func findSSMAssociation(ctx context.Context, api ssmAssociationReader, id string) (*types.AssociationDescription, error) {
	out, err := api.DescribeAssociation(ctx, &ssm.DescribeAssociationInput{AssociationId: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.AssociationDescription, nil
}
