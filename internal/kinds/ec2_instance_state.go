package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

func findInstance(ctx context.Context, api instanceLister, id string) (types.Instance, error) {
	out, err := api.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	var all []types.Instance
	if err == nil {
		for _, reservation := range out.Reservations {
			all = append(all, reservation.Instances...)
		}
	}
	return only(all, err)
}

// instanceRuns takes the states on the way for those they lead to: an instance
// that is stopping is no longer the intruder's, and one that is pending may
// not change the plan when it runs.
func instanceRuns(ctx context.Context, api instanceReader, r fact.Resource) (bool, error) {
	i, err := findInstance(ctx, api, r.ID)
	if err != nil || i.State == nil {
		return false, err
	}
	return i.State.Name == types.InstanceStateNamePending || i.State.Name == types.InstanceStateNameRunning, nil
}

func runInstance(ctx context.Context, api instanceWriter, j kind.Job, on bool) error {
	if on {
		_, err := api.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{j.ID}})
		return err
	}
	_, err := api.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{j.ID}})
	if awsapi.Code(err) == "UnsupportedOperation" && fact.Spot.Or(j.Resource, false) {
		return fmt.Errorf("cannot stop %s: a one-time spot instance can only be isolated or terminated: %w", j.ID, err)
	}
	return err
}

func stopProtected(ctx context.Context, api instanceReader, r fact.Resource) (bool, error) {
	out, err := instanceAttribute(ctx, api, r.ID, types.InstanceAttributeNameDisableApiStop)
	if err != nil {
		return false, err
	}
	return isTrue(out.DisableApiStop), nil
}

func protectFromStop(ctx context.Context, api instanceWriter, j kind.Job, on bool) error {
	_, err := api.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: &j.ID, DisableApiStop: &types.AttributeBooleanValue{Value: &on}})
	return err
}

// readProtections asks for what DescribeInstances leaves out, one attribute a
// call. A terminated instance has none.
func readProtections(ctx context.Context, api instanceReader, r *fact.Resource) error {
	if fact.RunState.Or(*r, "") == string(types.InstanceStateNameTerminated) {
		return nil
	}
	protections := []string{}
	for _, p := range []struct {
		attribute types.InstanceAttributeName
		name      string
	}{
		{types.InstanceAttributeNameDisableApiTermination, "termination"},
		{types.InstanceAttributeNameDisableApiStop, "stop"},
	} {
		out, err := instanceAttribute(ctx, api, r.ID, p.attribute)
		if err != nil {
			return err
		}
		if isTrue(out.DisableApiTermination) || isTrue(out.DisableApiStop) {
			protections = append(protections, p.name)
		}
	}
	data, err := instanceAttribute(ctx, api, r.ID, types.InstanceAttributeNameUserData)
	if err != nil {
		return err
	}
	fact.Protections.Set(r, protections)
	fact.UserData.Set(r, data.UserData != nil && aws.ToString(data.UserData.Value) != "")
	return nil
}

func instanceAttribute(ctx context.Context, api instanceReader, id string, a types.InstanceAttributeName) (*ec2.DescribeInstanceAttributeOutput, error) {
	out, err := api.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{InstanceId: &id, Attribute: a})
	return out, gone(err)
}

func isTrue(v *types.AttributeBooleanValue) bool { return v != nil && aws.ToBool(v.Value) }
