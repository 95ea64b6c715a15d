package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type detectorReader interface {
	ListDetectors(context.Context, *guardduty.ListDetectorsInput, ...func(*guardduty.Options)) (*guardduty.ListDetectorsOutput, error)
	GetDetector(context.Context, *guardduty.GetDetectorInput, ...func(*guardduty.Options)) (*guardduty.GetDetectorOutput, error)
	GetAdministratorAccount(context.Context, *guardduty.GetAdministratorAccountInput, ...func(*guardduty.Options)) (*guardduty.GetAdministratorAccountOutput, error)
	ListPublishingDestinations(context.Context, *guardduty.ListPublishingDestinationsInput, ...func(*guardduty.Options)) (*guardduty.ListPublishingDestinationsOutput, error)
}

type detectorWriter interface {
	UpdateDetector(context.Context, *guardduty.UpdateDetectorInput, ...func(*guardduty.Options)) (*guardduty.UpdateDetectorOutput, error)
	CreateDetector(context.Context, *guardduty.CreateDetectorInput, ...func(*guardduty.Options)) (*guardduty.CreateDetectorOutput, error)
	DeleteDetector(context.Context, *guardduty.DeleteDetectorInput, ...func(*guardduty.Options)) (*guardduty.DeleteDetectorOutput, error)
	ListDetectors(context.Context, *guardduty.ListDetectorsInput, ...func(*guardduty.Options)) (*guardduty.ListDetectorsOutput, error)
}

var detector = kind.Of(detectorSpec)

var detectorSpec = kind.Spec[detectorReader, detectorWriter]{
	Name:   "guardduty.detector",
	Reader: func(c aws.Config) detectorReader { return guardduty.NewFromConfig(c) },
	Writer: func(c aws.Config) detectorWriter { return guardduty.NewFromConfig(c) },
	Needs:  []string{"guardduty:ListDetectors", "guardduty:GetDetector", "guardduty:GetAdministratorAccount", "guardduty:ListPublishingDestinations"},
	List:   listDetectors,
	Cost:   kind.Cost{Fixed: 1, Page: 50, Each: 3}, // a region has one at most
	Covers: []string{"D2"},
	Keep: func(ctx context.Context, api detectorReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := findDetector(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "detector.json", out)
	},
	Verbs: []kind.Verb[detectorReader, detectorWriter]{
		flip(kind.Verb[detectorReader, detectorWriter]{
			Name: "enable", Class: kind.Reversible, For: kind.Restore, Of: "active",
			Mends: []string{"UpdateDetector"}, Recall: recallDetector,
			Needs: []string{"guardduty:UpdateDetector"},
		}, true, detectorEnabled, switchDetector),
		createDetector,
	},
}

func listDetectors(ctx context.Context, api detectorReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, guardduty.NewListDetectorsPaginator(api, &guardduty.ListDetectorsInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list detectors: %w", err)
		}
		for _, id := range page.DetectorIds {
			drafts = append(drafts, fact.Resource{
				Ref: fact.Ref{Kind: "guardduty.detector", Place: at, ID: id}, ARN: arn(at, "guardduty", "detector/"+id),
			})
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		out, err := findDetector(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.Created = moment(out.CreatedAt)
		fact.Active.Set(r, out.Status == types.DetectorStatusEnabled)
		setAspect(r, "active", switchWord(out.Status == types.DetectorStatusEnabled))
		fact.Detail.Set(r, string(out.FindingPublishingFrequency))
		return readDetector(ctx, api, r)
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list detectors: %w", err)
	}
	return nil
}

// readDetector asks who else sees the findings. An administrator that is gone,
// and a destination that is, are how somebody keeps him from seeing.
func readDetector(ctx context.Context, api detectorReader, r *fact.Resource) error {
	admin, err := api.GetAdministratorAccount(ctx, &guardduty.GetAdministratorAccountInput{DetectorId: &r.ID})
	if err != nil {
		return goneGuardDuty(err)
	}
	fact.WatchedBy.Set(r, "")
	if admin.Administrator != nil {
		fact.WatchedBy.Set(r, aws.ToString(admin.Administrator.AccountId))
	}
	to, err := api.ListPublishingDestinations(ctx, &guardduty.ListPublishingDestinationsInput{DetectorId: &r.ID})
	if err != nil {
		return goneGuardDuty(err)
	}
	fact.Exports.Set(r, len(to.Destinations))
	return nil
}

// recallDetector reads the switch, where the call named it.
func recallDetector(_ string, request, _ json.RawMessage) (string, bool) {
	var q struct{ Enable *bool }
	if json.Unmarshal(request, &q) != nil || q.Enable == nil {
		return "", false
	}
	return switchWord(*q.Enable), true
}

// goneGuardDuty knows GuardDuty's own way of saying that something is not
// there: a bad request.
func goneGuardDuty(err error) error {
	if awsapi.Code(err) == "BadRequestException" &&
		(strings.Contains(err.Error(), "not owned by the current account") || strings.Contains(err.Error(), "no such resource found")) {
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return gone(err)
}

func findDetector(ctx context.Context, api detectorReader, id string) (*guardduty.GetDetectorOutput, error) {
	out, err := api.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: &id})
	return out, goneGuardDuty(err)
}

func detectorEnabled(ctx context.Context, api detectorReader, r fact.Resource) (bool, error) {
	out, err := findDetector(ctx, api, r.ID)
	if err != nil {
		return false, err
	}
	return out.Status == types.DetectorStatusEnabled, nil
}

// switchDetector changes nothing but the switch: GuardDuty keeps what is not
// named.
func switchDetector(ctx context.Context, api detectorWriter, j kind.Job, on bool) error {
	_, err := api.UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: aws.String(j.ID), Enable: aws.Bool(on)})
	return err
}
