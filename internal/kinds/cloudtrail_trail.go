package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type trailReader interface {
	DescribeTrails(context.Context, *cloudtrail.DescribeTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error)
	GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error)
	GetEventSelectors(context.Context, *cloudtrail.GetEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error)
}

type trailWriter interface {
	StartLogging(context.Context, *cloudtrail.StartLoggingInput, ...func(*cloudtrail.Options)) (*cloudtrail.StartLoggingOutput, error)
	StopLogging(context.Context, *cloudtrail.StopLoggingInput, ...func(*cloudtrail.Options)) (*cloudtrail.StopLoggingOutput, error)
	PutEventSelectors(context.Context, *cloudtrail.PutEventSelectorsInput, ...func(*cloudtrail.Options)) (*cloudtrail.PutEventSelectorsOutput, error)
	UpdateTrail(context.Context, *cloudtrail.UpdateTrailInput, ...func(*cloudtrail.Options)) (*cloudtrail.UpdateTrailOutput, error)
	DeleteTrail(context.Context, *cloudtrail.DeleteTrailInput, ...func(*cloudtrail.Options)) (*cloudtrail.DeleteTrailOutput, error)
	CreateTrail(context.Context, *cloudtrail.CreateTrailInput, ...func(*cloudtrail.Options)) (*cloudtrail.CreateTrailOutput, error)
}

var trail = kind.Of(trailSpec)

var trailSpec = kind.Spec[trailReader, trailWriter]{
	Name:   "cloudtrail.trail",
	Reader: func(c aws.Config) trailReader { return cloudtrail.NewFromConfig(c) },
	Writer: func(c aws.Config) trailWriter { return cloudtrail.NewFromConfig(c) },
	Needs:  []string{"cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"},
	List:   listTrails,
	Cost:   kind.Cost{Fixed: 1, Each: 2}, // AWS tells of one trail at a time whether it logs, and what
	Covers: []string{"D1"},
	Named:  true, // the ARN holds the name
	Keep:   keepTrail,
	Carry:  []string{string(fact.Bucket)},
	Verbs: []kind.Verb[trailReader, trailWriter]{
		// It needs nobody to know what was before: a trail is there to log.
		flip(kind.Verb[trailReader, trailWriter]{
			Name: "start", Class: kind.Reversible, For: kind.Restore, Of: "logging",
			Mends: []string{"StopLogging"}, Recall: recallSwitch("StartLogging", "StopLogging"),
			Needs: []string{"cloudtrail:StartLogging", "cloudtrail:StopLogging"},
		}, true, trailLogs, switchTrail),
		restore(kind.Verb[trailReader, trailWriter]{
			Name: "restore-selectors", Class: kind.Reversible, Of: "selectors", Needs: []string{"cloudtrail:PutEventSelectors"},
			Mends: []string{"PutEventSelectors"}, Recall: recallSelectors,
		}, trailSelectors, setTrailSelectors),
		restore(kind.Verb[trailReader, trailWriter]{
			Name: "restore-trail", Class: kind.Reversible, Of: "trail", Needs: []string{"cloudtrail:UpdateTrail", "=iam:PassRole"},
			Mends: []string{"UpdateTrail", "CreateTrail"}, Recall: recallTrail,
		}, trailSettings, setTrailSettings),
		// What the trail has written stays in its bucket.
		remove(kind.Verb[trailReader, trailWriter]{
			Name: "delete", Needs: []string{"cloudtrail:DeleteTrail"},
		}, func(ctx context.Context, api trailReader, r fact.Resource) (any, error) {
			t, err := findTrail(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			form, err := trailForm(t) // AWS tells no date
			return []string{aws.ToString(t.TrailARN), form}, err
		}, func(ctx context.Context, api trailWriter, j kind.Job) error {
			_, err := api.DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: &j.ID})
			return err
		}),
		coverAll, createTrail,
	},
}

// listTrails shows a trail in its home region only: the other regions have
// shadows of it, on which logging cannot be started. It asks for shadows all
// the same, because an organisation's trail is one in every member account,
// at home too.
func listTrails(ctx context.Context, api trailReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)}) // AWS gives all in one answer
	if err != nil {
		return fmt.Errorf("cannot list trails: %w", err)
	}
	var drafts []fact.Resource
	for _, t := range out.TrailList {
		if aws.ToString(t.HomeRegion) == at.Region {
			r := trailOf(at, t)
			text, err := trailForm(t)
			if err != nil {
				return err
			}
			setAspect(&r, "trail", text)
			drafts = append(drafts, r)
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		status, err := trailStatus(ctx, api, r.ID)
		if err != nil {
			return err
		}
		fact.Logging.Set(r, aws.ToBool(status.IsLogging))
		if status.StopLoggingTime != nil {
			fact.Stopped.Set(r, status.StopLoggingTime.UTC())
		}
		selectors, err := eventSelectors(ctx, api, r.ID)
		if err != nil {
			return err
		}
		fact.Management.Set(r, recordsManagement(selectors))
		setAspect(r, "logging", switchWord(aws.ToBool(status.IsLogging)))
		text, err := selectorsForm(selectors.EventSelectors, selectors.AdvancedEventSelectors)
		setAspect(r, "selectors", text)
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list trails: %w", err)
	}
	return nil
}

func trailOf(at fact.Place, t types.Trail) fact.Resource {
	id := aws.ToString(t.TrailARN)
	r := fact.Resource{Ref: fact.Ref{Kind: "cloudtrail.trail", Place: at, ID: id}, ARN: id}
	fact.Name.Set(&r, aws.ToString(t.Name))
	fact.MultiRegion.Set(&r, aws.ToBool(t.IsMultiRegionTrail))
	fact.Validation.Set(&r, aws.ToBool(t.LogFileValidationEnabled))
	fact.Bucket.Set(&r, aws.ToString(t.S3BucketName))
	if owner := arnAccount(id); aws.ToBool(t.IsOrganizationTrail) && owner != at.Account {
		fact.Organization.Set(&r, owner)
	}
	return r
}

func trailStatus(ctx context.Context, api trailReader, id string) (*cloudtrail.GetTrailStatusOutput, error) {
	out, err := api.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &id})
	return out, gone(err)
}

func trailLogs(ctx context.Context, api trailReader, r fact.Resource) (bool, error) {
	out, err := trailStatus(ctx, api, r.ID)
	if err != nil {
		return false, err
	}
	return aws.ToBool(out.IsLogging), nil
}

func switchTrail(ctx context.Context, api trailWriter, j kind.Job, on bool) (err error) {
	if on {
		_, err = api.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &j.ID})
	} else {
		_, err = api.StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: &j.ID})
	}
	return err
}
