// Package price estimates what running resources cost by the hour, from a table
// with a date. It is for deciding what to stop first, and no bill.
package price

import (
	"strconv"
	"strings"
	"time"

	"cordon/internal/fact"
)

// AsOf is when the table was written. Prices are AWS's list prices for Linux,
// on demand, in us-east-1, in US dollars; other regions cost up to twice that.
var AsOf = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)

// families has the price by the hour of the size "large" of each family whose
// sizes scale: xlarge is twice that, 2xlarge four times.
var families = map[string]float64{
	"t2": 0.0928, "t3": 0.0832, "t3a": 0.0752, "t4g": 0.0672,
	"m4": 0.1, "m5": 0.096, "m5a": 0.086, "m5n": 0.119, "m5d": 0.113, "m6a": 0.0864, "m6i": 0.096, "m6g": 0.077, "m7a": 0.11592, "m7i": 0.1008, "m7g": 0.0816, "m8g": 0.08976,
	"c3": 0.105, "c4": 0.1, "c5": 0.085, "c5a": 0.077, "c5n": 0.108, "c5d": 0.096, "c6a": 0.0765, "c6i": 0.085, "c6g": 0.068, "c6gn": 0.0864, "c6in": 0.1134,
	"c7a": 0.10264, "c7i": 0.08925, "c7g": 0.0725, "c8g": 0.07976,
	"r4": 0.133, "r5": 0.126, "r5a": 0.113, "r6a": 0.1134, "r6i": 0.126, "r6g": 0.1008, "r7a": 0.15215, "r7i": 0.1323, "r7g": 0.1071,
	"i3": 0.156, "i4i": 0.172, "d3": 0.249, "x1e": 0.417, "z1d": 0.186,
	"g3s": 0.375, "g4dn": 0.263, "g4ad": 0.18927, "g5": 0.503, "g5g": 0.21, "g6": 0.4024, "g6e": 0.9305, "gr6": 0.77, "inf1": 0.114, "inf2": 0.3791,
}

// types are sizes that do not follow their family.
var types = map[string]float64{
	"t2.nano": 0.0058, "t2.micro": 0.0116, "t2.small": 0.023, "t2.medium": 0.0464,
	"t3.nano": 0.0052, "t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416,
	"t4g.nano": 0.0042, "t4g.micro": 0.0084, "t4g.small": 0.0168, "t4g.medium": 0.0336,
	"g3.4xlarge": 1.14, "g3.8xlarge": 2.28, "g3.16xlarge": 4.56,
	"g4dn.xlarge": 0.526, "g4dn.2xlarge": 0.752, "g4dn.4xlarge": 1.204, "g4dn.8xlarge": 2.176, "g4dn.12xlarge": 3.912, "g4dn.16xlarge": 4.352, "g4dn.metal": 7.824,
	"g5.xlarge": 1.006, "g5.2xlarge": 1.212, "g5.4xlarge": 1.624, "g5.8xlarge": 2.448, "g5.12xlarge": 5.672, "g5.16xlarge": 4.096, "g5.24xlarge": 8.144, "g5.48xlarge": 16.288,
	"g6.xlarge": 0.8048, "g6.2xlarge": 0.9776, "g6.4xlarge": 1.3232, "g6.8xlarge": 2.0144, "g6.12xlarge": 4.6016, "g6.16xlarge": 3.3968, "g6.24xlarge": 6.6752, "g6.48xlarge": 13.3504,
	"p2.xlarge": 0.9, "p2.8xlarge": 7.2, "p2.16xlarge": 14.4,
	"p3.2xlarge": 3.06, "p3.8xlarge": 12.24, "p3.16xlarge": 24.48, "p3dn.24xlarge": 31.212,
	"p4d.24xlarge": 21.9576, "p4de.24xlarge": 27.4471, "p5.48xlarge": 55.04, "p5e.48xlarge": 63.3, "p5en.48xlarge": 63.3,
	"trn1.2xlarge": 1.3438, "trn1.32xlarge": 21.5, "f1.2xlarge": 1.65, "f1.16xlarge": 13.2, "x1.16xlarge": 6.669, "x1.32xlarge": 13.338,
}

// Of machines that other services rent out, what they cost more than EC2's own.
const (
	sagemaker = 1.25
	database  = 1.9
)

// Instance is the price of one EC2 instance type by the hour.
func Instance(name string) (usd float64, known bool) {
	if usd, known = types[name]; known {
		return usd, true
	}
	family, size, ok := strings.Cut(name, ".")
	large, known := families[family]
	if !ok || !known {
		return 0, false
	}
	switch {
	case size == "medium":
		return large / 2, true
	case size == "large":
		return large, true
	case size == "xlarge":
		return large * 2, true
	case strings.HasSuffix(size, "xlarge"):
		n, err := strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
		return large * 2 * float64(n), err == nil
	}
	return 0, false
}

// Hour is what a resource costs by the hour as it is now. costs is false for
// what costs nothing by running; known is false for what costs something that
// the table does not have.
func Hour(r fact.Resource) (usd float64, costs, known bool) {
	size := fact.InstanceType.Or(r, "")
	if s := fact.RunState.Or(r, ""); s != "" && s != "running" && s != "pending" {
		return 0, false, true
	}
	one := func(name string, times float64) (float64, bool, bool) {
		usd, known := Instance(name)
		return usd * times, true, known
	}
	switch r.Kind {
	case "ec2.instance", "batch.job":
		return one(size, 1)
	case "sagemaker.notebook", "sagemaker.endpoint", "sagemaker.training-job", "sagemaker.processing-job":
		if idle(fact.Status.Or(r, "")) {
			return 0, false, true
		}
		return one(strings.TrimPrefix(size, "ml."), sagemaker*float64(max(1, fact.Count.Or(r, 1))))
	case "rds.instance", "redshift.cluster":
		if idle(fact.Status.Or(r, "")) {
			return 0, false, true
		}
		return one(strings.TrimPrefix(size, "db."), database*float64(max(1, fact.Count.Or(r, 1))))
	case "ec2.nat-gateway":
		return 0.045, true, true
	case "elb.load-balancer", "elbv2.load-balancer":
		return 0.0225, true, true
	case "eks.cluster":
		return 0.1, true, true
	case "ecs.task", "lightsail.instance", "lightsail.container-service", "emr.cluster", "apprunner.service", "glue.dev-endpoint",
		"bedrock.provisioned-throughput", "opensearch.domain", "transfer.server", "workspaces.workspace", "gamelift.fleet":
		return 0, true, false
	}
	return 0, false, true
}

func idle(status string) bool {
	switch strings.ToLower(status) {
	case "stopped", "stopping", "deleting", "failed", "completed", "terminated":
		return true
	}
	return false
}
