package kinds

import (
	"cmp"
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type flowLogReader interface {
	DescribeFlowLogs(context.Context, *ec2.DescribeFlowLogsInput, ...func(*ec2.Options)) (*ec2.DescribeFlowLogsOutput, error)
}

type flowLogWriter interface {
	flowLogReader
	CreateFlowLogs(context.Context, *ec2.CreateFlowLogsInput, ...func(*ec2.Options)) (*ec2.CreateFlowLogsOutput, error)
	DeleteFlowLogs(context.Context, *ec2.DeleteFlowLogsInput, ...func(*ec2.Options)) (*ec2.DeleteFlowLogsOutput, error)
}

var flowLog = kind.Of(flowLogSpec)

var flowLogSpec = kind.Spec[flowLogReader, flowLogWriter]{
	Name:   "ec2.flow-log",
	Reader: func(c aws.Config) flowLogReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) flowLogWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeFlowLogs"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"D3"},
	List:   flowLogs.list,
	Keep:   flowLogs.keep,
	Verbs: []kind.Verb[flowLogReader, flowLogWriter]{
		remove(kind.Verb[flowLogReader, flowLogWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteFlowLogs"},
		}, flowLogs.look, func(ctx context.Context, api flowLogWriter, j kind.Job) error {
			out, err := api.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: []string{j.ID}})
			if err != nil {
				return err
			}
			return unsuccessful(out.Unsuccessful)
		}),
		restoreFlowLog,
	},
}

var flowLogs = shown[flowLogReader, types.FlowLog]{
	what: "flow logs", file: "flow-log.json",
	ask: func(ctx context.Context, api flowLogReader, ids []string) iter.Seq2[[]types.FlowLog, error] {
		return asked(ctx, ec2.NewDescribeFlowLogsPaginator(api, &ec2.DescribeFlowLogsInput{FlowLogIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeFlowLogsOutput) []types.FlowLog { return o.FlowLogs })
	},
	of: func(at fact.Place, t types.FlowLog) fact.Resource {
		id := aws.ToString(t.FlowLogId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.flow-log", Place: at, ID: id}, ARN: arn(at, "ec2", "vpc-flow-log/"+id), Created: aws.ToTime(t.CreationTime)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, aws.ToString(t.FlowLogStatus))
		fact.Role.Set(&r, aws.ToString(t.DeliverLogsPermissionArn))
		fact.AttachedTo.Set(&r, aws.ToString(t.ResourceId))
		fact.Detail.Set(&r, cmp.Or(aws.ToString(t.LogDestination), aws.ToString(t.LogGroupName)))
		if text, err := flowConfigOf(t).text(); err == nil { // strings and numbers: it cannot fail
			setAspect(&r, flowLogAspect, text)
		}
		return r
	},
}
