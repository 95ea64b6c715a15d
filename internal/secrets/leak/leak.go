// Package leak knows what credentials look like: the rules, AWS's first, as
// data with samples, and the detector that holds one text against them. It
// knows no repository and no file system. A secret leaves this package as its
// last four characters and a keyed fingerprint; only Reveal gives the value, to
// whoever has to ask AWS about it.
package leak

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A Class says what a match is worth.
type Class string

// The classes. An identifier or an account opens nothing; it is found only
// where a Detector was asked for it.
const (
	Secret     Class = "secret"
	KeyID      Class = "key-id"
	Identifier Class = "identifier"
	Account    Class = "account"
)

// Confidence is how likely a match is a live kind of credential.
type Confidence string

// The grades.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// A Rule finds one sort of credential. It stands on fixed words with which the
// credential begins: text without them is never looked at twice.
type Rule struct {
	ID     string // stable: baselines and exports carry it
	Name   string // English, for programs
	Vendor string
	Class  Class
	Sure   Confidence
	// Starts are the words it begins with. They consist of token characters
	// (letters, digits, + / = _ ~ -); one that holds a dot must be followed by
	// a run of those, or, as "SG.|23", by one that begins 23 bytes after it.
	Starts []string
	// Pattern is matched from the word on, in RE2. Its group 1, or all of it,
	// is the secret.
	Pattern string
	// Entropy is the least, in bits per character, of what follows the word.
	Entropy float64
	// Loose rules match in the middle of a word: PROD_KEYAKIA…
	Loose bool
	// Hit and Miss are texts with what they must show; {w36} stands for 36
	// letters and digits, {h32} for hexadecimal, {u16} for base 32, {b40} for
	// base 64, {l26} for small letters and digits, {q58} for bech32, {n12} for digits: no sample
	// looks like a live secret to who guards a repository.
	Hit, Miss []string
}

// Found is one credential at one place of a text. It holds no secret that
// could be printed.
type Found struct {
	Rule        string     `json:"rule"`
	Vendor      string     `json:"vendor"`
	Class       Class      `json:"class"`
	Confidence  Confidence `json:"confidence"`
	Line        int        `json:"line"`   // from 1, in the text that Through leads to
	Column      int        `json:"column"` // from 1, in bytes
	ID          string     `json:"id,omitempty"`
	Last4       string     `json:"last4"`
	Fingerprint string     `json:"fingerprint"`
	Through     []string   `json:"through,omitempty"` // what had to be decoded, outermost first
	Account     string     `json:"account,omitempty"` // read from the id, offline
	Canary      string     `json:"canary,omitempty"`  // whose trap it is
	Allowed     string     `json:"allowed,omitempty"` // why it does not count
	// Pair is the fingerprint of the other half: the secret of a key id, or
	// the reverse.
	Pair string `json:"pair,omitempty"`
	// Distance is how many lines lie between the two halves.
	Distance int `json:"distance,omitempty"`
	// Length is that of the value.
	Length int `json:"length"`

	offset int
	reveal func() string
}

// Reveal gives the value itself. Nothing but a question to AWS and a
// fingerprint may be made of it.
func (f *Found) Reveal() string {
	if f.reveal == nil {
		return ""
	}
	return f.reveal()
}

// Fingerprint is stable under one key, and tells nothing without it.
func Fingerprint(key []byte, secret string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("cordon secret v1\x00"))
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// last4 are the last four characters of a secret long enough to lose them.
func last4(secret string) string {
	secret = strings.TrimRight(secret, "=")
	if len(secret) < 16 {
		return ""
	}
	return secret[len(secret)-4:]
}

// A Gap is something inside a file that was not read. Why is a word: too-large,
// too-deep, too-many, broken, encrypted, format.
type Gap struct {
	Through []string `json:"through,omitempty"`
	Why     string   `json:"why"`
	Detail  string   `json:"detail,omitempty"`
}

// Options say what a Detector looks for.
type Options struct {
	Key         []byte // of the fingerprints
	Identifiers bool   // also identifiers and account ids
	Depth       int    // archives inside archives; 0 is DefaultDepth, negative reads none
}

// The bounds of what one file may unpack to. What goes beyond is a Gap.
const (
	DefaultDepth = 3
	MostUnpacked = 128 << 20 // of one file, in all
	MostMember   = 64 << 20
	MostMembers  = 20_000
)

// A Detector holds texts against the rules. One is for one goroutine.
type Detector struct {
	o     Options
	spent int // bytes unpacked of the file at hand
	parts int
}

// New returns a detector.
func New(o Options) *Detector {
	if o.Depth == 0 {
		o.Depth = DefaultDepth
	}
	return &Detector{o: o}
}
