package event

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
