package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// deregister leaves the snapshots behind the image, which are resources of
// their own. An image whose disks are gone is what is left of a machine, and not
// every one can be registered again from its snapshots.
var deregister = remove(kind.Verb[imageReader, imageWriter]{
	Name: "deregister", Needs: []string{"ec2:DeregisterImage", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"}, Kept: imageKept,
}, func(ctx context.Context, api imageReader, r fact.Resource) (any, error) {
	i, err := findImage(ctx, api, r.ID)
	return identity{ID: aws.ToString(i.ImageId), Created: moment(i.CreationDate)}, err
}, func(ctx context.Context, api imageWriter, j kind.Job) error {
	_, err := api.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: &j.ID})
	return err
})

func imageKept(ctx context.Context, api imageReader, j kind.Job) error {
	i, err := findImage(ctx, api, j.ID)
	if err != nil {
		return err
	}
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs == nil || m.Ebs.SnapshotId == nil {
			continue
		}
		s, err := findSnapshot(ctx, api, *m.Ebs.SnapshotId)
		if errors.Is(err, kind.ErrGone) {
			continue // nothing is left of this disk to be lost
		}
		if err == nil {
			err = diskElsewhere(ctx, api, j, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unprotectImage is no switch of two sides: a protection with a cool-down goes
// on for 24 hours, and comes back with one.
var unprotectImage = kind.Verb[imageReader, imageWriter]{
	Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deregistration",
	Needs: []string{"ec2:EnableImageDeregistrationProtection", "ec2:DisableImageDeregistrationProtection"},
	Prior: func(ctx context.Context, api imageReader, r fact.Resource) (json.RawMessage, error) {
		i, err := findImage(ctx, api, r.ID)
		return prior(aws.ToString(i.DeregistrationProtection), err)
	},
	Do: func(ctx context.Context, api imageWriter, j kind.Job, _ json.RawMessage) error {
		_, err := api.DisableImageDeregistrationProtection(ctx, &ec2.DisableImageDeregistrationProtectionInput{ImageId: &j.ID})
		return err
	},
	Done: func(ctx context.Context, api imageReader, j kind.Job) (bool, error) {
		i, err := findImage(ctx, api, j.ID)
		return err == nil && !imageProtected(i), err
	},
	Undo: func(ctx context.Context, api imageWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil || !imageProtected(types.Image{DeregistrationProtection: &was}) {
			return err
		}
		_, err = api.EnableImageDeregistrationProtection(ctx, &ec2.EnableImageDeregistrationProtectionInput{
			ImageId: &j.ID, WithCooldown: aws.Bool(strings.Contains(was, "with-cooldown")),
		})
		return err
	},
}

// imageProtected: whatever is not plainly "disabled" hinders, with or without a
// cool-down.
func imageProtected(i types.Image) bool {
	is := aws.ToString(i.DeregistrationProtection)
	return is != "" && !strings.EqualFold(is, "disabled")
}

// findImage takes one that was deregistered for gone: AWS may show it still.
func findImage(ctx context.Context, api imageReader, id string) (types.Image, error) {
	out, err := api.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}, IncludeDisabled: aws.Bool(true)})
	var all []types.Image
	if err == nil {
		all = out.Images
	}
	i, err := only(all, err)
	if err == nil && i.State == types.ImageStateDeregistered {
		return types.Image{}, kind.ErrGone
	}
	return i, err
}
