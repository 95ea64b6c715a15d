package kinds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type instanceLister interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
}

// copyInstance takes all EBS volumes in one call: AWS makes their snapshots of
// one moment, as if the power had failed.
var copyInstance = copied(kind.Verb[instanceReader, instanceWriter]{
	Name: "snapshot", Needs: []string{"ec2:CreateSnapshots"},
}, instanceDisks[instanceReader], instanceDisks[instanceWriter],
	func(ctx context.Context, api instanceWriter, j kind.Job) error {
		_, err := api.CreateSnapshots(ctx, &ec2.CreateSnapshotsInput{
			InstanceSpecification: &types.InstanceSpecification{InstanceId: &j.ID},
			Description:           aws.String("cordon " + j.Case + ": " + j.ID), TagSpecifications: evidenceTags(j),
		})
		return err
	})

// terminate takes the disks along that were told to go with the instance, and
// what is on instance store. A protected instance is refused by AWS, and stop
// protection keeps it from being terminated too.
var terminate = func() kind.Verb[instanceReader, instanceWriter] {
	v := remove(kind.Verb[instanceReader, instanceWriter]{
		Name: "terminate", Needs: []string{"ec2:TerminateInstances", "ec2:DescribeSnapshots"}, Takes: 10 * time.Minute,
	}, func(ctx context.Context, api instanceReader, r fact.Resource) (any, error) {
		// The launch time is the last start's, so it is not what identifies it.
		i, err := liveInstance(ctx, api, r.ID)
		return identity{ID: aws.ToString(i.InstanceId)}, err
	}, func(ctx context.Context, api instanceWriter, j kind.Job) error {
		_, err := api.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{j.ID}})
		return err
	})
	v.Kept = func(ctx context.Context, api instanceReader, j kind.Job) error {
		disks, err := instanceDisks(ctx, api, j.ID)
		if err != nil {
			return err
		}
		return keptDisks(ctx, api, j, disks)
	}
	return v
}()

// liveInstance is gone when it was terminated: AWS shows it for an hour more.
func liveInstance(ctx context.Context, api instanceLister, id string) (types.Instance, error) {
	i, err := findInstance(ctx, api, id)
	if err == nil && i.State != nil && i.State.Name == types.InstanceStateNameTerminated {
		return types.Instance{}, kind.ErrGone
	}
	return i, err
}

// instanceDisks are its EBS volumes.
func instanceDisks[A instanceLister](ctx context.Context, api A, id string) (all []disk, err error) {
	i, err := liveInstance(ctx, api, id)
	if err != nil {
		return nil, err
	}
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs != nil {
			all = append(all, disk{aws.ToString(m.Ebs.VolumeId), aws.ToTime(m.Ebs.AttachTime), aws.ToBool(m.Ebs.DeleteOnTermination)})
		}
	}
	return all, nil
}

func endProtected(ctx context.Context, api instanceReader, r fact.Resource) (bool, error) {
	out, err := instanceAttribute(ctx, api, r.ID, types.InstanceAttributeNameDisableApiTermination)
	if err != nil {
		return false, err
	}
	return isTrue(out.DisableApiTermination), nil
}

func protectFromEnd(ctx context.Context, api instanceWriter, j kind.Job, on bool) error {
	_, err := api.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: &j.ID, DisableApiTermination: &types.AttributeBooleanValue{Value: &on}})
	return err
}

// holdInstance notes what an instance keeps from being deleted.
func holdInstance(r *fact.Resource, i types.Instance) {
	if fact.RunState.Or(*r, "") == string(types.InstanceStateNameTerminated) {
		return
	}
	holds(r, "ec2.volume", fact.Volumes.Or(*r, nil)...)
	holds(r, "ec2.security-group", fact.SecurityGroups.Or(*r, nil)...)
	for _, n := range i.NetworkInterfaces {
		holds(r, "ec2.network-interface", aws.ToString(n.NetworkInterfaceId))
		holds(r, "ec2.security-group", groupIDs(n.Groups)...)
	}
	holds(r, "ec2.subnet", aws.ToString(i.SubnetId))
	holds(r, "ec2.vpc", aws.ToString(i.VpcId))
	holds(r, "ec2.capacity-reservation", aws.ToString(i.CapacityReservationId))
}
