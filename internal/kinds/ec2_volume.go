package kinds

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type volumeReader interface {
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
}

var volume = kind.Of(volumeSpec)

var volumeSpec = kind.Spec[volumeReader, noWriter]{
	Name:   "ec2.volume",
	Reader: func(c aws.Config) volumeReader { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVolumes"},
	List:   listVolumes,
	Keep:   keepVolume,
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
	}
	fact.AttachedTo.Set(&r, attached)
	setEC2Tags(&r, v.Tags)
	return r
}

func keepVolume(ctx context.Context, api volumeReader, r fact.Resource, put func(string, []byte) error) error {
	out, err := api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{r.ID}})
	var all []types.Volume
	if err == nil {
		all = out.Volumes
	}
	v, err := only(all, err)
	if err != nil {
		return err
	}
	return putJSON(put, "volume.json", v)
}
