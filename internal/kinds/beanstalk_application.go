package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type beanstalkAppReader interface {
	DescribeApplications(context.Context, *elasticbeanstalk.DescribeApplicationsInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DescribeApplicationsOutput, error)
	DescribeApplicationVersions(context.Context, *elasticbeanstalk.DescribeApplicationVersionsInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DescribeApplicationVersionsOutput, error)
}

type beanstalkAppWriter interface {
	DeleteApplication(context.Context, *elasticbeanstalk.DeleteApplicationInput, ...func(*elasticbeanstalk.Options)) (*elasticbeanstalk.DeleteApplicationOutput, error)
}

var beanstalkApplication = kind.Of(beanstalkAppSpec)

// beanstalkAppSpec is deleted only when no environment runs any more: AWS
// refuses otherwise, and an owner's environment in it is not forced down.
var beanstalkAppSpec = kind.Spec[beanstalkAppReader, beanstalkAppWriter]{
	Name:   "beanstalk.application",
	Reader: func(c aws.Config) beanstalkAppReader { return elasticbeanstalk.NewFromConfig(c) },
	Writer: func(c aws.Config) beanstalkAppWriter { return elasticbeanstalk.NewFromConfig(c) },
	Needs:  []string{"elasticbeanstalk:DescribeApplications", "elasticbeanstalk:DescribeApplicationVersions"},
	List: func(ctx context.Context, api beanstalkAppReader, at fact.Place, put func(fact.Resource)) error {
		out, err := api.DescribeApplications(ctx, &elasticbeanstalk.DescribeApplicationsInput{})
		if err != nil {
			return fmt.Errorf("cannot list Elastic Beanstalk applications: %w", err)
		}
		for _, a := range out.Applications {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "beanstalk.application", Place: at, ID: aws.ToString(a.ApplicationName)},
				ARN: aws.ToString(a.ApplicationArn), Created: aws.ToTime(a.DateCreated),
			}
			fact.Count.Set(&r, len(a.Versions))
			if a.ResourceLifecycleConfig != nil {
				fact.Role.Set(&r, aws.ToString(a.ResourceLifecycleConfig.ServiceRole))
			}
			put(r)
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"B6"},
	Named:  true,
	Holds:  holdsItsRole,
	Keep: func(ctx context.Context, api beanstalkAppReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := findBeanstalkApp(ctx, api, r.ID)
		if err != nil {
			return err
		}
		versions, err := api.DescribeApplicationVersions(ctx, &elasticbeanstalk.DescribeApplicationVersionsInput{ApplicationName: &r.ID})
		if err != nil {
			return fmt.Errorf("cannot list its versions: %w", err)
		}
		return putEach(put, "application.json", a, "versions.json", versions.ApplicationVersions)
	},
	Verbs: []kind.Verb[beanstalkAppReader, beanstalkAppWriter]{
		remove(kind.Verb[beanstalkAppReader, beanstalkAppWriter]{Name: "delete", Needs: []string{"elasticbeanstalk:DeleteApplication"}},
			func(ctx context.Context, api beanstalkAppReader, r fact.Resource) (any, error) {
				a, err := findBeanstalkApp(ctx, api, r.ID)
				return made(aws.ToString(a.ApplicationName), a.DateCreated), err
			},
			func(ctx context.Context, api beanstalkAppWriter, j kind.Job) error {
				_, err := api.DeleteApplication(ctx, &elasticbeanstalk.DeleteApplicationInput{ApplicationName: &j.ID})
				return err
			}),
	},
}

func findBeanstalkApp(ctx context.Context, api beanstalkAppReader, name string) (types.ApplicationDescription, error) {
	out, err := api.DescribeApplications(ctx, &elasticbeanstalk.DescribeApplicationsInput{ApplicationNames: []string{name}})
	if err != nil {
		return types.ApplicationDescription{}, err
	}
	return only(out.Applications, nil)
}
