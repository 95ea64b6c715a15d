package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type modelAccessReader interface {
	GetUseCaseForModelAccess(context.Context, *bedrock.GetUseCaseForModelAccessInput, ...func(*bedrock.Options)) (*bedrock.GetUseCaseForModelAccessOutput, error)
}

var modelAccess = kind.Of(modelAccessSpec)

// To use some models an account sends a form about what for. Intruders send it
// in the owner's name. The agreements for single models can only be asked for
// model by model, which is too many calls: the form tells whether anybody asked.
var modelAccessSpec = kind.Spec[modelAccessReader, noWriter]{
	Name:   "bedrock.model-access",
	Reader: func(c aws.Config) modelAccessReader { return bedrock.NewFromConfig(c) },
	Needs:  []string{"bedrock:GetUseCaseForModelAccess"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"B8"},
	List: func(ctx context.Context, api modelAccessReader, at fact.Place, put func(fact.Resource)) error {
		r := fact.Resource{Ref: fact.Ref{Kind: "bedrock.model-access", Place: at, ID: "use-case"}}
		_, err := useCase(ctx, api, r)
		if err != nil && !isGone(err) {
			return fmt.Errorf("cannot read whether access to models was asked for: %w", err)
		}
		fact.Active.Set(&r, err == nil)
		fact.Status.Set(&r, "not-submitted")
		if err == nil {
			fact.Status.Set(&r, "submitted")
		}
		put(r)
		return nil
	},
	Keep: func(ctx context.Context, api modelAccessReader, r fact.Resource, put func(string, []byte) error) error {
		form, err := useCase(ctx, api, r)
		if isGone(err) {
			return put("use-case.txt", []byte("no form was submitted\n"))
		}
		if err != nil {
			return err
		}
		return put("use-case.json", form)
	},
}

func useCase(ctx context.Context, api modelAccessReader, _ fact.Resource) ([]byte, error) {
	out, err := api.GetUseCaseForModelAccess(ctx, &bedrock.GetUseCaseForModelAccessInput{})
	if err != nil {
		return nil, gone(err)
	}
	if len(out.FormData) == 0 {
		return nil, kind.ErrGone
	}
	return out.FormData, nil
}
