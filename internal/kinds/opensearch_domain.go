package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type searchDomainReader interface {
	ListDomainNames(context.Context, *opensearch.ListDomainNamesInput, ...func(*opensearch.Options)) (*opensearch.ListDomainNamesOutput, error)
	DescribeDomains(context.Context, *opensearch.DescribeDomainsInput, ...func(*opensearch.Options)) (*opensearch.DescribeDomainsOutput, error)
}

type searchDomainWriter interface {
	UpdateDomainConfig(context.Context, *opensearch.UpdateDomainConfigInput, ...func(*opensearch.Options)) (*opensearch.UpdateDomainConfigOutput, error)
	DeleteDomain(context.Context, *opensearch.DeleteDomainInput, ...func(*opensearch.Options)) (*opensearch.DeleteDomainOutput, error)
}

var searchDomain = kind.Of(searchDomainSpec)

var searchDomainSpec = kind.Spec[searchDomainReader, searchDomainWriter]{
	Name:   "opensearch.domain",
	Reader: func(c aws.Config) searchDomainReader { return opensearch.NewFromConfig(c) },
	Writer: func(c aws.Config) searchDomainWriter { return opensearch.NewFromConfig(c) },
	Needs:  []string{"opensearch:ListDomainNames", "opensearch:DescribeDomains"},
	List:   listDomains,
	Cost:   kind.Cost{Fixed: 2, Page: domainsAsked},
	Covers: []string{"A19"},
	Named:  true,
	Keep: func(ctx context.Context, api searchDomainReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := findSearchDomain(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "domain.json", d)
	},
	Verbs: []kind.Verb[searchDomainReader, searchDomainWriter]{
		closePolicy(kind.Verb[searchDomainReader, searchDomainWriter]{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"UpdateDomainConfig"}, Needs: []string{"opensearch:UpdateDomainConfig"}, Takes: dbTakes,
		}, domainPolicy, setDomainPolicy),
		restore(kind.Verb[searchDomainReader, searchDomainWriter]{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Needs: []string{"opensearch:UpdateDomainConfig"}, Takes: dbTakes,
			Mends: []string{"UpdateDomainConfig", "CreateDomain"}, Recall: func(_ string, request, _ json.RawMessage) (string, bool) {
				var q struct{ AccessPolicies *string }
				if json.Unmarshal(request, &q) != nil || q.AccessPolicies == nil {
					return "", false // it changed something else
				}
				return *q.AccessPolicies, true
			},
		}, domainPolicy, setDomainPolicy),
		remove(kind.Verb[searchDomainReader, searchDomainWriter]{
			Name: "delete", Needs: []string{"opensearch:DeleteDomain"}, Takes: dbTakes,
			// AWS deletes a domain's automated snapshots with it, and no call tells
			// what a domain holds: only a person can know that it is not needed.
			Kept: func(_ context.Context, _ searchDomainReader, j kind.Job) error {
				return fmt.Errorf("cannot delete %s: AWS keeps no copy of a domain's indexes: %w", j.Ref, kind.ErrUnkept)
			},
		}, func(ctx context.Context, api searchDomainReader, r fact.Resource) (any, error) {
			d, err := findSearchDomain(ctx, api, r.ID)
			if err == nil && aws.ToBool(d.Deleted) {
				return nil, kind.ErrGone // AWS shows it on for a while
			}
			return aws.ToString(d.DomainId), err
		}, func(ctx context.Context, api searchDomainWriter, j kind.Job) error {
			_, err := api.DeleteDomain(ctx, &opensearch.DeleteDomainInput{DomainName: &j.ID})
			return err
		}),
	},
}

// domainsAsked is how many domains DescribeDomains takes.
const domainsAsked = 5

func listDomains(ctx context.Context, api searchDomainReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.ListDomainNames(ctx, &opensearch.ListDomainNamesInput{}) // AWS gives all in one answer
	if err != nil {
		return fmt.Errorf("cannot list OpenSearch domains: %w", err)
	}
	names := []string{}
	for _, d := range out.DomainNames {
		names = append(names, aws.ToString(d.DomainName))
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, domainsAsked) {
		out, err := api.DescribeDomains(ctx, &opensearch.DescribeDomainsInput{DomainNames: some})
		if err != nil {
			return fmt.Errorf("cannot list OpenSearch domains: %w", err)
		}
		for _, d := range out.DomainStatusList { // one that is gone meanwhile is left out
			put(domainOf(at, d))
		}
	}
	return nil
}

func domainOf(at fact.Place, d types.DomainStatus) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "opensearch.domain", Place: at, ID: aws.ToString(d.DomainName)}, ARN: aws.ToString(d.ARN)}
	fact.Status.Set(&r, string(d.DomainProcessingStatus))
	fact.Detail.Set(&r, aws.ToString(d.EngineVersion))
	fact.Encrypted.Set(&r, d.EncryptionAtRestOptions != nil && aws.ToBool(d.EncryptionAtRestOptions.Enabled))
	if c := d.ClusterConfig; c != nil {
		fact.InstanceType.Set(&r, string(c.InstanceType))
		fact.Count.Set(&r, int(aws.ToInt32(c.InstanceCount)))
	}
	setStorePolicy(&r, aws.ToString(d.AccessPolicies))
	if d.VPCOptions != nil && d.VPCOptions.VPCId != nil { // reached from inside only, whatever the policy says
		fact.VPC.Set(&r, *d.VPCOptions.VPCId)
		fact.Public.Set(&r, false)
	}
	return r
}

func findSearchDomain(ctx context.Context, api searchDomainReader, name string) (types.DomainStatus, error) {
	out, err := api.DescribeDomains(ctx, &opensearch.DescribeDomainsInput{DomainNames: []string{name}})
	var all []types.DomainStatus
	if err == nil {
		all = out.DomainStatusList
	}
	return only(all, err)
}

func domainPolicy(ctx context.Context, api searchDomainReader, r fact.Resource) (string, error) {
	d, err := findSearchDomain(ctx, api, r.ID)
	return aws.ToString(d.AccessPolicies), err
}

// setDomainPolicy takes a policy away with "" (API Reference, AccessPolicies).
func setDomainPolicy(ctx context.Context, api searchDomainWriter, j kind.Job, doc string) error {
	_, err := api.UpdateDomainConfig(ctx, &opensearch.UpdateDomainConfigInput{DomainName: &j.ID, AccessPolicies: &doc})
	return err
}
