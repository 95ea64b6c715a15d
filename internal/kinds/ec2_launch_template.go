package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type launchTemplateReader interface {
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
}

type launchTemplateWriter interface {
	ModifyLaunchTemplate(context.Context, *ec2.ModifyLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.ModifyLaunchTemplateOutput, error)
	DeleteLaunchTemplate(context.Context, *ec2.DeleteLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error)
}

var launchTemplate = kind.Of(launchTemplateSpec)

var launchTemplateSpec = kind.Spec[launchTemplateReader, launchTemplateWriter]{
	Name:   "ec2.launch-template",
	Reader: func(c aws.Config) launchTemplateReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) launchTemplateWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"},
	Cost:   kind.Cost{Fixed: 2, Page: 100},
	Covers: []string{"A17", "B1"},
	List:   listLaunchTemplates,
	Keep:   keepLaunchTemplate,
	Verbs: []kind.Verb[launchTemplateReader, launchTemplateWriter]{
		// What starts "the default" starts another version at once.
		restore(kind.Verb[launchTemplateReader, launchTemplateWriter]{
			Name: "restore-default-version", Class: kind.Reversible, Needs: []string{"ec2:ModifyLaunchTemplate"},
			Of: "default-version", Mends: []string{"ModifyLaunchTemplate"}, Recall: recallDefaultVersion,
		}, func(ctx context.Context, api launchTemplateReader, r fact.Resource) (string, error) {
			t, err := launchTemplates.one(ctx, api, r.ID)
			return strconv.FormatInt(aws.ToInt64(t.DefaultVersionNumber), 10), err
		}, func(ctx context.Context, api launchTemplateWriter, j kind.Job, version string) error {
			_, err := api.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: &j.ID, DefaultVersion: &version})
			return err
		}),
		remove(kind.Verb[launchTemplateReader, launchTemplateWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteLaunchTemplate"},
		}, launchTemplates.look, func(ctx context.Context, api launchTemplateWriter, j kind.Job) error {
			_, err := api.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &j.ID})
			return err
		}),
	},
}

var launchTemplates = shown[launchTemplateReader, types.LaunchTemplate]{
	what: "launch templates", file: "launch-template.json", of: launchTemplateOf,
	ask: func(ctx context.Context, api launchTemplateReader, ids []string) iter.Seq2[[]types.LaunchTemplate, error] {
		return asked(ctx, ec2.NewDescribeLaunchTemplatesPaginator(api, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: ids, MaxResults: most(ids, 200)}),
			func(o *ec2.DescribeLaunchTemplatesOutput) []types.LaunchTemplate { return o.LaunchTemplates })
	},
}

// listLaunchTemplates reads the default versions of all templates with one
// question: without a template AWS answers for every one.
func listLaunchTemplates(ctx context.Context, api launchTemplateReader, at fact.Place, put func(fact.Resource)) error {
	drafts, err := launchTemplates.drafts(ctx, api, at)
	if err != nil {
		return err
	}
	defaults, err := templateVersions(ctx, api, &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Default"}, MaxResults: aws.Int32(200)})
	if err != nil {
		return fmt.Errorf("cannot list launch templates: %w", err)
	}
	starts := map[string]*types.ResponseLaunchTemplateData{}
	for _, v := range defaults {
		starts[aws.ToString(v.LaunchTemplateId)] = v.LaunchTemplateData
	}
	for _, r := range drafts {
		if d := starts[r.ID]; d != nil {
			fact.Image.Set(&r, aws.ToString(d.ImageId))
			fact.InstanceType.Set(&r, string(d.InstanceType))
			fact.KeyName.Set(&r, aws.ToString(d.KeyName))
			fact.UserData.Set(&r, aws.ToString(d.UserData) != "")
			if p := d.IamInstanceProfile; p != nil {
				fact.Profile.Set(&r, aws.ToString(p.Arn)+aws.ToString(p.Name)) // it has one of the two
			}
		}
		put(r)
	}
	return nil
}

func templateVersions(ctx context.Context, api launchTemplateReader, in *ec2.DescribeLaunchTemplateVersionsInput) (all []types.LaunchTemplateVersion, err error) {
	for page, err := range pages(ctx, ec2.NewDescribeLaunchTemplateVersionsPaginator(api, in)) {
		if err != nil {
			return nil, err
		}
		all = append(all, page.LaunchTemplateVersions...)
	}
	return all, nil
}

func launchTemplateOf(at fact.Place, t types.LaunchTemplate) fact.Resource {
	id := aws.ToString(t.LaunchTemplateId)
	r := fact.Resource{Ref: fact.Ref{Kind: "ec2.launch-template", Place: at, ID: id}, ARN: arn(at, "ec2", "launch-template/"+id), Created: aws.ToTime(t.CreateTime)}
	setEC2Tags(&r, t.Tags)
	fact.Name.Set(&r, aws.ToString(t.LaunchTemplateName))
	fact.Maker.Set(&r, aws.ToString(t.CreatedBy))
	fact.Count.Set(&r, int(aws.ToInt64(t.LatestVersionNumber))) // the versions that there ever were
	setAspect(&r, "default-version", strconv.FormatInt(aws.ToInt64(t.DefaultVersionNumber), 10))
	return r
}

// keepLaunchTemplate keeps every version, with its user data.
func keepLaunchTemplate(ctx context.Context, api launchTemplateReader, r fact.Resource, put func(string, []byte) error) error {
	if err := launchTemplates.keep(ctx, api, r, put); err != nil {
		return err
	}
	all, err := templateVersions(ctx, api, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &r.ID, MaxResults: aws.Int32(200)})
	if err != nil {
		return gone(err)
	}
	return putJSON(put, "versions.json", all)
}

func recallDefaultVersion(_ string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		Wrapped struct {
			SetDefaultVersion any `json:"SetDefaultVersion"`
		} `json:"ModifyLaunchTemplateRequest"`
		Plain any `json:"setDefaultVersion"`
	}
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	for _, v := range []any{q.Wrapped.SetDefaultVersion, q.Plain} {
		if v != nil {
			version := fmt.Sprint(v)
			_, err := strconv.ParseInt(version, 10, 64) // "$Latest" was another number then
			return version, err == nil
		}
	}
	return "", false
}
