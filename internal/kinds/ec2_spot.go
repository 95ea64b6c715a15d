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

type spotReader interface {
	DescribeSpotInstanceRequests(context.Context, *ec2.DescribeSpotInstanceRequestsInput, ...func(*ec2.Options)) (*ec2.DescribeSpotInstanceRequestsOutput, error)
	DescribeSpotFleetRequests(context.Context, *ec2.DescribeSpotFleetRequestsInput, ...func(*ec2.Options)) (*ec2.DescribeSpotFleetRequestsOutput, error)
}

type spotWriter interface {
	CancelSpotInstanceRequests(context.Context, *ec2.CancelSpotInstanceRequestsInput, ...func(*ec2.Options)) (*ec2.CancelSpotInstanceRequestsOutput, error)
	CancelSpotFleetRequests(context.Context, *ec2.CancelSpotFleetRequestsInput, ...func(*ec2.Options)) (*ec2.CancelSpotFleetRequestsOutput, error)
}

var (
	spotRequest = kind.Of(spotRequestSpec)
	spotFleet   = kind.Of(spotFleetSpec)
)

// A persistent request starts another instance for each that ends.
var spotRequestSpec = kind.Spec[spotReader, spotWriter]{
	Name:      "ec2.spot-request",
	Reader:    func(c aws.Config) spotReader { return ec2.NewFromConfig(c) },
	Writer:    func(c aws.Config) spotWriter { return ec2.NewFromConfig(c) },
	Needs:     []string{"ec2:DescribeSpotInstanceRequests"},
	Cost:      kind.Cost{Fixed: 1, Page: 1000},
	Covers:    []string{"B1", "D6"},
	Recreates: true,
	List:      spotRequests.list,
	Keep:      spotRequests.keep, // with the user data
	Verbs: []kind.Verb[spotReader, spotWriter]{
		// Its instance goes on running.
		remove(kind.Verb[spotReader, spotWriter]{
			Name: "cancel-spot", Needs: []string{"ec2:CancelSpotInstanceRequests"},
		}, spotRequests.look, func(ctx context.Context, api spotWriter, j kind.Job) error {
			_, err := api.CancelSpotInstanceRequests(ctx, &ec2.CancelSpotInstanceRequestsInput{SpotInstanceRequestIds: []string{j.ID}})
			return err
		}),
	},
}

var spotRequests = shown[spotReader, types.SpotInstanceRequest]{
	what: "Spot Instance requests", file: "spot-request.json", of: spotRequestOf,
	ask: func(ctx context.Context, api spotReader, ids []string) iter.Seq2[[]types.SpotInstanceRequest, error] {
		return asked(ctx, ec2.NewDescribeSpotInstanceRequestsPaginator(api, &ec2.DescribeSpotInstanceRequestsInput{SpotInstanceRequestIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeSpotInstanceRequestsOutput) []types.SpotInstanceRequest {
				return o.SpotInstanceRequests
			})
	},
	over: func(s types.SpotInstanceRequest) bool {
		return slices.Contains([]types.SpotInstanceState{types.SpotInstanceStateCancelled, types.SpotInstanceStateClosed, types.SpotInstanceStateFailed}, s.State)
	},
}

func spotRequestOf(at fact.Place, s types.SpotInstanceRequest) fact.Resource {
	id := aws.ToString(s.SpotInstanceRequestId)
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.spot-request", Place: at, ID: id}, ARN: arn(at, "ec2", "spot-instances-request/"+id), Created: aws.ToTime(s.CreateTime)}
	setEC2Tags(&r, s.Tags)
	setController(&r, ec2TagMap(s.Tags))
	fact.Status.Set(&r, string(s.State))
	fact.Detail.Set(&r, string(s.Type))
	fact.AttachedTo.Set(&r, aws.ToString(s.InstanceId))
	if l := s.LaunchSpecification; l != nil {
		fact.Image.Set(&r, aws.ToString(l.ImageId))
		fact.InstanceType.Set(&r, string(l.InstanceType))
		fact.KeyName.Set(&r, aws.ToString(l.KeyName))
	}
	return r
}

var spotFleetSpec = kind.Spec[spotReader, spotWriter]{
	Name:      "ec2.spot-fleet",
	Reader:    func(c aws.Config) spotReader { return ec2.NewFromConfig(c) },
	Writer:    func(c aws.Config) spotWriter { return ec2.NewFromConfig(c) },
	Needs:     []string{"ec2:DescribeSpotFleetRequests"},
	Cost:      kind.Cost{Fixed: 1, Page: 1000},
	Covers:    []string{"B1", "D6"},
	Recreates: true,
	List:      spotFleets.list,
	Holds:     holding,
	Keep:      spotFleets.keep, // with the user data
	Verbs: []kind.Verb[spotReader, spotWriter]{
		remove(kind.Verb[spotReader, spotWriter]{
			Name: "cancel-spot-fleet", Needs: []string{"ec2:CancelSpotFleetRequests"},
		}, spotFleets.look, cancelSpotFleet),
	},
}

// cancelSpotFleet leaves the instances: each is evidence of its own.
func cancelSpotFleet(ctx context.Context, api spotWriter, j kind.Job) error {
	out, err := api.CancelSpotFleetRequests(ctx, &ec2.CancelSpotFleetRequestsInput{SpotFleetRequestIds: []string{j.ID}, TerminateInstances: aws.Bool(false)})
	if err != nil {
		return err
	}
	for _, u := range out.UnsuccessfulFleetRequests {
		if u.Error == nil {
			return refused(nil, nil)
		}
		// A fleet that was cancelled already "is not in a cancellable state".
		if err := refused(aws.String(string(u.Error.Code)), u.Error.Message); u.Error.Code != types.CancelBatchErrorCodeFleetRequestNotInCancellableState && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

var spotFleets = shown[spotReader, types.SpotFleetRequestConfig]{
	what: "Spot Fleet requests", file: "spot-fleet.json", of: spotFleetOf,
	ask: func(ctx context.Context, api spotReader, ids []string) iter.Seq2[[]types.SpotFleetRequestConfig, error] {
		return asked(ctx, ec2.NewDescribeSpotFleetRequestsPaginator(api, &ec2.DescribeSpotFleetRequestsInput{SpotFleetRequestIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeSpotFleetRequestsOutput) []types.SpotFleetRequestConfig {
				return o.SpotFleetRequestConfigs
			})
	},
	over: func(s types.SpotFleetRequestConfig) bool {
		return slices.Contains([]types.BatchState{
			types.BatchStateCancelled, types.BatchStateCancelledRunning, types.BatchStateCancelledTerminatingInstances, types.BatchStateFailed,
		}, s.SpotFleetRequestState)
	},
}

func spotFleetOf(at fact.Place, s types.SpotFleetRequestConfig) fact.Resource {
	id := aws.ToString(s.SpotFleetRequestId)
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.spot-fleet", Place: at, ID: id}, ARN: arn(at, "ec2", "spot-fleet-request/"+id), Created: aws.ToTime(s.CreateTime)}
	setEC2Tags(&r, s.Tags)
	fact.Status.Set(&r, string(s.SpotFleetRequestState))
	if c := s.SpotFleetRequestConfig; c != nil {
		fact.Role.Set(&r, aws.ToString(c.IamFleetRole))
		fact.Count.Set(&r, int(aws.ToInt32(c.TargetCapacity)))
		fact.Detail.Set(&r, string(c.Type))
		for _, t := range c.LaunchTemplateConfigs {
			if t.LaunchTemplateSpecification != nil {
				holds(&r, "ec2.launch-template", aws.ToString(t.LaunchTemplateSpecification.LaunchTemplateId))
			}
		}
	}
	return r
}
