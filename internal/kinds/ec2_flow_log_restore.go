package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

const flowLogAspect = "flow-log"

// A flowConfig is what a flow log is made with: the aspect "flow-log", as JSON.
// What was left to AWS is written out.
type flowConfig struct {
	Resource     string                            `json:"resource"`
	Traffic      types.TrafficType                 `json:"traffic,omitempty"`
	To           types.LogDestinationType          `json:"to"`
	Destination  string                            `json:"destination,omitempty"` // an ARN, or the log group's name
	Role         string                            `json:"role,omitempty"`
	CrossAccount string                            `json:"cross_account,omitempty"`
	Format       string                            `json:"format,omitempty"`
	Interval     int32                             `json:"interval,omitempty"`
	Options      *types.DestinationOptionsResponse `json:"options,omitempty"`
}

// flowFormat is what AWS writes when nobody asks for other fields.
const flowFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"

// text fills in what AWS takes when nobody says, so that one flow log has one
// text, whether its request tells of it or its description.
func (c flowConfig) text() (string, error) {
	c.To, c.Format, c.Interval = cmp.Or(c.To, types.LogDestinationTypeCloudWatchLogs), cmp.Or(c.Format, flowFormat), cmp.Or(c.Interval, 600)
	if _, group, ok := strings.Cut(c.Destination, ":log-group:"); ok && c.To == types.LogDestinationTypeCloudWatchLogs {
		c.Destination = strings.TrimSuffix(group, ":*")
	}
	if o := c.Options; o != nil && cmp.Or(o.FileFormat, types.DestinationFileFormatPlainText) == types.DestinationFileFormatPlainText &&
		!aws.ToBool(o.HiveCompatiblePartitions) && !aws.ToBool(o.PerHourPartition) {
		c.Options = nil
	}
	return leanJSON(c)
}

func flowConfigOf(t types.FlowLog) flowConfig {
	return flowConfig{
		Resource: aws.ToString(t.ResourceId), Traffic: t.TrafficType, To: t.LogDestinationType, Role: aws.ToString(t.DeliverLogsPermissionArn),
		CrossAccount: aws.ToString(t.DeliverCrossAccountRole), Format: aws.ToString(t.LogFormat), Interval: aws.ToInt32(t.MaxAggregationInterval),
		Destination: cmp.Or(aws.ToString(t.LogGroupName), aws.ToString(t.LogDestination)), Options: t.DestinationOptions,
	}
}

// flowResourceType is told by the id alone.
func flowResourceType(id string) types.FlowLogsResourceType {
	for prefix, of := range map[string]types.FlowLogsResourceType{
		"vpc-": types.FlowLogsResourceTypeVpc, "subnet-": types.FlowLogsResourceTypeSubnet, "eni-": types.FlowLogsResourceTypeNetworkInterface,
	} {
		if strings.HasPrefix(id, prefix) {
			return of
		}
	}
	if strings.HasPrefix(id, "tgw-attach-") {
		return types.FlowLogsResourceTypeTransitGatewayAttachment
	}
	return types.FlowLogsResourceTypeTransitGateway
}

// A flow log that was deleted never comes back under its id. One that is made
// like it again writes on in the same place; what was not written meanwhile is
// lost. Prior and Done go by what a flow log is like, so that doing twice is
// doing once.
var restoreFlowLog = kind.Verb[flowLogReader, flowLogWriter]{
	Name: "recreate-flow-log", Class: kind.Reversible, For: kind.Restore, Of: flowLogAspect, FromBefore: true,
	Needs: []string{"ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", "=ec2:CreateTags", "=iam:PassRole", "=logs:CreateLogDelivery", "=logs:DeleteLogDelivery"},
	Mends: []string{"DeleteFlowLogs"}, Recall: recallFlowLog,
	Prior: func(ctx context.Context, api flowLogReader, r fact.Resource) (json.RawMessage, error) {
		_, alike, err := flowLogsAlike(ctx, api, r)
		return prior(append([]string{}, alike...), err)
	},
	Do: func(ctx context.Context, api flowLogWriter, j kind.Job, _ json.RawMessage) error {
		want, alike, err := flowLogsAlike(ctx, api, j.Resource)
		if err != nil || len(alike) > 0 {
			return err
		}
		return makeFlowLogLike(ctx, api, j, want)
	},
	Done: func(ctx context.Context, api flowLogReader, j kind.Job) (bool, error) {
		_, alike, err := flowLogsAlike(ctx, api, j.Resource)
		return len(alike) > 0, err
	},
	Undo: func(ctx context.Context, api flowLogWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[[]string](prior)
		if err != nil {
			return err
		}
		_, alike, err := flowLogsAlike(ctx, api, j.Resource)
		alike = slices.DeleteFunc(alike, func(id string) bool { return slices.Contains(was, id) })
		if err != nil || len(alike) == 0 {
			return err
		}
		out, err := api.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: alike})
		if err != nil {
			return err
		}
		return unsuccessful(out.Unsuccessful)
	},
}

// flowLogsAlike are the ids of the flow logs that are as the lost one was.
func flowLogsAlike(ctx context.Context, api flowLogReader, r fact.Resource) (want flowConfig, ids []string, err error) {
	text, err := before(r, flowLogAspect)
	if err != nil {
		return want, nil, err
	}
	if err := json.Unmarshal([]byte(text), &want); err != nil || want.Resource == "" {
		return want, nil, errors.Join(err, fmt.Errorf("cannot read how flow log %s was", r.ID))
	}
	for page, err := range flowLogs.ask(ctx, api, nil) {
		if err != nil {
			return want, nil, err
		}
		for _, t := range page {
			is, err := flowConfigOf(t).text()
			if err != nil {
				return want, nil, err
			}
			if sameText(is, text) {
				ids = append(ids, aws.ToString(t.FlowLogId))
			}
		}
	}
	slices.Sort(ids)
	return want, ids, nil
}

func makeFlowLogLike(ctx context.Context, api flowLogWriter, j kind.Job, want flowConfig) error {
	in := &ec2.CreateFlowLogsInput{
		ResourceIds: []string{want.Resource}, ResourceType: flowResourceType(want.Resource), TrafficType: want.Traffic,
		LogDestinationType: want.To, DeliverLogsPermissionArn: given(want.Role), DeliverCrossAccountRole: given(want.CrossAccount),
		LogFormat: given(want.Format), MaxAggregationInterval: &want.Interval,
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVpcFlowLog, Tags: []types.Tag{{Key: aws.String(caseTag), Value: &j.Case}}}},
	}
	if want.To == types.LogDestinationTypeCloudWatchLogs {
		in.LogGroupName = given(want.Destination)
	} else {
		in.LogDestination = given(want.Destination)
	}
	if o := want.Options; o != nil {
		in.DestinationOptions = &types.DestinationOptionsRequest{FileFormat: o.FileFormat, HiveCompatiblePartitions: o.HiveCompatiblePartitions, PerHourPartition: o.PerHourPartition}
	}
	out, err := api.CreateFlowLogs(ctx, in)
	if awsapi.Code(err) == "FlowLogAlreadyExists" {
		return nil // Done tells whether it is like the lost one
	}
	if err != nil {
		return err
	}
	return unsuccessful(out.Unsuccessful)
}

// recallFlowLog reads the call that made it. One call for several resources does
// not tell which of its flow logs is on which.
func recallFlowLog(call string, request, _ json.RawMessage) (string, bool) {
	if call != "CreateFlowLogs" {
		return "", false
	}
	one := func(members ...string) string {
		for _, m := range members {
			if all := recordedMember(request, call, m); len(all) > 0 {
				return all[0]
			}
		}
		return ""
	}
	on := recordedMember(request, call, "ResourceId")
	interval, _ := strconv.ParseInt(cmp.Or(one("MaxAggregationInterval"), "0"), 10, 32)
	if len(on) != 1 || recordedHas(request, call, "DestinationOptions") {
		return "", false // the shape of the options in a record is not known
	}
	text, err := flowConfig{
		Resource: on[0], Traffic: types.TrafficType(one("TrafficType")), To: types.LogDestinationType(one("LogDestinationType")),
		Role: one("DeliverLogsPermissionArn"), CrossAccount: one("DeliverCrossAccountRole"), Format: one("LogFormat"), Interval: int32(interval),
		Destination: one("LogGroupName", "LogDestination"),
	}.text()
	return text, err == nil && !strings.Contains(text, "HIDDEN_DUE_TO_SECURITY_REASONS")
}
