// Package kinds holds one file for each kind of AWS resource that cordon
// reads and changes.
package kinds

import "cordon/internal/kind"

// All lists every kind, in the order in which an account is taken back: who
// can act, by which credentials, and who comes in from outside; then what runs
// and what it runs on; last what watches.
func All() []kind.Kind {
	return []kind.Kind{
		root,
		user, group, role, managedPolicy,
		accessKey, loginProfile, mfaDevice, serviceCredential, sshKey, signingCertificate, serverCertificate,
		samlProvider, oidcProvider,

		// directory, domains and the rest
		instanceProfile, passwordPolicy,
		trustAnchor, anywhereProfile,
		orgAccount, orgPolicy, handshake,
		ssoInstance, assignment, permissionSet, directoryUser, directoryGroup,

		zone, domain, distribution, userPool, transferServer,

		// what makes other things: compute

		autoScalingGroup, ec2Fleet, spotFleet, spotRequest, launchTemplate, launchConfiguration,
		instance, image, volume, snapshot, keyPair, securityGroup,
		capacityReservation, reservedInstances, ec2Settings,

		// network

		loadBalancer, targetGroup, classicBalancer,
		vpcEndpoint, natGateway, networkInterface, elasticIP, routeTable, networkACL, vpcPeering, vpnConnection, internetGateway, flowLog, subnet, vpc,

		function, layer,

		// serverless
		eventRule, schedule, stateMachine, eventSource, eventBus, restAPI, httpAPI,

		// containers: what keeps tasks running before the tasks
		ecsService, ecsTask, ecsCluster, taskDefinition,
		nodegroup, accessEntry, eksCluster,
		computeEnvironment, jobQueue, batchJob, jobDefinition,
		repository,

		// building and applications
		stack, stackSet,
		buildProject, build, sourceCredential,
		amplifyApp, appRunnerService,
		glueTrigger, glueJob, glueCrawler, devEndpoint,
		emrCluster, beanstalkEnvironment, beanstalkApplication,
		imagePipeline, imageRecipe, gameFleet, gameBuild, workspace, cloud9Environment,
		codeRepository, codePipeline, codeConnection, mediaChannel, appStreamFleet,
		syncTask, syncAgent, dataStream, deliveryStream,
		kafkaCluster, airflowEnvironment, cacheCluster, memoryCluster,
		graphAPI, queryWorkgroup, networkFirewall, webACL, iotRule, redshiftWorkgroup, sparkApplication,
		otherResource, indexedResource,

		// machine learning

		notebook, lifecycleConfig, trainingJob, processingJob, inferenceEndpoint, endpointConfig, mlModel, studioDomain,
		lightsailInstance, containerService, lightsailKey, staticIP, lightsailSnapshot,
		modelLogging, modelAccess, throughput, customModel, invocationJob, agent,

		// messaging

		mailAccount, emailIdentity, receiptRules, configurationSet,
		topic, subscription, smsSettings, queue, smsNumber, smsPool,
		mailOrganization,

		// storage and databases

		bucket, s3Account,
		dbInstance, dbCluster, dbSnapshot, dbClusterSnapshot, dbExport,
		table, fileSystem, warehouse, searchDomain,

		// keys, secrets and backups

		kmsKey, kmsGrant, secret, ssmDocument, ssmAssociation, ssmActivation, ssmParameter, ssmSession,
		backupVault, backupPlan, binRule, logGroup,

		trail, dataStore, detector, findingFilter, ipSet,

		// watching

		configRecorder, deliveryChannel, securityHub, analyzer, archiveRule, alarm, quotaRequest,
	}
}

// Apart lists the kinds that no triage lists: a command of their own reads them.
func Apart() []kind.Kind {
	return []kind.Kind{supportCase, alternateContact, contactInformation}
}
