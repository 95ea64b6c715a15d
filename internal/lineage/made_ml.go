package lineage

import (
	"strings"

	"cordon/internal/event"
)

// mlRules are the calls about what learns and what answers: SageMaker, Bedrock
// and Lightsail, whose machines miners take too.
var mlRules = []rule{
	// SageMaker, by names. A job that is stopped counts as removed.
	does("sagemaker", "CreateNotebookInstance", Created, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "UpdateNotebookInstance", Changed, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "StartNotebookInstance", Changed, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "StopNotebookInstance", Changed, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "CreatePresignedNotebookInstanceUrl", Shared, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "DeleteNotebookInstance", Deleted, "sagemaker.notebook", "q:notebookInstanceName"),
	does("sagemaker", "CreateNotebookInstanceLifecycleConfig", Created, "sagemaker.lifecycle-config", "q:notebookInstanceLifecycleConfigName"),
	does("sagemaker", "UpdateNotebookInstanceLifecycleConfig", Changed, "sagemaker.lifecycle-config", "q:notebookInstanceLifecycleConfigName"),
	does("sagemaker", "DeleteNotebookInstanceLifecycleConfig", Deleted, "sagemaker.lifecycle-config", "q:notebookInstanceLifecycleConfigName"),
	does("sagemaker", "CreateTrainingJob", Created, "sagemaker.training-job", "q:trainingJobName"),
	does("sagemaker", "UpdateTrainingJob", Changed, "sagemaker.training-job", "q:trainingJobName"),
	does("sagemaker", "StopTrainingJob", Deleted, "sagemaker.training-job", "q:trainingJobName"),
	does("sagemaker", "CreateProcessingJob", Created, "sagemaker.processing-job", "q:processingJobName"),
	does("sagemaker", "StopProcessingJob", Deleted, "sagemaker.processing-job", "q:processingJobName"),
	does("sagemaker", "CreateEndpoint", Created, "sagemaker.endpoint", "q:endpointName"),
	does("sagemaker", "UpdateEndpoint", Changed, "sagemaker.endpoint", "q:endpointName"),
	does("sagemaker", "UpdateEndpointWeightsAndCapacities", Changed, "sagemaker.endpoint", "q:endpointName"),
	does("sagemaker", "DeleteEndpoint", Deleted, "sagemaker.endpoint", "q:endpointName"),
	does("sagemaker", "CreateEndpointConfig", Created, "sagemaker.endpoint-config", "q:endpointConfigName"),
	does("sagemaker", "DeleteEndpointConfig", Deleted, "sagemaker.endpoint-config", "q:endpointConfigName"),
	does("sagemaker", "CreateModel", Created, "sagemaker.model", "q:modelName"),
	does("sagemaker", "DeleteModel", Deleted, "sagemaker.model", "q:modelName"),
	does("sagemaker", "CreateDomain", Created, "sagemaker.domain", "r:domainId|r:domainArn").as(after("/")),
	does("sagemaker", "UpdateDomain", Changed, "sagemaker.domain", "q:domainId"),
	does("sagemaker", "CreateUserProfile", Changed, "sagemaker.domain", "q:domainId"),
	does("sagemaker", "CreateApp", Changed, "sagemaker.domain", "q:domainId"),
	does("sagemaker", "CreatePresignedDomainUrl", Shared, "sagemaker.domain", "q:domainId"),
	does("sagemaker", "DeleteDomain", Deleted, "sagemaker.domain", "q:domainId"),

	// Bedrock: settings of a region have one ID, everything else its ARN
	does("bedrock", "PutModelInvocationLoggingConfiguration", Changed, "bedrock.logging", ""),
	does("bedrock", "DeleteModelInvocationLoggingConfiguration", Changed, "bedrock.logging", ""),
	does("bedrock", "PutUseCaseForModelAccess", Created, "bedrock.model-access", ""),
	does("bedrock", "CreateFoundationModelAgreement", Changed, "bedrock.model-access", ""),
	does("bedrock", "DeleteFoundationModelAgreement", Changed, "bedrock.model-access", ""),
	does("bedrock", "PutFoundationModelEntitlement", Changed, "bedrock.model-access", ""),
	does("bedrock", "CreateProvisionedModelThroughput", Created, "bedrock.provisioned-throughput", "r:provisionedModelArn|q:provisionedModelName"),
	does("bedrock", "UpdateProvisionedModelThroughput", Changed, "bedrock.provisioned-throughput", "q:provisionedModelId"),
	does("bedrock", "DeleteProvisionedModelThroughput", Deleted, "bedrock.provisioned-throughput", "q:provisionedModelId"),
	does("bedrock", "CreateCustomModel", Created, "bedrock.custom-model", "r:modelArn|q:modelName"),
	does("bedrock", "CreateModelCustomizationJob", Created, "bedrock.custom-model", "q:customModelName"),
	does("bedrock", "DeleteCustomModel", Deleted, "bedrock.custom-model", "q:modelIdentifier"),
	does("bedrock", "CreateModelInvocationJob", Created, "bedrock.invocation-job", "r:jobArn|q:jobName"),
	does("bedrock", "StopModelInvocationJob", Deleted, "bedrock.invocation-job", "q:jobIdentifier"),
	does("bedrock", "CreateAgent", Created, "bedrock.agent", "r:agent.agentId"),
	does("bedrock", "UpdateAgent", Changed, "bedrock.agent", "q:agentId|r:agent.agentId"),
	does("bedrock", "PrepareAgent", Changed, "bedrock.agent", "q:agentId"),
	does("bedrock", "CreateAgentActionGroup", Changed, "bedrock.agent", "q:agentId"),
	does("bedrock", "UpdateAgentActionGroup", Changed, "bedrock.agent", "q:agentId"),
	does("bedrock", "DeleteAgentActionGroup", Changed, "bedrock.agent", "q:agentId"),
	does("bedrock", "AssociateAgentKnowledgeBase", Changed, "bedrock.agent", "q:agentId"),
	does("bedrock", "DeleteAgent", Deleted, "bedrock.agent", "q:agentId"),

	// Lightsail, by names
	does("lightsail", "CreateInstances", Created, "lightsail.instance", "q:instanceNames[]"),
	does("lightsail", "CreateInstancesFromSnapshot", Created, "lightsail.instance", "q:instanceNames[]"),
	does("lightsail", "StartInstance", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "StopInstance", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "OpenInstancePublicPorts", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "PutInstancePublicPorts", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "CloseInstancePublicPorts", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "AttachStaticIp", Changed, "lightsail.instance", "q:instanceName"),
	does("lightsail", "DeleteInstance", Deleted, "lightsail.instance", "q:instanceName"),
	does("lightsail", "CreateKeyPair", Created, "lightsail.key-pair", "q:keyPairName"),
	does("lightsail", "ImportKeyPair", Created, "lightsail.key-pair", "q:keyPairName"),
	does("lightsail", "DeleteKeyPair", Deleted, "lightsail.key-pair", "q:keyPairName"),
	does("lightsail", "CreateContainerService", Created, "lightsail.container-service", "q:serviceName"),
	does("lightsail", "UpdateContainerService", Changed, "lightsail.container-service", "q:serviceName"),
	does("lightsail", "CreateContainerServiceDeployment", Changed, "lightsail.container-service", "q:serviceName"),
	does("lightsail", "DeleteContainerService", Deleted, "lightsail.container-service", "q:serviceName"),
	does("lightsail", "AllocateStaticIp", Created, "lightsail.static-ip", "q:staticIpName"),
	does("lightsail", "AttachStaticIp", Changed, "lightsail.static-ip", "q:staticIpName"),
	does("lightsail", "DetachStaticIp", Changed, "lightsail.static-ip", "q:staticIpName"),
	does("lightsail", "ReleaseStaticIp", Deleted, "lightsail.static-ip", "q:staticIpName"),
	does("lightsail", "CreateInstanceSnapshot", Created, "lightsail.snapshot", "q:instanceSnapshotName"),
	does("lightsail", "CopySnapshot", Created, "lightsail.snapshot", "q:targetSnapshotName"),
	does("lightsail", "ExportSnapshot", Changed, "lightsail.snapshot", "q:sourceSnapshotName"),
	does("lightsail", "DeleteInstanceSnapshot", Deleted, "lightsail.snapshot", "q:instanceSnapshotName"),
}

// refineML names what a region has one of, and tells names from ARNs.
func refineML(e event.Event, d *Deed) {
	switch d.Ref.Kind {
	case "bedrock.logging":
		d.Ref.ID = "model-invocations"
	case "bedrock.model-access":
		d.Ref.ID = "use-case"
	default:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "arn:")
	}
}
