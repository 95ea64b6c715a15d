package trail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"cordon/internal/event"
)

// The dictionaries, in the order of the names log.
const (
	dictAPI        = iota // source, NUL, name
	dictRegion            //
	dictAddress           //
	dictAgent             //
	dictError             // errorCode; where there is only a message, NUL and the message
	dictAccount           // that received the event
	dictKind              // eventType, NUL, eventVersion
	dictPrincipal         // as PrincipalOf has it
	dictCredential        //
	dictText              // everything else that identities consist of
	dictCount
)

// texts of an identity, in the order they are kept in.
const (
	textType = iota
	textARN
	textID
	textAccount
	textUser
	textIssuerType
	textIssuerARN
	textIssuerID
	textIssuerAccount
	textIssuerName
	textInvokedBy
	textSourceIdentity
	textProvider
	textCount
)

// An identity is one distinct userIdentity, as codes.
type identity struct {
	hash                  [16]byte // of its bytes
	created               int64    // of the session: milliseconds since 1970; 0: none
	principal, credential uint32
	text                  [textCount]uint32
	mfa                   bool
}

// An origin is where a call came from, as codes.
type origin struct{ region, address, agent uint32 }

// names are all dictionaries of a store. Reading is safe for many at once.
type names struct {
	dicts   [dictCount]*dict
	ids     pages[identity] // 0: nobody
	origins []origin        // 0: nowhere

	// For who adds to them.
	mu       sync.Mutex
	byHash   map[[16]byte]uint32
	byOrigin map[origin]uint32
	saved    savedNames
	scratch  []byte
}

// savedNames is how much of the names the log holds.
type savedNames struct {
	dicts        [dictCount]int
	ids, origins int
}

func newNames() *names {
	n := &names{origins: make([]origin, 1)}
	n.ids.add(identity{})
	for i := range n.dicts {
		n.dicts[i] = newDict()
	}
	n.saved = n.counts()
	return n
}

func (n *names) counts() (c savedNames) {
	for i, d := range n.dicts {
		c.dicts[i] = d.len()
	}
	c.ids, c.origins = n.ids.len(), len(n.origins)
	return c
}

// PrincipalOf is who called, as all answers have it: the ARN of the session's
// issuer, else the identity's own, else the service that invoked the call, else
// empty.
func PrincipalOf(p event.Principal) string {
	switch {
	case p.Issuer.ARN != "":
		return p.Issuer.ARN
	case p.ARN != "":
		return p.ARN
	}
	return p.InvokedBy
}

// put gives the code of a value that one of the dictionaries shall have.
func (n *names) put(which int, v []byte) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.code(which, v)
}

// code is put for who holds the lock.
func (n *names) code(which int, v []byte) (uint32, error) {
	if n.dicts[which].full() {
		return 0, fmt.Errorf("cannot keep the trail's names: %w", errDictFull)
	}
	return n.dicts[which].put(clip(v)), nil
}

// clip bounds a value without making two of them one.
func clip(v []byte) []byte {
	if len(v) <= maxText {
		return v
	}
	sum := sha256.Sum256(v)
	return append(bytes.Clone(v[:maxText-80]), "… sha256-"+hex.EncodeToString(sum[:16])...)
}

// origin gives the code of a place of origin.
func (n *names) origin(region, address, agent []byte) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byOrigin == nil {
		n.byOrigin = make(map[origin]uint32, 2*len(n.origins))
		for c, o := range n.origins {
			n.byOrigin[o] = uint32(c)
		}
	}
	var o origin
	var err error
	for _, f := range []struct {
		to    *uint32
		which int
		v     []byte
	}{{&o.region, dictRegion, region}, {&o.address, dictAddress, address}, {&o.agent, dictAgent, agent}} {
		if *f.to, err = n.code(f.which, f.v); err != nil {
			return 0, err
		}
	}
	c, ok := n.byOrigin[o]
	if !ok {
		c = uint32(len(n.origins))
		n.origins = append(n.origins, o)
		n.byOrigin[o] = c
	}
	return c, nil
}

// identity gives the code of a userIdentity by its bytes, which read is called
// to understand when they are new. The hash has to be one that nobody can find
// a second text for: who could would lend his calls to somebody else.
func (n *names) identity(raw []byte, read func([]byte) (event.Principal, string, error)) (uint32, error) {
	var hash [16]byte
	sum := sha256.Sum256(raw)
	copy(hash[:], sum[:])
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byHash == nil {
		n.byHash = make(map[[16]byte]uint32, 2*n.ids.len())
		for c := 1; c < n.ids.len(); c++ {
			n.byHash[n.ids.at(uint32(c)).hash] = uint32(c)
		}
	}
	if c, ok := n.byHash[hash]; ok {
		return c, nil
	}
	p, credential, err := read(raw)
	if err != nil {
		return 0, &refused{"userIdentity cannot be read"}
	}
	id, err := n.encode(p, credential)
	if err != nil {
		return 0, err
	}
	id.hash = hash
	c := uint32(n.ids.len())
	n.ids.add(id)
	n.byHash[hash] = c
	return c, nil
}

func (n *names) encode(p event.Principal, credential string) (id identity, err error) {
	put := func(which int, v string) (c uint32) {
		if err == nil {
			n.scratch = append(n.scratch[:0], v...)
			c, err = n.code(which, n.scratch)
		}
		return c
	}
	id.principal, id.credential, id.mfa = put(dictPrincipal, PrincipalOf(p)), put(dictCredential, credential), p.MFA
	for i, v := range [textCount]string{
		textType: p.Type, textARN: p.ARN, textID: p.ID, textAccount: p.Account, textUser: p.User,
		textIssuerType: p.Issuer.Type, textIssuerARN: p.Issuer.ARN, textIssuerID: p.Issuer.ID,
		textIssuerAccount: p.Issuer.Account, textIssuerName: p.Issuer.Name,
		textInvokedBy: p.InvokedBy, textSourceIdentity: p.SourceIdentity, textProvider: p.Provider,
	} {
		id.text[i] = put(dictText, v)
	}
	if !p.SessionCreated.IsZero() {
		id.created = p.SessionCreated.UnixMilli()
	}
	return id, err
}

// who is the identity of a code, as an event has it; a code that only a damaged
// store has is nobody.
func (n *names) who(c uint32) (p event.Principal, credential string) {
	id := n.idAt(c)
	text := func(i int) string { return n.dicts[dictText].text(id.text[i]) }
	p = event.Principal{
		Type: text(textType), ARN: text(textARN), ID: text(textID), Account: text(textAccount), User: text(textUser),
		Issuer: event.Issuer{Type: text(textIssuerType), ARN: text(textIssuerARN), ID: text(textIssuerID),
			Account: text(textIssuerAccount), Name: text(textIssuerName)},
		MFA: id.mfa, InvokedBy: text(textInvokedBy), SourceIdentity: text(textSourceIdentity), Provider: text(textProvider),
	}
	if id.created != 0 {
		p.SessionCreated = time.UnixMilli(id.created).UTC()
	}
	return p, n.dicts[dictCredential].text(id.credential)
}

func (n *names) idAt(c uint32) *identity {
	if int64(c) >= int64(n.ids.len()) {
		c = 0
	}
	return n.ids.at(c)
}

func (n *names) originAt(c uint32) origin {
	if int64(c) >= int64(len(n.origins)) {
		c = 0
	}
	return n.origins[c]
}

// api splits what dictAPI holds.
func (n *names) api(c uint32) (source, name string) {
	source, name, _ = strings.Cut(n.dicts[dictAPI].text(c), "\x00")
	return source, name
}
