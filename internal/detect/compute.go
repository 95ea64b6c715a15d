package detect

import (
	"strconv"
	"strings"
	"time"

	"cordon/internal/finding"
)

// compute is machines taken for somebody else's work.
var compute = []Detection{
	{
		ID: "compute.large", Severity: finding.High, Attack: []string{"T1496.001", "T1578.002"}, Args: []string{"type", "count"}, Habit: "call",
		On: on("ec2:RunInstances RequestSpotInstances"),
		Match: func(l *look) bool {
			kind := l.one("instanceType", "launchSpecification.instanceType")
			n := l.most("instancesSet.items[].maxCount", "instanceCount")
			l.arg("type", kind)
			l.arg("count", strconv.Itoa(n))
			return miner(kind) || n >= 10
		},
	},
	{
		ID: "compute.fleet", Severity: finding.High, Attack: []string{"T1496.001", "T1578.002"}, Args: []string{"what", "count"}, Habit: "call",
		On: on("ec2:RequestSpotFleet CreateFleet CreateLaunchTemplate", "autoscaling:CreateAutoScalingGroup UpdateAutoScalingGroup CreateLaunchConfiguration"),
		Match: func(l *look) bool {
			n := l.most("maxSize", "desiredCapacity", "spotFleetRequestConfig.targetCapacity", "CreateFleetRequest.TargetCapacitySpecification.TotalTargetCapacity")
			kind := l.one("instanceType", "launchTemplateData.instanceType", "CreateLaunchTemplateRequest.LaunchTemplateData.InstanceType",
				"spotFleetRequestConfig.launchSpecifications[].instanceType")
			l.arg("what", strings.TrimSpace(l.one("autoScalingGroupName", "launchConfigurationName", "CreateLaunchTemplateRequest.LaunchTemplateName")+" "+kind))
			l.arg("count", strconv.Itoa(n))
			return n >= 50 || gpu(kind)
		},
	},
	{
		// Where the record reaches back, machines where nobody ever worked.
		ID: "compute.new-region", Severity: finding.Medium, Attack: []string{"T1535", "T1496.001"}, Args: []string{"region"},
		On: on("ec2:RunInstances CreateDefaultVpc", "ecs:CreateCluster RunTask", "lightsail:CreateInstances", "sagemaker:CreateNotebookInstance",
			"batch:CreateComputeEnvironment", "eks:CreateCluster"),
		Columns: true,
		Match: func(l *look) bool {
			first, known := l.novel("region")
			return l.names("region", l.Region) && known && first
		},
	},
	{
		ID: "compute.regions", Severity: finding.High, Attack: []string{"T1535", "T1496.001"}, Args: []string{"count"}, Columns: true,
		On:    on("ec2:RunInstances", "ecs:CreateCluster RunTask", "lightsail:CreateInstances", "sagemaker:CreateNotebookInstance"),
		Burst: &burst{Within: 30 * time.Minute, Count: 3, Console: 5, Of: byRegion},
	},
	{
		ID: "compute.probe", Severity: finding.Medium, Attack: []string{"T1580"}, Args: []string{"call"}, Habit: "agent",
		Match: func(l *look) bool { return l.names("call", l.Call) && dryRun(&l.Event) },
	},
	{
		ID: "compute.container", Severity: finding.Low, Attack: []string{"T1496.001", "T1610"}, Args: []string{"what"}, Habit: "call",
		On: on("ecs:RegisterTaskDefinition CreateCluster"),
		Match: func(l *look) bool {
			if l.Name == "CreateCluster" { // they come by the dozen
				l.severity(finding.High)
				return l.names("what", l.one("clusterName")) && l.spree(l.one("clusterName")+l.Region) >= 4
			}
			for _, image := range l.req("containerDefinitions[].image") {
				if anybodysImage(image) {
					if l.most("cpu", "containerDefinitions[].cpu") >= 4096 {
						l.severity(finding.High)
					}
					return l.names("what", image)
				}
			}
			return false
		},
	},
	{
		ID: "compute.held", Severity: finding.Medium, Attack: []string{"T1578", "T1685"}, Args: []string{"instance"}, Habit: "call",
		On: on("ec2:ModifyInstanceAttribute"),
		Match: func(l *look) bool {
			return l.names("instance", l.one("instanceId")) && (l.one("disableApiTermination.value",
				"disableApiTermination") == "true" || l.one("disableApiStop.value", "disableApiStop") == "true" ||
				strings.HasPrefix(l.one("attribute"), "disableApi") && l.one("value") == "true")
		},
	},
	{
		// The services of AMBERSQUID and of AWS's quarantine list: hardly watched,
		// and each can run anybody's program.
		ID: "compute.side-door", Severity: finding.Low, Confidence: finding.Ask, Attack: []string{"T1496.001", "T1578"}, Args: []string{"call"}, Habit: "service",
		On: on("lightsail:CreateInstances CreateContainerService", "amplify:CreateApp CreateBackendEnvironment", "codebuild:CreateProject", "batch:CreateComputeEnvironment",
			"apprunner:CreateService", "elasticmapreduce:RunJobFlow", "imagebuilder:CreateImage", "glue:CreateDevEndpoint", "gamelift:CreateFleet", "workspaces:CreateWorkspaces",
			"cloud9:CreateEnvironmentEC2", "elasticbeanstalk:CreateEnvironment", "mediapackage:CreateChannel",
			"sagemaker:CreateNotebookInstance CreateTrainingJob CreateProcessingJob CreateEndpointConfig CreateNotebookInstanceLifecycleConfig UpdateNotebookInstanceLifecycleConfig"),
		Match: func(l *look) bool {
			kind := l.one("instanceType", "resourceConfig.instanceType", "processingResources.clusterConfig.instanceType", "productionVariants[].instanceType")
			if gpu(strings.TrimPrefix(kind, "ml.")) {
				l.severity(finding.Medium)
			}
			return l.names("call", strings.TrimSpace(l.Call+" "+kind)) && !hosted(l.Agent)
		},
	},
	{
		ID: "network.opened", Severity: finding.Medium, Attack: []string{"T1686.001"}, Args: []string{"group", "ports"}, Habit: "call",
		On: on("ec2:AuthorizeSecurityGroupIngress CreateNetworkAclEntry ReplaceNetworkAclEntry", "rds:AuthorizeDBSecurityGroupIngress"),
		Match: func(l *look) bool {
			if strings.HasSuffix(l.Name, "NetworkAclEntry") { // a group still stands behind it
				l.severity(finding.Low)
				return l.names("group", l.one("networkAclId")) && l.names("ports", "ACL") && l.one("ruleAction") == "allow" && everywhere(l.one("cidrBlock", "ipv6CidrBlock"))
			}
			return opened(l)
		},
	},
}

// most is the largest number at any of the paths.
func (l *look) most(paths ...string) (n int) {
	for _, path := range paths {
		for _, v := range l.req(path) {
			if i, err := strconv.Atoi(v); err == nil {
				n = max(n, i)
			}
		}
	}
	return n
}

// miner says whether a type of instance is one that earns: graphics, machine
// learning, or very many cores.
func miner(kind string) bool {
	_, size, _ := strings.Cut(kind, ".")
	if strings.HasPrefix(size, "metal") {
		return true
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
	return gpu(kind) || err == nil && strings.HasSuffix(size, "xlarge") && n >= 12
}

// gpu recognises families with accelerators: p, g, trn, inf, dl, vt.
func gpu(kind string) bool {
	family, _, ok := strings.Cut(kind, ".")
	letters := strings.TrimRight(strings.TrimRight(strings.TrimRight(family, "abcdefghijklmnopqrstuvwxyz-"), "0123456789"), "-")
	switch letters {
	case "p", "g", "gr", "trn", "inf", "dl", "vt":
		return ok
	}
	return false
}

// anybodysImage says whether an image comes from a registry where everybody may
// put one.
func anybodysImage(image string) bool {
	host, _, hosted := strings.Cut(image, "/")
	if !hosted || !strings.ContainsAny(host, ".:") {
		return image != "" // without a host it is Docker Hub's
	}
	switch host {
	case "docker.io", "ghcr.io", "quay.io", "registry.hub.docker.com", "index.docker.io":
		return true
	}
	return false
}

// opened says whether a rule lets the whole internet at what only owners use.
func opened(l *look) bool {
	l.arg("group", l.one("groupId", "groupName", "dBSecurityGroupName"))
	if l.Service() == "rds" {
		l.arg("ports", "RDS")
		if !everywhere(l.one("cIDRIP", "cidrip")) {
			l.severity(finding.Low)
		}
		return true
	}
	if l.console {
		l.severity(finding.Low)
	}
	for _, rule := range decoded(&l.request, l.Request).at("ipPermissions.items[]") {
		r := &body{rule}
		var ranges []string
		for _, path := range []string{"ipRanges.items[].cidrIp", "ipv6Ranges.items[].cidrIpv6"} {
			for _, v := range r.at(path) {
				ranges = appendText(ranges, v)
			}
		}
		for _, cidr := range ranges {
			if from, to := r.number("fromPort"), r.number("toPort"); everywhere(cidr) && sensitive(from, to, r.text("ipProtocol")) {
				return l.names("ports", portWord(from, to))
			}
		}
	}
	from, to := l.one("fromPort"), l.one("toPort")
	a, errA := strconv.Atoi(from)
	b, errB := strconv.Atoi(to)
	return everywhere(l.one("cidrIp")) && l.names("ports", from+"–"+to) && (errA != nil || errB != nil || sensitive(a, b, l.one("ipProtocol")))
}

func (b *body) text(path string) string {
	for _, v := range b.at(path) {
		if s := appendText(nil, v); len(s) > 0 {
			return s[0]
		}
	}
	return ""
}

func (b *body) number(path string) int {
	n, err := strconv.Atoi(b.text(path))
	if err != nil {
		return -1
	}
	return n
}

// sensitive says whether a range of ports has more in it than a web site.
func sensitive(from, to int, protocol string) bool {
	if protocol == "-1" || from < 0 || to-from > 1000 {
		return true
	}
	for _, port := range []int{21, 22, 23, 135, 139, 445, 1433, 1521, 2049, 2375, 2379, 3306, 3389, 5432, 5601, 5900, 5985, 6379, 6443, 8888, 9200, 10250, 11211, 27017} {
		if from <= port && port <= to {
			return true
		}
	}
	return false
}

func portWord(from, to int) string {
	if from < 0 || to-from >= 65535 {
		return "0–65535"
	}
	if from == to {
		return strconv.Itoa(from)
	}
	return strconv.Itoa(from) + "–" + strconv.Itoa(to)
}

func everywhere(cidr string) bool { return cidr == "0.0.0.0/0" || cidr == "::/0" }
