package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type detectorLister interface {
	ListDetectors(context.Context, *guardduty.ListDetectorsInput, ...func(*guardduty.Options)) (*guardduty.ListDetectorsOutput, error)
}

type findingFilterReader interface {
	detectorLister
	ListFilters(context.Context, *guardduty.ListFiltersInput, ...func(*guardduty.Options)) (*guardduty.ListFiltersOutput, error)
	GetFilter(context.Context, *guardduty.GetFilterInput, ...func(*guardduty.Options)) (*guardduty.GetFilterOutput, error)
}

type findingFilterWriter interface {
	UpdateFilter(context.Context, *guardduty.UpdateFilterInput, ...func(*guardduty.Options)) (*guardduty.UpdateFilterOutput, error)
	DeleteFilter(context.Context, *guardduty.DeleteFilterInput, ...func(*guardduty.Options)) (*guardduty.DeleteFilterOutput, error)
}

var findingFilter = kind.Of(findingFilterSpec)

// findingFilterSpec is a filter of findings. One that archives what it matches
// is a way not to be seen.
var findingFilterSpec = kind.Spec[findingFilterReader, findingFilterWriter]{
	Name:   "guardduty.filter",
	Reader: func(c aws.Config) findingFilterReader { return guardduty.NewFromConfig(c) },
	Writer: func(c aws.Config) findingFilterWriter { return guardduty.NewFromConfig(c) },
	Needs:  []string{"guardduty:ListDetectors", "guardduty:ListFilters", "guardduty:GetFilter"},
	List:   listFindingFilters,
	Cost:   kind.Cost{Fixed: 2, Page: 50, Each: 1}, // a region has one detector at most
	Covers: []string{"D2"},
	Named:  true,
	Keep: func(ctx context.Context, api findingFilterReader, r fact.Resource, put func(string, []byte) error) error {
		f, err := findFilter(ctx, api, r.ARN)
		if err != nil {
			return err
		}
		return putJSON(put, "filter.json", f)
	},
	Verbs: []kind.Verb[findingFilterReader, findingFilterWriter]{
		// A filter that archives nothing hides nothing.
		flip(kind.Verb[findingFilterReader, findingFilterWriter]{
			Name: "stop-archiving", Class: kind.Reversible, For: kind.Disable, Needs: []string{"guardduty:UpdateFilter"}, Mends: []string{"UpdateFilter"},
		}, false, func(ctx context.Context, api findingFilterReader, r fact.Resource) (bool, error) {
			f, err := findFilter(ctx, api, r.ARN)
			return err == nil && f.Action == types.FilterActionArchive, err
		}, func(ctx context.Context, api findingFilterWriter, j kind.Job, on bool) error {
			detector, name := withinDetector(j.ARN)
			action := types.FilterActionNoop
			if on {
				action = types.FilterActionArchive
			}
			_, err := api.UpdateFilter(ctx, &guardduty.UpdateFilterInput{DetectorId: &detector, FilterName: &name, Action: action})
			return err
		}),
		remove(kind.Verb[findingFilterReader, findingFilterWriter]{
			Name: "delete", Needs: []string{"guardduty:DeleteFilter"},
		}, func(ctx context.Context, api findingFilterReader, r fact.Resource) (any, error) {
			_, err := findFilter(ctx, api, r.ARN)
			return r.ID, err
		}, func(ctx context.Context, api findingFilterWriter, j kind.Job) error {
			detector, name := withinDetector(j.ARN)
			_, err := api.DeleteFilter(ctx, &guardduty.DeleteFilterInput{DetectorId: &detector, FilterName: &name})
			return goneGuardDuty(err)
		}),
	},
}

// withinDetector reads the detector and the thing itself from the ARN, which
// ends in detector/DETECTOR/filter/NAME: every call about it wants both.
func withinDetector(arn string) (detector, thing string) {
	_, rest, _ := strings.Cut(arn, ":detector/")
	detector, rest, _ = strings.Cut(rest, "/")
	_, thing, _ = strings.Cut(rest, "/")
	return detector, thing
}

// detectorsHere are the ids of the region's detectors.
func detectorsHere(ctx context.Context, api detectorLister) (ids []string, err error) {
	for page, err := range pages(ctx, guardduty.NewListDetectorsPaginator(api, &guardduty.ListDetectorsInput{})) {
		if err != nil {
			return nil, fmt.Errorf("cannot list detectors: %w", err)
		}
		ids = append(ids, page.DetectorIds...)
	}
	return ids, nil
}

func listFindingFilters(ctx context.Context, api findingFilterReader, at fact.Place, put func(fact.Resource)) error {
	detectors, err := detectorsHere(ctx, api)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, detector := range detectors {
		for page, err := range pages(ctx, guardduty.NewListFiltersPaginator(api, &guardduty.ListFiltersInput{DetectorId: &detector})) {
			if err != nil {
				return fmt.Errorf("cannot list GuardDuty filters: %w", err)
			}
			for _, name := range page.FilterNames {
				drafts = append(drafts, fact.Resource{
					Ref: fact.Ref{Kind: "guardduty.filter", Place: at, ID: name}, ARN: arn(at, "guardduty", "detector/"+detector+"/filter/"+name),
				})
			}
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		f, err := findFilter(ctx, api, r.ARN)
		if err != nil {
			return err
		}
		fact.Active.Set(r, f.Action == types.FilterActionArchive)
		fact.Name.Set(r, aws.ToString(f.Name))
		fact.Detail.Set(r, string(f.Action))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list GuardDuty filters: %w", err)
	}
	return nil
}

func findFilter(ctx context.Context, api findingFilterReader, arn string) (*guardduty.GetFilterOutput, error) {
	detector, name := withinDetector(arn)
	out, err := api.GetFilter(ctx, &guardduty.GetFilterInput{DetectorId: &detector, FilterName: &name})
	return out, goneGuardDuty(err)
}
