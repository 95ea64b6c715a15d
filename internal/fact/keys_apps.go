package fact

// Facts of what builds and of applications.
const (
	// Webhook says what starts a build from outside: "status type url"; "" is no
	// webhook. Whoever may push to the source then runs code with the role.
	Webhook = Key[string]("webhook")
	// Source is where the code that is built or run comes from, "TYPE location",
	// without credentials.
	Source = Key[[]string]("source")
	// Application is the Elastic Beanstalk application that an environment is in.
	Application = Key[string]("application")
	// Identifier is what Cloud Control API calls the resource.
	Identifier = Key[string]("identifier")
)
