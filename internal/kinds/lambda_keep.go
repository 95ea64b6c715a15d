package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"cordon/internal/fact"
)

func keepFunction(ctx context.Context, api functionReader, r fact.Resource, put func(string, []byte) error) error {
	out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "function.json", out); err != nil {
		return err
	}
	policies, err := functionPolicies(ctx, api, r.ID, fact.Published.Or(r, nil))
	if err != nil {
		return fmt.Errorf("cannot read the policies of %s: %w", r.ID, err)
	}
	if err := putJSON(put, "policies.json", policies); err != nil {
		return err
	}
	switch {
	case out.Code == nil:
		return put("code-not-kept.txt", []byte("Lambda named no code\n"))
	case aws.ToString(out.Code.Location) == "" || aws.ToString(out.Code.ImageUri) != "":
		return put("code-not-kept.txt", []byte("the code is a container image: "+aws.ToString(out.Code.ImageUri)+"\n"))
	}
	return keepArchive(ctx, api, *out.Code.Location, put)
}

func keepLayer(ctx context.Context, api layerReader, r fact.Resource, put func(string, []byte) error) error {
	name, version, err := layerVersion(r.ID)
	if err != nil {
		return err
	}
	out, err := api.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: &name, VersionNumber: &version})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "layer.json", out); err != nil {
		return err
	}
	policy, err := layerPolicy(ctx, api, r.ID)
	if err != nil {
		return fmt.Errorf("cannot read the policy of %s: %w", r.ID, err)
	}
	if policy != "" {
		if err := put("policy.json", []byte(policy)); err != nil {
			return err
		}
	}
	if out.Content == nil || aws.ToString(out.Content.Location) == "" {
		return put("code-not-kept.txt", []byte("Lambda named no archive\n"))
	}
	return keepArchive(ctx, api, *out.Content.Location, put)
}

// keepArchive keeps the archive at a location that Lambda gave, or the reason
// why it could not be had: the rest of the evidence must not fail for it.
func keepArchive(ctx context.Context, api archiveGetter, location string, put func(string, []byte) error) error {
	b, err := api.GetArchive(ctx, location)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return put("code-not-kept.txt", []byte(err.Error()+"\n"))
	}
	return put("code.zip", b)
}
