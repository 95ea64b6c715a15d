package fact

// HandledBy is on what account.other tells of a resource that another kind
// lists: its tags, by its ARN. The engine gives them to that resource and drops
// the rest; no snapshot has it.
const HandledBy = Key[string]("handled-by")

// HandedOver says that tags, and what they say it is a part of, came so: from a
// listing that is late at times, and that not everybody may read.
const HandedOver = Key[bool]("handed-over")

// Federated are the sessions that the intruder began as a user by
// GetFederationToken, as aws:userid says them: "123456789012:name". Their
// aws:PrincipalArn is not the user's.
const Federated = Key[[]string]("federated-sessions")
