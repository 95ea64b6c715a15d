package event

import "encoding/binary"

// A field is a member of a record. They are in the order in which CloudTrail
// writes them.
type field uint8

const (
	eventVersion field = iota
	userIdentity
	eventTime
	eventSource
	eventName
	awsRegion
	sourceIPAddress
	userAgent
	errorCode
	errorMessage
	requestParameters
	responseElements
	additionalEventData
	requestID
	eventID
	readOnly
	resources
	eventType
	managementEvent
	recipientAccountID
	sharedEventID
	vpcEndpointID
	serviceEventDetails
	eventCategory
	tlsDetails
	sessionCredentialFromConsole
	other // what a View does not have
)

// written is how CloudTrail writes each field's key, and follows what it most
// often writes behind the field.
var (
	written = [...]string{
		eventVersion:                 `"eventVersion":`,
		userIdentity:                 `"userIdentity":`,
		eventTime:                    `"eventTime":`,
		eventSource:                  `"eventSource":`,
		eventName:                    `"eventName":`,
		awsRegion:                    `"awsRegion":`,
		sourceIPAddress:              `"sourceIPAddress":`,
		userAgent:                    `"userAgent":`,
		errorCode:                    `"errorCode":`,
		errorMessage:                 `"errorMessage":`,
		requestParameters:            `"requestParameters":`,
		responseElements:             `"responseElements":`,
		additionalEventData:          `"additionalEventData":`,
		requestID:                    `"requestID":`,
		eventID:                      `"eventID":`,
		readOnly:                     `"readOnly":`,
		resources:                    `"resources":`,
		eventType:                    `"eventType":`,
		managementEvent:              `"managementEvent":`,
		recipientAccountID:           `"recipientAccountId":`,
		sharedEventID:                `"sharedEventID":`,
		vpcEndpointID:                `"vpcEndpointId":`,
		serviceEventDetails:          `"serviceEventDetails":`,
		eventCategory:                `"eventCategory":`,
		tlsDetails:                   `"tlsDetails":`,
		sessionCredentialFromConsole: `"sessionCredentialFromConsole":`,
	}
	follows = [...]field{
		eventVersion: userIdentity, userIdentity: eventTime, eventTime: eventSource, eventSource: eventName, eventName: awsRegion, awsRegion: sourceIPAddress,
		sourceIPAddress: userAgent, userAgent: requestParameters, errorCode: errorMessage, errorMessage: requestParameters, requestParameters: responseElements,
		responseElements: requestID, additionalEventData: requestID, requestID: eventID, eventID: readOnly, readOnly: eventType, resources: eventType,
		eventType: managementEvent, managementEvent: recipientAccountID, recipientAccountID: eventCategory, sharedEventID: eventCategory, vpcEndpointID: eventCategory,
		serviceEventDetails: eventCategory, eventCategory: tlsDetails, tlsDetails: sessionCredentialFromConsole, sessionCredentialFromConsole: eventVersion,
	}
)

// spelled is written, for comparing by words.
var spelled = func() (all [other + 1]spelling) {
	for f, w := range written {
		all[f].size = len(w)
		for i := range all[f].words {
			at := min(8*i, len(w)-8)
			all[f].words[i] = binary.LittleEndian.Uint64([]byte(w[at:]))
			all[f].at[i] = at
		}
	}
	return all
}()

// longestKey is more than any spelling has.
const longestKey = 32

// A spelling is a key with its quotes and colon, in words that cover it: none has
// less than eight bytes, nor more than four words.
type spelling struct {
	size  int
	words [4]uint64
	at    [4]int
}

// begins says whether b, which is longer than any key, begins with it.
func (s *spelling) begins(b []byte) bool {
	b = b[:longestKey]
	le := binary.LittleEndian
	if le.Uint64(b) != s.words[0] || le.Uint64(b[s.at[1]&15:]) != s.words[1] {
		return false
	}
	return s.size <= 16 || le.Uint64(b[s.at[2]&31:]) == s.words[2] && le.Uint64(b[s.at[3]&31:]) == s.words[3]
}

func fieldOf(key []byte) field {
	switch string(key) {
	case "eventVersion":
		return eventVersion
	case "userIdentity":
		return userIdentity
	case "eventTime":
		return eventTime
	case "eventSource":
		return eventSource
	case "eventName":
		return eventName
	case "awsRegion":
		return awsRegion
	case "sourceIPAddress":
		return sourceIPAddress
	case "userAgent":
		return userAgent
	case "errorCode":
		return errorCode
	case "errorMessage":
		return errorMessage
	case "requestParameters":
		return requestParameters
	case "responseElements":
		return responseElements
	case "additionalEventData":
		return additionalEventData
	case "requestID":
		return requestID
	case "eventID":
		return eventID
	case "readOnly":
		return readOnly
	case "resources":
		return resources
	case "eventType":
		return eventType
	case "managementEvent":
		return managementEvent
	case "recipientAccountId":
		return recipientAccountID
	case "sharedEventID":
		return sharedEventID
	case "vpcEndpointId":
		return vpcEndpointID
	case "serviceEventDetails":
		return serviceEventDetails
	case "eventCategory":
		return eventCategory
	case "tlsDetails":
		return tlsDetails
	case "sessionCredentialFromConsole":
		return sessionCredentialFromConsole
	}
	return other
}
