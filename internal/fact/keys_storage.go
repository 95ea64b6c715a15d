package fact

// Facts of what watches, beyond the switch.
const (
	// WatchedBy is the account that administers this account's GuardDuty; "" is
	// none.
	WatchedBy = Key[string]("guardduty-administrator")
	// Destinations is how many places findings are exported to.
	Destinations = Key[int]("publishing-destinations")
)
