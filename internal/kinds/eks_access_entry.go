package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type accessEntryReader interface {
	eksClusterReader
	ListAccessEntries(context.Context, *eks.ListAccessEntriesInput, ...func(*eks.Options)) (*eks.ListAccessEntriesOutput, error)
	DescribeAccessEntry(context.Context, *eks.DescribeAccessEntryInput, ...func(*eks.Options)) (*eks.DescribeAccessEntryOutput, error)
	ListAssociatedAccessPolicies(context.Context, *eks.ListAssociatedAccessPoliciesInput, ...func(*eks.Options)) (*eks.ListAssociatedAccessPoliciesOutput, error)
}

type accessEntryWriter interface {
	DeleteAccessEntry(context.Context, *eks.DeleteAccessEntryInput, ...func(*eks.Options)) (*eks.DeleteAccessEntryOutput, error)
}

var accessEntry = kind.Of(accessEntrySpec)

// An access entry lets a user or a role of AWS into a cluster. Its ID is
// CLUSTER/ARN. What a cluster's own aws-auth map lets in AWS does not tell.
var accessEntrySpec = kind.Spec[accessEntryReader, accessEntryWriter]{
	Name:   "eks.access-entry",
	Reader: func(c aws.Config) accessEntryReader { return eks.NewFromConfig(c) },
	Writer: func(c aws.Config) accessEntryWriter { return eks.NewFromConfig(c) },
	Needs:  append([]string{"eks:ListAccessEntries", "eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"}, eksNeeds...),
	List:   listAccessEntries,
	Cost:   kind.Cost{Fixed: 1, Each: 4}, // and two for each cluster without an entry
	Covers: []string{"A18"},
	Named:  true,
	Keep: func(ctx context.Context, api accessEntryReader, r fact.Resource, put func(string, []byte) error) error {
		entry, err := accessEntryNow(ctx, api, r)
		if err != nil {
			return err
		}
		policies, err := accessPolicies(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "access-entry.json", map[string]any{"entry": entry, "policies": policies})
	},
	Verbs: []kind.Verb[accessEntryReader, accessEntryWriter]{
		remove(kind.Verb[accessEntryReader, accessEntryWriter]{Name: "delete", Needs: []string{"eks:DeleteAccessEntry"}},
			func(ctx context.Context, api accessEntryReader, r fact.Resource) (any, error) {
				entry, err := accessEntryNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(entry.AccessEntryArn), aws.ToTime(entry.CreatedAt)}, nil
			},
			func(ctx context.Context, api accessEntryWriter, j kind.Job) error {
				cluster, principal, _ := strings.Cut(j.ID, "/")
				_, err := api.DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal})
				return err
			}),
	},
}

func listAccessEntries(ctx context.Context, api accessEntryReader, at fact.Place, put func(fact.Resource)) error {
	clusters, err := eksClusters(ctx, api, at)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, c := range clusters {
		if c.AccessConfig == nil || c.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
			continue // it has no entries, and EKS refuses to list them
		}
		for page, err := range pages(ctx, eks.NewListAccessEntriesPaginator(api, &eks.ListAccessEntriesInput{ClusterName: c.Name, MaxResults: aws.Int32(100)})) {
			if errors.Is(gone(err), kind.ErrGone) {
				break // the cluster was deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("cannot list the access entries of cluster %s: %w", aws.ToString(c.Name), err)
			}
			for _, principal := range page.AccessEntries {
				drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "eks.access-entry", Place: at, ID: aws.ToString(c.Name) + "/" + principal}})
			}
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return readAccessEntry(ctx, api, r) }, put)
	if err != nil {
		return fmt.Errorf("cannot list access entries: %w", err)
	}
	return nil
}

func readAccessEntry(ctx context.Context, api accessEntryReader, r *fact.Resource) error {
	entry, err := accessEntryNow(ctx, api, *r)
	if err != nil {
		return err
	}
	policies, err := accessPolicies(ctx, api, *r)
	if err != nil {
		return err
	}
	r.ARN, r.Created = aws.ToString(entry.AccessEntryArn), aws.ToTime(entry.CreatedAt)
	principal := aws.ToString(entry.PrincipalArn)
	fact.Owner.Set(r, principal)
	if entry.ModifiedAt != nil {
		fact.Modified.Set(r, *entry.ModifiedAt)
	}
	with := []string{}
	if home := arnAccount(principal); home != r.Account {
		with = append(with, home)
	}
	fact.SharedWith.Set(r, with)
	fact.Groups.Set(r, entry.KubernetesGroups)
	names := []string{}
	for _, p := range policies {
		names = append(names, pastMark(":cluster-access-policy/", aws.ToString(p.PolicyArn)))
	}
	slices.Sort(names)
	fact.Detail.Set(r, strings.Join(names, ","))
	setServiceTags(r, entry.Tags)
	return nil
}

func accessEntryNow(ctx context.Context, api accessEntryReader, r fact.Resource) (types.AccessEntry, error) {
	cluster, principal, _ := strings.Cut(r.ID, "/")
	out, err := api.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &cluster, PrincipalArn: &principal})
	if err != nil {
		return types.AccessEntry{}, gone(err)
	}
	if out.AccessEntry == nil {
		return types.AccessEntry{}, kind.ErrGone
	}
	return *out.AccessEntry, nil
}

func accessPolicies(ctx context.Context, api accessEntryReader, r fact.Resource) (all []types.AssociatedAccessPolicy, err error) {
	cluster, principal, _ := strings.Cut(r.ID, "/")
	in := &eks.ListAssociatedAccessPoliciesInput{ClusterName: &cluster, PrincipalArn: &principal}
	for page, err := range pages(ctx, eks.NewListAssociatedAccessPoliciesPaginator(api, in)) {
		if err != nil {
			return nil, gone(err)
		}
		all = append(all, page.AssociatedAccessPolicies...)
	}
	return all, nil
}
