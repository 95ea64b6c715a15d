package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	"github.com/aws/aws-sdk-go-v2/service/apprunner/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type appRunnerReader interface {
	ListServices(context.Context, *apprunner.ListServicesInput, ...func(*apprunner.Options)) (*apprunner.ListServicesOutput, error)
	DescribeService(context.Context, *apprunner.DescribeServiceInput, ...func(*apprunner.Options)) (*apprunner.DescribeServiceOutput, error)
}

type appRunnerWriter interface {
	DescribeService(context.Context, *apprunner.DescribeServiceInput, ...func(*apprunner.Options)) (*apprunner.DescribeServiceOutput, error)
	PauseService(context.Context, *apprunner.PauseServiceInput, ...func(*apprunner.Options)) (*apprunner.PauseServiceOutput, error)
	ResumeService(context.Context, *apprunner.ResumeServiceInput, ...func(*apprunner.Options)) (*apprunner.ResumeServiceOutput, error)
	DeleteService(context.Context, *apprunner.DeleteServiceInput, ...func(*apprunner.Options)) (*apprunner.DeleteServiceOutput, error)
	ListOperations(context.Context, *apprunner.ListOperationsInput, ...func(*apprunner.Options)) (*apprunner.ListOperationsOutput, error)
}

var appRunnerService = kind.Of(appRunnerSpec)

var appRunnerSpec = kind.Spec[appRunnerReader, appRunnerWriter]{
	Name:   "apprunner.service",
	Reader: func(c aws.Config) appRunnerReader { return apprunner.NewFromConfig(c) },
	Writer: func(c aws.Config) appRunnerWriter { return apprunner.NewFromConfig(c) },
	Needs:  []string{"apprunner:ListServices", "apprunner:DescribeService"},
	List:   listAppRunner,
	Cost:   kind.Cost{Fixed: 1, Page: 20, Each: 1},
	Covers: []string{"B6"},
	Holds:  holdsItsRole,
	Keep: func(ctx context.Context, api appRunnerReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findAppRunner(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "service.json", s)
	},
	Verbs: []kind.Verb[appRunnerReader, appRunnerWriter]{
		flip(kind.Verb[appRunnerReader, appRunnerWriter]{
			Name: "pause-service", Class: kind.Disruptive, For: kind.Disable, Takes: 15 * time.Minute,
			Needs: []string{"apprunner:PauseService", "apprunner:ResumeService", "apprunner:ListOperations"},
		}, true, func(ctx context.Context, api appRunnerReader, r fact.Resource) (bool, error) {
			s, err := findAppRunner(ctx, api, r.ID)
			return s.Status == types.ServiceStatusPaused, err
		}, pauseAppRunner),
		remove(kind.Verb[appRunnerReader, appRunnerWriter]{
			Name: "delete", Needs: []string{"apprunner:DeleteService", "apprunner:ListOperations"}, Takes: 15 * time.Minute,
		}, func(ctx context.Context, api appRunnerReader, r fact.Resource) (any, error) {
			s, err := findAppRunner(ctx, api, r.ID)
			return made(aws.ToString(s.ServiceArn), s.CreatedAt), err
		}, func(ctx context.Context, api appRunnerWriter, j kind.Job) error {
			_, err := api.DeleteService(ctx, &apprunner.DeleteServiceInput{ServiceArn: &j.ID})
			return serviceUnderWay(ctx, api, j, err, types.OperationTypeDeleteService)
		}),
	},
}

func listAppRunner(ctx context.Context, api appRunnerReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, apprunner.NewListServicesPaginator(api, &apprunner.ListServicesInput{MaxResults: aws.Int32(20)})) {
		if err != nil {
			return fmt.Errorf("cannot list App Runner services: %w", err)
		}
		for _, s := range page.ServiceSummaryList {
			id := aws.ToString(s.ServiceArn)
			r := fact.Resource{Ref: fact.Ref{Kind: "apprunner.service", Place: at, ID: id}, ARN: id, Created: aws.ToTime(s.CreatedAt)}
			fact.Name.Set(&r, aws.ToString(s.ServiceName))
			fact.Detail.Set(&r, aws.ToString(s.ServiceUrl))
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		s, err := findAppRunner(ctx, api, r.ID)
		if err != nil {
			return err
		}
		setAppRunner(r, s)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list App Runner services: %w", err)
	}
	return nil
}

func setAppRunner(r *fact.Resource, s types.Service) {
	fact.Status.Set(r, string(s.Status))
	if s.InstanceConfiguration != nil {
		fact.Role.Set(r, aws.ToString(s.InstanceConfiguration.InstanceRoleArn))
	}
	if n := s.NetworkConfiguration; n != nil && n.IngressConfiguration != nil {
		fact.Public.Set(r, n.IngressConfiguration.IsPubliclyAccessible)
	}
	source := s.SourceConfiguration
	if source != nil && source.ImageRepository != nil {
		fact.Image.Set(r, aws.ToString(source.ImageRepository.ImageIdentifier))
	}
	if source != nil && source.CodeRepository != nil {
		fact.Source.Set(r, []string{withoutUser(aws.ToString(source.CodeRepository.RepositoryUrl))})
	}
}

// findAppRunner knows that App Runner tells of a deleted service for an hour.
func findAppRunner(ctx context.Context, api interface {
	DescribeService(context.Context, *apprunner.DescribeServiceInput, ...func(*apprunner.Options)) (*apprunner.DescribeServiceOutput, error)
}, id string) (types.Service, error) {
	out, err := api.DescribeService(ctx, &apprunner.DescribeServiceInput{ServiceArn: &id})
	if err != nil {
		return types.Service{}, gone(err)
	}
	if out.Service == nil || out.Service.Status == types.ServiceStatusDeleted {
		return types.Service{}, kind.ErrGone
	}
	return *out.Service, nil
}

func pauseAppRunner(ctx context.Context, api appRunnerWriter, j kind.Job, pause bool) error {
	s, err := findAppRunner(ctx, api, j.ID)
	switch {
	case err != nil:
		return err
	case pause && s.Status == types.ServiceStatusPaused, !pause && s.Status == types.ServiceStatusRunning:
		return nil
	case pause:
		_, err = api.PauseService(ctx, &apprunner.PauseServiceInput{ServiceArn: &j.ID})
		return serviceUnderWay(ctx, api, j, err, types.OperationTypePauseService)
	}
	_, err = api.ResumeService(ctx, &apprunner.ResumeServiceInput{ServiceArn: &j.ID})
	return serviceUnderWay(ctx, api, j, err, types.OperationTypeResumeService)
}

// serviceUnderWay forgives a refusal whose reason is that the same operation, asked
// for before, is still being carried out.
func serviceUnderWay(ctx context.Context, api appRunnerWriter, j kind.Job, refused error, want types.OperationType) error {
	if awsapi.Code(refused) != "InvalidStateException" {
		return refused
	}
	out, err := api.ListOperations(ctx, &apprunner.ListOperationsInput{ServiceArn: &j.ID})
	if err != nil || len(out.OperationSummaryList) == 0 {
		return refused
	}
	last := out.OperationSummaryList[0]
	if last.Type == want && (last.Status == types.OperationStatusInProgress || last.Status == types.OperationStatusPending) {
		return nil
	}
	return refused
}
