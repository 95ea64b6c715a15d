package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type scalingReader interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	scalingKeeper
	instanceLister
	snapshotLister
}

type scalingWriter interface {
	SuspendProcesses(context.Context, *autoscaling.SuspendProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.SuspendProcessesOutput, error)
	ResumeProcesses(context.Context, *autoscaling.ResumeProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.ResumeProcessesOutput, error)
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	DeleteAutoScalingGroup(context.Context, *autoscaling.DeleteAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error)
}

// scalingClient also reads the instances that a group would take with it.
type scalingClient struct {
	*autoscaling.Client
	instanceLister
	snapshotLister
}

var autoScalingGroup = kind.Of(autoScalingGroupSpec)

var autoScalingGroupSpec = kind.Spec[scalingReader, scalingWriter]{
	Name: "autoscaling.group",
	Reader: func(c aws.Config) scalingReader {
		machines := ec2.NewFromConfig(c)
		return scalingClient{autoscaling.NewFromConfig(c), machines, machines}
	},
	Writer: func(c aws.Config) scalingWriter { return autoscaling.NewFromConfig(c) },
	Needs: []string{
		"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScheduledActions", "autoscaling:DescribeLifecycleHooks",
	},
	Cost:      kind.Cost{Fixed: 1, Page: 100},
	Covers:    []string{"B1", "D5", "D6"},
	Named:     true,
	Recreates: true,
	Owns:      true, // deleting it terminates its instances
	List:      scalingGroups.list,
	Identity: func(ctx context.Context, api scalingReader, r fact.Resource) (string, error) {
		g, err := scalingGroups.one(ctx, api, r.ID)
		return aws.ToString(g.AutoScalingGroupARN), err
	},
	Holds: holding,
	Keep:  keepScalingGroup,
	Verbs: []kind.Verb[scalingReader, scalingWriter]{suspendScaling, unprotectScaling, deleteScalingGroup},
}

var scalingGroups = shown[scalingReader, types.AutoScalingGroup]{
	what: "Auto Scaling groups", file: "auto-scaling-group.json", of: scalingGroupOf,
	ask: func(ctx context.Context, api scalingReader, names []string) iter.Seq2[[]types.AutoScalingGroup, error] {
		return asked(ctx, autoscaling.NewDescribeAutoScalingGroupsPaginator(api, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names, MaxRecords: aws.Int32(100)}),
			func(o *autoscaling.DescribeAutoScalingGroupsOutput) []types.AutoScalingGroup {
				return o.AutoScalingGroups
			})
	},
}

func scalingGroupOf(at fact.Place, g types.AutoScalingGroup) fact.Resource {
	name, id := aws.ToString(g.AutoScalingGroupName), aws.ToString(g.AutoScalingGroupARN)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "autoscaling.group", Place: at, ID: name}, ARN: id, UniqueID: id, // it has a number of its own
		Created: aws.ToTime(g.CreatedTime),
	}
	tags := map[string]string{}
	for _, t := range g.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	setTagMap(&r, tags)
	fact.Name.Set(&r, name)
	fact.Status.Set(&r, aws.ToString(g.Status))
	fact.Count.Set(&r, int(aws.ToInt32(g.DesiredCapacity)))
	fact.Detail.Set(&r, fmt.Sprintf("%d–%d", aws.ToInt32(g.MinSize), aws.ToInt32(g.MaxSize)))
	fact.Role.Set(&r, aws.ToString(g.ServiceLinkedRoleARN))
	fact.Active.Set(&r, !slices.Contains(suspended(g), "Launch"))
	protections := []string{}
	if scalingProtected(g) {
		protections = append(protections, "deletion")
	}
	fact.Protections.Set(&r, protections)
	holds(&r, "autoscaling.launch-configuration", aws.ToString(g.LaunchConfigurationName))
	if g.LaunchTemplate != nil {
		holds(&r, "ec2.launch-template", aws.ToString(g.LaunchTemplate.LaunchTemplateId))
	}
	if m := g.MixedInstancesPolicy; m != nil && m.LaunchTemplate != nil {
		if m.LaunchTemplate.LaunchTemplateSpecification != nil {
			holds(&r, "ec2.launch-template", aws.ToString(m.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId))
		}
		for _, o := range m.LaunchTemplate.Overrides {
			if o.LaunchTemplateSpecification != nil {
				holds(&r, "ec2.launch-template", aws.ToString(o.LaunchTemplateSpecification.LaunchTemplateId))
			}
		}
	}
	return r
}

// scalingProcesses are all that a group does by itself (Amazon EC2 Auto Scaling
// User Guide, "Process types").
var scalingProcesses = []string{
	"AZRebalance", "AddToLoadBalancer", "AlarmNotification", "HealthCheck", "InstanceRefresh", "Launch", "ReplaceUnhealthy", "ScheduledActions", "Terminate",
}

func suspended(g types.AutoScalingGroup) []string {
	names := []string{}
	for _, p := range g.SuspendedProcesses {
		names = append(names, aws.ToString(p.ProcessName))
	}
	slices.Sort(names)
	return names
}

// suspendScaling halts everything: an instance that is isolated or stopped is
// not replaced. Undo resumes what was not suspended before.
var suspendScaling = kind.Verb[scalingReader, scalingWriter]{
	Name: "suspend", Class: kind.Disruptive, For: kind.Disable,
	Needs: []string{"autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses"},
	Prior: func(ctx context.Context, api scalingReader, r fact.Resource) (json.RawMessage, error) {
		g, err := scalingGroups.one(ctx, api, r.ID)
		return prior(suspended(g), err)
	},
	Do: func(ctx context.Context, api scalingWriter, j kind.Job, _ json.RawMessage) error {
		_, err := api.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &j.ID, ScalingProcesses: scalingProcesses})
		return goneGroup(err)
	},
	Done: func(ctx context.Context, api scalingReader, j kind.Job) (bool, error) {
		g, err := scalingGroups.one(ctx, api, j.ID)
		is := suspended(g)
		return err == nil && !slices.ContainsFunc(scalingProcesses, func(p string) bool { return !slices.Contains(is, p) }), err
	},
	Undo: func(ctx context.Context, api scalingWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[[]string](prior)
		if err != nil {
			return err
		}
		resume := slices.DeleteFunc(slices.Clone(scalingProcesses), func(p string) bool { return slices.Contains(was, p) })
		if len(resume) == 0 {
			return nil // without names AWS resumes all
		}
		_, err = api.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &j.ID, ScalingProcesses: resume})
		return goneGroup(err)
	},
}

// deleteScalingGroup forces: AWS still counts instances that were terminated
// while the group was suspended. What stands among them goes with it, so each
// has to be kept.
var deleteScalingGroup = func() kind.Verb[scalingReader, scalingWriter] {
	v := remove(kind.Verb[scalingReader, scalingWriter]{
		Name: "delete", Takes: 15 * time.Minute,
		Needs: []string{"autoscaling:DeleteAutoScalingGroup", "ec2:DescribeInstances", "ec2:DescribeSnapshots"},
	}, scalingGroups.look, func(ctx context.Context, api scalingWriter, j kind.Job) error {
		_, err := api.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &j.ID, ForceDelete: aws.Bool(true)})
		return goneGroup(err)
	})
	v.Kept = func(ctx context.Context, api scalingReader, j kind.Job) error {
		g, err := scalingGroups.one(ctx, api, j.ID)
		if err != nil {
			return err
		}
		for _, i := range g.Instances {
			disks, err := instanceDisks(ctx, api, aws.ToString(i.InstanceId))
			if errors.Is(err, kind.ErrGone) {
				continue
			}
			if err == nil {
				err = keptDisks(ctx, api, j, disks)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return v
}()

// goneGroup reads "not there" where Auto Scaling says ValidationError.
func goneGroup(err error) error {
	if awsapi.Code(err) == "ValidationError" && saysNotFound(err) {
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return err
}
