package corpus

// Who makes a call, as a set.
const (
	person  = 1 << iota // signed in to the console, or with the command line
	deploy              // infrastructure as code, pipelines
	app                 // programs at work
	service             // AWS services
	all     = person | deploy | app
)

// A call is the template of one event. In Request, Response and Extra a word in
// angle brackets is a slot: see slots.
type call struct {
	service, name string
	who           int
	write         bool
	request       string // "" is null
	response      string
	extra         string // members after responseElements
	data          bool   // a data event
}

// calls are templates of our own, in the order of how common they are.
var calls = concat(compute, identity, storage, platform)

func concat(lists ...[]call) (every []call) {
	for _, l := range lists {
		every = append(every, l...)
	}
	return every
}

// compute is what machines, networks and containers do.
var compute = []call{
	{service: "ec2", name: "DescribeInstances", who: all, request: `{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"},{"value":"pending"}]}},{"name":"tag:Name","valueSet":{"items":[{"value":"<name>"}]}}]}}`},
	{service: "ec2", name: "DescribeTags", who: app | deploy, request: `{"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"<i>"}]}},{"name":"key","valueSet":{"items":[{"value":"aws:autoscaling:groupName"}]}}]}}`},
	{service: "ec2", name: "DescribeNetworkInterfaces", who: all, request: `{"networkInterfaceIdSet":{"items":[{"networkInterfaceId":"<eni>"}]},"filterSet":{}}`},
	{service: "ec2", name: "DescribeVolumes", who: all, request: `{"volumeSet":{"items":[{"volumeId":"<vol>"},{"volumeId":"<vol>"}]},"filterSet":{}}`},
	{service: "ec2", name: "DescribeSecurityGroups", who: all, request: `{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"<sg>"}]},"filterSet":{}}`},
	{service: "ec2", name: "DescribeSubnets", who: deploy | app, request: `{"subnetSet":{"items":[{"subnetId":"<subnet>"},{"subnetId":"<subnet>"},{"subnetId":"<subnet>"}]},"filterSet":{}}`},
	{service: "ec2", name: "DescribeRouteTables", who: deploy, request: `{"routeTableIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"<vpc>"}]}}]}}`},
	{service: "ec2", name: "DescribeImages", who: deploy, request: `{"executableBySet":{},"imagesSet":{},"ownersSet":{"items":[{"owner":"amazon"}]},"filterSet":{"items":[{"name":"name","valueSet":{"items":[{"value":"al2023-ami-2023.*-x86_64"}]}}]},"includeDeprecated":false}`},
	{service: "ec2", name: "DescribeInstanceTypes", who: deploy | app, request: `{"DescribeInstanceTypesRequest":{"InstanceType":{"tag":1,"content":"<type>"}}}`},
	{service: "ec2", name: "DescribeLaunchTemplateVersions", who: deploy | app, request: `{"DescribeLaunchTemplateVersionsRequest":{"LaunchTemplateId":"<lt>","LaunchTemplateVersion":{"tag":1,"content":"$Latest"}}}`},
	{service: "ec2", name: "RunInstances", who: deploy | app | service, write: true,
		request:  `{"instancesSet":{"items":[{"imageId":"<ami>","minCount":1,"maxCount":1,"keyName":"<name>"}]},"instanceType":"<type>","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"disableApiStop":false,"clientToken":"<uuid>","ebsOptimized":true,"tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"Name","value":"<name>"},{"key":"team","value":"platform"}]}]}}`,
		response: `{"requestId":"<uuid>","reservationId":"<r>","ownerId":"<acct>","groupSet":{},"instancesSet":{"items":[{"instanceId":"<new-i>","imageId":"<ami>","currentInstanceBootMode":"uefi","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-<n>.<region>.compute.internal","keyName":"<name>","amiLaunchIndex":0,"productCodes":{},"instanceType":"<type>","launchTime":<millis>,"placement":{"availabilityZone":"<region>a","tenancy":"default"},"monitoring":{"state":"disabled"},"subnetId":"<subnet>","vpcId":"<vpc>","privateIpAddress":"<private>","stateReason":{"code":"pending","message":"pending"},"architecture":"x86_64","rootDeviceType":"ebs","rootDeviceName":"/dev/xvda","blockDeviceMapping":{},"virtualizationType":"hvm","hypervisor":"xen","groupSet":{"items":[{"groupId":"<sg>","groupName":"<name>"}]},"sourceDestCheck":true}]}}`},
	{service: "ec2", name: "TerminateInstances", who: deploy | service, write: true, request: `{"instancesSet":{"items":[{"instanceId":"<i>"}]}}`,
		response: `{"requestId":"<uuid>","instancesSet":{"items":[{"instanceId":"<i>","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}`},
	{service: "ec2", name: "CreateTags", who: deploy | app, write: true, request: `{"resourcesSet":{"items":[{"resourceId":"<vol>"}]},"tagSet":{"items":[{"key":"kubernetes.io/cluster/<name>","value":"owned"},{"key":"Name","value":"<name>"}]}}`, response: `{"requestId":"<uuid>","_return":true}`},
	{service: "ec2", name: "CreateSnapshot", who: app, write: true, request: `{"volumeId":"<vol>","description":"Created for policy: policy-<hex17> schedule: daily"}`, response: `{"requestId":"<uuid>","snapshotId":"<new-snap>","volumeId":"<vol>","status":"pending","startTime":<millis>,"progress":"","ownerId":"<acct>","volumeSize":100,"description":"Created for policy: policy-<hex17>","encrypted":true}`},
	{service: "ec2", name: "AuthorizeSecurityGroupIngress", who: deploy | person, write: true, request: `{"groupId":"<sg>","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"ipRanges":{"items":[{"cidrIp":"10.0.0.0/8","description":"<name>"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}`,
		response: `{"requestId":"<uuid>","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"<acct>","groupId":"<sg>","securityGroupRuleId":"<new-sgr>","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"10.0.0.0/8"}]}}`},
	{service: "ec2", name: "CreateNetworkInterface", who: service | app, write: true, request: `{"subnetId":"<subnet>","description":"AWS Lambda VPC ENI-<name>-<uuid>","groupSet":{"items":[{"groupId":"<sg>"}]},"privateIpAddressesSet":{},"clientToken":"<uuid>"}`,
		response: `{"requestId":"<uuid>","networkInterface":{"networkInterfaceId":"<new-eni>","subnetId":"<subnet>","vpcId":"<vpc>","availabilityZone":"<region>b","description":"AWS Lambda VPC ENI-<name>","ownerId":"<acct>","requesterManaged":false,"status":"pending","macAddress":"06:<n>:5e:00:53:af","privateIpAddress":"<private>","sourceDestCheck":true,"interfaceType":"lambda","groupSet":{"items":[{"groupId":"<sg>","groupName":"<name>"}]},"tagSet":{}}}`},
	{service: "ec2", name: "DeleteNetworkInterface", who: service | app, write: true, request: `{"networkInterfaceId":"<eni>"}`, response: `{"requestId":"<uuid>","_return":true}`},
	{service: "ec2", name: "AttachVolume", who: app, write: true, request: `{"volumeId":"<vol>","instanceId":"<i>","device":"/dev/xvdba","deleteOnTermination":false}`, response: `{"requestId":"<uuid>","volumeId":"<vol>","instanceId":"<i>","device":"/dev/xvdba","status":"attaching","attachTime":<millis>,"deleteOnTermination":false}`},
	{service: "autoscaling", name: "DescribeAutoScalingGroups", who: app | deploy, request: `{"maxRecords":100,"autoScalingGroupNames":["eks-<name>-<uuid>","eks-<name>-<uuid>"]}`},
	{service: "autoscaling", name: "SetDesiredCapacity", who: app, write: true, request: `{"autoScalingGroupName":"eks-<name>-<uuid>","desiredCapacity":<n>,"honorCooldown":false}`},
	{service: "autoscaling", name: "UpdateAutoScalingGroup", who: deploy, write: true, request: `{"autoScalingGroupName":"<name>","minSize":2,"maxSize":<n>,"launchTemplate":{"launchTemplateId":"<lt>","version":"<n>"},"vPCZoneIdentifier":"<subnet>,<subnet>"}`},
	{service: "elasticloadbalancing", name: "DescribeTargetHealth", who: app | deploy, request: `{"targetGroupArn":"arn:aws:elasticloadbalancing:<region>:<acct>:targetgroup/<name>/<hex16>"}`},
	{service: "elasticloadbalancing", name: "RegisterTargets", who: app, write: true, request: `{"targetGroupArn":"arn:aws:elasticloadbalancing:<region>:<acct>:targetgroup/<name>/<hex16>","targets":[{"id":"<private>","port":8080,"availabilityZone":"<region>a"}]}`},
	{service: "elasticloadbalancing", name: "DescribeLoadBalancers", who: deploy | person, request: `{"loadBalancerArns":["arn:aws:elasticloadbalancing:<region>:<acct>:loadbalancer/app/<name>/<hex16>"],"pageSize":400}`},
	{service: "eks", name: "DescribeCluster", who: all, request: `{"name":"<name>"}`},
	{service: "eks", name: "ListNodegroups", who: deploy, request: `{"name":"<name>","maxResults":100}`},
	{service: "ecs", name: "DescribeServices", who: deploy | app, request: `{"cluster":"arn:aws:ecs:<region>:<acct>:cluster/<name>","services":["<name>"],"include":["TAGS"]}`},
	{service: "ecs", name: "RegisterTaskDefinition", who: deploy, write: true,
		request:  `{"family":"<name>","taskRoleArn":"arn:aws:iam::<acct>:role/<name>-task","executionRoleArn":"arn:aws:iam::<acct>:role/ecsTaskExecutionRole","networkMode":"awsvpc","containerDefinitions":[{"name":"<name>","image":"<acct>.dkr.ecr.<region>.amazonaws.com/<name>:<hex16>","cpu":512,"memory":1024,"portMappings":[{"containerPort":8080,"protocol":"tcp"}],"essential":true,"environment":"HIDDEN_DUE_TO_SECURITY_REASONS","logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"/ecs/<name>","awslogs-region":"<region>","awslogs-stream-prefix":"ecs"}}}],"requiresCompatibilities":["FARGATE"],"cpu":"512","memory":"1024"}`,
		response: `{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:<region>:<acct>:task-definition/<name>:<n>","family":"<name>","revision":<n>,"status":"ACTIVE","networkMode":"awsvpc","registeredAt":"<date>","registeredBy":"<arn>","compatibilities":["EC2","FARGATE"]}}`},
	{service: "ecs", name: "UpdateService", who: deploy, write: true, request: `{"cluster":"<name>","service":"<name>","taskDefinition":"<name>:<n>","desiredCount":<n>,"forceNewDeployment":false}`,
		response: `{"service":{"serviceArn":"arn:aws:ecs:<region>:<acct>:service/<name>/<name>","serviceName":"<name>","clusterArn":"arn:aws:ecs:<region>:<acct>:cluster/<name>","status":"ACTIVE","desiredCount":<n>,"runningCount":<n>,"pendingCount":0,"launchType":"FARGATE","deploymentConfiguration":{"maximumPercent":200,"minimumHealthyPercent":100}}}`},
	{service: "lambda", name: "GetFunction20150331v2", who: deploy, request: `{"functionName":"<name>"}`},
	{service: "lambda", name: "ListTags20170331", who: deploy, request: `{"resource":"arn%3Aaws%3Alambda%3A<region>%3A<acct>%3Afunction%3A<name>"}`},
	{service: "lambda", name: "UpdateFunctionCode20150331v2", who: deploy, write: true, request: `{"functionName":"<name>","s3Bucket":"<bucket>","s3Key":"<name>/<hex16>.zip","publish":false,"dryRun":false}`,
		response: `{"functionName":"<name>","functionArn":"arn:aws:lambda:<region>:<acct>:function:<name>","runtime":"python3.12","role":"arn:aws:iam::<acct>:role/<name>","handler":"app.handler","codeSize":48211,"description":"","timeout":30,"memorySize":256,"lastModified":"<time>","codeSha256":"<b64-43>=","version":"$LATEST","environment":{},"tracingConfig":{"mode":"PassThrough"},"revisionId":"<uuid>","layers":[],"state":"Active","lastUpdateStatus":"InProgress","packageType":"Zip","architectures":["x86_64"]}`},
	{service: "lambda", name: "Invoke", who: app, write: true, data: true, request: `{"functionName":"arn:aws:lambda:<region>:<acct>:function:<name>","invocationType":"RequestResponse"}`, extra: `"additionalEventData":{"functionVersion":"arn:aws:lambda:<region>:<acct>:function:<name>:$LATEST"},`},
	{service: "ecr", name: "BatchGetImage", who: app, request: `{"repositoryName":"<name>","imageIds":[{"imageTag":"<hex16>"}],"acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json","application/vnd.oci.image.manifest.v1+json"],"registryId":"<acct>"}`, extra: `"resources":[{"accountId":"<acct>","ARN":"arn:aws:ecr:<region>:<acct>:repository/<name>"}],`},
	{service: "ecr", name: "GetAuthorizationToken", who: app | deploy},
	{service: "ecr", name: "GetDownloadUrlForLayer", who: app, request: `{"registryId":"<acct>","repositoryName":"<name>","layerDigest":"sha256:<hex64>"}`, extra: `"resources":[{"accountId":"<acct>","ARN":"arn:aws:ecr:<region>:<acct>:repository/<name>"}],`},
	{service: "ssm", name: "UpdateInstanceInformation", who: app, write: true, request: `{"instanceId":"<i>","agentVersion":"3.2.2303.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"<private>","computerName":"ip-<n>.<region>.compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"<region>a","availabilityZoneId":"use1-az4","sSMConnectionChannel":"ssmmessages"}`},
	{service: "ssm", name: "GetParameter", who: app | deploy, request: `{"name":"/<name>/config/endpoint","withDecryption":true}`, extra: `"resources":[{"accountId":"<acct>","ARN":"arn:aws:ssm:<region>:<acct>:parameter/<name>/config/endpoint"}],`},
	{service: "ssm", name: "GetParametersByPath", who: app, request: `{"path":"/<name>/","recursive":true,"withDecryption":true,"maxResults":10}`},
}
