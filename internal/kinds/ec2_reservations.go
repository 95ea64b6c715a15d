package kinds

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type reservedInstancesReader interface {
	DescribeReservedInstances(context.Context, *ec2.DescribeReservedInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeReservedInstancesOutput, error)
}

var reservedInstances = kind.Of(reservedInstancesSpec)

// Nobody but AWS Support takes a purchase back.
var reservedInstancesSpec = kind.Spec[reservedInstancesReader, noWriter]{
	Name:   "ec2.reserved-instances",
	Reader: func(c aws.Config) reservedInstancesReader { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeReservedInstances"},
	Cost:   kind.Cost{Fixed: 1}, // AWS gives all in one answer
	Covers: []string{"B13"},
	List:   allReservedInstances.list,
	Keep:   allReservedInstances.keep,
}

var allReservedInstances = shown[reservedInstancesReader, types.ReservedInstances]{
	what: "Reserved Instances", file: "reserved-instances.json",
	ask: func(ctx context.Context, api reservedInstancesReader, ids []string) iter.Seq2[[]types.ReservedInstances, error] {
		out, err := api.DescribeReservedInstances(ctx, &ec2.DescribeReservedInstancesInput{ReservedInstancesIds: ids})
		return answered(out, err, func(o *ec2.DescribeReservedInstancesOutput) []types.ReservedInstances { return o.ReservedInstances })
	},
	of: func(at fact.Place, p types.ReservedInstances) fact.Resource {
		id := aws.ToString(p.ReservedInstancesId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.reserved-instances", Place: at, ID: id}, ARN: arn(at, "ec2", "reserved-instances/"+id), Created: aws.ToTime(p.Start)}
		setEC2Tags(&r, p.Tags)
		fact.Status.Set(&r, string(p.State))
		fact.InstanceType.Set(&r, string(p.InstanceType))
		fact.Count.Set(&r, int(aws.ToInt32(p.InstanceCount)))
		fact.Detail.Set(&r, string(p.OfferingType))
		return r
	},
}

type capacityReader interface {
	DescribeCapacityReservations(context.Context, *ec2.DescribeCapacityReservationsInput, ...func(*ec2.Options)) (*ec2.DescribeCapacityReservationsOutput, error)
}

type capacityWriter interface {
	CancelCapacityReservation(context.Context, *ec2.CancelCapacityReservationInput, ...func(*ec2.Options)) (*ec2.CancelCapacityReservationOutput, error)
}

var capacityReservation = kind.Of(capacityReservationSpec)

var capacityReservationSpec = kind.Spec[capacityReader, capacityWriter]{
	Name:   "ec2.capacity-reservation",
	Reader: func(c aws.Config) capacityReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) capacityWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeCapacityReservations"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1", "B13"},
	List:   capacityReservations.list,
	Keep:   capacityReservations.keep,
	Verbs: []kind.Verb[capacityReader, capacityWriter]{
		// AWS refuses to cancel a capacity block: it is paid for.
		remove(kind.Verb[capacityReader, capacityWriter]{
			Name: "cancel-reservation", Needs: []string{"ec2:CancelCapacityReservation"},
		}, capacityReservations.look, func(ctx context.Context, api capacityWriter, j kind.Job) error {
			_, err := api.CancelCapacityReservation(ctx, &ec2.CancelCapacityReservationInput{CapacityReservationId: &j.ID})
			return err
		}),
	},
}

var capacityReservations = shown[capacityReader, types.CapacityReservation]{
	what: "capacity reservations", file: "capacity-reservation.json",
	ask: func(ctx context.Context, api capacityReader, ids []string) iter.Seq2[[]types.CapacityReservation, error] {
		return asked(ctx, ec2.NewDescribeCapacityReservationsPaginator(api, &ec2.DescribeCapacityReservationsInput{CapacityReservationIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeCapacityReservationsOutput) []types.CapacityReservation {
				return o.CapacityReservations
			})
	},
	over: func(c types.CapacityReservation) bool {
		return slices.Contains([]types.CapacityReservationState{
			types.CapacityReservationStateCancelled, types.CapacityReservationStateExpired, types.CapacityReservationStateFailed, types.CapacityReservationStatePaymentFailed,
		}, c.State)
	},
	of: func(at fact.Place, c types.CapacityReservation) fact.Resource {
		id := aws.ToString(c.CapacityReservationId)
		r := fact.Resource{
			Ref: fact.Ref{Kind: "ec2.capacity-reservation", Place: at, ID: id},
			ARN: cmp.Or(aws.ToString(c.CapacityReservationArn), arn(at, "ec2", "capacity-reservation/"+id)), Created: aws.ToTime(c.CreateDate),
		}
		setEC2Tags(&r, c.Tags)
		fact.Status.Set(&r, string(c.State))
		fact.InstanceType.Set(&r, aws.ToString(c.InstanceType))
		fact.Count.Set(&r, int(aws.ToInt32(c.TotalInstanceCount)))
		return r
	},
}
