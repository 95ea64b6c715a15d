package event

// A View is one record as it lies in a buffer: what reading in bulk needs,
// without copying or decoding anything. Its slices point into the buffer that
// Scan was given (values with JSON escapes into memory of the View's own) and
// hold until the next Scan. A nil slice means absent or null.
//
// Event is what to work with; a View is for deciding which records to read.
type View struct {
	Raw []byte // the whole record, from its opening to its closing brace

	// Scalars: the text without quotes, escapes undone. Numbers and booleans are
	// their text.
	Version, ID, Time, Name, Source, Region, Account, Type []byte
	Address, Agent, ErrorCode, ErrorMessage                []byte
	ReadOnly, SharedID, Management, Category, VPCEndpoint  []byte
	FromConsole                                            []byte // sessionCredentialFromConsole

	// Objects: JSON as delivered.
	Identity, Request, Response, Resources, Additional, Details []byte // Details is serviceEventDetails

	scratch []byte
}

// Event reads the whole record.
func (v *View) Event() (Event, error) { return Parse(v.Raw) }
