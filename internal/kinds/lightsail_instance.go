package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type lightsailReader interface {
	GetInstances(context.Context, *lightsail.GetInstancesInput, ...func(*lightsail.Options)) (*lightsail.GetInstancesOutput, error)
	GetInstance(context.Context, *lightsail.GetInstanceInput, ...func(*lightsail.Options)) (*lightsail.GetInstanceOutput, error)
	GetInstanceSnapshots(context.Context, *lightsail.GetInstanceSnapshotsInput, ...func(*lightsail.Options)) (*lightsail.GetInstanceSnapshotsOutput, error)
}

type lightsailWriter interface {
	lightsailReader // a snapshot of the case is looked for before another is made
	StopInstance(context.Context, *lightsail.StopInstanceInput, ...func(*lightsail.Options)) (*lightsail.StopInstanceOutput, error)
	StartInstance(context.Context, *lightsail.StartInstanceInput, ...func(*lightsail.Options)) (*lightsail.StartInstanceOutput, error)
	CreateInstanceSnapshot(context.Context, *lightsail.CreateInstanceSnapshotInput, ...func(*lightsail.Options)) (*lightsail.CreateInstanceSnapshotOutput, error)
	DeleteInstanceSnapshot(context.Context, *lightsail.DeleteInstanceSnapshotInput, ...func(*lightsail.Options)) (*lightsail.DeleteInstanceSnapshotOutput, error)
	DeleteInstance(context.Context, *lightsail.DeleteInstanceInput, ...func(*lightsail.Options)) (*lightsail.DeleteInstanceOutput, error)
}

var lightsailInstance = kind.Of(lightsailSpec)

// Lightsail's machines are in no listing of EC2, and it has regions of its own.
var lightsailSpec = kind.Spec[lightsailReader, lightsailWriter]{
	Name:   "lightsail.instance",
	Reader: func(c aws.Config) lightsailReader { return lightsail.NewFromConfig(c) },
	Writer: func(c aws.Config) lightsailWriter { return lightsail.NewFromConfig(c) },
	Needs:  []string{"lightsail:GetInstances", "lightsail:GetInstance", "lightsail:GetInstanceSnapshots"},
	Cost:   kind.Cost{Fixed: 1, Page: 20},
	Covers: []string{"B5"},
	Named:  true,
	List:   listLightsail,
	Keep:   kept("instance.json", findLightsail),
	Verbs: []kind.Verb[lightsailReader, lightsailWriter]{
		// A public address that is not a static one changes.
		flip(kind.Verb[lightsailReader, lightsailWriter]{
			Name: "stop-lightsail", Class: kind.Disruptive, For: kind.Disable, Takes: 5 * time.Minute,
			Needs: []string{"lightsail:StopInstance", "lightsail:StartInstance"},
		}, false, lightsailRuns, runLightsail),
		copyLightsail(kind.Verb[lightsailReader, lightsailWriter]{
			Name: "snapshot", Class: kind.Reversible, For: kind.Copy, Takes: time.Hour,
			Needs: []string{"lightsail:CreateInstanceSnapshot", "lightsail:DeleteInstanceSnapshot", "=lightsail:TagResource"},
		}),
		remove(kind.Verb[lightsailReader, lightsailWriter]{
			Name: "delete", Takes: 5 * time.Minute, Needs: []string{"lightsail:DeleteInstance"}, Kept: lightsailKept,
		}, func(ctx context.Context, api lightsailReader, r fact.Resource) (any, error) {
			i, err := findLightsail(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(i.Arn, i.CreatedAt), nil
		}, func(ctx context.Context, api lightsailWriter, j kind.Job) error {
			// Automatic snapshots are an add-on, which would refuse.
			_, err := api.DeleteInstance(ctx, &lightsail.DeleteInstanceInput{InstanceName: &j.ID, ForceDeleteAddOns: aws.Bool(true)})
			return err
		}),
	},
}

func listLightsail(ctx context.Context, api lightsailReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range tokens(ctx, func(ctx context.Context, token *string) ([]types.Instance, *string, error) {
		out, err := api.GetInstances(ctx, &lightsail.GetInstancesInput{PageToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Instances, out.NextPageToken, nil
	}) {
		if err != nil {
			return fmt.Errorf("cannot list Lightsail instances: %w", err)
		}
		for _, i := range page {
			put(lightsailOf(at, i))
		}
	}
	return nil
}

func lightsailOf(at fact.Place, i types.Instance) fact.Resource {
	r := named("lightsail.instance", at, i.Name, i.Arn, i.CreatedAt)
	if i.State != nil {
		fact.RunState.Set(&r, aws.ToString(i.State.Name))
		fact.Status.Set(&r, aws.ToString(i.State.Name))
	}
	fact.InstanceType.Set(&r, aws.ToString(i.BundleId))
	fact.Image.Set(&r, aws.ToString(i.BlueprintId))
	fact.KeyName.Set(&r, aws.ToString(i.SshKeyName))
	fact.Detail.Set(&r, aws.ToString(i.PublicIpAddress))
	lightsailTags(&r, i.Tags)
	if n := i.Networking; n != nil {
		open := []fact.Opening{}
		for _, p := range n.Ports {
			for _, cidr := range append(p.Cidrs, p.Ipv6Cidrs...) {
				if cidr == "0.0.0.0/0" || cidr == "::/0" {
					open = append(open, fact.Opening{Protocol: string(p.Protocol), From: p.FromPort, To: p.ToPort, CIDR: cidr})
				}
			}
		}
		fact.Openings.Set(&r, open)
	}
	return r
}

func findLightsail(ctx context.Context, api lightsailReader, r fact.Resource) (*types.Instance, error) {
	out, err := api.GetInstance(ctx, &lightsail.GetInstanceInput{InstanceName: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out.Instance, nil
}

// lightsailRuns takes a machine that is stopping for one that runs: it does.
func lightsailRuns(ctx context.Context, api lightsailReader, r fact.Resource) (bool, error) {
	i, err := findLightsail(ctx, api, r)
	if err != nil || i.State == nil {
		return false, err
	}
	return aws.ToString(i.State.Name) != "stopped", nil
}

func runLightsail(ctx context.Context, api lightsailWriter, j kind.Job, on bool) error {
	i, err := findLightsail(ctx, api, j.Resource)
	if err != nil || i.State == nil {
		return err
	}
	switch is := aws.ToString(i.State.Name); {
	case on && is != "running" && is != "pending":
		_, err = api.StartInstance(ctx, &lightsail.StartInstanceInput{InstanceName: &j.ID})
	case !on && is != "stopped" && is != "stopping":
		_, err = api.StopInstance(ctx, &lightsail.StopInstanceInput{InstanceName: &j.ID})
	}
	return err
}
