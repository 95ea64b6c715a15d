package fact

// Facts of what watches, beyond the switch.
const (
	// WatchedBy is the account that administers this account's GuardDuty; "" is
	// none.
	WatchedBy = Key[string]("guardduty-administrator")
	// Exports is how many places findings are exported to.
	Exports = Key[int]("publishing-destinations")
)
