package fact

import "time"

// Facts of keys, secrets and what watches.
const (
	// DeletedOn is when AWS carries out a deletion that somebody ordered: until
	// then it can be called off.
	DeletedOn = Key[time.Time]("deleted-on")
	// ForeignGrants are the principals outside this account to which grants of a
	// key give its use, next to its policy.
	ForeignGrants = Key[[]string]("foreign-grants")
	// Rotated is when a secret was last rotated.
	Rotated = Key[time.Time]("rotated")
	// Replicas are the regions to which a secret is copied.
	Replicas = Key[[]string]("replicas")
	// Destinations are the ARNs outside this account to which it sends what it
	// holds.
	Destinations = Key[[]string]("foreign-destinations")
	// EdgeFunctions are the functions that run wherever a distribution answers.
	EdgeFunctions = Key[[]string]("edge-functions")
)
