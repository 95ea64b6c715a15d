package bill

import "strings"

// RegionOf is the region that the beginning of a usage type stands for, as in
// "APS3-BoxUsage:p3.8xlarge". A usage type without one of these beginnings is of
// us-east-1, or of no region at all.
func RegionOf(usage string) string {
	prefix, _, cut := strings.Cut(usage, "-")
	if !cut {
		return "us-east-1"
	}
	if region := prefixes[prefix]; region != "" {
		return region
	}
	return "us-east-1"
}

// prefixes are AWS's, as they stand in bills ("Understanding your AWS billing
// and usage reports", region billing codes). The first regions have the short
// ones.
var prefixes = map[string]string{
	"USE1": "us-east-1", "USE2": "us-east-2", "USW1": "us-west-1", "USW2": "us-west-2",
	"EU": "eu-west-1", "EUW1": "eu-west-1", "EUW2": "eu-west-2", "EUW3": "eu-west-3", "EUC1": "eu-central-1", "EUC2": "eu-central-2",
	"EUN1": "eu-north-1", "EUS1": "eu-south-1", "EUS2": "eu-south-2",
	"APN1": "ap-northeast-1", "APN2": "ap-northeast-2", "APN3": "ap-northeast-3", "APE1": "ap-east-1", "APE2": "ap-east-2",
	"APS1": "ap-southeast-1", "APS2": "ap-southeast-2", "APS3": "ap-south-1", "APS4": "ap-southeast-3", "APS5": "ap-south-2",
	"APS6": "ap-southeast-4", "APS7": "ap-southeast-5", "APS9": "ap-southeast-7",
	"CAN1": "ca-central-1", "CAN2": "ca-west-1", "SAE1": "sa-east-1", "MXC1": "mx-central-1",
	"MES1": "me-south-1", "MEC1": "me-central-1", "ILC1": "il-central-1", "AFS1": "af-south-1",
	"UGW1": "us-gov-west-1", "UGE1": "us-gov-east-1",
}
