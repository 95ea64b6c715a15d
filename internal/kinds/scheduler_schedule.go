package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type scheduleReader interface {
	ListSchedules(context.Context, *scheduler.ListSchedulesInput, ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error)
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
}

type scheduleWriter interface {
	UpdateSchedule(context.Context, *scheduler.UpdateScheduleInput, ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error)
	DeleteSchedule(context.Context, *scheduler.DeleteScheduleInput, ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error)
}

type scheduleVerb = kind.Verb[scheduleReader, scheduleWriter]

var schedule = kind.Of(scheduleSpec)

// A schedule calls any operation of AWS by the clock, with its role's rights.
// Its ID is GROUP/NAME, as in its ARN. The role and the expression would take a
// call for each: they are evidence.
var scheduleSpec = kind.Spec[scheduleReader, scheduleWriter]{
	Name:      "scheduler.schedule",
	Reader:    func(c aws.Config) scheduleReader { return scheduler.NewFromConfig(c) },
	Writer:    func(c aws.Config) scheduleWriter { return scheduler.NewFromConfig(c) },
	Needs:     []string{"scheduler:ListSchedules", "scheduler:GetSchedule"},
	List:      listSchedules,
	Cost:      kind.Cost{Fixed: 1, Page: 100},
	Covers:    []string{"A14", "D6"},
	Named:     true,
	Recreates: true,
	Keep: func(ctx context.Context, api scheduleReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := scheduleNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "schedule.json", out)
	},
	Verbs: []scheduleVerb{
		{
			// One call writes the whole schedule: what stays is written as it was.
			Name: "disable", Class: kind.Disruptive, For: kind.Disable,
			Needs: []string{"scheduler:UpdateSchedule", "=iam:PassRole"},
			Prior: func(ctx context.Context, api scheduleReader, r fact.Resource) (json.RawMessage, error) {
				out, err := scheduleNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return prior(leanJSON(scheduler.UpdateScheduleInput{
					Name: out.Name, GroupName: out.GroupName, State: out.State, ScheduleExpression: out.ScheduleExpression,
					ScheduleExpressionTimezone: out.ScheduleExpressionTimezone, StartDate: out.StartDate, EndDate: out.EndDate,
					FlexibleTimeWindow: out.FlexibleTimeWindow, Target: out.Target, Description: out.Description,
					KmsKeyArn: out.KmsKeyArn, ActionAfterCompletion: out.ActionAfterCompletion,
				}))
			},
			Do: func(ctx context.Context, api scheduleWriter, _ kind.Job, prior json.RawMessage) error {
				return writeSchedule(ctx, api, prior, types.ScheduleStateDisabled)
			},
			Done: func(ctx context.Context, api scheduleReader, j kind.Job) (bool, error) {
				out, err := scheduleNow(ctx, api, j.Resource)
				return err == nil && out.State == types.ScheduleStateDisabled, err
			},
			Undo: func(ctx context.Context, api scheduleWriter, _ kind.Job, prior json.RawMessage) error {
				return writeSchedule(ctx, api, prior, "")
			},
		},
		remove(scheduleVerb{Name: "delete", Needs: []string{"scheduler:DeleteSchedule"}},
			func(ctx context.Context, api scheduleReader, r fact.Resource) (any, error) {
				out, err := scheduleNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(out.Arn), aws.ToTime(out.CreationDate)}, nil
			},
			func(ctx context.Context, api scheduleWriter, j kind.Job) error {
				group, name, _ := strings.Cut(j.ID, "/")
				_, err := api.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: &name, GroupName: &group})
				return err
			}),
	},
}

func listSchedules(ctx context.Context, api scheduleReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, scheduler.NewListSchedulesPaginator(api, &scheduler.ListSchedulesInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list schedules: %w", err)
		}
		for _, s := range page.Schedules {
			put(scheduleOf(at, s))
		}
	}
	return nil
}

func scheduleOf(at fact.Place, s types.ScheduleSummary) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "scheduler.schedule", Place: at, ID: aws.ToString(s.GroupName) + "/" + aws.ToString(s.Name)},
		ARN: aws.ToString(s.Arn), Created: aws.ToTime(s.CreationDate),
	}
	fact.Name.Set(&r, aws.ToString(s.Name))
	fact.Status.Set(&r, string(s.State))
	fact.Active.Set(&r, s.State != types.ScheduleStateDisabled)
	if s.LastModificationDate != nil {
		fact.Modified.Set(&r, *s.LastModificationDate)
	}
	if s.Target != nil {
		fact.Detail.Set(&r, aws.ToString(s.Target.Arn))
	}
	return r
}

func scheduleNow(ctx context.Context, api scheduleReader, r fact.Resource) (*scheduler.GetScheduleOutput, error) {
	group, name, _ := strings.Cut(r.ID, "/")
	out, err := api.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &group})
	return out, gone(err)
}

// writeSchedule writes a schedule as it was, in its own state or in another.
func writeSchedule(ctx context.Context, api scheduleWriter, prior json.RawMessage, state types.ScheduleState) error {
	text, err := read[string](prior)
	if err != nil {
		return err
	}
	in, err := read[scheduler.UpdateScheduleInput](json.RawMessage(text))
	if err != nil {
		return err
	}
	if state != "" {
		in.State = state
	}
	_, err = api.UpdateSchedule(ctx, &in)
	return err
}
