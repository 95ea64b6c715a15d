package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"cordon/internal/fact"
)

// keepRepository keeps all but the layers: the settings, and of every image its
// description and its manifest, which names the layers by digest.
func keepRepository(ctx context.Context, api repositoryReader, r fact.Resource, put func(string, []byte) error) error {
	repo, err := repositoryNow(ctx, api, r)
	if err != nil {
		return err
	}
	if err := putJSON(put, "repository.json", repo); err != nil {
		return err
	}
	body, err := repositoryPolicy(ctx, api, r)
	if err != nil {
		return err
	}
	if body != "" {
		if err := put("policy.json", []byte(body)); err != nil {
			return err
		}
	}
	lifecycle, err := api.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RepositoryName: &r.ID})
	var none *types.LifecyclePolicyNotFoundException
	switch {
	case err == nil:
		if err := putJSON(put, "lifecycle-policy.json", lifecycle); err != nil {
			return err
		}
	case !errors.As(err, &none):
		return gone(err)
	}
	return keepImages(ctx, api, r, put)
}

func keepImages(ctx context.Context, api repositoryReader, r fact.Resource, put func(string, []byte) error) error {
	images, err := repositoryImages(ctx, api, r.ID)
	if err != nil || len(images) == 0 {
		return err
	}
	if err := putJSON(put, "images.json", images); err != nil {
		return err
	}
	var manifests []types.Image
	for some := range slices.Chunk(images, 100) {
		in := &ecr.BatchGetImageInput{RepositoryName: &r.ID}
		for _, i := range some {
			in.ImageIds = append(in.ImageIds, types.ImageIdentifier{ImageDigest: i.ImageDigest})
		}
		out, err := api.BatchGetImage(ctx, in)
		if err != nil {
			return gone(err)
		}
		for _, f := range out.Failures {
			if f.FailureCode != types.ImageFailureCodeImageNotFound {
				return fmt.Errorf("cannot read an image of %s: %s %s", r.ID, f.FailureCode, aws.ToString(f.FailureReason))
			}
		}
		manifests = append(manifests, out.Images...)
	}
	return putJSON(put, "manifests.json", manifests)
}
