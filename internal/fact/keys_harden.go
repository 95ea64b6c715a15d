package fact

// Facts of what is set up so that it does not happen again.
const (
	Threshold = Key[float64]("threshold") // of an alarm, in US dollars
	Notify    = Key[string]("notify")     // ARN of the topic that an alarm tells
)
