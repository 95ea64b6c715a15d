package lineage

// An Undo is the API call that takes back what an event did. Some take back
// all of it (the key is deleted), some need what was there before (the code of
// a function): that is in backups, or in the account's own templates, and not
// in the trail.
type Undo struct {
	Service   string // "lambda"
	Call      string // "RemovePermission"
	Resource  string // id, name or ARN of what it acts on; empty: not recorded
	Resources []string
	Detail    string // what else the call needs: a policy's ARN or name, a statement's id, a group
	EventID   string
}

type undo struct {
	source, name string
	call         string
	resource     string
	detail       string
}

const (
	flowLogs   = "q:DeleteFlowLogsRequest.FlowLogId[].content|q:DeleteFlowLogsRequest.FlowLogId|q:flowLogIds.items[].flowLogId"
	groupOf    = "q:groupId|q:groupName|q:AuthorizeSecurityGroupIngressRequest.GroupId|q:ModifySecurityGroupRulesRequest.GroupId"
	instances  = "q:instancesSet.items[].instanceId"
	functionOf = "q:functionName"
	flowMade   = "r:CreateFlowLogsResponse.flowLogIdSet.item[].content|r:CreateFlowLogsResponse.flowLogIdSet.item|r:flowLogIdSet.items[]"
)

// undos is the table. What only reads, and STS, has no line: a session is
// revoked at its user or role, and no call gives it back.
var undos = []undo{
	// identities and their credentials
	{"iam", "CreateUser", "DeleteUser", "r:user.userName|q:userName", ""},
	{"iam", "DeleteUser", "CreateUser", "q:userName", ""},
	{"iam", "UpdateUser", "UpdateUser", "q:newUserName|q:userName", "q:userName"},
	{"iam", "CreateAccessKey", "DeleteAccessKey", "r:accessKey.accessKeyId", "r:accessKey.userName|q:userName|self"},
	{"iam", "UpdateAccessKey", "UpdateAccessKey", "q:accessKeyId", "q:userName|self"},
	{"iam", "DeleteAccessKey", "CreateAccessKey", "q:userName|self", ""},
	{"iam", "CreateLoginProfile", "DeleteLoginProfile", "r:loginProfile.userName|q:userName|self", ""},
	{"iam", "UpdateLoginProfile", "UpdateLoginProfile", "q:userName|self", ""},
	{"iam", "ChangePassword", "UpdateLoginProfile", "self", ""},
	{"iam", "DeleteLoginProfile", "CreateLoginProfile", "q:userName|self", ""},
	{"iam", "CreateServiceSpecificCredential", "DeleteServiceSpecificCredential", "r:serviceSpecificCredential.serviceSpecificCredentialId", "r:serviceSpecificCredential.userName|q:userName|self"},
	{"iam", "UploadSSHPublicKey", "DeleteSSHPublicKey", "r:sSHPublicKey.sSHPublicKeyId", "q:userName|self"},
	{"iam", "UploadSigningCertificate", "DeleteSigningCertificate", "r:certificate.certificateId", "q:userName|self"},
	{"iam", "CreateVirtualMFADevice", "DeleteVirtualMFADevice", "r:virtualMFADevice.serialNumber", ""},
	{"iam", "EnableMFADevice", "DeactivateMFADevice", "q:serialNumber", "q:userName|self"},
	{"iam", "DeactivateMFADevice", "EnableMFADevice", "q:serialNumber", "q:userName|self"},
	{"iam", "DeleteVirtualMFADevice", "CreateVirtualMFADevice", "q:serialNumber", ""},
	{"iam", "UploadServerCertificate", "DeleteServerCertificate", "q:serverCertificateName", ""},
	// rights
	{"iam", "AttachUserPolicy", "DetachUserPolicy", "q:userName", "q:policyArn"},
	{"iam", "DetachUserPolicy", "AttachUserPolicy", "q:userName", "q:policyArn"},
	{"iam", "PutUserPolicy", "DeleteUserPolicy", "q:userName", "q:policyName"},
	{"iam", "DeleteUserPolicy", "PutUserPolicy", "q:userName", "q:policyName"},
	{"iam", "PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary", "q:userName", "q:permissionsBoundary"},
	{"iam", "DeleteUserPermissionsBoundary", "PutUserPermissionsBoundary", "q:userName", ""},
	{"iam", "AddUserToGroup", "RemoveUserFromGroup", "q:userName", "q:groupName"},
	{"iam", "RemoveUserFromGroup", "AddUserToGroup", "q:userName", "q:groupName"},
	{"iam", "CreateGroup", "DeleteGroup", "q:groupName", ""},
	{"iam", "DeleteGroup", "CreateGroup", "q:groupName", ""},
	{"iam", "AttachGroupPolicy", "DetachGroupPolicy", "q:groupName", "q:policyArn"},
	{"iam", "DetachGroupPolicy", "AttachGroupPolicy", "q:groupName", "q:policyArn"},
	{"iam", "PutGroupPolicy", "DeleteGroupPolicy", "q:groupName", "q:policyName"},
	{"iam", "DeleteGroupPolicy", "PutGroupPolicy", "q:groupName", "q:policyName"},
	{"iam", "CreateRole", "DeleteRole", "r:role.roleName|q:roleName", ""},
	{"iam", "CreateServiceLinkedRole", "DeleteServiceLinkedRole", "r:role.roleName", ""},
	{"iam", "DeleteRole", "CreateRole", "q:roleName", ""},
	{"iam", "AttachRolePolicy", "DetachRolePolicy", "q:roleName", "q:policyArn"},
	{"iam", "DetachRolePolicy", "AttachRolePolicy", "q:roleName", "q:policyArn"},
	{"iam", "PutRolePolicy", "DeleteRolePolicy", "q:roleName", "q:policyName"},
	{"iam", "DeleteRolePolicy", "PutRolePolicy", "q:roleName", "q:policyName"},
	{"iam", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "q:roleName", "q:permissionsBoundary"},
	{"iam", "DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary", "q:roleName", ""},
	{"iam", "UpdateAssumeRolePolicy", "UpdateAssumeRolePolicy", "q:roleName", ""},
	{"iam", "UpdateRole", "UpdateRole", "q:roleName", ""},
	{"iam", "CreateInstanceProfile", "DeleteInstanceProfile", "q:instanceProfileName", ""},
	{"iam", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile", "q:instanceProfileName", "q:roleName"},
	{"iam", "RemoveRoleFromInstanceProfile", "AddRoleToInstanceProfile", "q:instanceProfileName", "q:roleName"},
	{"iam", "CreatePolicy", "DeletePolicy", "r:policy.arn", ""},
	{"iam", "DeletePolicy", "CreatePolicy", "q:policyArn", ""},
	{"iam", "CreatePolicyVersion", "DeletePolicyVersion", "q:policyArn", "r:policyVersion.versionId"},
	{"iam", "SetDefaultPolicyVersion", "SetDefaultPolicyVersion", "q:policyArn", "q:versionId"},
	{"iam", "CreateSAMLProvider", "DeleteSAMLProvider", "r:sAMLProviderArn", ""},
	{"iam", "UpdateSAMLProvider", "UpdateSAMLProvider", "q:sAMLProviderArn|r:sAMLProviderArn", ""},
	{"iam", "CreateOpenIDConnectProvider", "DeleteOpenIDConnectProvider", "r:openIDConnectProviderArn", ""},
	{"iam", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider", "q:openIDConnectProviderArn", "q:clientID"},
	{"iam", "UpdateAccountPasswordPolicy", "UpdateAccountPasswordPolicy", "", ""},
	{"iam", "DeleteAccountPasswordPolicy", "UpdateAccountPasswordPolicy", "", ""},
	{"iam", "CreateAccountAlias", "DeleteAccountAlias", "q:accountAlias", ""},
	{"iam", "DeleteAccountAlias", "CreateAccountAlias", "q:accountAlias", ""},
	{"rolesanywhere", "CreateTrustAnchor", "DeleteTrustAnchor", "r:trustAnchor.trustAnchorId", ""},
	{"rolesanywhere", "CreateProfile", "DeleteProfile", "r:profile.profileId", ""},
	// instances, disks, networks
	{"ec2", "RunInstances", "TerminateInstances", "r:instancesSet.items[].instanceId", ""},
	{"ec2", "CreateFleet", "DeleteFleets", "r:CreateFleetResponse.fleetId|r:fleetId", ""},
	{"ec2", "RequestSpotInstances", "CancelSpotInstanceRequests", "r:spotInstanceRequestSet.items[].spotInstanceRequestId", ""},
	{"ec2", "RequestSpotFleet", "CancelSpotFleetRequests", "r:spotFleetRequestId", ""},
	{"ec2", "StartInstances", "StopInstances", instances, ""},
	{"ec2", "StopInstances", "StartInstances", instances, ""},
	{"ec2", "ModifyInstanceAttribute", "ModifyInstanceAttribute", "q:instanceId", ""},
	{"ec2", "ModifyInstanceMetadataOptions", "ModifyInstanceMetadataOptions", "q:ModifyInstanceMetadataOptionsRequest.InstanceId|q:instanceId", ""},
	{"ec2", "AssociateIamInstanceProfile", "DisassociateIamInstanceProfile", "q:AssociateIamInstanceProfileRequest.InstanceId|q:instanceId", "r:AssociateIamInstanceProfileResponse.iamInstanceProfileAssociation.associationId"},
	{"ec2", "ReplaceIamInstanceProfileAssociation", "ReplaceIamInstanceProfileAssociation", "r:ReplaceIamInstanceProfileAssociationResponse.iamInstanceProfileAssociation.instanceId", ""},
	{"ec2", "CreateLaunchTemplate", "DeleteLaunchTemplate", "r:CreateLaunchTemplateResponse.launchTemplate.launchTemplateId", ""},
	{"ec2", "CreateKeyPair", "DeleteKeyPair", "r:keyPairId|r:keyName|q:keyName", ""},
	{"ec2", "ImportKeyPair", "DeleteKeyPair", "r:keyPairId|r:keyName|q:keyName", ""},
	{"ec2", "CreateImage", "DeregisterImage", "r:imageId", ""},
	{"ec2", "RegisterImage", "DeregisterImage", "r:imageId", ""},
	{"ec2", "CopyImage", "DeregisterImage", "r:imageId", ""},
	{"ec2", "ModifyImageAttribute", "ModifyImageAttribute", "q:imageId", ""},
	{"ec2", "CreateSnapshot", "DeleteSnapshot", "r:snapshotId", ""},
	{"ec2", "CreateSnapshots", "DeleteSnapshot", "r:CreateSnapshotsResponse.snapshotSet.item[].snapshotId|r:snapshotSet.items[].snapshotId", ""},
	{"ec2", "CopySnapshot", "DeleteSnapshot", "r:snapshotId", ""},
	{"ec2", "ModifySnapshotAttribute", "ModifySnapshotAttribute", "q:snapshotId", ""},
	{"ec2", "CreateVolume", "DeleteVolume", "r:volumeId", ""},
	{"ec2", "AttachVolume", "DetachVolume", "q:volumeId", "q:instanceId"},
	{"ec2", "DetachVolume", "AttachVolume", "q:volumeId", "q:instanceId"},
	{"ec2", "CreateSecurityGroup", "DeleteSecurityGroup", "r:groupId", ""},
	{"ec2", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", groupOf, ""},
	{"ec2", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress", groupOf, ""},
	{"ec2", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress", groupOf, ""},
	{"ec2", "RevokeSecurityGroupEgress", "AuthorizeSecurityGroupEgress", groupOf, ""},
	{"ec2", "ModifySecurityGroupRules", "ModifySecurityGroupRules", groupOf, ""},
	{"ec2", "CreateNetworkAclEntry", "DeleteNetworkAclEntry", "q:networkAclId", "q:ruleNumber"},
	{"ec2", "CreateRoute", "DeleteRoute", "q:routeTableId", "q:destinationCidrBlock"},
	{"ec2", "CreateDefaultVpc", "DeleteVpc", "r:vpc.vpcId", ""},
	{"ec2", "CreateVpc", "DeleteVpc", "r:vpc.vpcId", ""},
	{"ec2", "CreateSubnet", "DeleteSubnet", "r:subnet.subnetId", ""},
	{"ec2", "AllocateAddress", "ReleaseAddress", "r:allocationId|r:publicIp", ""},
	{"ec2", "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "r:vpcPeeringConnection.vpcPeeringConnectionId", ""},
	{"ec2", "AcceptVpcPeeringConnection", "DeleteVpcPeeringConnection", "q:vpcPeeringConnectionId", ""},
	{"ec2", "CreateVpcEndpoint", "DeleteVpcEndpoints", "r:CreateVpcEndpointResponse.vpcEndpoint.vpcEndpointId", ""},
	{"ec2", "CreateTrafficMirrorSession", "DeleteTrafficMirrorSession", "r:CreateTrafficMirrorSessionResponse.trafficMirrorSession.trafficMirrorSessionId", ""},
	{"ec2", "EnableSerialConsoleAccess", "DisableSerialConsoleAccess", "", ""},
	{"ec2", "DisableEbsEncryptionByDefault", "EnableEbsEncryptionByDefault", "", ""},
	{"ec2", "DeleteFlowLogs", "CreateFlowLogs", flowLogs, ""},
	{"ec2", "CreateFlowLogs", "DeleteFlowLogs", flowMade, ""},
	{"autoscaling", "CreateAutoScalingGroup", "DeleteAutoScalingGroup", "q:autoScalingGroupName", ""},
	{"autoscaling", "UpdateAutoScalingGroup", "UpdateAutoScalingGroup", "q:autoScalingGroupName", ""},
	{"autoscaling", "CreateLaunchConfiguration", "DeleteLaunchConfiguration", "q:launchConfigurationName", ""},
	// functions
	{"lambda", "CreateFunction", "DeleteFunction", "r:functionName|q:functionName", ""},
	{"lambda", "UpdateFunctionCode", "UpdateFunctionCode", "r:functionName|q:functionName", ""},
	{"lambda", "UpdateFunctionConfiguration", "UpdateFunctionConfiguration", "r:functionName|q:functionName", ""},
	{"lambda", "AddPermission", "RemovePermission", functionOf, "q:statementId"},
	{"lambda", "RemovePermission", "AddPermission", functionOf, "q:statementId"},
	{"lambda", "CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", functionOf, ""},
	{"lambda", "UpdateFunctionUrlConfig", "UpdateFunctionUrlConfig", functionOf, ""},
	{"lambda", "CreateEventSourceMapping", "DeleteEventSourceMapping", "r:uUID|r:uuid", "q:functionName"},
	{"lambda", "PutFunctionConcurrency", "DeleteFunctionConcurrency", functionOf, ""},
	{"lambda", "CreateAlias", "DeleteAlias", functionOf, "q:name"},
	{"lambda", "UpdateAlias", "UpdateAlias", functionOf, "q:name"},
	{"lambda", "PublishLayerVersion", "DeleteLayerVersion", "r:layerVersionArn|q:layerName", "r:version"},
	{"lambda", "AddLayerVersionPermission", "RemoveLayerVersionPermission", "q:layerName", "q:statementId"},
}
