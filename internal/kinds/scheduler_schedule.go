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
	scheduleGetter
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
			Name: "disable", Class: kind.Disruptive, For: kind.Disable,
			Needs: []string{"scheduler:UpdateSchedule", "=iam:PassRole"},
			Prior: func(ctx context.Context, api scheduleReader, r fact.Resource) (json.RawMessage, error) {
				_, is, err := scheduleRest(ctx, api, r)
				return prior(is, err)
			},
			Do: func(ctx context.Context, api scheduleWriter, j kind.Job, prior json.RawMessage) error {
				was, err := read[schedulePrior](prior)
				if err != nil {
					return err
				}
				was.State = types.ScheduleStateDisabled
				return writeSchedule(ctx, api, j, was)
			},
			Done: func(ctx context.Context, api scheduleReader, j kind.Job) (bool, error) {
				out, err := scheduleNow(ctx, api, j.Resource)
				return err == nil && out.State == types.ScheduleStateDisabled, err
			},
			Undo: func(ctx context.Context, api scheduleWriter, j kind.Job, prior json.RawMessage) error {
				was, err := read[schedulePrior](prior)
				if err != nil {
					return err
				}
				return writeSchedule(ctx, api, j, was)
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

type scheduleGetter interface {
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
}

func scheduleNow(ctx context.Context, api scheduleGetter, r fact.Resource) (*scheduler.GetScheduleOutput, error) {
	group, name, _ := strings.Cut(r.ID, "/")
	out, err := api.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &group})
	return out, gone(err)
}

// A schedulePrior is a schedule's state, and of all the rest, which may hold what
// its target is handed, a fingerprint.
type schedulePrior struct {
	State types.ScheduleState `json:"state"`
	Rest  string              `json:"rest"`
}

// scheduleRest reads a schedule as the one call takes it that writes all of it.
func scheduleRest(ctx context.Context, api scheduleGetter, r fact.Resource) (*scheduler.UpdateScheduleInput, schedulePrior, error) {
	out, err := scheduleNow(ctx, api, r)
	if err != nil {
		return nil, schedulePrior{}, err
	}
	all := &scheduler.UpdateScheduleInput{
		Name: out.Name, GroupName: out.GroupName, ScheduleExpression: out.ScheduleExpression,
		ScheduleExpressionTimezone: out.ScheduleExpressionTimezone, StartDate: out.StartDate, EndDate: out.EndDate,
		FlexibleTimeWindow: out.FlexibleTimeWindow, Target: out.Target, Description: out.Description,
		KmsKeyArn: out.KmsKeyArn, ActionAfterCompletion: out.ActionAfterCompletion,
	}
	rest, err := fingerprint(all)
	return all, schedulePrior{out.State, rest}, err
}

// writeSchedule writes a schedule as it stands, in another state. What changed
// since it was read is somebody else's change: it is not written over.
func writeSchedule(ctx context.Context, api scheduleWriter, j kind.Job, want schedulePrior) error {
	all, is, err := scheduleRest(ctx, api, j.Resource)
	if err != nil || is == want {
		return err
	}
	if is.Rest != want.Rest {
		return fmt.Errorf("cannot switch schedule %s: it was changed since it was read: make a new plan", j.ID)
	}
	all.State = want.State
	_, err = api.UpdateSchedule(ctx, all)
	return err
}
