package fact

// Facts of cases at AWS Support.
const (
	Subject   = Key[string]("subject")
	Letter    = Key[string]("letter") // what is sent; it has passed the gate of letters
	Language  = Key[string]("language")
	Severity  = Key[string]("severity")
	Submitter = Key[string]("submitted-by")
	DisplayID = Key[string]("display-id") // the number that people see
)
