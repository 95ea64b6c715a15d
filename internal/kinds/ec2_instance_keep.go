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
)

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
	return out, gone(err)
}

// decoded undoes EC2's base64; what is none stays as it is.
func decoded(s string) []byte {
	if b, err := base64.StdEncoding.DecodeString(s); err == nil {
		return b
	}
	return []byte(s)
}
