package kinds

import (
	"slices"
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lineage"
)

// What a record says was made has the Ref under which the listing shows it.
func TestMessagingRecordsNameWhatIsListed(t *testing.T) {
	for _, one := range []struct {
		k     kind.Kind
		make  func(*testing.T, kindtest.World) string
		did   lineage.Change
		named string
	}{
		{notebook, makeNotebook, lineage.Created, "CreateNotebookInstance"},
		{lifecycleConfig, makeLifecycle, lineage.Created, "CreateNotebookInstanceLifecycleConfig"},
		{trainingJob, makeTraining, lineage.Created, "CreateTrainingJob"},
		{processingJob, makeProcessing, lineage.Created, "CreateProcessingJob"},
		{inferenceEndpoint, makeInferenceEndpoint, lineage.Created, "CreateEndpoint"},
		{endpointConfig, makeEndpointConfig, lineage.Created, "CreateEndpointConfig"},
		{mlModel, makeModel, lineage.Created, "CreateModel"},
		{studioDomain, makeStudio, lineage.Created, "CreateDomain"},
		{modelLogging, makeModelLogging, lineage.Changed, "PutModelInvocationLoggingConfiguration"},
		{modelAccess, makeModelAccess, lineage.Created, "PutUseCaseForModelAccess"},
		{throughput, makeThroughput, lineage.Created, "CreateProvisionedModelThroughput"},
		{invocationJob, makeInvocationJob, lineage.Created, "CreateModelInvocationJob"},
		{agent, makeAgent, lineage.Created, "CreateAgent"},
		{lightsailInstance, makeLightsail, lineage.Created, "CreateInstances"},
		{containerService, makeContainer, lineage.Created, "CreateContainerService"},
		{mailAccount, mailOff, lineage.Changed, "UpdateAccountSendingEnabled"},
		{emailIdentity, makeIdentity, lineage.Created, "CreateEmailIdentity"},
		{emailIdentity, makeIdentity, lineage.Shared, "CreateEmailIdentityPolicy"},
		{receiptRules, makeActiveRules, lineage.Changed, "SetActiveReceiptRuleSet"},
		{configurationSet, makeConfigurationSet, lineage.Created, "CreateConfigurationSet"},
		{topic, makeOpenTopic, lineage.Created, "CreateTopic"},
		{topic, makeOpenTopic, lineage.Shared, "SetTopicAttributes"},
		{subscription, makeSubscription, lineage.Created, "Subscribe"},
		{smsSettings, makeSMS, lineage.Changed, "SetSMSAttributes"},
		{queue, makeQueue, lineage.Created, "CreateQueue"},
		{smsNumber, makeNumber, lineage.Created, "RequestPhoneNumber"},
		{smsPool, makeSMSPool, lineage.Created, "CreatePool"},
		{mailOrganization, makeMailOrganization, lineage.Created, "CreateOrganization"},
	} {
		t.Run(string(one.k.Name())+" "+one.named, func(t *testing.T) {
			t.Parallel()
			w := kindtest.NewWorld(t)
			r := listed(t, w, one.k, one.make(t, w))
			deeds := deedsOf(t, w, one.named)
			if !slices.ContainsFunc(deeds, func(d lineage.Deed) bool { return d.Ref == r.Ref && d.Change == one.did && !d.Loose }) {
				t.Errorf("%s is listed; the records say %+v", r.Ref, deeds)
			}
		})
	}
}

// Each call that a verb takes back is in the table of what calls do.
func TestWhatIsMendedIsAttributed(t *testing.T) {
	for _, k := range []kind.Kind{modelLogging, mailAccount, emailIdentity, topic, smsSettings, queue} {
		for _, v := range k.Verbs() {
			for _, call := range v.Mends {
				source := map[fact.Kind]string{
					modelLogging.Name(): "bedrock", mailAccount.Name(): "ses", emailIdentity.Name(): "ses", topic.Name(): "sns", smsSettings.Name(): "sns", queue.Name(): "sqs",
				}[k.Name()]
				deeds := lineage.Made(event.Event{Name: call, Source: source + ".amazonaws.com", Account: kindtest.Account, Region: here})
				if !slices.ContainsFunc(deeds, func(d lineage.Deed) bool { return d.Ref.Kind == k.Name() }) {
					t.Errorf("%s of %s takes back %s, which nobody is said to have done", v.Name, k.Name(), call)
				}
			}
		}
	}
}

// deedsOf is what the recorded calls of that name did.
func deedsOf(t *testing.T, w kindtest.World, name string) (deeds []lineage.Deed) {
	t.Helper()
	events, err := w.Lab.Events(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range events {
		if one.Lab.Op != name {
			continue
		}
		e, err := event.Parse(one.Raw)
		if err != nil {
			t.Fatal(err)
		}
		deeds = append(deeds, lineage.Made(e)...)
	}
	return deeds
}
