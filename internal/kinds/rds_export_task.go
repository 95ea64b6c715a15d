package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type dbExportReader interface {
	DescribeExportTasks(context.Context, *rds.DescribeExportTasksInput, ...func(*rds.Options)) (*rds.DescribeExportTasksOutput, error)
}

type dbExportWriter interface {
	CancelExportTask(context.Context, *rds.CancelExportTaskInput, ...func(*rds.Options)) (*rds.CancelExportTaskOutput, error)
}

var dbExport = kind.Of(dbExportSpec)

// dbExportSpec is the copying of a snapshot to a bucket. AWS lists a task for
// ever; what it has written stays in the bucket.
var dbExportSpec = kind.Spec[dbExportReader, dbExportWriter]{
	Name:   "rds.export-task",
	Reader: func(c aws.Config) dbExportReader { return rds.NewFromConfig(c) },
	Writer: func(c aws.Config) dbExportWriter { return rds.NewFromConfig(c) },
	Needs:  []string{"rds:DescribeExportTasks"},
	List: func(ctx context.Context, api dbExportReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, rds.NewDescribeExportTasksPaginator(api, &rds.DescribeExportTasksInput{MaxRecords: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list export tasks: %w", err)
			}
			for _, t := range page.ExportTasks {
				put(dbExportOf(at, t))
			}
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"C3"},
	Named:  true,
	Keep: func(ctx context.Context, api dbExportReader, r fact.Resource, put func(string, []byte) error) error {
		t, err := findDBExport(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "export-task.json", t)
	},
	Verbs: []kind.Verb[dbExportReader, dbExportWriter]{
		remove(kind.Verb[dbExportReader, dbExportWriter]{
			Name: "cancel-export", Needs: []string{"rds:CancelExportTask"}, Takes: dbTakes,
		}, runningDBExport, func(ctx context.Context, api dbExportWriter, j kind.Job) error {
			_, err := api.CancelExportTask(ctx, &rds.CancelExportTaskInput{ExportTaskIdentifier: &j.ID})
			return storeThere(err, "InvalidExportTaskStateFault") // it ended by itself
		}),
	},
}

func dbExportOf(at fact.Place, t types.ExportTask) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "rds.export-task", Place: at, ID: aws.ToString(t.ExportTaskIdentifier)}, Created: aws.ToTime(t.TaskStartTime),
	}
	fact.Status.Set(&r, aws.ToString(t.Status))
	fact.Active.Set(&r, exportRuns(t))
	fact.Bucket.Set(&r, aws.ToString(t.S3Bucket))
	fact.Role.Set(&r, aws.ToString(t.IamRoleArn))
	fact.AttachedTo.Set(&r, aws.ToString(t.SourceArn))
	rdsForeignKey(&r, t.KmsKeyId)
	return r
}

func exportRuns(t types.ExportTask) bool {
	s := strings.ToUpper(aws.ToString(t.Status))
	return s == "STARTING" || s == "IN_PROGRESS"
}

func findDBExport(ctx context.Context, api dbExportReader, id string) (types.ExportTask, error) {
	out, err := api.DescribeExportTasks(ctx, &rds.DescribeExportTasksInput{ExportTaskIdentifier: &id})
	var all []types.ExportTask
	if err == nil {
		all = out.ExportTasks
	}
	return only(all, err)
}

// runningDBExport counts a task that has ended as gone: there is nothing left of
// it to cancel.
func runningDBExport(ctx context.Context, api dbExportReader, r fact.Resource) (any, error) {
	t, err := findDBExport(ctx, api, r.ID)
	if err != nil {
		return nil, err
	}
	if !exportRuns(t) {
		return nil, kind.ErrGone
	}
	return aws.ToString(t.SourceArn), nil
}
