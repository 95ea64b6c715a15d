package kinds

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type launchConfigurationReader interface {
	DescribeLaunchConfigurations(context.Context, *autoscaling.DescribeLaunchConfigurationsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLaunchConfigurationsOutput, error)
}

type launchConfigurationWriter interface {
	DeleteLaunchConfiguration(context.Context, *autoscaling.DeleteLaunchConfigurationInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteLaunchConfigurationOutput, error)
}

var launchConfiguration = kind.Of(launchConfigurationSpec)

var launchConfigurationSpec = kind.Spec[launchConfigurationReader, launchConfigurationWriter]{
	Name:   "autoscaling.launch-configuration",
	Reader: func(c aws.Config) launchConfigurationReader { return autoscaling.NewFromConfig(c) },
	Writer: func(c aws.Config) launchConfigurationWriter { return autoscaling.NewFromConfig(c) },
	Needs:  []string{"autoscaling:DescribeLaunchConfigurations"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"A17", "B1"},
	Named:  true,
	List:   launchConfigurations.list,
	Identity: func(ctx context.Context, api launchConfigurationReader, r fact.Resource) (string, error) {
		c, err := launchConfigurations.one(ctx, api, r.ID)
		return aws.ToString(c.LaunchConfigurationARN), err
	},
	Holds: holding,
	Keep:  launchConfigurations.keep, // with the user data
	Verbs: []kind.Verb[launchConfigurationReader, launchConfigurationWriter]{
		remove(kind.Verb[launchConfigurationReader, launchConfigurationWriter]{
			Name: "delete", Needs: []string{"autoscaling:DeleteLaunchConfiguration"},
		}, launchConfigurations.look, func(ctx context.Context, api launchConfigurationWriter, j kind.Job) error {
			_, err := api.DeleteLaunchConfiguration(ctx, &autoscaling.DeleteLaunchConfigurationInput{LaunchConfigurationName: &j.ID})
			return goneGroup(err)
		}),
	},
}

var launchConfigurations = shown[launchConfigurationReader, types.LaunchConfiguration]{
	what: "launch configurations", file: "launch-configuration.json", of: launchConfigurationOf,
	ask: func(ctx context.Context, api launchConfigurationReader, names []string) iter.Seq2[[]types.LaunchConfiguration, error] {
		return asked(ctx, autoscaling.NewDescribeLaunchConfigurationsPaginator(api, &autoscaling.DescribeLaunchConfigurationsInput{LaunchConfigurationNames: names, MaxRecords: aws.Int32(100)}),
			func(o *autoscaling.DescribeLaunchConfigurationsOutput) []types.LaunchConfiguration {
				return o.LaunchConfigurations
			})
	},
}

func launchConfigurationOf(at fact.Place, c types.LaunchConfiguration) fact.Resource {
	name, id := aws.ToString(c.LaunchConfigurationName), aws.ToString(c.LaunchConfigurationARN)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "autoscaling.launch-configuration", Place: at, ID: name}, ARN: id, UniqueID: id, // it has a number of its own
		Created: aws.ToTime(c.CreatedTime),
	}
	fact.Name.Set(&r, name)
	fact.Image.Set(&r, aws.ToString(c.ImageId))
	fact.InstanceType.Set(&r, aws.ToString(c.InstanceType))
	fact.KeyName.Set(&r, aws.ToString(c.KeyName))
	fact.Profile.Set(&r, aws.ToString(c.IamInstanceProfile)) // a name or an ARN
	fact.SecurityGroups.Set(&r, append([]string{}, c.SecurityGroups...))
	fact.Spot.Set(&r, aws.ToString(c.SpotPrice) != "")
	fact.UserData.Set(&r, aws.ToString(c.UserData) != "")
	return r
}
