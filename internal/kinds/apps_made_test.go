package kinds

import (
	"context"
	"slices"
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lineage"
)

// What the trail says was made is what the listing shows, by the same name; and
// what it says was deleted.
func TestTheTrailNamesWhatIsListed(t *testing.T) {
	for name, c := range map[string]struct {
		kind   kind.Kind
		make   func(*testing.T, kindtest.World) string
		remove string
	}{
		"stack": {stack, makeStack(false), "delete"}, "stack set": {stackSet, makeStackSet, "delete"},
		"project": {buildProject, makeBuildProject, "delete"}, "build": {build, makeBuild, "stop-build"},
		"credential": {sourceCredential, makeSourceCredential, "delete"},
		"amplify":    {amplifyApp, makeAmplifyApp, "delete"}, "apprunner": {appRunnerService, makeAppRunner, "delete"},
		"job": {glueJob, makeGlueJob, "delete"}, "trigger": {glueTrigger, makeGlueTrigger, "delete"},
		"crawler": {glueCrawler, makeGlueCrawler, "delete"}, "endpoint": {devEndpoint, makeDevEndpoint, "delete"},
		"cluster": {emrCluster, runCluster(false), "terminate-cluster"},
		"app":     {beanstalkApplication, makeBeanstalkApp, "delete"}, "environment": {beanstalkEnvironment, makeBeanstalkEnvironment, "delete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := kindtest.NewWorld(t)
			r := listed(t, w, c.kind, c.make(t, w))
			verb, _ := c.kind.Verb(c.remove)
			if err := verb.Do(context.Background(), w.Config(here), kind.Job{Resource: r}, nil); err != nil {
				t.Fatal(err)
			}
			for _, change := range []lineage.Change{lineage.Created, lineage.Deleted} {
				if all := changes(t, w, change); !slices.Contains(all, r.Ref) {
					t.Errorf("%s: %v is not among %v", change, r.Ref, all)
				}
			}
		})
	}
}

// changes are what the lab's trail says of everything until now.
func changes(t *testing.T, w kindtest.World, change lineage.Change) (all []fact.Ref) {
	t.Helper()
	events, err := w.Lab.Events(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range events {
		e, err := event.Parse(raw.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range lineage.Made(e) {
			if d.Change == change {
				all = append(all, d.Ref)
			}
		}
	}
	return all
}
