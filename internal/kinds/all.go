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

		// what makes other things: compute

		instance, image, volume, snapshot, keyPair, securityGroup,

		// network

		function, layer,

		// serverless

		// containers

		// building and applications

		// machine learning

		notebook, lifecycleConfig, trainingJob, processingJob, inferenceEndpoint, endpointConfig, mlModel, studioDomain,
		lightsailInstance, containerService, lightsailKey, staticIP, lightsailSnapshot,
		modelLogging, modelAccess, throughput, customModel, invocationJob, agent,

		// messaging

		mailAccount, emailIdentity, receiptRules, configurationSet,
		topic, subscription, smsSettings, queue, smsNumber, smsPool,
		mailOrganization,

		// storage and databases

		// keys, secrets and backups

		trail, detector,

		// watching

	}
}
