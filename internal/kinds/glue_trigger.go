package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type glueTriggerGetter interface {
	GetTrigger(context.Context, *glue.GetTriggerInput, ...func(*glue.Options)) (*glue.GetTriggerOutput, error)
}

type glueTriggerReader interface {
	glueTriggerGetter
	GetTriggers(context.Context, *glue.GetTriggersInput, ...func(*glue.Options)) (*glue.GetTriggersOutput, error)
}

type glueTriggerWriter interface {
	glueTriggerGetter
	StopTrigger(context.Context, *glue.StopTriggerInput, ...func(*glue.Options)) (*glue.StopTriggerOutput, error)
	StartTrigger(context.Context, *glue.StartTriggerInput, ...func(*glue.Options)) (*glue.StartTriggerOutput, error)
	DeleteTrigger(context.Context, *glue.DeleteTriggerInput, ...func(*glue.Options)) (*glue.DeleteTriggerOutput, error)
}

var glueTrigger = kind.Of(glueTriggerSpec)

var glueTriggerSpec = kind.Spec[glueTriggerReader, glueTriggerWriter]{
	Name:      "glue.trigger",
	Reader:    func(c aws.Config) glueTriggerReader { return glue.NewFromConfig(c) },
	Writer:    func(c aws.Config) glueTriggerWriter { return glue.NewFromConfig(c) },
	Needs:     []string{"glue:GetTriggers", "glue:GetTrigger"},
	List:      listGlueTriggers,
	Cost:      kind.Cost{Fixed: 1, Page: 200},
	Covers:    []string{"B6", "D6"},
	Named:     true,
	Recreates: true, // it runs jobs
	Keep: func(ctx context.Context, api glueTriggerReader, r fact.Resource, put func(string, []byte) error) error {
		g, err := findGlueTrigger(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "trigger.json", g)
	},
	Verbs: []kind.Verb[glueTriggerReader, glueTriggerWriter]{
		flip(kind.Verb[glueTriggerReader, glueTriggerWriter]{
			Name: "stop-trigger", Class: kind.Disruptive, For: kind.Disable, Takes: 2 * time.Minute,
			Needs: []string{"glue:StopTrigger", "glue:StartTrigger"},
		}, false, glueTriggerFires, fireGlueTrigger),
		remove(kind.Verb[glueTriggerReader, glueTriggerWriter]{Name: "delete", Needs: []string{"glue:DeleteTrigger"}, Takes: 2 * time.Minute},
			func(ctx context.Context, api glueTriggerReader, r fact.Resource) (any, error) {
				g, err := findGlueTrigger(ctx, api, r.ID)
				return maker{ID: aws.ToString(g.Name)}, err
			},
			func(ctx context.Context, api glueTriggerWriter, j kind.Job) error {
				_, err := api.DeleteTrigger(ctx, &glue.DeleteTriggerInput{Name: &j.ID})
				return err
			}),
	},
}

func listGlueTriggers(ctx context.Context, api glueTriggerReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, glue.NewGetTriggersPaginator(api, &glue.GetTriggersInput{MaxResults: aws.Int32(200)})) {
		if err != nil {
			return fmt.Errorf("cannot list Glue triggers: %w", err)
		}
		for _, g := range page.Triggers {
			name := aws.ToString(g.Name)
			r := fact.Resource{Ref: fact.Ref{Kind: "glue.trigger", Place: at, ID: name}, ARN: arn(at, "glue", "trigger/"+name)}
			fact.Status.Set(&r, string(g.State))
			fact.Active.Set(&r, fires(g))
			fact.Detail.Set(&r, aws.ToString(g.Schedule))
			put(r)
		}
	}
	return nil
}

// fires: a trigger on demand has no state to stop; only people start it.
func fires(g types.Trigger) bool {
	return g.State == types.TriggerStateActivated || g.State == types.TriggerStateActivating
}

func findGlueTrigger(ctx context.Context, api glueTriggerGetter, name string) (types.Trigger, error) {
	out, err := api.GetTrigger(ctx, &glue.GetTriggerInput{Name: &name})
	if err != nil {
		return types.Trigger{}, gone(err)
	}
	if out.Trigger == nil {
		return types.Trigger{}, kind.ErrGone
	}
	return *out.Trigger, nil
}

func glueTriggerFires(ctx context.Context, api glueTriggerReader, r fact.Resource) (bool, error) {
	g, err := findGlueTrigger(ctx, api, r.ID)
	return fires(g), err
}

// fireGlueTrigger leaves alone what is so already: starting a trigger on demand
// would run its jobs.
func fireGlueTrigger(ctx context.Context, api glueTriggerWriter, j kind.Job, on bool) error {
	g, err := findGlueTrigger(ctx, api, j.ID)
	if err != nil || fires(g) == on || g.Type == types.TriggerTypeOnDemand {
		return err
	}
	if on {
		_, err = api.StartTrigger(ctx, &glue.StartTriggerInput{Name: &j.ID})
	} else {
		_, err = api.StopTrigger(ctx, &glue.StopTriggerInput{Name: &j.ID})
	}
	return err
}
