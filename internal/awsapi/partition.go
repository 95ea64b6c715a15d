package awsapi

import "strings"

// A partition is one separate AWS: its own accounts, names and regions.
type partition struct {
	id      string
	global  string // the region that answers for the global services
	suffix  string // of host names
	prefix  string // of region names; "" for the first, which has many
	regions []string
}

// partitions are those that the SDK knows, with the commercial one first.
var partitions = []partition{
	{"aws", "us-east-1", "amazonaws.com", "", []string{
		"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
		"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
		"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1",
		"eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
		"il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
		"us-west-1", "us-west-2",
	}},
	{"aws-cn", "cn-north-1", "amazonaws.com.cn", "cn-", []string{"cn-north-1", "cn-northwest-1"}},
	{"aws-eusc", "eusc-de-east-1", "amazonaws.eu", "eusc-", []string{"eusc-de-east-1"}},
	{"aws-us-gov", "us-gov-west-1", "amazonaws.com", "us-gov-", []string{"us-gov-east-1", "us-gov-west-1"}},
	{"aws-iso", "us-iso-east-1", "c2s.ic.gov", "us-iso-", []string{"us-iso-east-1", "us-iso-west-1"}},
	{"aws-iso-b", "us-isob-east-1", "sc2s.sgov.gov", "us-isob-", []string{"us-isob-east-1", "us-isob-west-1"}},
	{"aws-iso-e", "eu-isoe-west-1", "cloud.adc-e.uk", "eu-isoe-", []string{"eu-isoe-west-1"}},
	{"aws-iso-f", "us-isof-south-1", "csp.hci.ic.gov", "us-isof-", []string{"us-isof-east-1", "us-isof-south-1"}},
}

// partitionOf answers the partition with an id, or the commercial one.
func partitionOf(id string) partition {
	for _, p := range partitions {
		if p.id == id {
			return p
		}
	}
	return partitions[0]
}

// suffixOf answers the host name suffix of a region.
func suffixOf(region string) string {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.prefix) {
			return p.suffix
		}
	}
	return partitions[0].suffix
}

// globalOf answers the region that answers for the global services of a region's
// partition.
func globalOf(region string) string {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.prefix) {
			return p.global
		}
	}
	return partitions[0].global
}

// GlobalRegion answers the region in which the partition keeps its global
// services and records their calls.
func (a *Account) GlobalRegion() string { return a.globalRegion() }

func (a *Account) globalRegion() string { return partitionOf(a.Caller.Partition).global }

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// svcOf answers the service of "service:Operation".
func svcOf(call string) string {
	svc, _, _ := strings.Cut(call, ":")
	return svc
}
