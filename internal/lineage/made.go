package lineage

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A Change says what a call did to a resource.
type Change string

// The changes.
const (
	Created   Change = "created"
	Changed   Change = "changed"
	Deleted   Change = "deleted"
	Shared    Change = "shared"
	Attempted Change = "attempted" // the call failed; Wanted says what it was to do
)

// A Deed is what one call did to one resource.
type Deed struct {
	Ref      fact.Ref // the ID is empty when the record does not name the resource
	UniqueID string   // of a user or role it created
	Change   Change
	Wanted   Change // Change, if the call had not failed
	Grants   bool   // it gives rights, or takes away what limits them
	// Loose: the ID is a name where the kind goes by ARN or id, as in StopLogging
	// with a trail's name. See SameTrail.
	Loose bool
	// Again: the call that creates it succeeds on one that is there already, too,
	// and Finds or Overwrites that; Stood: the answer shows that it was there.
	Again      string
	Stood      bool
	Confidence string // set by Closure: High or Low
	// Principal is who did it, Agent with what. OnBehalf is the AWS service that
	// made the call with his rights, or by itself; For is what it made it for, as
	// the resource's own tags say: a stack, a group, a fleet.
	Principal fact.Ref
	Agent     string
	OnBehalf  string
	For       string
	fact.Deed
}

// A rule says what one call does and where its record names the resource.
type rule struct {
	source, name string
	change       Change
	kind         fact.Kind
	where        string
	grants       bool
	id           func(string) string // makes of what the record has the ID that the kind goes by; nil: it is that
}

const grants = true

// does is a line of the tables of the kinds beyond the first ones. Source is
// the event source without ".amazonaws.com"; where is as in find: "r:" in the
// response, "q:" in the request, the first that is there.
func does(source, name string, change Change, kind fact.Kind, where string) rule {
	return rule{source: source, name: name, change: change, kind: kind, where: where}
}

// as says how the kind's ID is made of what the record has.
func (r rule) as(id func(string) string) rule { r.id = id; return r }

// granting marks a call that gives rights.
func (r rule) granting() rule { r.grants = true; return r }

// after is what follows the last of the separators: a name in an ARN.
func after(separators string) func(string) string {
	return func(s string) string { return s[strings.LastIndexAny(s, separators)+1:] }
}

// rules is the table of the first kinds; tables are all of them. An event may have several lines. RunInstances
// lists the volumes only when EC2 already knew them.
var rules = []rule{
	// users
	{"iam", "CreateUser", Created, user, "r:user.userName|q:userName", false, nil},
	{"iam", "UpdateUser", Changed, user, "q:userName", false, nil},
	{"iam", "DeleteUser", Deleted, user, "q:userName", false, nil},
	{"iam", "PutUserPolicy", Changed, user, "q:userName", grants, nil},
	{"iam", "AttachUserPolicy", Changed, user, "q:userName", grants, nil},
	{"iam", "DeleteUserPolicy", Changed, user, "q:userName", false, nil},
	{"iam", "DetachUserPolicy", Changed, user, "q:userName", false, nil},
	{"iam", "AddUserToGroup", Changed, user, "q:userName", grants, nil},
	{"iam", "AddUserToGroup", Changed, group, "q:groupName", false, nil},
	{"iam", "RemoveUserFromGroup", Changed, user, "q:userName", false, nil},
	{"iam", "PutUserPermissionsBoundary", Changed, user, "q:userName", grants, nil}, // it may be wider than the one before
	{"iam", "DeleteUserPermissionsBoundary", Changed, user, "q:userName", grants, nil},
	// groups
	{"iam", "CreateGroup", Created, group, "r:group.groupName|q:groupName", false, nil},
	{"iam", "UpdateGroup", Changed, group, "q:groupName", false, nil},
	{"iam", "DeleteGroup", Deleted, group, "q:groupName", false, nil},
	{"iam", "PutGroupPolicy", Changed, group, "q:groupName", grants, nil},
	{"iam", "AttachGroupPolicy", Changed, group, "q:groupName", grants, nil},
	{"iam", "DeleteGroupPolicy", Changed, group, "q:groupName", false, nil},
	{"iam", "DetachGroupPolicy", Changed, group, "q:groupName", false, nil},
	// roles
	{"iam", "CreateRole", Created, role, "r:role.roleName|q:roleName", false, nil},
	{"iam", "CreateServiceLinkedRole", Created, role, "r:role.roleName", false, nil},
	{"iam", "UpdateRole", Changed, role, "q:roleName", false, nil},
	{"iam", "DeleteRole", Deleted, role, "q:roleName", false, nil},
	{"iam", "PutRolePolicy", Changed, role, "q:roleName", grants, nil},
	{"iam", "AttachRolePolicy", Changed, role, "q:roleName", grants, nil},
	{"iam", "DeleteRolePolicy", Changed, role, "q:roleName", false, nil},
	{"iam", "DetachRolePolicy", Changed, role, "q:roleName", false, nil},
	{"iam", "UpdateAssumeRolePolicy", Changed, role, "q:roleName", grants, nil},
	{"iam", "AddRoleToInstanceProfile", Changed, role, "q:roleName", grants, nil},
	{"iam", "PutRolePermissionsBoundary", Changed, role, "q:roleName", grants, nil},
	{"iam", "DeleteRolePermissionsBoundary", Changed, role, "q:roleName", grants, nil},
	// policies
	{"iam", "CreatePolicy", Created, policyKind, "r:policy.arn", false, nil},
	{"iam", "DeletePolicy", Deleted, policyKind, "q:policyArn", false, nil},
	{"iam", "CreatePolicyVersion", Changed, policyKind, "q:policyArn", grants, nil},
	{"iam", "SetDefaultPolicyVersion", Changed, policyKind, "q:policyArn", grants, nil},
	{"iam", "DeletePolicyVersion", Changed, policyKind, "q:policyArn", false, nil},
	// credentials
	{"iam", "CreateAccessKey", Created, accessKey, "r:accessKey.accessKeyId", false, nil},
	{"iam", "UpdateAccessKey", Changed, accessKey, "q:accessKeyId", false, nil},
	{"iam", "DeleteAccessKey", Deleted, accessKey, "q:accessKeyId", false, nil},
	{"iam", "CreateLoginProfile", Created, loginProfile, "r:loginProfile.userName|q:userName|self", false, nil},
	{"iam", "UpdateLoginProfile", Changed, loginProfile, "q:userName|self", false, nil},
	{"iam", "ChangePassword", Changed, loginProfile, "self", false, nil},
	{"iam", "DeleteLoginProfile", Deleted, loginProfile, "q:userName|self", false, nil},
	{"iam", "CreateVirtualMFADevice", Created, mfaDevice, "r:virtualMFADevice.serialNumber", false, nil},
	{"iam", "EnableMFADevice", Changed, mfaDevice, "q:serialNumber", false, nil},
	{"iam", "DeactivateMFADevice", Changed, mfaDevice, "q:serialNumber", false, nil},
	{"iam", "DeleteVirtualMFADevice", Deleted, mfaDevice, "q:serialNumber", false, nil},
	{"iam", "CreateServiceSpecificCredential", Created, serviceCredential, "r:serviceSpecificCredential.serviceSpecificCredentialId", false, nil},
	{"iam", "UpdateServiceSpecificCredential", Changed, serviceCredential, "q:serviceSpecificCredentialId", false, nil},
	{"iam", "ResetServiceSpecificCredential", Changed, serviceCredential, "q:serviceSpecificCredentialId", false, nil},
	{"iam", "DeleteServiceSpecificCredential", Deleted, serviceCredential, "q:serviceSpecificCredentialId", false, nil},
	{"iam", "UploadSSHPublicKey", Created, sshKey, "r:sSHPublicKey.sSHPublicKeyId", false, nil},
	{"iam", "UpdateSSHPublicKey", Changed, sshKey, "q:sSHPublicKeyId", false, nil},
	{"iam", "DeleteSSHPublicKey", Deleted, sshKey, "q:sSHPublicKeyId", false, nil},
	{"iam", "UploadSigningCertificate", Created, signingCert, "r:certificate.certificateId", false, nil},
	{"iam", "UpdateSigningCertificate", Changed, signingCert, "q:certificateId", false, nil},
	{"iam", "DeleteSigningCertificate", Deleted, signingCert, "q:certificateId", false, nil},
	{"iam", "UploadServerCertificate", Created, serverCert, "r:serverCertificateMetadata.serverCertificateName|q:serverCertificateName", false, nil},
	{"iam", "UpdateServerCertificate", Changed, serverCert, "q:serverCertificateName", false, nil},
	{"iam", "DeleteServerCertificate", Deleted, serverCert, "q:serverCertificateName", false, nil},
	// identity providers
	{"iam", "CreateSAMLProvider", Created, samlProvider, "r:sAMLProviderArn", false, nil},
	{"iam", "UpdateSAMLProvider", Changed, samlProvider, "q:sAMLProviderArn|r:sAMLProviderArn", grants, nil},
	{"iam", "DeleteSAMLProvider", Deleted, samlProvider, "q:sAMLProviderArn", false, nil},
	{"iam", "CreateOpenIDConnectProvider", Created, oidcProvider, "r:openIDConnectProviderArn", false, nil},
	{"iam", "AddClientIDToOpenIDConnectProvider", Changed, oidcProvider, "q:openIDConnectProviderArn", grants, nil},
	{"iam", "UpdateOpenIDConnectProviderThumbprint", Changed, oidcProvider, "q:openIDConnectProviderArn", grants, nil},
	{"iam", "DeleteOpenIDConnectProvider", Deleted, oidcProvider, "q:openIDConnectProviderArn", false, nil},

	// instances
	{"ec2", "RunInstances", Created, instance, "r:instancesSet.items[].instanceId", false, nil},
	{"ec2", "RunInstances", Created, volume, "r:instancesSet.items[].blockDeviceMapping.items[].ebs.volumeId", false, nil},
	{"ec2", "CreateFleet", Created, instance, "r:CreateFleetResponse.fleetInstanceSet.item[].instanceIds.item[]", false, nil},
	{"ec2", "StartInstances", Changed, instance, "q:instancesSet.items[].instanceId", false, nil},
	{"ec2", "StopInstances", Changed, instance, "q:instancesSet.items[].instanceId", false, nil},
	{"ec2", "TerminateInstances", Deleted, instance, "q:instancesSet.items[].instanceId", false, nil},
	{"ec2", "ModifyInstanceAttribute", Changed, instance, "q:instanceId", false, nil},
	{"ec2", "AssociateIamInstanceProfile", Changed, instance, "q:AssociateIamInstanceProfileRequest.InstanceId|q:instanceId", grants, nil},
	{"ec2", "ReplaceIamInstanceProfileAssociation", Changed, instance, "r:ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId", grants, nil},
	// images
	{"ec2", "CreateImage", Created, image, "r:imageId", false, nil},
	{"ec2", "RegisterImage", Created, image, "r:imageId", false, nil},
	{"ec2", "CopyImage", Created, image, "r:imageId", false, nil},
	{"ec2", "ModifyImageAttribute", Shared, image, "q:imageId", false, nil},
	{"ec2", "ResetImageAttribute", Changed, image, "q:imageId", false, nil},
	{"ec2", "DeregisterImage", Deleted, image, "q:imageId", false, nil},
	// disks
	{"ec2", "CreateVolume", Created, volume, "r:volumeId", false, nil},
	{"ec2", "AttachVolume", Changed, volume, "q:volumeId", false, nil},
	{"ec2", "DetachVolume", Changed, volume, "q:volumeId", false, nil},
	{"ec2", "ModifyVolume", Changed, volume, "q:ModifyVolumeRequest.VolumeId|q:volumeId", false, nil},
	{"ec2", "DeleteVolume", Deleted, volume, "q:volumeId", false, nil},
	{"ec2", "CreateSnapshot", Created, snapshot, "r:snapshotId", false, nil},
	{"ec2", "CreateSnapshots", Created, snapshot, "r:CreateSnapshotsResponse.snapshotSet.item[].snapshotId|r:snapshotSet.items[].snapshotId", false, nil},
	{"ec2", "CopySnapshot", Created, snapshot, "r:snapshotId", false, nil},
	{"ec2", "ImportSnapshot", Created, snapshot, "r:snapshotTaskDetail.snapshotId", false, nil},
	{"ec2", "ModifySnapshotAttribute", Shared, snapshot, "q:snapshotId", false, nil},
	{"ec2", "ResetSnapshotAttribute", Changed, snapshot, "q:snapshotId", false, nil},
	{"ec2", "DeleteSnapshot", Deleted, snapshot, "q:snapshotId", false, nil},
	// key pairs: old records have the name only
	{"ec2", "CreateKeyPair", Created, keyPair, "r:keyPairId|r:keyName|q:keyName", false, nil},
	{"ec2", "ImportKeyPair", Created, keyPair, "r:keyPairId|r:keyName|q:keyName", false, nil},
	{"ec2", "DeleteKeyPair", Deleted, keyPair, "r:keyPairId|q:keyPairId|q:keyName", false, nil},
	// security groups: a group of the default VPC may be called by its name
	{"ec2", "CreateSecurityGroup", Created, securityGroup, "r:groupId", false, nil},
	{"ec2", "AuthorizeSecurityGroupIngress", Changed, securityGroup, "q:groupId|q:groupName", false, nil},
	{"ec2", "AuthorizeSecurityGroupEgress", Changed, securityGroup, "q:groupId|q:groupName", false, nil},
	{"ec2", "RevokeSecurityGroupIngress", Changed, securityGroup, "q:groupId|q:groupName", false, nil},
	{"ec2", "RevokeSecurityGroupEgress", Changed, securityGroup, "q:groupId|q:groupName", false, nil},
	{"ec2", "ModifySecurityGroupRules", Changed, securityGroup, "q:ModifySecurityGroupRulesRequest.GroupId|q:groupId", false, nil},
	{"ec2", "DeleteSecurityGroup", Deleted, securityGroup, "q:groupId|q:groupName", false, nil},

	// functions and layers, by their names without the API's version
	{"lambda", "CreateFunction", Created, function, "r:functionName|q:functionName", false, nil},
	{"lambda", "UpdateFunctionCode", Changed, function, "r:functionName|q:functionName", false, nil},
	{"lambda", "UpdateFunctionConfiguration", Changed, function, "r:functionName|q:functionName", false, nil},
	{"lambda", "PublishVersion", Changed, function, "r:functionName|q:functionName", false, nil},
	{"lambda", "CreateAlias", Changed, function, "q:functionName", false, nil},
	{"lambda", "UpdateAlias", Changed, function, "q:functionName", false, nil},
	{"lambda", "AddPermission", Shared, function, "q:functionName", grants, nil},
	{"lambda", "RemovePermission", Changed, function, "q:functionName", false, nil},
	{"lambda", "CreateFunctionUrlConfig", Shared, function, "q:functionName", false, nil},
	{"lambda", "UpdateFunctionUrlConfig", Shared, function, "q:functionName", false, nil},
	{"lambda", "DeleteFunctionUrlConfig", Changed, function, "q:functionName", false, nil},
	{"lambda", "CreateEventSourceMapping", Changed, function, "q:functionName|r:functionArn", false, nil},
	{"lambda", "PutFunctionConcurrency", Changed, function, "q:functionName", false, nil},
	{"lambda", "DeleteFunctionConcurrency", Changed, function, "q:functionName", false, nil},
	{"lambda", "PutProvisionedConcurrencyConfig", Changed, function, "q:functionName", false, nil},
	{"lambda", "DeleteFunction", Deleted, function, "q:functionName", false, nil},
	{"lambda", "PublishLayerVersion", Created, layer, "r:layerVersionArn|q:layerName", false, nil},
	{"lambda", "AddLayerVersionPermission", Shared, layer, "q:layerName", grants, nil},
	{"lambda", "RemoveLayerVersionPermission", Changed, layer, "q:layerName", false, nil},
	{"lambda", "DeleteLayerVersion", Deleted, layer, "q:layerName", false, nil},

	// trails: the response has the ARN where there is one
	{"cloudtrail", "CreateTrail", Created, trail, "r:trailARN|q:name", false, nil},
	{"cloudtrail", "UpdateTrail", Changed, trail, "r:trailARN|q:name", false, nil},
	{"cloudtrail", "StartLogging", Changed, trail, "q:name", false, nil},
	{"cloudtrail", "StopLogging", Changed, trail, "q:name", false, nil},
	{"cloudtrail", "PutEventSelectors", Changed, trail, "r:trailARN|q:trailName", false, nil},
	{"cloudtrail", "PutInsightSelectors", Changed, trail, "r:trailARN|q:trailName", false, nil},
	{"cloudtrail", "DeleteTrail", Deleted, trail, "q:name", false, nil},
	// detectors
	{"guardduty", "CreateDetector", Created, detector, "r:detectorId", false, nil},
	{"guardduty", "UpdateDetector", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "DeleteDetector", Deleted, detector, "q:detectorId", false, nil},
	{"guardduty", "CreateIPSet", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "UpdateIPSet", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "CreateFilter", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "UpdateFilter", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "DisassociateFromMasterAccount", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "DisassociateFromAdministratorAccount", Changed, detector, "q:detectorId", false, nil},
	{"guardduty", "DeletePublishingDestination", Changed, detector, "q:detectorId", false, nil},
}

type call struct{ source, name string }

var rulesOf = sync.OnceValue(func() map[call][]rule {
	index := map[call][]rule{}
	for _, r := range slices.Concat(tables...) {
		index[call{r.source, r.name}] = append(index[call{r.source, r.name}], r)
	}
	return index
})

// globalSources are the services whose kinds are listed once for all regions.
var globalSources = map[string]bool{
	"iam": true, "route53": true, "route53domains": true, "cloudfront": true, "organizations": true,
}

// Made lists what the event did, one deed per resource. A call of the table
// for which no line names a resource still yields one deed, of the first line
// and without an ID, so that it is seen.
func Made(e event.Event) (all []Deed) {
	rules := rulesOf()[call{e.Service(), baseName(e)}]
	var unnamed []Deed
	for i, r := range rules {
		ids := find(e, r.where)
		if len(ids) == 0 && i == 0 {
			if d := r.deed(e, ""); d.Ref.ID != "" { // there is one in a region or an account
				all = append(all, d)
			} else {
				unnamed = []Deed{d}
			}
		}
		for _, id := range ids {
			all = append(all, r.deed(e, id))
		}
	}
	if len(all) == 0 {
		return unnamed
	}
	return all
}

func (r rule) deed(e event.Event, id string) Deed {
	d := by(e)
	d.Change, d.Wanted, d.Grants = r.change, r.change, r.grants
	place := fact.Place{Account: e.Account, Region: e.Region}
	if globalSources[r.source] {
		place.Region = fact.Global
	}
	d.Ref = fact.Ref{Kind: r.kind, Place: place, ID: id}
	if r.id != nil && id != "" {
		d.Ref.ID = r.id(id)
	}
	r.refine(e, &d)
	r.repeats(e, &d)
	if e.Failed() {
		d.Change = Attempted
	}
	return d
}

// refine is what the table cannot say in a line.
func (r rule) refine(e event.Event, d *Deed) {
	switch r.kind {
	case user:
		if r.change == Created {
			d.UniqueID = findOne(e, "r:user.userId")
		}
		limits := findOne(e, "q:policyArn") + findOne(e, "q:policyName")
		if (r.name == "DetachUserPolicy" || r.name == "DeleteUserPolicy") && isLimit(limits) {
			d.Grants = true
		}
	case role:
		if r.change == Created {
			d.UniqueID = findOne(e, "r:role.roleId")
		}
	case loginProfile:
		if callingUser(e).Kind == rootUser && find(e, "q:userName") == nil {
			d.Ref.ID = "root"
		}
	case snapshot, image:
		// Taking a permission away is no sharing.
		if d.Wanted == Shared && !adds(e) {
			d.Change, d.Wanted = Changed, Changed
		}
	case ruleKind, scheduleKind, nodegroupKind, accessEntryKind, archiveRuleKind:
		d.Ref.ID = pairedID(e, r.kind, d.Ref.ID)
	case "ecs.service", "ecs.task":
		ecsDeed(e, d)
	case "apigateway.rest-api":
		apiDeed(e, d)
	case "events.bus":
		d.Ref.ID = cmp.Or(beyond(":event-bus/")(d.Ref.ID), "default")
	case function:
		d.Ref.ID = functionName(d.Ref.ID)
	case layer:
		d.Ref.ID = layerVersion(d.Ref.ID, findOne(e, "q:versionNumber|r:version"))
	case trail:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "arn:")
		if f := strings.SplitN(d.Ref.ID, ":", 6); len(f) == 6 {
			d.Ref.Region, d.Ref.Account = f[3], f[4]
		}
	case "s3.bucket", "s3.account", "rds.snapshot", "rds.cluster-snapshot":
		refineStorage(e, d)
	case "bedrock.logging", "bedrock.model-access", "bedrock.provisioned-throughput", "bedrock.custom-model", "bedrock.invocation-job":
		refineML(e, d)
	case "ses.account", "sns.sms", "sns.subscription", "sns.topic", "sqs.queue":
		refineMessaging(e, d)
	case keyPair:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "key-")
	case securityGroup:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "sg-")
	case "securityhub.hub":
		d.Ref.ID = "default"
	case "ssm.parameter":
		if r.name == "PutParameter" && findOne(e, "r:version") == "1" {
			d.Change, d.Wanted = Created, Created
		}
	case passwordPolicy, assignment:
		refineIdentity(e, d)
	}
}

// isLimit recognises policies that only hold a user back.
func isLimit(policy string) bool {
	for _, name := range []string{"AWSCompromisedKeyQuarantine", "AWSExposedCredentialPolicy_DO_NOT_REMOVE", "AWSDenyAll", "AWSRevokeOlderSessions"} {
		if strings.Contains(policy, name) {
			return true
		}
	}
	return false
}

// adds says whether a ModifySnapshotAttribute or ModifyImageAttribute gives
// somebody a permission.
func adds(e event.Event) bool {
	for _, of := range []string{"createVolumePermission", "launchPermission"} {
		for _, who := range []string{"userId", "group", "organizationArn", "organizationalUnitArn"} {
			if find(e, "q:"+of+".add.items[]."+who) != nil {
				return true
			}
		}
	}
	return findOne(e, "q:operationType") == "add"
}

// functionName finds the name in what Lambda accepts: a name, a name with a
// qualifier, an ARN, or account:function:name.
func functionName(id string) string {
	if _, rest, ok := strings.Cut(id, "function:"); ok {
		id = rest
	}
	name, _, _ := strings.Cut(id, ":")
	return name
}

// layerVersion writes NAME:VERSION from a layer's name or ARN.
func layerVersion(id, version string) string {
	if _, rest, ok := strings.Cut(id, ":layer:"); ok {
		id = rest
	}
	name, own, ok := strings.Cut(id, ":")
	if ok {
		version = own
	}
	if version == "" {
		return name
	}
	return name + ":" + version
}

// SameTrail says whether a trail's name or ARN, as a call gave it, is the
// trail with this ARN. A name is only unique in its region: compare that too.
func SameTrail(id, arn string) bool {
	if id == "" {
		return false
	}
	_, name, ok := strings.Cut(arn, ":trail/")
	return id == arn || ok && id == name
}
