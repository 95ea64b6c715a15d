package trail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// Codes are one event's values as numbers: within one store, equal codes mean
// equal values, and codes are dense. API is source and name; Error is errorCode,
// or the message where there is no code; Origin is region, address and agent;
// Identity is the bytes of userIdentity.
type Codes struct{ API, Error, Origin, Identity uint32 }

// A Matcher tells which rules, by number, an event matches. Each worker has one
// of its own; the answer may be used again by the next call.
type Matcher interface {
	Match(v *event.View, c Codes) []int32
}

// A refused record is damage of the file, not of the import.
type refused struct{ why string }

func (r *refused) Error() string { return r.why }

// A rows reads records into the columns of a part. It is one worker's: what it
// saw before it knows without asking the names.
type rows struct {
	part    part
	names   *names
	claim   claimer
	matcher Matcher

	api, apiOdd, origin, originOdd, err, account, kind *cache
	tags, origins                                      [tagSlots]tagged
	kinds                                              [kindSlots]taggedKind
	view                                               *event.View // whose tags they are
	key                                                idKey       // of the last record
	scratch                                            []byte
	day                                                [10]byte
	dayStart                                           int64
}

func newRows(names *names, claim claimer, m Matcher) *rows {
	return &rows{names: names, claim: claim, matcher: m, api: newCache(), apiOdd: newCache(), origin: newCache(),
		originOdd: newCache(), err: newCache(), account: newCache(), kind: newCache()}
}

// trim bounds what is remembered.
func (r *rows) trim() {
	for _, c := range []*cache{r.api, r.apiOdd, r.origin, r.originOdd, r.err, r.account, r.kind} {
		c.trim()
	}
}

// add takes one record at offset from the span's base. Fresh is false where the
// store has the event already. What event.Parse would refuse is *refused.
func (r *rows) add(v *event.View, offset uint32) (fresh bool, err error) {
	if len(v.Name) == 0 {
		return false, &refused{"eventName is missing"}
	}
	if len(v.Source) == 0 {
		return false, &refused{"eventSource is missing"}
	}
	if r.view != v { // tags are numbers of one view
		r.view, r.tags, r.origins, r.kinds = v, [tagSlots]tagged{}, [tagSlots]tagged{}, [kindSlots]taggedKind{}
	}
	t, err := r.time(v)
	if err != nil {
		return false, err
	}
	who, err := r.taggedCode(v)
	if err != nil {
		return false, err
	}
	id, odd := readID(v)
	r.key = keyOf(id[:], t)
	if !r.claim.claim(r.key, t) {
		return false, nil
	}
	c := Codes{Identity: who}
	if c.API, err = r.apiCode(v); err != nil {
		return false, err
	}
	if c.Origin, err = r.taggedOrigin(v); err != nil {
		return false, err
	}
	if c.Error, err = r.errorCode(v); err != nil {
		return false, err
	}
	kind, err := r.taggedKind(v, who)
	if err != nil {
		return false, err
	}
	p := &r.part
	row := uint32(p.rows())
	p.time, p.api, p.origin, p.who = append(p.time, t), append(p.api, c.API), append(p.origin, c.Origin), append(p.who, who)
	p.err, p.account, p.kind = append(p.err, c.Error), append(p.account, kind.account), append(p.kind, kind.code)
	p.offset, p.ids = append(p.offset, offset), append(p.ids, id[:]...)
	flags := kind.flags | flagsOf(v)
	if odd != "" {
		flags |= flagOddID
		p.odd = append(p.odd, oddID{row, odd})
	}
	p.flags = append(p.flags, flags)
	r.tokens(row, v)
	if r.matcher != nil {
		for _, rule := range r.matcher.Match(v, c) {
			p.hits = append(p.hits, ruleHit{row, uint32(rule)})
		}
	}
	return true, nil
}

func (r *rows) tokens(row uint32, v *event.View) {
	t := &r.part.tokens
	t.begin()
	if len(v.Request) > 2 {
		t.collect(row, v.Request, v.RequestTexts)
	}
	if len(v.Response) > 2 {
		t.collect(row, v.Response, v.ResponseTexts)
	}
	if len(v.Resources) > 2 {
		t.collect(row, v.Resources, v.ResourcesTexts)
	}
	if len(v.SharedID) > 0 {
		t.add(row, v.SharedID)
	}
}

// kindFlags are those of the members that a kind is of.
func kindFlags(v *event.View) (f uint8) {
	if len(v.ReadOnly) > 0 {
		f |= flagReadOnlyKnown
		if yes(v.ReadOnly) {
			f |= flagReadOnly
		}
	}
	if yes(v.Management) {
		f |= flagManagement
	}
	return f
}

// flagsOf are all others.
func flagsOf(v *event.View) (f uint8) {
	if len(v.Response) > 0 {
		f |= flagResponse
	}
	if yes(v.FromConsole) {
		f |= flagConsole
	}
	if len(v.ErrorCode)+len(v.ErrorMessage) > 0 || string(v.Source) == "signin.amazonaws.com" && v.Failed() {
		f |= flagFailed
	}
	if len(v.Additional) > 0 && usedMFA(v.Additional, v.AdditionalTexts) {
		f |= flagMFA
	}
	return f
}

// usedMFA is what a sign-in says of itself.
func usedMFA(additional []byte, texts event.Texts) bool {
	const key = "MFAUsed"
	there := slices.ContainsFunc(texts.List, func(t event.Text) bool { return string(additional[t.From:t.To]) == key })
	if !there && !bytes.Contains(additional[texts.Rest:], []byte(key)) {
		return false
	}
	mfa := false
	for _, used := range event.Path(additional, key) {
		mfa = strings.EqualFold(used, "Yes")
	}
	return mfa
}

func yes(v []byte) bool { return len(v) == 4 && hasTail(v, "true") }

// readID gives the 16 bytes that an id is kept as, and its text where that is
// not the UUID which AWS writes.
func readID(v *event.View) (id [16]byte, odd string) {
	if uuid(&id, v.ID) {
		return id, ""
	}
	text := v.AppendID(nil)
	sum := sha256.Sum256(text)
	copy(id[:], sum[:])
	return id, string(clip(text))
}

// isID says whether a record has an id, or had it.
func isID(v *event.View, id [16]byte) bool {
	if now, _ := readID(v); now == id {
		return true
	}
	former := v.FormerID()
	sum := sha256.Sum256(former)
	return len(former) > 0 && [16]byte(sum[:]) == id
}

// uuid reads 8-4-4-4-12 digits in lower case.
func uuid(to *[16]byte, s []byte) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	bad := byte(0)
	at := 0
	for i := range to {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			at++
		}
		hi, lo := hexValue[s[at]], hexValue[s[at+1]]
		bad |= hi | lo
		to[i] = hi<<4 | lo&15
		at += 2
	}
	return bad&0x80 == 0
}

var hexValue = func() (t [256]byte) {
	for i := range t {
		t[i] = 0x80
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

var errTime = &refused{"eventTime is out of range"}

// time is eventTime in seconds: of the one form that log files have at once,
// of all others as event.Parse reads them.
func (r *rows) time(v *event.View) (uint32, error) {
	if t, ok := r.quickTime(v.Time); ok {
		return t, nil
	}
	e, err := v.Event()
	if err != nil {
		if errors.Is(err, errTime) {
			return 0, errTime
		}
		return 0, &refused{"eventTime or another field cannot be read"}
	}
	if t := e.Time.Unix(); t >= 0 && t <= math.MaxUint32 {
		return uint32(t), nil
	}
	return 0, errTime
}

func (r *rows) quickTime(s []byte) (uint32, bool) {
	if len(s) != 20 || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	h, okH := two(s[11:], 23)
	m, okM := two(s[14:], 59)
	sec, okS := two(s[17:], 59)
	if !okH || !okM || !okS {
		return 0, false
	}
	if string(s[:10]) != string(r.day[:]) {
		t, err := time.Parse(time.DateOnly, string(s[:10]))
		if err != nil {
			return 0, false
		}
		r.dayStart = t.Unix()
		copy(r.day[:], s)
	}
	t := r.dayStart + h*3600 + m*60 + sec
	return uint32(t), t >= 0 && t <= math.MaxUint32
}

func two(s []byte, most int64) (int64, bool) {
	a, b := s[0]-'0', s[1]-'0'
	n := int64(a)*10 + int64(b)
	return n, a <= 9 && b <= 9 && n <= most
}
