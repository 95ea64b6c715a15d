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

		zone, domain, distribution, userPool, transferServer,

		// what makes other things: compute

		instance, image, volume, snapshot, keyPair, securityGroup,

		// network

		function, layer,

		// serverless

		// containers

		// building and applications

		// machine learning

		// messaging

		// storage and databases

		// keys, secrets and backups

		kmsKey, kmsGrant, secret, ssmDocument, ssmAssociation, ssmActivation, ssmParameter, ssmSession,
		backupVault, backupPlan, binRule, logGroup,

		trail, detector,

		// watching

		configRecorder, deliveryChannel, securityHub, analyzer, archiveRule, alarm, quotaRequest,
	}
}
