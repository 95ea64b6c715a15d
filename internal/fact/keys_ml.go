package fact

// Facts of what learns and of what sends.
const (
	// Uses names what this resource works with and AWS lets nobody delete before
	// it, or wants left until it is gone: the configuration behind an endpoint,
	// the numbers in a pool.
	Uses = Key[[]Ref]("uses")
	// Sending says whether a service or an identity may send now.
	Sending = Key[bool]("sending")
	// Production says whether sending is out of AWS's sandbox: it reaches
	// everybody.
	Production = Key[bool]("out-of-sandbox")
)
