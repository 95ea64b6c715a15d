package plan

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// An Approval is one person's signature over one plan's full digest.
type Approval struct {
	Digest    string    `json:"digest"`
	By        string    `json:"by"` // who, as the operating system and the person say
	At        time.Time `json:"at"`
	PublicKey string    `json:"public_key"` // ed25519, base64
	Signature string    `json:"signature"`  // over Statement, base64
}

// Purpose keeps signatures over approvals apart from any other signature of
// the same key: what is signed is "cordon <Purpose>", a zero byte, Statement.
const Purpose = "approval"

// Statement is what is signed for the Purpose.
func (a Approval) Statement() []byte {
	return []byte("v1\n" + a.Digest + "\n" + a.By + "\n" + a.At.UTC().Format(time.RFC3339Nano) + "\n")
}

// Sign makes an approval of a digest. publicKey is base64; sign returns the
// ed25519 signature of a statement for a purpose.
func Sign(digest, by string, at time.Time, publicKey string, sign func(purpose string, statement []byte) []byte) Approval {
	a := Approval{Digest: digest, By: by, At: at.UTC(), PublicKey: publicKey}
	a.Signature = base64.StdEncoding.EncodeToString(sign(Purpose, a.Statement()))
	return a
}

// Why an approval is refused.
var (
	ErrDigest   = errors.New("the approval is for a different plan")
	ErrUnsigned = errors.New("the approval carries no valid signature")
	ErrForeign  = errors.New("the approval is signed by a key that this case does not name as an approver")
	ErrTooFew   = errors.New("the case asks for more approvals")
	ErrExpired  = errors.New("the plan has expired")
)

// An Approved plan is the only thing the gate accepts, and Approve is the only
// way to get one.
type Approved struct {
	plan      Plan
	digest    string
	approvals []Approval
}

// Plan returns what was approved.
func (a Approved) Plan() Plan { return a.plan }

// Digest returns the digest that was approved.
func (a Approved) Digest() string { return a.digest }

// By returns the first approver's name, and when the last one signed.
func (a Approved) By() (string, time.Time) {
	last := a.approvals[len(a.approvals)-1]
	return a.approvals[0].By, last.At
}

// Approve binds people to exactly this plan. trusted holds the base64 public
// keys that the case names; need distinct ones of them must have signed.
func Approve(p Plan, approvals []Approval, trusted []string, need int, now time.Time) (Approved, error) {
	digest := p.Digest()
	if !now.Before(p.Expires) {
		return Approved{}, fmt.Errorf("cannot approve: %w (at %s)", ErrExpired, p.Expires.UTC().Format(time.RFC3339))
	}
	known := map[string]bool{}
	for _, k := range trusted {
		known[k] = true
	}
	out := Approved{plan: p, digest: digest}
	signed := map[string]bool{}
	for _, a := range approvals {
		switch {
		case a.Digest != digest:
			return Approved{}, fmt.Errorf("cannot approve: %w", ErrDigest)
		case !a.valid():
			return Approved{}, fmt.Errorf("cannot approve: %w (by %q)", ErrUnsigned, a.By)
		case !known[a.PublicKey]:
			return Approved{}, fmt.Errorf("cannot approve: %w (by %q)", ErrForeign, a.By)
		}
		if !signed[a.PublicKey] {
			signed[a.PublicKey] = true
			out.approvals = append(out.approvals, a)
		}
	}
	if need < 1 {
		need = 1
	}
	if len(out.approvals) < need {
		return Approved{}, fmt.Errorf("cannot approve: %w (%d of %d)", ErrTooFew, len(out.approvals), need)
	}
	return out, nil
}

func (a Approval) valid() bool {
	key, err := base64.StdEncoding.DecodeString(a.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize || a.By == "" {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(a.Signature)
	signed := append([]byte("cordon "+Purpose+"\x00"), a.Statement()...)
	return err == nil && ed25519.Verify(key, signed, sig)
}
