package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type beanstalkEnvLister interface {
	DescribeEnvironments(context.Context, *elasticbeanstalk.DescribeEnvironmentsInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DescribeEnvironmentsOutput, error)
}

type beanstalkEnvReader interface {
	beanstalkEnvLister
	DescribeConfigurationSettings(context.Context, *elasticbeanstalk.DescribeConfigurationSettingsInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DescribeConfigurationSettingsOutput, error)
	DescribeEnvironmentResources(context.Context, *elasticbeanstalk.DescribeEnvironmentResourcesInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DescribeEnvironmentResourcesOutput, error)
}

type beanstalkEnvWriter interface {
	beanstalkEnvLister
	TerminateEnvironment(context.Context, *elasticbeanstalk.TerminateEnvironmentInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.TerminateEnvironmentOutput, error)
}

var beanstalkEnvironment = kind.Of(beanstalkEnvSpec)

// beanstalkEnvSpec makes a stack, groups and instances, and makes them again.
var beanstalkEnvSpec = kind.Spec[beanstalkEnvReader, beanstalkEnvWriter]{
	Name:   "beanstalk.environment",
	Reader: func(c aws.Config) beanstalkEnvReader { return elasticbeanstalk.NewFromConfig(c) },
	Writer: func(c aws.Config) beanstalkEnvWriter { return elasticbeanstalk.NewFromConfig(c) },
	Needs: []string{
		"elasticbeanstalk:DescribeEnvironments", "elasticbeanstalk:DescribeConfigurationSettings", "elasticbeanstalk:DescribeEnvironmentResources",
	},
	List:      listBeanstalkEnvironments,
	Cost:      kind.Cost{Fixed: 1, Page: 1000},
	Covers:    []string{"B6", "D6"},
	Owns:      true,
	Recreates: true,
	Holds: func(r fact.Resource) []fact.Ref {
		held := holdsItsRole(r)
		if app := fact.Application.Or(r, ""); app != "" {
			held = append(held, fact.Ref{Kind: "beanstalk.application", Place: r.Place, ID: app})
		}
		return held
	},
	Keep: keepBeanstalkEnvironment,
	Verbs: []kind.Verb[beanstalkEnvReader, beanstalkEnvWriter]{
		remove(kind.Verb[beanstalkEnvReader, beanstalkEnvWriter]{
			Name: "delete", Needs: []string{"elasticbeanstalk:TerminateEnvironment"}, Takes: 30 * time.Minute,
		}, func(ctx context.Context, api beanstalkEnvReader, r fact.Resource) (any, error) {
			e, err := findBeanstalkEnvironment(ctx, api, r.ID)
			return made(aws.ToString(e.EnvironmentId), e.DateCreated), err
		}, func(ctx context.Context, api beanstalkEnvWriter, j kind.Job) error {
			// What is ending already cannot be ended once more: AWS wants it ready.
			e, err := findBeanstalkEnvironment(ctx, api, j.ID)
			if err != nil || e.Status == types.EnvironmentStatusTerminating {
				return err
			}
			_, err = api.TerminateEnvironment(ctx, &elasticbeanstalk.TerminateEnvironmentInput{EnvironmentId: &j.ID, TerminateResources: aws.Bool(true)})
			return err
		}),
	},
}

// listBeanstalkEnvironments has no paginator in the SDK, and pages all the same.
func listBeanstalkEnvironments(ctx context.Context, api beanstalkEnvReader, at fact.Place, put func(fact.Resource)) error {
	in := &elasticbeanstalk.DescribeEnvironmentsInput{IncludeDeleted: aws.Bool(false), MaxRecords: aws.Int32(1000)}
	for {
		out, err := api.DescribeEnvironments(ctx, in)
		if err != nil {
			return fmt.Errorf("cannot list Elastic Beanstalk environments: %w", err)
		}
		for _, e := range out.Environments {
			if e.Status != types.EnvironmentStatusTerminated {
				put(beanstalkEnvironmentOf(at, e))
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return nil
		}
		in.NextToken = out.NextToken
	}
}

func beanstalkEnvironmentOf(at fact.Place, e types.EnvironmentDescription) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "beanstalk.environment", Place: at, ID: aws.ToString(e.EnvironmentId)},
		ARN: aws.ToString(e.EnvironmentArn), Created: aws.ToTime(e.DateCreated),
	}
	fact.Name.Set(&r, aws.ToString(e.EnvironmentName))
	fact.Application.Set(&r, aws.ToString(e.ApplicationName))
	fact.Status.Set(&r, string(e.Status))
	fact.Detail.Set(&r, aws.ToString(e.CNAME))
	fact.Role.Set(&r, aws.ToString(e.OperationsRole))
	if e.DateUpdated != nil {
		fact.Modified.Set(&r, *e.DateUpdated)
	}
	return r
}

func findBeanstalkEnvironment(ctx context.Context, api beanstalkEnvLister, id string) (types.EnvironmentDescription, error) {
	out, err := api.DescribeEnvironments(ctx, &elasticbeanstalk.DescribeEnvironmentsInput{EnvironmentIds: []string{id}, IncludeDeleted: aws.Bool(false)})
	if err != nil {
		return types.EnvironmentDescription{}, gone(err)
	}
	e, err := only(out.Environments, nil)
	if err == nil && e.Status == types.EnvironmentStatusTerminated {
		return e, kind.ErrGone
	}
	return e, err
}

// keepBeanstalkEnvironment keeps the settings, which hold the environment's
// variables, and what it made.
func keepBeanstalkEnvironment(ctx context.Context, api beanstalkEnvReader, r fact.Resource, put func(string, []byte) error) error {
	e, err := findBeanstalkEnvironment(ctx, api, r.ID)
	if err != nil {
		return err
	}
	settings, err := api.DescribeConfigurationSettings(ctx, &elasticbeanstalk.DescribeConfigurationSettingsInput{
		ApplicationName: e.ApplicationName, EnvironmentName: e.EnvironmentName,
	})
	if err != nil {
		return fmt.Errorf("cannot read its settings: %w", err)
	}
	resources, err := api.DescribeEnvironmentResources(ctx, &elasticbeanstalk.DescribeEnvironmentResourcesInput{EnvironmentId: e.EnvironmentId})
	if err != nil {
		return fmt.Errorf("cannot read what it made: %w", err)
	}
	return putEach(put, "environment.json", e, "settings.json", settings.ConfigurationSettings, "resources.json", resources.EnvironmentResources)
}
