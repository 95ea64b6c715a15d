package kinds

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"cordon/internal/kind/kindtest"
	"cordon/internal/plan"
)

// What was logged after the evidence was read shows: such a log is not deleted.
func TestWhatIsLoggedSinceShows(t *testing.T) {
	w := kindtest.NewWorld(t)
	must[*cloudwatchlogs.CreateLogGroupOutput](t)(logsOf(w).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/app/quiet")}))
	r := listed(t, w, logGroup, "/app/quiet")
	must[*cloudwatchlogs.CreateLogStreamOutput](t)(logsOf(w).CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &r.ID, LogStreamName: aws.String("s")}))
	say := func(text string) {
		t.Helper()
		must[*cloudwatchlogs.PutLogEventsOutput](t)(logsOf(w).PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &r.ID, LogStreamName: aws.String("s"),
			LogEvents: []types.InputLogEvent{{Message: &text, Timestamp: aws.Int64(time.Now().UnixMilli())}},
		}))
	}
	say("one")
	removal, _ := logGroup.Verb("delete")
	before := must[[]byte](t)(removal.Prior(t.Context(), w.Config(here), r))
	say("two")
	if after := must[[]byte](t)(removal.Prior(t.Context(), w.Config(here), r)); plan.Same(before, after) {
		t.Errorf("an event that came since does not show: %s", after)
	}
}
