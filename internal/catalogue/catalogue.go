// Package catalogue lists what intruders are known to do to AWS accounts, and
// where cordon sees each of it: in the state that a kind lists, in the record of
// calls, or nowhere, and then why. docs/ref/coverage.md is made of it.
package catalogue

// A Row is one technique. The kinds that show it name its ID (kind.Spec.Covers).
type Row struct {
	ID, Title string
	// Detections are the ids of package detect that see it in the record.
	Detections []string
	// Gap is what of it AWS shows in no state and no record, or what cordon
	// does not look at.
	Gap string
}

// All are the rows: A identity, B hijacked resources, C data, D blinding and
// hindering.
func All() []Row {
	return []Row{
		{"A1", "new IAM user", on("iam.principal-created"), ""},
		{"A2", "another key on a user who exists", on("iam.key-for-other", "root.key"), ""},
		{"A3", "password set or changed on a user who exists", on("iam.password-for-other", "iam.own-password"), ""},
		{"A4", "MFA device of the intruder's", on("iam.mfa-changed"), ""},
		{"A5", "rights granted by policy, policy version or group", on("iam.self-grant", "iam.new-admin", "iam.admin-grant", "iam.admin-policy", "iam.group-joined"), ""},
		{"A6", "limits taken away: boundary, deny policy, password policy", on("iam.limit-removed", "iam.quarantine-removed"), "what a boundary or password policy was before is known from a baseline only"},
		{"A7", "role trust opened, or a new role that trusts outsiders", on("iam.trust-opened"), ""},
		{"A8", "identity provider added or changed", on("iam.identity-provider"), "metadata swapped on a SAML provider shows as a date only"},
		{"A9", "IAM Roles Anywhere", on("rolesanywhere.anchor"), ""},
		{"A10", "federation and session tokens", on("sts.federation-token", "sts.session-token", "signin.link-made"), "AWS lists no sessions: they are known from the record, and end by themselves within 36 hours"},
		{"A11", "role chaining", on("sts.role-juggling", "sts.roles-tried"), "sessions are not listed; mutual trust is"},
		{"A12", "service credentials, Bedrock API keys, SSH keys, certificates", on("iam.service-credential"), ""},
		{"A13", "Identity Center: users, groups, assignments, sign-in settings", on("sso.access-given", "sso.sign-in-changed"), "AWS has no call that reads the MFA settings of Identity Center"},
		{"A14", "functions, triggers and APIs as a back door", on("lambda.opened", "lambda.public-url", "lambda.code-changed", "lambda.foreign-layer", "persist.trigger"), ""},
		{"A15", "CodeBuild projects and runners", on("codebuild.opened"), ""},
		{"A16", "SSM documents, associations, activations, sessions", on("ssm.command", "ssm.session", "ssm.foothold"), "commands older than 30 days are not listed"},
		{"A17", "instances: user data, keys, serial console, profile", on("ec2.start-script-changed", "ec2.key-pushed", "ec2.serial-console", "ec2.key-pair", "ec2.profile-swapped", "ec2.password-read"), "keys put into a running system are on its disk, which cordon copies and does not read"},
		{"A18", "ECS, EKS and image footholds", on("eks.cluster-access", "compute.container"), "what stands inside a cluster is not read through its own API"},
		{"A19", "resource policies that let outsiders in", on("resource.foreign", "resource.public", "s3.guard-off", "share.outside"), ""},
		{"A20", "the root user: password, keys, MFA, e-mail", on("root.key", "root.changed", "root.sign-in", "root.use", "root.assumed", "account.contact-changed"), "AWS does not show the root user's e-mail address or who reads its mailbox"},
		{"B1", "EC2: instances, Spot, fleets, groups, templates", on("compute.large", "compute.fleet", "compute.new-region", "compute.regions", "compute.probe"), ""},
		{"B2", "ECS and Fargate", on("compute.container"), ""},
		{"B3", "Batch", on("compute.side-door"), ""},
		{"B4", "SageMaker", on("compute.side-door"), ""},
		{"B5", "Lightsail", on("compute.side-door"), ""},
		{"B6", "services that run things for you: Amplify, CodeBuild, Glue, CloudFormation, App Runner, EMR, EKS and others", on("compute.side-door"), "services without a call in CloudFormation's registry and without a kind are seen only where they carry tags or Resource Explorer lists them"},
		{"B7", "functions that mine", on("lambda.code-changed"), ""},
		{"B8", "Bedrock models used on your bill", on("models.access-opened", "models.used", "models.tried"), "AWS does not list marketplace agreements for models by account; invocations without logging leave only management events"},
		{"B9", "mail through SES", on("mail.sandbox-left", "mail.sender-made", "recon.resale"), ""},
		{"B10", "mail through WorkMail", on("compute.side-door"), ""},
		{"B11", "text messages", on("messages.set-up"), ""},
		{"B12", "domains, zones, distributions", on("domain.taken"), ""},
		{"B13", "purchases that cannot be undone", on("account.purchase"), "Savings Plans and marketplace agreements are seen in the record only"},
		{"B14", "quotas raised, Regions enabled", on("account.quota", "account.region-enabled"), ""},
		{"C1", "disk snapshots shared or copied out", on("share.outside", "share.taken", "data.copy-made"), ""},
		{"C2", "images shared", on("share.outside"), ""},
		{"C3", "database snapshots, exports, passwords, exposure", on("share.outside", "data.exported", "database.password", "resource.public", "recon.others-snapshots"), "AWS does not show when a master password was set"},
		{"C4", "buckets read, opened or replicated away", on("resource.public", "resource.foreign", "s3.guard-off"), "objects that were read leave data events only, where a trail logs them; presigned links leave nothing else"},
		{"C5", "ransom of buckets: lifecycle, versioning, foreign keys, deletion", on("s3.ransom-key", "s3.soon-expired", "s3.safety-off", "s3.objects-deleted"), "objects that were encrypted with a key of the intruder's show it one by one only"},
		{"C6", "KMS keys disabled, deleted, locked", on("kms.key-lost"), "a key whose policy locks its owner out is opened by AWS Support alone"},
		{"C7", "backups destroyed or unlocked", on("backup.deleted", "backup.guard-off"), "what was deleted is in the record, and in the Recycle Bin where a rule keeps it"},
		{"C8", "secrets and parameters read", on("secrets.swept", "secrets.batch", "parameters.swept"), ""},
		{"C9", "account and organisation: left, closed, joined, created", on("org.left", "org.changed"), "an account that has left its organisation cannot look back into it"},
		{"C10", "queues purged, tables exported, images pulled, file servers", on("data.exported", "transfer.server", "data.deleted"), "reads of tables and pulls of images leave data events only"},
		{"D1", "trails stopped, deleted, narrowed", on("trail.stopped", "trail.narrowed"), ""},
		{"D2", "GuardDuty off, muted, blinded", on("detectors.off", "detectors.muted"), "a new detector has no history"},
		{"D3", "other watchers off: Config, flow logs, log groups, alarms, Security Hub, analyzers", on("config.off", "vpc.flow-logs-deleted", "logs.off", "alarms.off", "detectors.off"), "what was deleted is in the record and in a baseline only"},
		{"D4", "false entries written into logs", nil, "writing log entries is a data event: nobody records it by default"},
		{"D5", "protections put on the intruder's own things", on("compute.held"), ""},
		{"D6", "things that make others again", on("persist.trigger", "compute.fleet", "ssm.foothold"), ""},
		{"D7", "traces deleted", on("iam.covered-up"), "what is gone is in the record only"},
		{"D8", "connections that outlive a change of security groups", nil, "no state and no record shows tracked connections; isolating makes them untracked first"},
		{"D9", "Regions nobody looks at", on("compute.new-region", "compute.regions", "recon.regions"), "a disabled Region cannot be read; it is told as not seen"},
	}
}

// Blind lists the rows of which something shows in no state and no record, or is
// not looked at: every triage tells how many, and "cordon help blind-spots" what.
func Blind() (rows []string) {
	for _, r := range All() {
		if r.Gap != "" {
			rows = append(rows, r.ID)
		}
	}
	return rows
}

func on(ids ...string) []string { return ids }
