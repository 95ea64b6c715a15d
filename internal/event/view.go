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
	// their text. An ID that is no UUID is as Event.ID has it.
	Version, ID, Time, Name, Source, Region, Account, Type []byte
	Address, Agent, ErrorCode, ErrorMessage                []byte
	ReadOnly, SharedID, Management, Category, VPCEndpoint  []byte
	FromConsole                                            []byte // sessionCredentialFromConsole

	// Objects: JSON as delivered.
	Identity, Request, Response, Resources, Additional, Details []byte // Details is serviceEventDetails

	// The strings in them.
	RequestTexts, ResponseTexts, ResourcesTexts, AdditionalTexts Texts

	// IdentityTag is a number for the bytes of Identity: whenever this View has the
	// same one again, they are the same. Zero says nothing, and the same bytes may
	// come back under another number.
	IdentityTag uint32
	// OriginTag is the same for Region, Address and Agent together, and KindTag for
	// ReadOnly, Type, Management, Account and Category.
	OriginTag, KindTag uint32

	scratch []byte
	texts   *[maxTexts]Text // room for them
	listed  int
	memo    *memo
	scans   int
}

// Texts are the strings that stand in a value, keys and values, in their order.
// A View that reads in bulk has found them on its way past the value. From Rest
// on nothing is listed; it is behind all strings where they all are.
type Texts struct {
	List []Text
	Rest int
}

// A Text is where a string lies in a value, without its quotes. Its escapes are
// not undone.
type Text struct{ From, To uint32 }

// Event reads the whole record.
func (v *View) Event() (Event, error) { return Parse(v.Raw) }

// AppendID appends the id that Event gives the record: ID, or the hash of a
// record of version 1.0, which had none.
func (v *View) AppendID(dst []byte) []byte {
	if len(v.ID) > 0 {
		return append(dst, v.ID...)
	}
	return hashed(dst, v.Raw)
}

// FormerID is what a record without an id had for one when its spacing counted:
// stores keep such ids. It is empty of a record that has an id.
func (v *View) FormerID() []byte {
	if len(v.ID) > 0 {
		return nil
	}
	return bytesID(nil, v.Raw)
}

// Failed says of the record what Event.Failed does.
func (v *View) Failed() bool {
	if len(v.ErrorCode)+len(v.ErrorMessage) > 0 {
		return true
	}
	if string(v.Source) != "signin.amazonaws.com" {
		return false
	}
	return Event{Source: string(v.Source), Name: string(v.Name), Response: clean(v.Response)}.Failed()
}
