package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type instanceReader interface {
	instanceLister
	DescribeInstanceAttribute(context.Context, *ec2.DescribeInstanceAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error)
	GetConsoleOutput(context.Context, *ec2.GetConsoleOutputInput, ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error)
	isolationReader
	snapshotLister
}

type instanceWriter interface {
	StopInstances(context.Context, *ec2.StopInstancesInput, ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error)
	StartInstances(context.Context, *ec2.StartInstancesInput, ...func(*ec2.Options)) (*ec2.StartInstancesOutput, error)
	ModifyInstanceAttribute(context.Context, *ec2.ModifyInstanceAttributeInput, ...func(*ec2.Options)) (*ec2.ModifyInstanceAttributeOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
	CreateSnapshots(context.Context, *ec2.CreateSnapshotsInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotsOutput, error)
	instanceLister
	copyWriter
	isolationWriter
}

var instance = kind.Of(instanceSpec)

var instanceSpec = kind.Spec[instanceReader, instanceWriter]{
	Name:   "ec2.instance",
	Reader: func(c aws.Config) instanceReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) instanceWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeInstances", "ec2:DescribeInstanceAttribute", "ec2:GetConsoleOutput"},
	Carry:  []string{string(fact.Spot)},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 3},
	Covers: []string{"A17", "B1", "D5"},
	List:   listInstances,
	Holds:  holding,
	Owns:   true, // the interfaces and disks that are told to go with it
	Keep:   keepInstance,
	Verbs: []kind.Verb[instanceReader, instanceWriter]{
		// Stop protection makes "stop" fail, so it is lifted first.
		flip(kind.Verb[instanceReader, instanceWriter]{
			Name: "allow-stop", Class: kind.Reversible, For: kind.Lift, Of: "stop",
			Needs: []string{"ec2:ModifyInstanceAttribute"},
		}, false, stopProtected, protectFromStop),
		flip(kind.Verb[instanceReader, instanceWriter]{
			Name: "allow-terminate", Class: kind.Reversible, For: kind.Lift, Of: "termination",
			Needs: []string{"ec2:ModifyInstanceAttribute"},
		}, false, endProtected, protectFromEnd),
		// The disks stay and go on costing; what is on instance store and the
		// public address are lost. An undo while it is still stopping fails
		// with IncorrectInstanceState and is to be tried again.
		flip(kind.Verb[instanceReader, instanceWriter]{
			Name: "stop", Class: kind.Disruptive, For: kind.Disable,
			Needs: []string{"ec2:StopInstances", "ec2:StartInstances"},
		}, false, instanceRuns, runInstance),
		isolate,
		copyInstance,
		terminate,
	},
}

func listInstances(ctx context.Context, api instanceReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ec2.NewDescribeInstancesPaginator(api, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list instances: %w", err)
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				drafts = append(drafts, instanceOf(at, i))
			}
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return readProtections(ctx, api, r) }, put)
	if err != nil {
		return fmt.Errorf("cannot list instances: %w", err)
	}
	return nil
}

func instanceOf(at fact.Place, i types.Instance) fact.Resource {
	id := aws.ToString(i.InstanceId)
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.instance", Place: at, ID: id}, ARN: arn(at, "ec2", "instance/"+id), Created: aws.ToTime(i.LaunchTime)}
	if i.State != nil {
		fact.RunState.Set(&r, string(i.State.Name))
	}
	fact.InstanceType.Set(&r, string(i.InstanceType))
	fact.Spot.Set(&r, i.InstanceLifecycle == types.InstanceLifecycleTypeSpot)
	fact.VPC.Set(&r, aws.ToString(i.VpcId))
	fact.KeyName.Set(&r, aws.ToString(i.KeyName))
	groups, volumes := []string{}, []string{}
	for _, g := range i.SecurityGroups {
		groups = append(groups, aws.ToString(g.GroupId))
	}
	// DescribeInstances shows the disks of an instance type only where they
	// are mapped, so "no instance store" is never known from it.
	local := i.RootDeviceType == types.DeviceTypeInstanceStore
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs == nil {
			local = true
			continue
		}
		volumes = append(volumes, aws.ToString(m.Ebs.VolumeId))
	}
	if local {
		fact.InstanceStore.Set(&r, true)
	}
	fact.SecurityGroups.Set(&r, groups)
	fact.Volumes.Set(&r, volumes)
	profile := ""
	if i.IamInstanceProfile != nil {
		profile = aws.ToString(i.IamInstanceProfile.Arn)
	}
	fact.Profile.Set(&r, profile)
	setEC2Tags(&r, i.Tags)
	setController(&r, ec2TagMap(i.Tags))
	fact.ManagedBy.Set(&r, managedBy(i.Tags))
	holdInstance(&r, i)
	return r
}

// managedBy reads who will put another instance in the place of this one. The
// tags are the service's: nobody else can set, change or take away one that
// begins with "aws:" (Amazon EC2 User Guide, "Tag restrictions"; EC2 Auto
// Scaling User Guide, "Tag Auto Scaling groups and instances").
func managedBy(tags []types.Tag) string {
	by := ec2TagMap(tags)
	switch group, fleet := by["aws:autoscaling:groupName"], by["aws:ec2:fleet-id"]; {
	case group != "": // a group with several instance types starts them by a fleet
		return "autoscaling:" + group
	case fleet != "":
		return "fleet:" + fleet
	}
	return ""
}
