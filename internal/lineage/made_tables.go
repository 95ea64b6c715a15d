package lineage

import (
	"slices"

	"cordon/internal/fact"
)

// tables are all tables, one for each group of services.
var tables = [][]rule{
	rules,

	// compute
	computeRules,

	// network
	networkRules,

	// containers
	containersRules,

	// machine learning
	mlRules,

	// messaging
	messagingRules,

	// building and applications
	appsRules, cloudRules,

	// serverless
	serverlessRules,

	// storage and databases
	storageRules,

	// keys, secrets and backups

	keysRules,

	// watching

	watchingRules,

	// directory, domains and the rest
	identityRules,

	edgeRules,
}

// Creators are the calls that create resources of a kind.
func Creators(kind fact.Kind) (calls []string) {
	for _, r := range slices.Concat(tables...) {
		if r.kind == kind && r.change == Created {
			calls = append(calls, r.name)
		}
	}
	return calls
}

// dated are the calls that CloudTrail records under a name with the date of the
// API, which a look-up by name needs in full.
var dated = map[string]string{
	"CreateFunction": "CreateFunction20150331", "DeleteFunction": "DeleteFunction20150331", "UpdateFunctionConfiguration": "UpdateFunctionConfiguration20150331v2",
	"UpdateFunctionCode": "UpdateFunctionCode20150331v2", "AddPermission": "AddPermission20150331v2",
	"RemovePermission": "RemovePermission20150331v2", "PublishVersion": "PublishVersion20150331",
}

// RecordedAs are the names under which CloudTrail records a call.
func RecordedAs(call string) []string {
	if name, ok := dated[call]; ok {
		return []string{call, name}
	}
	return []string{call}
}
