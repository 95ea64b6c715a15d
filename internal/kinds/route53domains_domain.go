package kinds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53domains"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type domainReader interface {
	ListDomains(context.Context, *route53domains.ListDomainsInput, ...func(*route53domains.Options)) (*route53domains.ListDomainsOutput, error)
	GetDomainDetail(context.Context, *route53domains.GetDomainDetailInput, ...func(*route53domains.Options)) (*route53domains.GetDomainDetailOutput, error)
}

type domainWriter interface {
	EnableDomainTransferLock(context.Context, *route53domains.EnableDomainTransferLockInput, ...func(*route53domains.Options)) (*route53domains.EnableDomainTransferLockOutput, error)
	DisableDomainTransferLock(context.Context, *route53domains.DisableDomainTransferLockInput, ...func(*route53domains.Options)) (*route53domains.DisableDomainTransferLockOutput, error)
	EnableDomainAutoRenew(context.Context, *route53domains.EnableDomainAutoRenewInput, ...func(*route53domains.Options)) (*route53domains.EnableDomainAutoRenewOutput, error)
	DisableDomainAutoRenew(context.Context, *route53domains.DisableDomainAutoRenewInput, ...func(*route53domains.Options)) (*route53domains.DisableDomainAutoRenewOutput, error)
}

type domainVerb = kind.Verb[domainReader, domainWriter]

var domain = kind.Of(domainSpec)

// domainSpec is about registered domains. AWS answers for all of them in
// us-east-1 only. A registration is paid for and cannot be given back: its
// renewal is stopped.
var domainSpec = kind.Spec[domainReader, domainWriter]{
	Name:   "route53domains.domain",
	Global: true,
	Reader: func(c aws.Config) domainReader { return route53domains.NewFromConfig(c) },
	Writer: func(c aws.Config) domainWriter { return route53domains.NewFromConfig(c) },
	Needs:  []string{"route53domains:ListDomains", "route53domains:GetDomainDetail"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1}, // the list does not tell when it was registered
	Covers: []string{"B12"},
	Named:  true,
	List: func(ctx context.Context, api domainReader, at fact.Place, put func(fact.Resource)) error {
		var drafts []fact.Resource
		for page, err := range pages(ctx, route53domains.NewListDomainsPaginator(api, &route53domains.ListDomainsInput{MaxItems: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list domains: %w", err)
			}
			for _, d := range page.Domains {
				r := fact.Resource{Ref: fact.Ref{Kind: "route53domains.domain", Place: at, ID: aws.ToString(d.DomainName)}}
				fact.Active.Set(&r, aws.ToBool(d.AutoRenew))
				setAspect(&r, "transfer-lock", onOff(aws.ToBool(d.TransferLock)))
				when(fact.DeletedOn, &r, d.Expiry)
				drafts = append(drafts, r)
			}
		}
		err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
			d, err := findDomain(ctx, api, *r)
			if err != nil {
				return err
			}
			r.Created = aws.ToTime(d.CreationDate).UTC()
			when(fact.Modified, r, d.UpdatedDate)
			return nil
		}, put)
		if err != nil {
			return fmt.Errorf("cannot list domains: %w", err)
		}
		return nil
	},
	Keep: func(ctx context.Context, api domainReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := findDomain(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "domain.json", d)
	},
	Verbs: []domainVerb{
		flip(domainVerb{
			Name: "stop-renewal", Class: kind.Reversible, For: kind.Disable,
			Needs: []string{"route53domains:DisableDomainAutoRenew", "route53domains:EnableDomainAutoRenew"},
		}, false, func(ctx context.Context, api domainReader, r fact.Resource) (bool, error) {
			d, err := findDomain(ctx, api, r)
			if err != nil {
				return false, err
			}
			return aws.ToBool(d.AutoRenew), nil
		}, func(ctx context.Context, api domainWriter, j kind.Job, on bool) (err error) {
			if on {
				_, err = api.EnableDomainAutoRenew(ctx, &route53domains.EnableDomainAutoRenewInput{DomainName: &j.ID})
			} else {
				_, err = api.DisableDomainAutoRenew(ctx, &route53domains.DisableDomainAutoRenewInput{DomainName: &j.ID})
			}
			return err
		}),
		// AWS asks the registry, which takes minutes.
		restoreOr(domainVerb{
			Name: "restore-lock", Class: kind.Reversible, Of: "transfer-lock", Mends: []string{"DisableDomainTransferLock"}, Takes: 30 * time.Minute,
			Needs:  []string{"route53domains:EnableDomainTransferLock", "route53domains:DisableDomainTransferLock"},
			Recall: recallTo(map[string]string{"DisableDomainTransferLock": "off"}),
		}, "on", transferLock, setTransferLock),
	},
}

func findDomain(ctx context.Context, api domainReader, r fact.Resource) (*route53domains.GetDomainDetailOutput, error) {
	out, err := api.GetDomainDetail(ctx, &route53domains.GetDomainDetailInput{DomainName: &r.ID})
	return out, domainGone(err)
}

// transferLock reads the registry's own word for a locked domain.
func transferLock(ctx context.Context, api domainReader, r fact.Resource) (string, error) {
	d, err := findDomain(ctx, api, r)
	if err != nil {
		return "", err
	}
	for _, s := range d.StatusList {
		if s == "clientTransferProhibited" {
			return "on", nil
		}
	}
	return "off", nil
}

func setTransferLock(ctx context.Context, api domainWriter, j kind.Job, to string) (err error) {
	if to == "on" {
		_, err = api.EnableDomainTransferLock(ctx, &route53domains.EnableDomainTransferLockInput{DomainName: &j.ID})
	} else {
		_, err = api.DisableDomainTransferLock(ctx, &route53domains.DisableDomainTransferLockInput{DomainName: &j.ID})
	}
	return err
}

// domainGone knows how Route 53 says that a domain is not this account's: an
// invalid input.
func domainGone(err error) error {
	if awsapi.Code(err) == "InvalidInput" && strings.Contains(err.Error(), "not found") {
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return gone(err)
}
