package fact

// Facts of compute and network that several kinds have.
const (
	// Holding names what AWS does not delete while this resource stands.
	Holding = Key[[]Ref]("holds")
	// Default says that AWS made it with the account or with its network, as a
	// default VPC, or the main route table of one.
	Default = Key[bool]("default")
)
