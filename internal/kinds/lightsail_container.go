package kinds

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type containerReader interface {
	GetContainerServices(context.Context, *lightsail.GetContainerServicesInput, ...func(*lightsail.Options)) (*lightsail.GetContainerServicesOutput, error)
	GetContainerServiceDeployments(context.Context, *lightsail.GetContainerServiceDeploymentsInput, ...func(*lightsail.Options)) (*lightsail.GetContainerServiceDeploymentsOutput, error)
}

type containerWriter interface {
	UpdateContainerService(context.Context, *lightsail.UpdateContainerServiceInput, ...func(*lightsail.Options)) (*lightsail.UpdateContainerServiceOutput, error)
	DeleteContainerService(context.Context, *lightsail.DeleteContainerServiceInput, ...func(*lightsail.Options)) (*lightsail.DeleteContainerServiceOutput, error)
}

var containerService = kind.Of(containerSpec)

var containerSpec = kind.Spec[containerReader, containerWriter]{
	Name:   "lightsail.container-service",
	Reader: func(c aws.Config) containerReader { return lightsail.NewFromConfig(c) },
	Writer: func(c aws.Config) containerWriter { return lightsail.NewFromConfig(c) },
	Needs:  []string{"lightsail:GetContainerServices", "lightsail:GetContainerServiceDeployments"},
	Cost:   kind.Cost{Fixed: 1}, // AWS gives all in one answer
	Covers: []string{"B5"},
	Named:  true,
	List: func(ctx context.Context, api containerReader, at fact.Place, put func(fact.Resource)) error {
		out, err := api.GetContainerServices(ctx, &lightsail.GetContainerServicesInput{})
		if err != nil {
			return fmt.Errorf("cannot list Lightsail container services: %w", err)
		}
		for _, s := range out.ContainerServices {
			put(containerOf(at, s))
		}
		return nil
	},
	Keep: keepContainer,
	Verbs: []kind.Verb[containerReader, containerWriter]{
		flip(kind.Verb[containerReader, containerWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable, Takes: 10 * time.Minute,
			Needs: []string{"lightsail:UpdateContainerService"},
		}, true, func(ctx context.Context, api containerReader, r fact.Resource) (bool, error) {
			s, err := findContainer(ctx, api, r)
			return aws.ToBool(s.IsDisabled), err
		}, func(ctx context.Context, api containerWriter, j kind.Job, off bool) error {
			_, err := api.UpdateContainerService(ctx, &lightsail.UpdateContainerServiceInput{ServiceName: &j.ID, IsDisabled: &off})
			return err
		}),
		// The images pushed to it go too; those pulled from elsewhere stay there.
		remove(kind.Verb[containerReader, containerWriter]{
			Name: "delete", Takes: 10 * time.Minute, Needs: []string{"lightsail:DeleteContainerService"},
		}, func(ctx context.Context, api containerReader, r fact.Resource) (any, error) {
			s, err := findContainer(ctx, api, r)
			return uniquely(s.Arn, s.CreatedAt), err
		}, func(ctx context.Context, api containerWriter, j kind.Job) error {
			_, err := api.DeleteContainerService(ctx, &lightsail.DeleteContainerServiceInput{ServiceName: &j.ID})
			return err
		}),
	},
}

func containerOf(at fact.Place, s types.ContainerService) fact.Resource {
	r := named("lightsail.container-service", at, s.ContainerServiceName, s.Arn, s.CreatedAt)
	fact.Status.Set(&r, string(s.State))
	fact.Active.Set(&r, !aws.ToBool(s.IsDisabled))
	fact.InstanceType.Set(&r, string(s.Power))
	fact.Count.Set(&r, int(aws.ToInt32(s.Scale)))
	fact.Detail.Set(&r, aws.ToString(s.Url))
	fact.Role.Set(&r, aws.ToString(s.PrincipalArn))
	if d := s.CurrentDeployment; d != nil {
		for _, name := range slices.Sorted(maps.Keys(d.Containers)) {
			fact.Image.Set(&r, aws.ToString(d.Containers[name].Image))
			break // of several the first by name stands for all
		}
	}
	lightsailTags(&r, s.Tags)
	return r
}

func findContainer(ctx context.Context, api containerReader, r fact.Resource) (types.ContainerService, error) {
	out, err := api.GetContainerServices(ctx, &lightsail.GetContainerServicesInput{ServiceName: &r.ID})
	var all []types.ContainerService
	if err == nil {
		all = out.ContainerServices
	}
	return only(all, err)
}

// keepContainer keeps what every deployment ran, with its environment.
func keepContainer(ctx context.Context, api containerReader, r fact.Resource, put func(string, []byte) error) error {
	s, err := findContainer(ctx, api, r)
	if err != nil {
		return err
	}
	if err := putJSON(put, "container-service.json", s); err != nil {
		return err
	}
	out, err := api.GetContainerServiceDeployments(ctx, &lightsail.GetContainerServiceDeploymentsInput{ServiceName: &r.ID})
	if err != nil {
		return gone(err)
	}
	return putJSON(put, "deployments.json", out.Deployments)
}
