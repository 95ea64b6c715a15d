package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ipSetReader interface {
	detectorLister
	ListIPSets(context.Context, *guardduty.ListIPSetsInput, ...func(*guardduty.Options)) (*guardduty.ListIPSetsOutput, error)
	GetIPSet(context.Context, *guardduty.GetIPSetInput, ...func(*guardduty.Options)) (*guardduty.GetIPSetOutput, error)
}

type ipSetWriter interface {
	UpdateIPSet(context.Context, *guardduty.UpdateIPSetInput, ...func(*guardduty.Options)) (*guardduty.UpdateIPSetOutput, error)
	DeleteIPSet(context.Context, *guardduty.DeleteIPSetInput, ...func(*guardduty.Options)) (*guardduty.DeleteIPSetOutput, error)
}

var ipSet = kind.Of(ipSetSpec)

// ipSetSpec is a list of trusted addresses: GuardDuty makes no finding about
// what they do. The list itself is a file in a bucket.
var ipSetSpec = kind.Spec[ipSetReader, ipSetWriter]{
	Name:   "guardduty.ip-set",
	Reader: func(c aws.Config) ipSetReader { return guardduty.NewFromConfig(c) },
	Writer: func(c aws.Config) ipSetWriter { return guardduty.NewFromConfig(c) },
	Needs:  []string{"guardduty:ListDetectors", "guardduty:ListIPSets", "guardduty:GetIPSet"},
	List:   listIPSets,
	Cost:   kind.Cost{Fixed: 2, Page: 50, Each: 1}, // a region has one detector at most
	Covers: []string{"D2"},
	Keep: func(ctx context.Context, api ipSetReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findIPSet(ctx, api, r.ARN)
		if err != nil {
			return err
		}
		return putJSON(put, "ip-set.json", s)
	},
	Verbs: []kind.Verb[ipSetReader, ipSetWriter]{
		flip(kind.Verb[ipSetReader, ipSetWriter]{
			Name: "distrust-list", Class: kind.Reversible, For: kind.Disable, Mends: []string{"UpdateIPSet"}, Takes: ipSetTakes,
			Needs: []string{"guardduty:UpdateIPSet", "=iam:PutRolePolicy"},
		}, false, func(ctx context.Context, api ipSetReader, r fact.Resource) (bool, error) {
			s, err := findIPSet(ctx, api, r.ARN)
			return err == nil && trusts(s.Status), err
		}, func(ctx context.Context, api ipSetWriter, j kind.Job, on bool) error {
			detector, id := withinDetector(j.ARN)
			_, err := api.UpdateIPSet(ctx, &guardduty.UpdateIPSetInput{DetectorId: &detector, IpSetId: &id, Activate: &on})
			return err
		}),
		remove(kind.Verb[ipSetReader, ipSetWriter]{
			Name: "delete", Needs: []string{"guardduty:DeleteIPSet", "=iam:DeleteRolePolicy"}, Takes: ipSetTakes,
		}, func(ctx context.Context, api ipSetReader, r fact.Resource) (any, error) {
			s, err := findIPSet(ctx, api, r.ARN)
			if err == nil && s.Status == types.IpSetStatusDeleted {
				return nil, kind.ErrGone
			}
			return r.ID, err
		}, func(ctx context.Context, api ipSetWriter, j kind.Job) error {
			detector, id := withinDetector(j.ARN)
			_, err := api.DeleteIPSet(ctx, &guardduty.DeleteIPSetInput{DetectorId: &detector, IpSetId: &id})
			return goneGuardDuty(err)
		}),
	},
}

// ipSetTakes is how long GuardDuty may take to change a list: "a few minutes".
const ipSetTakes = 10 * time.Minute

// trusts says whether a list in this state is in force or about to be.
func trusts(s types.IpSetStatus) bool {
	return s == types.IpSetStatusActive || s == types.IpSetStatusActivating
}

func listIPSets(ctx context.Context, api ipSetReader, at fact.Place, put func(fact.Resource)) error {
	detectors, err := detectorsHere(ctx, api)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, detector := range detectors {
		for page, err := range pages(ctx, guardduty.NewListIPSetsPaginator(api, &guardduty.ListIPSetsInput{DetectorId: &detector})) {
			if err != nil {
				return fmt.Errorf("cannot list trusted IP lists: %w", err)
			}
			for _, id := range page.IpSetIds {
				drafts = append(drafts, fact.Resource{
					Ref: fact.Ref{Kind: "guardduty.ip-set", Place: at, ID: id}, ARN: arn(at, "guardduty", "detector/"+detector+"/ipset/"+id),
				})
			}
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		s, err := findIPSet(ctx, api, r.ARN)
		if err != nil {
			return err
		}
		fact.Name.Set(r, aws.ToString(s.Name))
		fact.Status.Set(r, string(s.Status))
		fact.Active.Set(r, trusts(s.Status))
		fact.Detail.Set(r, aws.ToString(s.Location))
		setStoreTags(r, s.Tags)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list trusted IP lists: %w", err)
	}
	return nil
}

func findIPSet(ctx context.Context, api ipSetReader, arn string) (*guardduty.GetIPSetOutput, error) {
	detector, set := withinDetector(arn)
	out, err := api.GetIPSet(ctx, &guardduty.GetIPSetInput{DetectorId: &detector, IpSetId: &set})
	return out, goneGuardDuty(err)
}
