package fact

// Facts of who can act: what a plan takes from a principal, and what
// directories and organisations tell.
const (
	// Granted lists the rights that the intruder gave this principal, as his
	// recorded calls tell: "inline:NAME", "attached:ARN", "group:NAME". Written
	// by the engine for the verb that takes exactly these away.
	Granted = Key[[]string]("granted")
	// DenyPrincipals are those that a service control policy is to deny: ARNs,
	// also with wildcards, or for sessions what aws:userid says of them, such as
	// "AROAEXAMPLE:session". Written by the engine.
	DenyPrincipals = Key[[]string]("deny-principals")
	// Devices are the serial numbers of a user's MFA devices.
	Devices = Key[[]string]("mfa-devices")
	// Roles are the ARNs of the roles that a resource lets its callers have.
	Roles = Key[[]string]("roles")
	// Targets are what a policy of an organisation is attached to: ids of
	// accounts, organisational units and roots.
	Targets = Key[[]string]("targets")
)
