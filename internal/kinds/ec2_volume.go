package kinds

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type volumeReader interface{ diskReader }

type volumeWriter interface {
	copyWriter
	CreateSnapshot(context.Context, *ec2.CreateSnapshotInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotOutput, error)
	DeleteVolume(context.Context, *ec2.DeleteVolumeInput, ...func(*ec2.Options)) (*ec2.DeleteVolumeOutput, error)
}

var volume = kind.Of(volumeSpec)

var volumeSpec = kind.Spec[volumeReader, volumeWriter]{
	Name:   "ec2.volume",
	Reader: func(c aws.Config) volumeReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) volumeWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVolumes"},
	Cost:   kind.Cost{Fixed: 1, Page: 500},
	Covers: []string{"C1"},
	List:   listVolumes,
	Keep:   keepVolume,
	Verbs: []kind.Verb[volumeReader, volumeWriter]{
		copied(kind.Verb[volumeReader, volumeWriter]{Name: "snapshot", Needs: []string{"ec2:CreateSnapshot"}},
			volumeDisk[volumeReader], volumeDisk[volumeWriter],
			func(ctx context.Context, api volumeWriter, j kind.Job) error {
				_, err := api.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
					VolumeId: &j.ID, Description: aws.String("cordon " + j.Case + ": " + j.ID), TagSpecifications: evidenceTags(j),
				})
				return err
			}),
		deleteVolume,
	},
}

// deleteVolume is refused by AWS while the volume is on an instance.
var deleteVolume = func() kind.Verb[volumeReader, volumeWriter] {
	v := remove(kind.Verb[volumeReader, volumeWriter]{
		Name: "delete", Needs: []string{"ec2:DeleteVolume", "ec2:DescribeSnapshots"}, Takes: 5 * time.Minute,
	}, func(ctx context.Context, api volumeReader, r fact.Resource) (any, error) {
		v, err := findVolume(ctx, api, r.ID)
		return identity{ID: aws.ToString(v.VolumeId), Created: aws.ToTime(v.CreateTime)}, err
	}, func(ctx context.Context, api volumeWriter, j kind.Job) error {
		_, err := api.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &j.ID})
		return err
	})
	v.Kept = func(ctx context.Context, api volumeReader, j kind.Job) error {
		disks, err := volumeDisk(ctx, api, j.ID)
		if err != nil {
			return err
		}
		return keptDisks(ctx, api, j, disks)
	}
	return v
}()

// volumeDisk is the volume itself, new since it came to where it is.
func volumeDisk[A volumeLister](ctx context.Context, api A, id string) ([]disk, error) {
	v, err := findVolume(ctx, api, id)
	if err != nil {
		return nil, err
	}
	d := disk{volume: id, since: aws.ToTime(v.CreateTime), dies: true}
	for _, a := range v.Attachments {
		if at := aws.ToTime(a.AttachTime); at.After(d.since) {
			d.since = at
		}
	}
	return []disk{d}, nil
}

func listVolumes(ctx context.Context, api volumeReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, ec2.NewDescribeVolumesPaginator(api, &ec2.DescribeVolumesInput{MaxResults: aws.Int32(500)})) {
		if err != nil {
			return fmt.Errorf("cannot list volumes: %w", err)
		}
		for _, v := range page.Volumes {
			put(volumeOf(at, v))
		}
	}
	return nil
}

func volumeOf(at fact.Place, v types.Volume) fact.Resource {
	id := aws.ToString(v.VolumeId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ec2.volume", Place: at, ID: id}, ARN: cmp.Or(aws.ToString(v.VolumeArn), arn(at, "ec2", "volume/"+id)),
		Created: aws.ToTime(v.CreateTime),
	}
	fact.Status.Set(&r, string(v.State))
	fact.Encrypted.Set(&r, aws.ToBool(v.Encrypted))
	// A volume may be on several instances; the first stands for all.
	attached := ""
	for _, a := range v.Attachments {
		attached = cmp.Or(attached, aws.ToString(a.InstanceId))
		if aws.ToBool(a.DeleteOnTermination) && a.InstanceId != nil {
			partOf(&r, "ec2.instance", *a.InstanceId)
		}
	}
	fact.AttachedTo.Set(&r, attached)
	setEC2Tags(&r, v.Tags)
	return r
}

func findVolume(ctx context.Context, api volumeLister, id string) (types.Volume, error) {
	out, err := api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	var all []types.Volume
	if err == nil {
		all = out.Volumes
	}
	return only(all, err)
}

func keepVolume(ctx context.Context, api volumeReader, r fact.Resource, put func(string, []byte) error) error {
	v, err := findVolume(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, "volume.json", v)
}
