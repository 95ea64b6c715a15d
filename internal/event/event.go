// Package event is one normalised CloudTrail record: every version since 1.0,
// whether it came from a log file or from LookupEvents. It imports only the
// standard library.
package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// An Event is one recorded call, sign-in or service event. Every string is as
// AWS delivered it, and some of them (agent, session names) are the intruder's.
type Event struct {
	// ID is the record's. Of version 1.0 records, which have none, it is a hash of
	// the record without its spacing; one that is no UUID, as in records that somebody wrote by hand,
	// is told apart by time and name: "1@2020-10-30T23:25:32Z/ConsoleLogin".
	ID      string
	Version string
	Time    time.Time
	Name    string // as recorded, such as "CreateFunction20150331v2"
	Source  string // such as "lambda.amazonaws.com"
	Region  string
	Account string // the account that received the record
	Type    string // AwsApiCall, AwsConsoleSignIn, AwsServiceEvent …

	Principal  Principal
	Credential string // access key id, or the id of a bearer credential
	Address    string // an IP address, or the name of an AWS service
	Agent      string
	// FromConsole: the credential was issued by a console sign-in.
	FromConsole bool

	ReadOnly      bool
	ReadOnlyKnown bool
	Error         Error

	// Request, Response and Additional are JSON with every secret replaced by
	// Removed; nil when there was none.
	Request    json.RawMessage
	Response   json.RawMessage
	Additional json.RawMessage

	SharedID    string // the same in every account that received the call
	VPCEndpoint string
}

// A Principal is who made the call.
type Principal struct {
	Type           string // IAMUser, AssumedRole, Root, FederatedUser, AWSAccount, AWSService …
	ARN            string
	ID             string // AIDA…, or AROA…:session
	Account        string
	User           string
	Issuer         Issuer // of a session
	SessionCreated time.Time
	MFA            bool
	InvokedBy      string // the AWS service that made the call for the principal
	SourceIdentity string
	Provider       string // identity provider of a federated caller
}

// An Issuer is the role or user that a session was made from.
type Issuer struct {
	Type, ARN, ID, Account, Name string
}

// An Error is why a call failed. Services spell the same code differently.
type Error struct{ Code, Message string }

// Failed says whether the call did not succeed. Sign-in events say so in
// their response only.
func (e Event) Failed() bool {
	if e.Error != (Error{}) {
		return true
	}
	if e.Source != "signin.amazonaws.com" {
		return false
	}
	for _, outcome := range Path(e.Response, e.Name) {
		if strings.EqualFold(outcome, "Failure") {
			return true
		}
	}
	return false
}

var apiVersion = regexp.MustCompile(`(19|20)\d\d(_?\d\d){2}(v\d+)?$`)

// BaseName is the name without the API version that Lambda and CloudFront put
// into it: CreateFunction20150331v2, CreateDistribution2020_05_31.
func (e Event) BaseName() string { return apiVersion.ReplaceAllString(e.Name, "") }

// Service is the source without its domain, such as "iam".
func (e Event) Service() string {
	name, _, _ := strings.Cut(e.Source, ".")
	return name
}

// record is the shape on the wire. Everything scalar may be a string, a
// number, a boolean, null or missing.
type record struct {
	EventVersion       scalar          `json:"eventVersion"`
	EventID            scalar          `json:"eventID"`
	EventTime          scalar          `json:"eventTime"`
	EventName          scalar          `json:"eventName"`
	EventSource        scalar          `json:"eventSource"`
	AWSRegion          scalar          `json:"awsRegion"`
	EventType          scalar          `json:"eventType"`
	RecipientAccountID scalar          `json:"recipientAccountId"`
	SourceIPAddress    scalar          `json:"sourceIPAddress"`
	UserAgent          scalar          `json:"userAgent"`
	ReadOnly           scalar          `json:"readOnly"`
	ErrorCode          scalar          `json:"errorCode"`
	ErrorMessage       scalar          `json:"errorMessage"`
	SharedEventID      scalar          `json:"sharedEventID"`
	VPCEndpointID      scalar          `json:"vpcEndpointId"`
	ConsoleCredential  scalar          `json:"sessionCredentialFromConsole"`
	RequestParameters  json.RawMessage `json:"requestParameters"`
	ResponseElements   json.RawMessage `json:"responseElements"`
	AdditionalData     json.RawMessage `json:"additionalEventData"`
	UserIdentity       *struct {
		Type             scalar `json:"type"`
		ARN              scalar `json:"arn"`
		PrincipalID      scalar `json:"principalId"`
		AccountID        scalar `json:"accountId"`
		AccessKeyID      scalar `json:"accessKeyId"`
		UserName         scalar `json:"userName"`
		InvokedBy        scalar `json:"invokedBy"`
		IdentityProvider scalar `json:"identityProvider"`
		CredentialID     scalar `json:"credentialId"`
		SessionContext   *struct {
			CredentialID   scalar `json:"credentialId"`
			SourceIdentity scalar `json:"sourceIdentity"`
			Attributes     *struct {
				CreationDate     scalar `json:"creationDate"`
				MFAAuthenticated scalar `json:"mfaAuthenticated"`
			} `json:"attributes"`
			SessionIssuer *struct {
				Type        scalar `json:"type"`
				ARN         scalar `json:"arn"`
				PrincipalID scalar `json:"principalId"`
				AccountID   scalar `json:"accountId"`
				UserName    scalar `json:"userName"`
			} `json:"sessionIssuer"`
		} `json:"sessionContext"`
	} `json:"userIdentity"`
}

// Parse reads one record. A record without a name, a source or a readable time
// is an error that names the record and the field.
func Parse(raw []byte) (Event, error) {
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return Event{}, fmt.Errorf("cannot read event%s: %w", named(r.EventID), where(err))
	}
	e := Event{
		ID: string(r.EventID), Version: string(r.EventVersion), Name: string(r.EventName), Source: string(r.EventSource),
		Region: string(r.AWSRegion), Account: string(r.RecipientAccountID), Type: string(r.EventType),
		Address: string(r.SourceIPAddress), Agent: string(r.UserAgent), FromConsole: r.ConsoleCredential.yes(),
		ReadOnly: r.ReadOnly.yes(), ReadOnlyKnown: r.ReadOnly != "",
		Error:    Error{string(r.ErrorCode), string(r.ErrorMessage)},
		SharedID: string(r.SharedEventID), VPCEndpoint: string(r.VPCEndpointID),
		Request: clean(r.RequestParameters), Response: clean(r.ResponseElements), Additional: clean(r.AdditionalData),
	}
	for field, value := range map[string]string{"eventName": e.Name, "eventSource": e.Source} {
		if value == "" {
			return Event{}, fmt.Errorf("cannot read event%s: %s is missing", named(r.EventID), field)
		}
	}
	var err error
	if e.Time, err = readTime(string(r.EventTime)); err != nil {
		return Event{}, fmt.Errorf("cannot read event%s: eventTime: %w", named(r.EventID), err)
	}
	if err := r.principal(&e); err != nil {
		return Event{}, fmt.Errorf("cannot read event%s: userIdentity: %w", named(r.EventID), err)
	}
	if e.Account == "" { // before version 1.02
		e.Account = e.Principal.Account
	}
	if e.ID == "" {
		e.ID = string(hashed(nil, raw))
	} else if !isUUID(e.ID) {
		e.ID = distinct(e.ID, e.Name, e.Time)
	}
	return e, nil
}

// hashed appends the id of a record that has none. Its copies may be spaced in
// different ways.
func hashed(dst, raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) == nil {
		raw = b.Bytes()
	}
	return bytesID(dst, raw)
}

func bytesID(dst, raw []byte) []byte {
	sum := sha256.Sum256(raw)
	return hex.AppendEncode(append(dst, "sha256-"...), sum[:16])
}

// isUUID says whether an id has the form of CloudTrail's own.
func isUUID[T string | []byte](id T) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// distinct makes an id that is given to many records tell them apart.
func distinct(id, name string, at time.Time) string {
	return id + "@" + at.UTC().Format(time.RFC3339) + "/" + name
}

func (r record) principal(e *Event) (err error) {
	u := r.UserIdentity
	if u == nil {
		return nil
	}
	e.Credential = string(u.AccessKeyID)
	e.Principal = Principal{
		Type: string(u.Type), ARN: string(u.ARN), ID: string(u.PrincipalID), Account: string(u.AccountID),
		User: string(u.UserName), InvokedBy: string(u.InvokedBy), Provider: string(u.IdentityProvider),
	}
	p := &e.Principal
	credential := u.CredentialID
	if s := u.SessionContext; s != nil {
		p.SourceIdentity = string(s.SourceIdentity)
		if credential == "" {
			credential = s.CredentialID
		}
		if a := s.Attributes; a != nil {
			p.MFA = a.MFAAuthenticated.yes()
			if a.CreationDate != "" {
				if p.SessionCreated, err = readTime(string(a.CreationDate)); err != nil {
					return fmt.Errorf("sessionContext.attributes.creationDate: %w", err)
				}
			}
		}
		if i := s.SessionIssuer; i != nil {
			p.Issuer = Issuer{string(i.Type), string(i.ARN), string(i.PrincipalID), string(i.AccountID), string(i.UserName)}
		}
	}
	if e.Credential == "" {
		e.Credential = string(credential)
	}
	if !p.MFA {
		for _, used := range Path(e.Additional, "MFAUsed") {
			p.MFA = strings.EqualFold(used, "Yes")
		}
	}
	return nil
}

// layouts are the ways times are written: in log files, in exports of
// CloudTrail Lake and Athena, and inside responseElements.
var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM"}

func readTime(s string) (time.Time, error) {
	s = strings.ReplaceAll(s, "\u202f", " ")
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	var n json.Number = json.Number(s)
	if f, err := n.Float64(); err == nil && f > 0 && f < 1e14 {
		if f > 1e11 { // milliseconds
			return time.UnixMilli(int64(f)).UTC(), nil
		}
		return time.UnixMilli(int64(f * 1000)).UTC(), nil
	}
	if s == "" {
		return time.Time{}, errors.New("is missing")
	}
	return time.Time{}, fmt.Errorf("%.40q is no time", s)
}

func named(id scalar) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf(" %.60q", string(id))
}

// where adds the place to what encoding/json says.
func where(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	}
	return err
}

// A scalar is a string, number or boolean as its text. Null, objects and
// lists are empty: some records have {} where a value was not recorded.
type scalar string

func (s *scalar) UnmarshalJSON(raw []byte) error {
	*s = ""
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		return json.Unmarshal(raw, (*string)(s))
	case 'n', '{', '[':
		return nil
	}
	*s = scalar(raw)
	return nil
}

func (s scalar) yes() bool { return strings.EqualFold(string(s), "true") }
