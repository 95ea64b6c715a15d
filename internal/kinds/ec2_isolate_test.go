package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type bothEC2 interface {
	instanceReader
	instanceWriter
}

// A slowEC2 has one instance, and knows a new security group only some time
// after it was made.
type slowEC2 struct {
	bothEC2
	state types.InstanceStateName
	ports []string
	seen  time.Time // when the group shows
	taken bool      // the group was made by another job, just before
	set   []string  // the groups on the interface
	rules int
}

func (e *slowEC2) unseen() error {
	if time.Now().Before(e.seen) {
		return &smithy.GenericAPIError{Code: "InvalidGroup.NotFound"}
	}
	return nil
}

func (e *slowEC2) CreateSecurityGroup(_ context.Context, in *ec2.CreateSecurityGroupInput, _ ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error) {
	if e.taken {
		return nil, &smithy.GenericAPIError{Code: "InvalidGroup.Duplicate"}
	}
	e.taken, e.rules = true, 1
	return &ec2.CreateSecurityGroupOutput{GroupId: aws.String("sg-ours")}, nil
}

func (e *slowEC2) DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error) {
	out := &ec2.DescribeSecurityGroupsOutput{}
	if e.unseen() == nil {
		out.SecurityGroups = []types.SecurityGroup{{GroupId: aws.String("sg-ours"), Description: aws.String(isolationMark(kind.Job{Case: "C-1"}))}}
	}
	return out, nil
}

func (e *slowEC2) RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error) {
	if err := e.unseen(); err != nil {
		return nil, err
	}
	e.rules = 0
	return nil, nil
}

func (e *slowEC2) ModifyNetworkInterfaceAttribute(_ context.Context, in *ec2.ModifyNetworkInterfaceAttributeInput, _ ...func(*ec2.Options)) (*ec2.ModifyNetworkInterfaceAttributeOutput, error) {
	if err := e.unseen(); err != nil {
		return nil, err
	}
	e.set = in.Groups
	return nil, nil
}

func (e *slowEC2) DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, id := range e.ports {
		out.NetworkInterfaces = append(out.NetworkInterfaces, types.NetworkInterface{NetworkInterfaceId: &id, VpcId: aws.String("vpc-1")})
	}
	return out, nil
}

func (e *slowEC2) DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: []types.Instance{{
		InstanceId: aws.String("i-1"), State: &types.InstanceState{Name: e.state},
	}}}}}, nil
}

var slowJob = kind.Job{Resource: fact.Resource{Ref: fact.Ref{Kind: "ec2.instance", ID: "i-1"}}, Case: "C-1"}

const onePort = `[{"id":"eni-1","vpc":"vpc-1","groups":["sg-was"]}]`

func TestIsolateWaitsForItsGroup(t *testing.T) {
	for name, taken := range map[string]bool{"made by this job": false, "made by another just before": true} {
		for after, want := range map[time.Duration]bool{0: true, 2 * time.Second: true, 9 * time.Second: true, time.Minute: false} {
			synctest.Test(t, func(t *testing.T) {
				from := time.Now()
				e := &slowEC2{seen: from.Add(after), taken: taken}
				err := isolate.Do(t.Context(), e, slowJob, json.RawMessage(onePort))
				if took := time.Since(from); (err == nil) != want || took > 11*time.Second {
					t.Errorf("%s, seen after %v: %v after %v", name, after, err, took)
				}
				if want && (e.rules != 0 || !slices.Equal(e.set, []string{"sg-ours"})) {
					t.Errorf("%s, seen after %v: %d rules, on the interface %v", name, after, e.rules, e.set)
				}
			})
		}
	}
}

func TestIsolateDoesNotWaitForTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		from := time.Now()
		err := isolate.Do(ctx, &slowEC2{seen: from.Add(time.Minute)}, slowJob, json.RawMessage(onePort))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(from) > time.Second {
			t.Errorf("%v after %v", err, time.Since(from))
		}
		// Undo puts groups back that were there before: one that is gone is gone.
		from = time.Now()
		if err := isolate.Undo(t.Context(), &slowEC2{seen: from.Add(time.Minute)}, slowJob, json.RawMessage(onePort)); err == nil || time.Since(from) > 0 {
			t.Errorf("%v after %v", err, time.Since(from))
		}
	})
}

// An instance that has just been launched may not show its interfaces yet.
func TestNoInterfacesIsNotIsolated(t *testing.T) {
	for state, ended := range map[types.InstanceStateName]bool{
		types.InstanceStateNamePending: false, types.InstanceStateNameRunning: false, types.InstanceStateNameStopping: false, types.InstanceStateNameStopped: false,
		types.InstanceStateNameShuttingDown: true, types.InstanceStateNameTerminated: true,
	} {
		e := &slowEC2{state: state}
		if done, err := isolate.Done(t.Context(), e, slowJob); err != nil || done != ended {
			t.Errorf("%s: done = %v, %v", state, done, err)
		}
		if _, err := isolate.Prior(t.Context(), e, slowJob.Resource); (err == nil) != ended {
			t.Errorf("%s: prior: %v", state, err)
		}
	}
}
