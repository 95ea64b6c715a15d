package lineage

import (
	"strings"

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
	Loose      bool
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
}

const grants = true

// rules is the whole table. An event may have several lines. RunInstances
// lists the volumes only when EC2 already knew them.
var rules = []rule{
	// users
	{"iam", "CreateUser", Created, user, "r:user.userName|q:userName", false},
	{"iam", "UpdateUser", Changed, user, "q:userName", false},
	{"iam", "DeleteUser", Deleted, user, "q:userName", false},
	{"iam", "PutUserPolicy", Changed, user, "q:userName", grants},
	{"iam", "AttachUserPolicy", Changed, user, "q:userName", grants},
	{"iam", "DeleteUserPolicy", Changed, user, "q:userName", false},
	{"iam", "DetachUserPolicy", Changed, user, "q:userName", false},
	{"iam", "AddUserToGroup", Changed, user, "q:userName", grants},
	{"iam", "AddUserToGroup", Changed, group, "q:groupName", false},
	{"iam", "RemoveUserFromGroup", Changed, user, "q:userName", false},
	{"iam", "PutUserPermissionsBoundary", Changed, user, "q:userName", grants}, // it may be wider than the one before
	{"iam", "DeleteUserPermissionsBoundary", Changed, user, "q:userName", grants},
	// groups
	{"iam", "CreateGroup", Created, group, "r:group.groupName|q:groupName", false},
	{"iam", "UpdateGroup", Changed, group, "q:groupName", false},
	{"iam", "DeleteGroup", Deleted, group, "q:groupName", false},
	{"iam", "PutGroupPolicy", Changed, group, "q:groupName", grants},
	{"iam", "AttachGroupPolicy", Changed, group, "q:groupName", grants},
	{"iam", "DeleteGroupPolicy", Changed, group, "q:groupName", false},
	{"iam", "DetachGroupPolicy", Changed, group, "q:groupName", false},
	// roles
	{"iam", "CreateRole", Created, role, "r:role.roleName|q:roleName", false},
	{"iam", "CreateServiceLinkedRole", Created, role, "r:role.roleName", false},
	{"iam", "UpdateRole", Changed, role, "q:roleName", false},
	{"iam", "DeleteRole", Deleted, role, "q:roleName", false},
	{"iam", "PutRolePolicy", Changed, role, "q:roleName", grants},
	{"iam", "AttachRolePolicy", Changed, role, "q:roleName", grants},
	{"iam", "DeleteRolePolicy", Changed, role, "q:roleName", false},
	{"iam", "DetachRolePolicy", Changed, role, "q:roleName", false},
	{"iam", "UpdateAssumeRolePolicy", Changed, role, "q:roleName", grants},
	{"iam", "AddRoleToInstanceProfile", Changed, role, "q:roleName", grants},
	{"iam", "PutRolePermissionsBoundary", Changed, role, "q:roleName", grants},
	{"iam", "DeleteRolePermissionsBoundary", Changed, role, "q:roleName", grants},
	// policies
	{"iam", "CreatePolicy", Created, policyKind, "r:policy.arn", false},
	{"iam", "DeletePolicy", Deleted, policyKind, "q:policyArn", false},
	{"iam", "CreatePolicyVersion", Changed, policyKind, "q:policyArn", grants},
	{"iam", "SetDefaultPolicyVersion", Changed, policyKind, "q:policyArn", grants},
	{"iam", "DeletePolicyVersion", Changed, policyKind, "q:policyArn", false},
	// credentials
	{"iam", "CreateAccessKey", Created, accessKey, "r:accessKey.accessKeyId", false},
	{"iam", "UpdateAccessKey", Changed, accessKey, "q:accessKeyId", false},
	{"iam", "DeleteAccessKey", Deleted, accessKey, "q:accessKeyId", false},
	{"iam", "CreateLoginProfile", Created, loginProfile, "r:loginProfile.userName|q:userName|self", false},
	{"iam", "UpdateLoginProfile", Changed, loginProfile, "q:userName|self", false},
	{"iam", "ChangePassword", Changed, loginProfile, "self", false},
	{"iam", "DeleteLoginProfile", Deleted, loginProfile, "q:userName|self", false},
	{"iam", "CreateVirtualMFADevice", Created, mfaDevice, "r:virtualMFADevice.serialNumber", false},
	{"iam", "EnableMFADevice", Changed, mfaDevice, "q:serialNumber", false},
	{"iam", "DeactivateMFADevice", Changed, mfaDevice, "q:serialNumber", false},
	{"iam", "DeleteVirtualMFADevice", Deleted, mfaDevice, "q:serialNumber", false},
	{"iam", "CreateServiceSpecificCredential", Created, serviceCredential, "r:serviceSpecificCredential.serviceSpecificCredentialId", false},
	{"iam", "UpdateServiceSpecificCredential", Changed, serviceCredential, "q:serviceSpecificCredentialId", false},
	{"iam", "ResetServiceSpecificCredential", Changed, serviceCredential, "q:serviceSpecificCredentialId", false},
	{"iam", "DeleteServiceSpecificCredential", Deleted, serviceCredential, "q:serviceSpecificCredentialId", false},
	{"iam", "UploadSSHPublicKey", Created, sshKey, "r:sSHPublicKey.sSHPublicKeyId", false},
	{"iam", "UpdateSSHPublicKey", Changed, sshKey, "q:sSHPublicKeyId", false},
	{"iam", "DeleteSSHPublicKey", Deleted, sshKey, "q:sSHPublicKeyId", false},
	{"iam", "UploadSigningCertificate", Created, signingCert, "r:certificate.certificateId", false},
	{"iam", "UpdateSigningCertificate", Changed, signingCert, "q:certificateId", false},
	{"iam", "DeleteSigningCertificate", Deleted, signingCert, "q:certificateId", false},
	{"iam", "UploadServerCertificate", Created, serverCert, "r:serverCertificateMetadata.serverCertificateName|q:serverCertificateName", false},
	{"iam", "UpdateServerCertificate", Changed, serverCert, "q:serverCertificateName", false},
	{"iam", "DeleteServerCertificate", Deleted, serverCert, "q:serverCertificateName", false},
	// identity providers
	{"iam", "CreateSAMLProvider", Created, samlProvider, "r:sAMLProviderArn", false},
	{"iam", "UpdateSAMLProvider", Changed, samlProvider, "q:sAMLProviderArn|r:sAMLProviderArn", grants},
	{"iam", "DeleteSAMLProvider", Deleted, samlProvider, "q:sAMLProviderArn", false},
	{"iam", "CreateOpenIDConnectProvider", Created, oidcProvider, "r:openIDConnectProviderArn", false},
	{"iam", "AddClientIDToOpenIDConnectProvider", Changed, oidcProvider, "q:openIDConnectProviderArn", grants},
	{"iam", "UpdateOpenIDConnectProviderThumbprint", Changed, oidcProvider, "q:openIDConnectProviderArn", grants},
	{"iam", "DeleteOpenIDConnectProvider", Deleted, oidcProvider, "q:openIDConnectProviderArn", false},

	// instances
	{"ec2", "RunInstances", Created, instance, "r:instancesSet.items[].instanceId", false},
	{"ec2", "RunInstances", Created, volume, "r:instancesSet.items[].blockDeviceMapping.items[].ebs.volumeId", false},
	{"ec2", "CreateFleet", Created, instance, "r:CreateFleetResponse.fleetInstanceSet.item[].instanceIds.item[]", false},
	{"ec2", "StartInstances", Changed, instance, "q:instancesSet.items[].instanceId", false},
	{"ec2", "StopInstances", Changed, instance, "q:instancesSet.items[].instanceId", false},
	{"ec2", "TerminateInstances", Deleted, instance, "q:instancesSet.items[].instanceId", false},
	{"ec2", "ModifyInstanceAttribute", Changed, instance, "q:instanceId", false},
	{"ec2", "AssociateIamInstanceProfile", Changed, instance, "q:AssociateIamInstanceProfileRequest.InstanceId|q:instanceId", grants},
	{"ec2", "ReplaceIamInstanceProfileAssociation", Changed, instance, "r:ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId", grants},
	// images
	{"ec2", "CreateImage", Created, image, "r:imageId", false},
	{"ec2", "RegisterImage", Created, image, "r:imageId", false},
	{"ec2", "CopyImage", Created, image, "r:imageId", false},
	{"ec2", "ModifyImageAttribute", Shared, image, "q:imageId", false},
	{"ec2", "ResetImageAttribute", Changed, image, "q:imageId", false},
	{"ec2", "DeregisterImage", Deleted, image, "q:imageId", false},
	// disks
	{"ec2", "CreateVolume", Created, volume, "r:volumeId", false},
	{"ec2", "AttachVolume", Changed, volume, "q:volumeId", false},
	{"ec2", "DetachVolume", Changed, volume, "q:volumeId", false},
	{"ec2", "ModifyVolume", Changed, volume, "q:ModifyVolumeRequest.VolumeId|q:volumeId", false},
	{"ec2", "DeleteVolume", Deleted, volume, "q:volumeId", false},
	{"ec2", "CreateSnapshot", Created, snapshot, "r:snapshotId", false},
	{"ec2", "CreateSnapshots", Created, snapshot, "r:CreateSnapshotsResponse.snapshotSet.item[].snapshotId|r:snapshotSet.items[].snapshotId", false},
	{"ec2", "CopySnapshot", Created, snapshot, "r:snapshotId", false},
	{"ec2", "ImportSnapshot", Created, snapshot, "r:snapshotTaskDetail.snapshotId", false},
	{"ec2", "ModifySnapshotAttribute", Shared, snapshot, "q:snapshotId", false},
	{"ec2", "ResetSnapshotAttribute", Changed, snapshot, "q:snapshotId", false},
	{"ec2", "DeleteSnapshot", Deleted, snapshot, "q:snapshotId", false},
	// key pairs: old records have the name only
	{"ec2", "CreateKeyPair", Created, keyPair, "r:keyPairId|r:keyName|q:keyName", false},
	{"ec2", "ImportKeyPair", Created, keyPair, "r:keyPairId|r:keyName|q:keyName", false},
	{"ec2", "DeleteKeyPair", Deleted, keyPair, "r:keyPairId|q:keyPairId|q:keyName", false},
	// security groups: a group of the default VPC may be called by its name
	{"ec2", "CreateSecurityGroup", Created, securityGroup, "r:groupId", false},
	{"ec2", "AuthorizeSecurityGroupIngress", Changed, securityGroup, "q:groupId|q:groupName", false},
	{"ec2", "AuthorizeSecurityGroupEgress", Changed, securityGroup, "q:groupId|q:groupName", false},
	{"ec2", "RevokeSecurityGroupIngress", Changed, securityGroup, "q:groupId|q:groupName", false},
	{"ec2", "RevokeSecurityGroupEgress", Changed, securityGroup, "q:groupId|q:groupName", false},
	{"ec2", "ModifySecurityGroupRules", Changed, securityGroup, "q:ModifySecurityGroupRulesRequest.GroupId|q:groupId", false},
	{"ec2", "DeleteSecurityGroup", Deleted, securityGroup, "q:groupId|q:groupName", false},

	// functions and layers, by their names without the API's version
	{"lambda", "CreateFunction", Created, function, "r:functionName|q:functionName", false},
	{"lambda", "UpdateFunctionCode", Changed, function, "r:functionName|q:functionName", false},
	{"lambda", "UpdateFunctionConfiguration", Changed, function, "r:functionName|q:functionName", false},
	{"lambda", "PublishVersion", Changed, function, "r:functionName|q:functionName", false},
	{"lambda", "CreateAlias", Changed, function, "q:functionName", false},
	{"lambda", "UpdateAlias", Changed, function, "q:functionName", false},
	{"lambda", "AddPermission", Shared, function, "q:functionName", grants},
	{"lambda", "RemovePermission", Changed, function, "q:functionName", false},
	{"lambda", "CreateFunctionUrlConfig", Shared, function, "q:functionName", false},
	{"lambda", "UpdateFunctionUrlConfig", Shared, function, "q:functionName", false},
	{"lambda", "DeleteFunctionUrlConfig", Changed, function, "q:functionName", false},
	{"lambda", "CreateEventSourceMapping", Changed, function, "q:functionName|r:functionArn", false},
	{"lambda", "PutFunctionConcurrency", Changed, function, "q:functionName", false},
	{"lambda", "DeleteFunctionConcurrency", Changed, function, "q:functionName", false},
	{"lambda", "PutProvisionedConcurrencyConfig", Changed, function, "q:functionName", false},
	{"lambda", "DeleteFunction", Deleted, function, "q:functionName", false},
	{"lambda", "PublishLayerVersion", Created, layer, "r:layerVersionArn|q:layerName", false},
	{"lambda", "AddLayerVersionPermission", Shared, layer, "q:layerName", grants},
	{"lambda", "RemoveLayerVersionPermission", Changed, layer, "q:layerName", false},
	{"lambda", "DeleteLayerVersion", Deleted, layer, "q:layerName", false},

	// trails: the response has the ARN where there is one
	{"cloudtrail", "CreateTrail", Created, trail, "r:trailARN|q:name", false},
	{"cloudtrail", "UpdateTrail", Changed, trail, "r:trailARN|q:name", false},
	{"cloudtrail", "StartLogging", Changed, trail, "q:name", false},
	{"cloudtrail", "StopLogging", Changed, trail, "q:name", false},
	{"cloudtrail", "PutEventSelectors", Changed, trail, "r:trailARN|q:trailName", false},
	{"cloudtrail", "PutInsightSelectors", Changed, trail, "r:trailARN|q:trailName", false},
	{"cloudtrail", "DeleteTrail", Deleted, trail, "q:name", false},
	// detectors
	{"guardduty", "CreateDetector", Created, detector, "r:detectorId", false},
	{"guardduty", "UpdateDetector", Changed, detector, "q:detectorId", false},
	{"guardduty", "DeleteDetector", Deleted, detector, "q:detectorId", false},
	{"guardduty", "CreateIPSet", Changed, detector, "q:detectorId", false},
	{"guardduty", "UpdateIPSet", Changed, detector, "q:detectorId", false},
	{"guardduty", "CreateFilter", Changed, detector, "q:detectorId", false},
	{"guardduty", "UpdateFilter", Changed, detector, "q:detectorId", false},
	{"guardduty", "DisassociateFromMasterAccount", Changed, detector, "q:detectorId", false},
	{"guardduty", "DisassociateFromAdministratorAccount", Changed, detector, "q:detectorId", false},
	{"guardduty", "DeletePublishingDestination", Changed, detector, "q:detectorId", false},
}

type call struct{ source, name string }

var rulesOf = func() map[call][]rule {
	index := map[call][]rule{}
	for _, r := range rules {
		index[call{r.source, r.name}] = append(index[call{r.source, r.name}], r)
	}
	return index
}()

// Made lists what the event did, one deed per resource. A call of the table
// that names no resource still yields one deed, without an ID, so that it is
// seen; a second line of the table that names none yields nothing.
func Made(e event.Event) (all []Deed) {
	for _, r := range rulesOf[call{e.Service(), baseName(e)}] {
		ids := find(e, r.where)
		if len(ids) == 0 && len(all) == 0 {
			ids = []string{""}
		}
		for _, id := range ids {
			all = append(all, r.deed(e, id))
		}
	}
	return all
}

func (r rule) deed(e event.Event, id string) Deed {
	d := by(e)
	d.Change, d.Wanted, d.Grants = r.change, r.change, r.grants
	place := fact.Place{Account: e.Account, Region: e.Region}
	if r.source == "iam" {
		place.Region = fact.Global
	}
	d.Ref = fact.Ref{Kind: r.kind, Place: place, ID: id}
	r.refine(e, &d)
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
	case function:
		d.Ref.ID = functionName(d.Ref.ID)
	case layer:
		d.Ref.ID = layerVersion(d.Ref.ID, findOne(e, "q:versionNumber|r:version"))
	case trail:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "arn:")
		if f := strings.SplitN(d.Ref.ID, ":", 6); len(f) == 6 {
			d.Ref.Region, d.Ref.Account = f[3], f[4]
		}
	case keyPair:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "key-")
	case securityGroup:
		d.Loose = d.Ref.ID != "" && !strings.HasPrefix(d.Ref.ID, "sg-")
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
