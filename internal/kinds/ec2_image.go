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

type imageReader interface {
	diskReader
	DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
	DescribeImageAttribute(context.Context, *ec2.DescribeImageAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeImageAttributeOutput, error)
}

type imageWriter interface {
	ModifyImageAttribute(context.Context, *ec2.ModifyImageAttributeInput, ...func(*ec2.Options)) (*ec2.ModifyImageAttributeOutput, error)
	EnableImageDeregistrationProtection(context.Context, *ec2.EnableImageDeregistrationProtectionInput, ...func(*ec2.Options)) (*ec2.EnableImageDeregistrationProtectionOutput, error)
	DisableImageDeregistrationProtection(context.Context, *ec2.DisableImageDeregistrationProtectionInput, ...func(*ec2.Options)) (*ec2.DisableImageDeregistrationProtectionOutput, error)
	DeregisterImage(context.Context, *ec2.DeregisterImageInput, ...func(*ec2.Options)) (*ec2.DeregisterImageOutput, error)
}

var image = kind.Of(imageSpec)

var imageSpec = kind.Spec[imageReader, imageWriter]{
	Name:   "ec2.image",
	Reader: func(c aws.Config) imageReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) imageWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeImages", "ec2:DescribeImageAttribute"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"B1", "C2", "D5"},
	List:   listImages,
	Holds: func(r fact.Resource) (held []fact.Ref) {
		for _, id := range fact.Snapshots.Or(r, nil) {
			held = append(held, fact.Ref{Kind: "ec2.snapshot", Place: r.Place, ID: id})
		}
		return held
	},
	Keep: keepImage,
	Verbs: []kind.Verb[imageReader, imageWriter]{
		withdraw(kind.Verb[imageReader, imageWriter]{
			Name: "unshare", Class: kind.Reversible, For: kind.Close,
			Needs: []string{"ec2:ModifyImageAttribute"}, Mends: []string{"ModifyImageAttribute"},
		}, imageGrants,
			func(ctx context.Context, api imageWriter, j kind.Job, had []grant) error {
				return shareImage(ctx, api, j, &types.LaunchPermissionModifications{Remove: launchPermissions(had)})
			},
			func(ctx context.Context, api imageWriter, j kind.Job, had []grant) error {
				return shareImage(ctx, api, j, &types.LaunchPermissionModifications{Add: launchPermissions(had)})
			}),
		unprotectImage,
		deregister,
	},
}

func listImages(ctx context.Context, api imageReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ec2.NewDescribeImagesPaginator(api, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), MaxResults: aws.Int32(1000),
	})) {
		if err != nil {
			return fmt.Errorf("cannot list images: %w", err)
		}
		for _, i := range page.Images {
			drafts = append(drafts, imageOf(at, i))
		}
	}
	// DescribeImages tells only whether an image is public, and can be asked
	// for accounts only by their numbers.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		grants, err := imageGrants(ctx, api, *r)
		setSharing(r, grants)
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list images: %w", err)
	}
	return nil
}

func imageOf(at fact.Place, i types.Image) fact.Resource {
	id := aws.ToString(i.ImageId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ec2.image", Place: at, ID: id}, ARN: arn(fact.Place{Region: at.Region}, "ec2", "image/"+id),
		Created: moment(i.CreationDate),
	}
	fact.Status.Set(&r, string(i.State))
	setEC2Tags(&r, i.Tags)
	fact.Name.Set(&r, aws.ToString(i.Name))
	if i.DeregistrationProtection != nil {
		protections := []string{}
		if imageProtected(i) {
			protections = append(protections, "deregistration")
		}
		fact.Protections.Set(&r, protections)
	}
	snapshots := []string{}
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs != nil && m.Ebs.SnapshotId != nil {
			snapshots = append(snapshots, *m.Ebs.SnapshotId)
		}
	}
	fact.Snapshots.Set(&r, snapshots)
	return r
}

func launchAttribute(ctx context.Context, api imageReader, id string) (*ec2.DescribeImageAttributeOutput, error) {
	out, err := api.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{ImageId: &id, Attribute: types.ImageAttributeNameLaunchPermission})
	return out, gone(err)
}

func imageGrants(ctx context.Context, api imageReader, r fact.Resource) ([]grant, error) {
	out, err := launchAttribute(ctx, api, r.ID)
	if err != nil {
		return nil, err
	}
	return launchGrants(out.LaunchPermissions, r.Account), nil
}

func shareImage(ctx context.Context, api imageWriter, j kind.Job, change *types.LaunchPermissionModifications) error {
	_, err := api.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: &j.ID, LaunchPermission: change})
	return err
}

func keepImage(ctx context.Context, api imageReader, r fact.Resource, put func(string, []byte) error) error {
	i, err := findImage(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "image.json", i); err != nil {
		return err
	}
	permissions, err := launchAttribute(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, "launch-permissions.json", permissions)
}
