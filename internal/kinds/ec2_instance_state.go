package kinds

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

func findInstance(ctx context.Context, api instanceReader, id string) (types.Instance, error) {
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

func keepInstance(ctx context.Context, api instanceReader, r fact.Resource, put func(string, []byte) error) error {
	i, err := findInstance(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "instance.json", i); err != nil {
		return err
	}
	if i.State != nil && i.State.Name == types.InstanceStateNameTerminated {
		return nil
	}
	data, err := instanceAttribute(ctx, api, r.ID, types.InstanceAttributeNameUserData)
	if err != nil {
		return fmt.Errorf("cannot read user data: %w", err)
	}
	if data.UserData != nil && aws.ToString(data.UserData.Value) != "" {
		if err := put("user-data", decoded(*data.UserData.Value)); err != nil {
			return err
		}
	}
	console, err := consoleOutput(ctx, api, r.ID)
	if err != nil {
		return fmt.Errorf("cannot read console output: %w", err)
	}
	if text := decoded(aws.ToString(console.Output)); len(text) > 0 {
		return put("console-output.txt", text)
	}
	return nil
}

// consoleOutput prefers what the console shows now. Only Nitro instances have
// that; others answer what was there after the last start or stop.
func consoleOutput(ctx context.Context, api instanceReader, id string) (*ec2.GetConsoleOutputOutput, error) {
	out, err := api.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: &id, Latest: aws.Bool(true)})
	if awsapi.Code(err) == "UnsupportedOperation" {
		out, err = api.GetConsoleOutput(ctx, &ec2.GetConsoleOutputInput{InstanceId: &id})
	}
	return out, err
}

// decoded undoes EC2's base64; what is none stays as it is.
func decoded(s string) []byte {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	return []byte(s)
}

// setEC2Tags records the tags and the name that people give in them.
func setEC2Tags(r *fact.Resource, tags []types.Tag) {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	fact.Tags.Set(r, all)
	if name := all["Name"]; name != "" {
		fact.Name.Set(r, name)
	}
}
