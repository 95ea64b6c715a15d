package lineage

// asked and answered spell where the newer calls of EC2 have a member: under
// the name of the request or the response, in a list of one that has its text
// in "content", or plain, as the older calls have it.
func asked(call, member string) string {
	in := "q:" + call + "Request." + member
	return in + ".content|" + in + "[].content|" + in + "|q:" + member
}

func answered(call, path string) string {
	return "r:" + call + "Response." + path + "|r:" + path
}

// only makes the ID of what a region has one of.
func only(id string) func(string) string { return func(string) string { return id } }

// setting is a call about the settings of EC2 in a region. Its record names
// nothing: that it was answered is enough.
func setting(call string) rule {
	return does("ec2", call, Changed, "ec2.account-settings", answered(call, "requestId")+"|r:_return").as(only("settings"))
}

var computeRules = []rule{
	// Auto Scaling: groups and launch configurations go by their names
	does("autoscaling", "CreateAutoScalingGroup", Created, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "UpdateAutoScalingGroup", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeleteAutoScalingGroup", Deleted, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "SetDesiredCapacity", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "SuspendProcesses", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "ResumeProcesses", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "PutScalingPolicy", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeletePolicy", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "ExecutePolicy", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "PutScheduledUpdateGroupAction", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "BatchPutScheduledUpdateGroupAction", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeleteScheduledAction", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "BatchDeleteScheduledAction", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "PutLifecycleHook", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeleteLifecycleHook", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "PutNotificationConfiguration", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeleteNotificationConfiguration", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "PutWarmPool", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DeleteWarmPool", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "StartInstanceRefresh", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "SetInstanceProtection", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "AttachInstances", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DetachInstances", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "EnterStandby", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "ExitStandby", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "AttachLoadBalancers", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DetachLoadBalancers", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "AttachLoadBalancerTargetGroups", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DetachLoadBalancerTargetGroups", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "AttachTrafficSources", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "DetachTrafficSources", Changed, "autoscaling.group", "q:autoScalingGroupName"),
	does("autoscaling", "CreateOrUpdateTags", Changed, "autoscaling.group", "q:tags[].resourceId"),
	does("autoscaling", "DeleteTags", Changed, "autoscaling.group", "q:tags[].resourceId"),
	does("autoscaling", "TerminateInstanceInAutoScalingGroup", Deleted, instance, "q:instanceId"),
	does("autoscaling", "CreateLaunchConfiguration", Created, "autoscaling.launch-configuration", "q:launchConfigurationName"),
	does("autoscaling", "DeleteLaunchConfiguration", Deleted, "autoscaling.launch-configuration", "q:launchConfigurationName"),

	// launch templates: a call may give the name only, and the answer has the id
	does("ec2", "CreateLaunchTemplate", Created, "ec2.launch-template", answered("CreateLaunchTemplate", "launchTemplate.launchTemplateId")),
	does("ec2", "CreateLaunchTemplateVersion", Changed, "ec2.launch-template",
		answered("CreateLaunchTemplateVersion", "launchTemplateVersion.launchTemplateId")+"|"+asked("CreateLaunchTemplateVersion", "LaunchTemplateId")),
	does("ec2", "DeleteLaunchTemplateVersions", Changed, "ec2.launch-template", asked("DeleteLaunchTemplateVersions", "LaunchTemplateId")),
	does("ec2", "ModifyLaunchTemplate", Changed, "ec2.launch-template",
		answered("ModifyLaunchTemplate", "launchTemplate.launchTemplateId")+"|"+asked("ModifyLaunchTemplate", "LaunchTemplateId")),
	does("ec2", "DeleteLaunchTemplate", Deleted, "ec2.launch-template",
		answered("DeleteLaunchTemplate", "launchTemplate.launchTemplateId")+"|"+asked("DeleteLaunchTemplate", "LaunchTemplateId")),

	// Spot and fleets
	does("ec2", "RequestSpotInstances", Created, "ec2.spot-request", "r:spotInstanceRequestSet.items[].spotInstanceRequestId"),
	does("ec2", "CancelSpotInstanceRequests", Deleted, "ec2.spot-request",
		"q:spotInstanceRequestIdSet.items[].spotInstanceRequestId|r:spotInstanceRequestSet.items[].spotInstanceRequestId"),
	does("ec2", "RequestSpotFleet", Created, "ec2.spot-fleet", answered("RequestSpotFleet", "spotFleetRequestId")),
	does("ec2", "ModifySpotFleetRequest", Changed, "ec2.spot-fleet", asked("ModifySpotFleetRequest", "SpotFleetRequestId")),
	does("ec2", "CancelSpotFleetRequests", Deleted, "ec2.spot-fleet",
		asked("CancelSpotFleetRequests", "SpotFleetRequestId")+"|q:spotFleetRequestIdSet.items[].spotFleetRequestId|q:spotFleetRequestIds[]"+
			"|r:successfulFleetRequestSet.items[].spotFleetRequestId|r:CancelSpotFleetRequestsResponse.successfulFleetRequestSet.item[].spotFleetRequestId"),
	does("ec2", "CreateFleet", Created, "ec2.fleet", answered("CreateFleet", "fleetId")),
	does("ec2", "ModifyFleet", Changed, "ec2.fleet", asked("ModifyFleet", "FleetId")),
	does("ec2", "DeleteFleets", Deleted, "ec2.fleet",
		asked("DeleteFleets", "FleetId")+"|q:fleetIdSet.items[].fleetId|r:DeleteFleetsResponse.successfulFleetDeletionSet.item[].fleetId|r:successfulFleetDeletionSet.items[].fleetId"),

	// what is bought or reserved
	does("ec2", "PurchaseReservedInstancesOffering", Created, "ec2.reserved-instances", answered("PurchaseReservedInstancesOffering", "reservedInstancesId")),
	does("ec2", "ModifyReservedInstances", Changed, "ec2.reserved-instances", "q:reservedInstancesIdSet.items[].reservedInstancesId|"+asked("ModifyReservedInstances", "ReservedInstancesId")),
	does("ec2", "CreateCapacityReservation", Created, "ec2.capacity-reservation", answered("CreateCapacityReservation", "capacityReservation.capacityReservationId")),
	does("ec2", "PurchaseCapacityBlock", Created, "ec2.capacity-reservation", answered("PurchaseCapacityBlock", "capacityReservation.capacityReservationId")),
	does("ec2", "ModifyCapacityReservation", Changed, "ec2.capacity-reservation", asked("ModifyCapacityReservation", "CapacityReservationId")),
	does("ec2", "CancelCapacityReservation", Deleted, "ec2.capacity-reservation", asked("CancelCapacityReservation", "CapacityReservationId")),

	// more about instances and images
	does("ec2", "ModifyInstanceMetadataOptions", Changed, instance, asked("ModifyInstanceMetadataOptions", "InstanceId")),
	does("ec2", "DisassociateIamInstanceProfile", Changed, instance, answered("DisassociateIamInstanceProfile", "iamInstanceProfileAssociation.instanceId")),
	does("ec2", "RebootInstances", Changed, instance, "q:instancesSet.items[].instanceId"),
	does("ec2", "EnableImageDeregistrationProtection", Changed, image, asked("EnableImageDeregistrationProtection", "ImageId")),
	does("ec2", "DisableImageDeregistrationProtection", Changed, image, asked("DisableImageDeregistrationProtection", "ImageId")),
	does("ec2", "DisableImage", Changed, image, asked("DisableImage", "ImageId")),
	does("ec2", "EnableImage", Changed, image, asked("EnableImage", "ImageId")),
	does("ec2", "LockSnapshot", Changed, snapshot, asked("LockSnapshot", "SnapshotId")),
	does("ec2", "UnlockSnapshot", Changed, snapshot, asked("UnlockSnapshot", "SnapshotId")),

	// the settings of a region
	setting("EnableSerialConsoleAccess"), setting("DisableSerialConsoleAccess"),
	setting("EnableSnapshotBlockPublicAccess"), setting("DisableSnapshotBlockPublicAccess"),
	setting("EnableImageBlockPublicAccess"), setting("DisableImageBlockPublicAccess"),
	setting("EnableEbsEncryptionByDefault"), setting("DisableEbsEncryptionByDefault"),
}
