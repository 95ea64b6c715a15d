package kinds

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type fleetReader interface {
	DescribeFleets(context.Context, *ec2.DescribeFleetsInput, ...func(*ec2.Options)) (*ec2.DescribeFleetsOutput, error)
}

type fleetWriter interface {
	DeleteFleets(context.Context, *ec2.DeleteFleetsInput, ...func(*ec2.Options)) (*ec2.DeleteFleetsOutput, error)
}

var ec2Fleet = kind.Of(ec2FleetSpec)

var ec2FleetSpec = kind.Spec[fleetReader, fleetWriter]{
	Name:      "ec2.fleet",
	Reader:    func(c aws.Config) fleetReader { return ec2.NewFromConfig(c) },
	Writer:    func(c aws.Config) fleetWriter { return ec2.NewFromConfig(c) },
	Needs:     []string{"ec2:DescribeFleets"},
	Cost:      kind.Cost{Fixed: 1, Page: 1000},
	Covers:    []string{"B1", "D6"},
	Recreates: true,
	List:      ec2Fleets.list,
	Holds:     holding,
	Keep:      ec2Fleets.keep,
	Verbs: []kind.Verb[fleetReader, fleetWriter]{
		remove(kind.Verb[fleetReader, fleetWriter]{
			Name: "cancel-fleet", Needs: []string{"ec2:DeleteFleets"},
		}, ec2Fleets.look, deleteFleet),
	},
}

// deleteFleet leaves the instances: each is evidence of its own.
func deleteFleet(ctx context.Context, api fleetWriter, j kind.Job) error {
	out, err := api.DeleteFleets(ctx, &ec2.DeleteFleetsInput{FleetIds: []string{j.ID}, TerminateInstances: aws.Bool(false)})
	if err != nil {
		return err
	}
	for _, u := range out.UnsuccessfulFleetDeletions {
		if u.Error == nil {
			return refused(nil, nil)
		}
		if err := refused(aws.String(string(u.Error.Code)), u.Error.Message); u.Error.Code != types.DeleteFleetErrorCodeFleetNotInDeletableState && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

// An instant fleet is over once it has answered: it starts nothing more, AWS
// lists it only for who knows its id, and its instances stand by themselves.
var ec2Fleets = shown[fleetReader, types.FleetData]{
	what: "EC2 Fleets", file: "fleet.json", of: ec2FleetOf,
	ask: func(ctx context.Context, api fleetReader, ids []string) iter.Seq2[[]types.FleetData, error] {
		return asked(ctx, ec2.NewDescribeFleetsPaginator(api, &ec2.DescribeFleetsInput{FleetIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeFleetsOutput) []types.FleetData { return o.Fleets })
	},
	over: func(f types.FleetData) bool {
		return f.Type == types.FleetTypeInstant || slices.Contains([]types.FleetStateCode{
			types.FleetStateCodeDeleted, types.FleetStateCodeDeletedRunning, types.FleetStateCodeDeletedTerminatingInstances, types.FleetStateCodeFailed,
		}, f.FleetState)
	},
}

func ec2FleetOf(at fact.Place, f types.FleetData) fact.Resource {
	id := aws.ToString(f.FleetId)
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.fleet", Place: at, ID: id}, ARN: arn(at, "ec2", "fleet/"+id), Created: aws.ToTime(f.CreateTime)}
	setEC2Tags(&r, f.Tags)
	setController(&r, ec2TagMap(f.Tags)) // Auto Scaling starts by fleets too
	fact.Status.Set(&r, string(f.FleetState))
	fact.Detail.Set(&r, string(f.Type))
	if t := f.TargetCapacitySpecification; t != nil {
		fact.Count.Set(&r, int(aws.ToInt32(t.TotalTargetCapacity)))
	}
	for _, t := range f.LaunchTemplateConfigs {
		if t.LaunchTemplateSpecification != nil {
			holds(&r, "ec2.launch-template", aws.ToString(t.LaunchTemplateSpecification.LaunchTemplateId))
		}
	}
	return r
}
