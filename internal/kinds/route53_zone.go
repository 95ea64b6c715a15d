package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type zoneReader interface {
	ListHostedZones(context.Context, *route53.ListHostedZonesInput, ...func(*route53.Options)) (*route53.ListHostedZonesOutput, error)
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	recordLister
}

// zoneWriter reads the records that it is about to change.
type zoneWriter interface {
	recordLister
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
	DeleteHostedZone(context.Context, *route53.DeleteHostedZoneInput, ...func(*route53.Options)) (*route53.DeleteHostedZoneOutput, error)
}

type zoneVerb = kind.Verb[zoneReader, zoneWriter]

var zone = kind.Of(zoneSpec)

// zoneSpec is about hosted zones, by id without "/hostedzone/". AWS does not
// tell when one was made.
var zoneSpec = kind.Spec[zoneReader, zoneWriter]{
	Name:   "route53.zone",
	Global: true,
	Reader: func(c aws.Config) zoneReader { return route53.NewFromConfig(c) },
	Writer: func(c aws.Config) zoneWriter { return route53.NewFromConfig(c) },
	Needs:  []string{"route53:ListHostedZones", "route53:GetHostedZone", "route53:ListResourceRecordSets"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1}, // the records of a small zone, for a baseline
	Covers: []string{"B12"},
	List:   listZones,
	Keep:   keepZone,
	Verbs: []zoneVerb{
		// A record of the change does not tell what stood there: only a baseline does.
		restore(zoneVerb{
			Name: "restore-records", Class: kind.Disruptive, Of: "records", Mends: []string{"ChangeResourceRecordSets"},
			Needs: []string{"route53:ChangeResourceRecordSets"},
		}, func(ctx context.Context, api zoneReader, r fact.Resource) (string, error) {
			all, err := recordsOf(ctx, api, r.ID, maxRecords)
			if err != nil {
				return "", err
			}
			return recordsText(all)
		}, setRecords),
		remove(zoneVerb{Name: "delete", Needs: []string{"route53:ChangeResourceRecordSets", "route53:DeleteHostedZone"}},
			func(ctx context.Context, api zoneReader, r fact.Resource) (any, error) {
				out, err := api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &r.ID})
				if err != nil {
					return nil, gone(err)
				}
				return aws.ToString(out.HostedZone.CallerReference), nil // AWS takes each only once
			},
			func(ctx context.Context, api zoneWriter, j kind.Job) error {
				if err := setRecords(ctx, api, j, "[]"); err != nil {
					return err
				}
				_, err := api.DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &j.ID})
				return err
			}),
	},
}

func listZones(ctx context.Context, api zoneReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, route53.NewListHostedZonesPaginator(api, &route53.ListHostedZonesInput{MaxItems: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list hosted zones: %w", err)
		}
		for _, z := range page.HostedZones {
			drafts = append(drafts, zoneOf(at, z))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		if fact.Count.Or(*r, 0) > recordsInAspect {
			return nil // a snapshot is no place for them; Keep has them
		}
		all, err := recordsOf(ctx, api, r.ID, recordsInAspect)
		if err != nil {
			return err
		}
		text, err := recordsText(all)
		if err != nil {
			return err
		}
		setAspect(r, "records", text)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list hosted zones: %w", err)
	}
	return nil
}

func zoneOf(at fact.Place, z types.HostedZone) fact.Resource {
	id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
	r := fact.Resource{Ref: fact.Ref{Kind: "route53.zone", Place: at, ID: id}, ARN: "arn:" + partition(at.Region) + ":route53:::hostedzone/" + id}
	fact.Name.Set(&r, strings.TrimSuffix(aws.ToString(z.Name), "."))
	fact.Count.Set(&r, int(aws.ToInt64(z.ResourceRecordSetCount)))
	if z.Config != nil {
		fact.Public.Set(&r, !z.Config.PrivateZone)
		if c := aws.ToString(z.Config.Comment); c != "" {
			fact.Detail.Set(&r, c)
		}
	}
	if z.LinkedService != nil {
		fact.Maker.Set(&r, aws.ToString(z.LinkedService.ServicePrincipal))
	}
	return r
}

func keepZone(ctx context.Context, api zoneReader, r fact.Resource, put func(string, []byte) error) error {
	out, err := api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &r.ID})
	if err != nil {
		return gone(err)
	}
	all, err := recordsOf(ctx, api, r.ID, 0)
	if err != nil {
		return err
	}
	if err := putJSON(put, "hosted-zone.json", out); err != nil {
		return err
	}
	return putJSON(put, "records.json", all)
}
