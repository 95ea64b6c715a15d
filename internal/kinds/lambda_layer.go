package kinds

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type layerReader interface {
	ListLayers(context.Context, *lambda.ListLayersInput, ...func(*lambda.Options)) (*lambda.ListLayersOutput, error)
	ListLayerVersions(context.Context, *lambda.ListLayerVersionsInput, ...func(*lambda.Options)) (*lambda.ListLayerVersionsOutput, error)
	GetLayerVersion(context.Context, *lambda.GetLayerVersionInput, ...func(*lambda.Options)) (*lambda.GetLayerVersionOutput, error)
	GetLayerVersionPolicy(context.Context, *lambda.GetLayerVersionPolicyInput, ...func(*lambda.Options)) (*lambda.GetLayerVersionPolicyOutput, error)
	archiveGetter
}

type layerWriter interface {
	AddLayerVersionPermission(context.Context, *lambda.AddLayerVersionPermissionInput, ...func(*lambda.Options)) (*lambda.AddLayerVersionPermissionOutput, error)
	RemoveLayerVersionPermission(context.Context, *lambda.RemoveLayerVersionPermissionInput, ...func(*lambda.Options)) (*lambda.RemoveLayerVersionPermissionOutput, error)
	DeleteLayerVersion(context.Context, *lambda.DeleteLayerVersionInput, ...func(*lambda.Options)) (*lambda.DeleteLayerVersionOutput, error)
}

var layer = kind.Of(layerSpec)

var layerSpec = kind.Spec[layerReader, layerWriter]{
	Name:   "lambda.layer",
	Reader: func(c aws.Config) layerReader { return lambdaClient{lambda.NewFromConfig(c)} },
	Writer: func(c aws.Config) layerWriter { return lambda.NewFromConfig(c) },
	Needs:  []string{"lambda:ListLayers", "lambda:ListLayerVersions", "lambda:GetLayerVersion", "lambda:GetLayerVersionPolicy"},
	List:   listLayers,
	Cost:   kind.Cost{Fixed: 1, Page: 50, Each: 2},
	Covers: []string{"A14", "A19"},
	Named:  true,
	Keep:   keepLayer,
	Verbs: []kind.Verb[layerReader, layerWriter]{
		// Functions elsewhere that use the layer already keep their copy.
		withdraw(kind.Verb[layerReader, layerWriter]{
			Name: "unshare", Class: kind.Reversible, For: kind.Close,
			Needs: []string{"lambda:AddLayerVersionPermission", "lambda:RemoveLayerVersionPermission"},
			Mends: []string{"AddLayerVersionPermission"},
		}, layerGrants, revokeLayer, grantLayer),
		// Functions that use the version keep their copy of it: they are detached
		// from it, or deleted, before. Its number is never given again.
		remove(kind.Verb[layerReader, layerWriter]{Name: "delete", Needs: []string{"lambda:DeleteLayerVersion"}}, lookLayer, deleteLayer),
	},
}

func listLayers(ctx context.Context, api layerReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, lambda.NewListLayersPaginator(api, &lambda.ListLayersInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list layers: %w", err)
		}
		for _, l := range page.Layers {
			versions := lambda.NewListLayerVersionsPaginator(api, &lambda.ListLayerVersionsInput{LayerName: l.LayerName})
			for page, err := range pages(ctx, versions) {
				if errors.Is(gone(err), kind.ErrGone) {
					break // its last version was deleted meanwhile
				}
				if err != nil {
					return fmt.Errorf("cannot list the versions of layer %s: %w", aws.ToString(l.LayerName), err)
				}
				for _, v := range page.LayerVersions {
					drafts = append(drafts, layerOf(at, aws.ToString(l.LayerName), v))
				}
			}
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		body, err := layerPolicy(ctx, api, r.ID)
		if err != nil {
			return err
		}
		policies := map[string]string{}
		if body != "" {
			policies[""] = body
		}
		setPolicySharing(r, policies, true)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list layers: %w", err)
	}
	return nil
}

func layerOf(at fact.Place, name string, v types.LayerVersionsListItem) fact.Resource {
	return fact.Resource{
		Ref: fact.Ref{Kind: "lambda.layer", Place: at, ID: fmt.Sprintf("%s:%d", name, v.Version)},
		ARN: aws.ToString(v.LayerVersionArn), Created: moment(v.CreatedDate),
	}
}

// layerVersion takes NAME:VERSION apart.
func layerVersion(id string) (name string, version int64, err error) {
	name, number, _ := strings.Cut(id, ":")
	if version, err = strconv.ParseInt(number, 10, 64); err != nil {
		return "", 0, fmt.Errorf("cannot read %q as a layer's name and version", id)
	}
	return name, version, nil
}

// layerPolicy is "" for a version that is not shared.
func layerPolicy(ctx context.Context, api layerReader, id string) (string, error) {
	name, version, err := layerVersion(id)
	if err != nil {
		return "", err
	}
	out, err := api.GetLayerVersionPolicy(ctx, &lambda.GetLayerVersionPolicyInput{LayerName: &name, VersionNumber: &version})
	if errors.Is(gone(err), kind.ErrGone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Policy), nil
}

func lookLayer(ctx context.Context, api layerReader, r fact.Resource) (any, error) {
	name, version, err := layerVersion(r.ID)
	if err != nil {
		return nil, err
	}
	out, err := api.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: &name, VersionNumber: &version})
	if err != nil {
		return nil, gone(err)
	}
	return []string{aws.ToString(out.LayerVersionArn), aws.ToString(out.CreatedDate)}, nil
}

func deleteLayer(ctx context.Context, api layerWriter, j kind.Job) error {
	name, version, err := layerVersion(j.ID)
	if err != nil {
		return err
	}
	_, err = api.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionInput{LayerName: &name, VersionNumber: &version})
	return err
}
