package trail

import (
	"encoding/binary"
	"unsafe"

	"cordon/internal/event"
)

// code gives the code of a value, asking the names only the first time.
func (r *rows) code(c *cache, which int, v []byte) (uint32, error) {
	if len(v) == 0 {
		return 0, nil
	}
	code, known := c.look(v)
	if known {
		return *code, nil
	}
	var err error
	*code, err = r.names.put(which, v)
	return *code, err
}

func (r *rows) apiCode(v *event.View) (uint32, error) {
	c, key := r.api, between(v.Raw, v.Source, v.Name)
	if key == nil {
		r.scratch = join(r.scratch[:0], v.Source, v.Name)
		c, key = r.apiOdd, r.scratch
	}
	code, known := c.look(key)
	if known {
		return *code, nil
	}
	var err error
	both := append(append(append([]byte{}, v.Source...), 0), v.Name...)
	*code, err = r.names.put(dictAPI, both)
	return *code, err
}

// taggedOrigin is originCode, without a look at bytes which the view knows again.
func (r *rows) taggedOrigin(v *event.View) (uint32, error) {
	tag := v.OriginTag
	t := &r.origins[tag%tagSlots]
	if tag != 0 && t.tag == tag {
		return t.code, nil
	}
	code, err := r.originCode(v)
	if err == nil && tag != 0 {
		*t = tagged{tag, code}
	}
	return code, err
}

func (r *rows) originCode(v *event.View) (uint32, error) {
	c, key := r.origin, []byte(nil)
	if between(v.Raw, v.Region, v.Address) != nil && between(v.Raw, v.Address, v.Agent) != nil {
		key = between(v.Raw, v.Region, v.Agent)
	}
	if key == nil {
		r.scratch = join(r.scratch[:0], v.Region, v.Address, v.Agent)
		c, key = r.originOdd, r.scratch
	}
	code, known := c.look(key)
	if known {
		return *code, nil
	}
	var err error
	*code, err = r.names.origin(v.Region, v.Address, v.Agent)
	return *code, err
}

func (r *rows) errorCode(v *event.View) (uint32, error) {
	if len(v.ErrorCode) == 0 && len(v.ErrorMessage) > 0 {
		r.scratch = append(append(r.scratch[:0], 0), v.ErrorMessage...)
		return r.code(r.err, dictError, r.scratch)
	}
	return r.code(r.err, dictError, v.ErrorCode)
}

// accountCode: records before version 1.02 name no recipient.
func (r *rows) accountCode(v *event.View, who uint32) (uint32, error) {
	if len(v.Account) > 0 {
		return r.code(r.account, dictAccount, v.Account)
	}
	r.names.mu.Lock()
	defer r.names.mu.Unlock()
	id := r.names.idAt(who)
	return r.names.code(dictAccount, r.names.dicts[dictText].get(id.text[textAccount]))
}

// A taggedKind is what the view has numbered of a record's kind, together with
// its version.
type taggedKind struct {
	tag, code, account uint32
	flags              uint8
	version            string
}

const kindSlots = 1024

// taggedKind gives the codes of type and recipient, and the flags that stand with
// them, without a look at bytes which the view knows again.
func (r *rows) taggedKind(v *event.View, who uint32) (k taggedKind, err error) {
	t := &r.kinds[v.KindTag%kindSlots]
	if v.KindTag != 0 && t.tag == v.KindTag && t.version == string(v.Version) {
		return *t, nil
	}
	k = taggedKind{tag: v.KindTag, flags: kindFlags(v)}
	if k.account, err = r.accountCode(v, who); err != nil {
		return k, err
	}
	r.scratch = append(append(append(r.scratch[:0], v.Type...), 0), v.Version...)
	if k.code, err = r.code(r.kind, dictKind, r.scratch); err != nil {
		return k, err
	}
	if k.tag != 0 {
		k.version = string(v.Version)
		*t = k
	}
	return k, nil
}

// A tagged is the identity that a view has numbered. Views give new numbers all
// the time and know but some hundred of them again: a late one finds its place
// taken, and its bytes are looked at.
type tagged struct{ tag, code uint32 }

const tagSlots = 4096

// taggedCode is whoCode, without a look at bytes which the view knows again.
func (r *rows) taggedCode(v *event.View) (uint32, error) {
	tag := v.IdentityTag
	if tag == 0 {
		return r.whoCode(v.Identity)
	}
	t := &r.tags[tag%tagSlots]
	if t.tag == tag {
		return t.code, nil
	}
	code, err := r.whoCode(v.Identity)
	if err == nil {
		*t = tagged{tag, code}
	}
	return code, err
}

// whoCode asks the names at once: what the view does not know again is mostly
// new, and remembering half a kilobyte each would cost more than the hash.
func (r *rows) whoCode(raw []byte) (uint32, error) {
	if len(raw) == 0 {
		return 0, nil
	}
	return r.names.identity(raw, event.ReadPrincipal)
}

// between is the bytes of the record from where a begins to where b ends, when
// both lie in it, in this order and close together: CloudTrail writes its fields
// in one order, so the bytes between are always the same, and one look at them
// stands for several values. Equal runs are equal values, since what stands
// before the first and inside the run decides what JSON makes of it.
func between(record, a, b []byte) []byte {
	from, to := place(record, a), place(record, b)
	if from < 0 || to < from+len(a) || to+len(b)-from > maxRun {
		return nil
	}
	return record[from : to+len(b)]
}

const maxRun = 1024

// place is where part begins in whole, or -1 where it lies elsewhere.
func place(whole, part []byte) int {
	if len(part) == 0 {
		return -1
	}
	at := uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(whole)))
	if at >= uintptr(len(whole)) {
		return -1
	}
	return int(at)
}

// join makes one key of several values, and no other values' key.
func join(b []byte, values ...[]byte) []byte {
	for _, v := range values {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	return b
}
