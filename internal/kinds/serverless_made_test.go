package kinds

import (
	"slices"
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
	"cordon/internal/lineage"
)

// recorded are what the lab's trail says was done, by whom it does not matter.
func recorded(t *testing.T, w kindtest.World) (out []lineage.Deed) {
	t.Helper()
	for _, raw := range must[[]lab.Event](t)(w.Lab.Events(t.Context(), false)) {
		out = append(out, lineage.Made(must[event.Event](t)(event.Parse(raw.Raw)))...)
	}
	return out
}

func did(all []lineage.Deed, change lineage.Change, ref fact.Ref) bool {
	return slices.ContainsFunc(all, func(d lineage.Deed) bool { return d.Change == change && d.Ref == ref })
}

// The trail's record and the listing name one thing alike.
func TestRecordsNameWhatIsListed(t *testing.T) {
	for _, c := range []struct {
		kind  kind.Kind
		setup func(*testing.T, kindtest.World) string
	}{
		{function, makeFunction},
		{eventSource, makeEventSource},
		{eventRule, timedRule},
		{eventRule, busRule},
		{eventBus, makeBus},
		{schedule, makeSchedule},
		{stateMachine, makeStateMachine},
		{restAPI, makeRestAPI},
		{httpAPI, makeHTTPAPI},
		{ecsCluster, makeECSCluster},
		{ecsService, makeECSService},
		{ecsTask, makeECSTask},
		{taskDefinition, makeTaskDefinition},
		{repository, makeRepository},
		{eksCluster, makeEKSCluster},
		{nodegroup, makeNodegroup},
		{accessEntry, makeAccessEntry},
		{computeEnvironment, disabledComputeEnvironment},
		{jobQueue, disabledJobQueue},
		{batchJob, makeJob},
		{jobDefinition, makeJobDefinition},
	} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
			t.Parallel()
			w := kindtest.NewWorld(t)
			r := listed(t, w, c.kind, c.setup(t, w))
			all := recorded(t, w)
			if !did(all, lineage.Created, r.Ref) {
				t.Errorf("no record says that %v was made; they say %v", r.Ref, all)
			}
			verbs := c.kind.Verbs()
			i := slices.IndexFunc(verbs, func(v kind.Bound) bool { return v.For == kind.Remove })
			if err := verbs[i].Do(t.Context(), w.Config(here), kind.Job{Resource: c.kind.Trim(r), Case: "C-20260101-A"}, nil); err != nil {
				t.Fatal(err)
			}
			if all := recorded(t, w)[len(all):]; !did(all, lineage.Deleted, r.Ref) {
				t.Errorf("no record says that %v was deleted; they say %v", r.Ref, all)
			}
		})
	}
}
