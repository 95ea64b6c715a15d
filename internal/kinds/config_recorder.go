package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type recorderReader interface {
	DescribeConfigurationRecorders(context.Context, *configservice.DescribeConfigurationRecordersInput, ...func(*configservice.Options)) (*configservice.DescribeConfigurationRecordersOutput, error)
	DescribeConfigurationRecorderStatus(context.Context, *configservice.DescribeConfigurationRecorderStatusInput, ...func(*configservice.Options)) (*configservice.DescribeConfigurationRecorderStatusOutput, error)
}

type recorderWriter interface {
	StartConfigurationRecorder(context.Context, *configservice.StartConfigurationRecorderInput, ...func(*configservice.Options)) (*configservice.StartConfigurationRecorderOutput, error)
	StopConfigurationRecorder(context.Context, *configservice.StopConfigurationRecorderInput, ...func(*configservice.Options)) (*configservice.StopConfigurationRecorderOutput, error)
}

type recorderVerb = kind.Verb[recorderReader, recorderWriter]

var configRecorder = kind.Of(configRecorderSpec)

// configRecorderSpec is about AWS Config's recorder. One that was deleted is
// not listed: the history tells.
var configRecorderSpec = kind.Spec[recorderReader, recorderWriter]{
	Name:   "config.recorder",
	Reader: func(c aws.Config) recorderReader { return configservice.NewFromConfig(c) },
	Writer: func(c aws.Config) recorderWriter { return configservice.NewFromConfig(c) },
	Needs:  []string{"configservice:DescribeConfigurationRecorders", "configservice:DescribeConfigurationRecorderStatus"},
	Cost:   kind.Cost{Fixed: 2},
	Covers: []string{"D3"},
	Named:  true,
	List:   listConfigRecorders,
	Keep: func(ctx context.Context, api recorderReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := api.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{ConfigurationRecorderNames: []string{r.ID}})
		var all []types.ConfigurationRecorder
		if err == nil {
			all = out.ConfigurationRecorders
		}
		one, err := only(all, err)
		if err != nil {
			return err
		}
		return putJSON(put, "recorder.json", one)
	},
	Verbs: []recorderVerb{
		restoreOr(recorderVerb{
			Name: "start-recorder", Class: kind.Reversible, Of: "recording", Mends: []string{"StopConfigurationRecorder"},
			Needs:  []string{"configservice:StartConfigurationRecorder", "configservice:StopConfigurationRecorder"},
			Recall: recallTo(map[string]string{"StopConfigurationRecorder": "off"}),
		}, "on", func(ctx context.Context, api recorderReader, r fact.Resource) (string, error) {
			out, err := api.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{ConfigurationRecorderNames: []string{r.ID}})
			var all []types.ConfigurationRecorderStatus
			if err == nil {
				all = out.ConfigurationRecordersStatus
			}
			one, err := only(all, err)
			return onOff(one.Recording), err
		}, func(ctx context.Context, api recorderWriter, j kind.Job, to string) (err error) {
			if to == "on" {
				_, err = api.StartConfigurationRecorder(ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: &j.ID})
			} else {
				_, err = api.StopConfigurationRecorder(ctx, &configservice.StopConfigurationRecorderInput{ConfigurationRecorderName: &j.ID})
			}
			return err
		}),
	},
}

func listConfigRecorders(ctx context.Context, api recorderReader, at fact.Place, put func(fact.Resource)) error {
	out, err := api.DescribeConfigurationRecorders(ctx, &configservice.DescribeConfigurationRecordersInput{})
	if err != nil {
		return fmt.Errorf("cannot list recorders: %w", err)
	}
	status, err := api.DescribeConfigurationRecorderStatus(ctx, &configservice.DescribeConfigurationRecorderStatusInput{})
	if err != nil {
		return fmt.Errorf("cannot read whether recorders run: %w", err)
	}
	for _, c := range out.ConfigurationRecorders {
		id := aws.ToString(c.Name)
		r := fact.Resource{Ref: fact.Ref{Kind: "config.recorder", Place: at, ID: id}, ARN: aws.ToString(c.Arn)}
		fact.Role.Set(&r, aws.ToString(c.RoleARN))
		if c.ServicePrincipal != nil {
			fact.Maker.Set(&r, *c.ServicePrincipal)
		}
		for _, s := range status.ConfigurationRecordersStatus {
			if aws.ToString(s.Name) == id {
				fact.Active.Set(&r, s.Recording)
				fact.Status.Set(&r, string(s.LastStatus))
				setAspect(&r, "recording", onOff(s.Recording))
				when(fact.Stopped, &r, s.LastStopTime)
			}
		}
		put(r)
	}
	return nil
}

// onOff writes a switch as an aspect.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
