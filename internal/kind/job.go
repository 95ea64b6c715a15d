package kind

import (
	"context"
	"errors"
	"time"

	"cordon/internal/fact"
)

// A Job is one verb about to be done, or that was done, to one resource.
type Job struct {
	fact.Resource
	At   time.Time // when it was ordered, by AWS's clock; the same again after a crash
	Case string
	// Sink takes the secret that a verb with Secret makes. It is nil when planning,
	// in a dry run and when undoing: Done is false then.
	Sink Sink `json:"-"`
	// Tries are when this verb was begun on this resource, by this plan or an earlier
	// one, since it was last done, oldest first: a verb with Secret knows by them what
	// a try that died may have left. The last is the present one.
	Tries []Try `json:"-"`
}

// A Try is one time at which a verb with Secret was begun, by AWS's clock. One that
// left nothing (see LeftNothing) is not kept.
type Try struct {
	At time.Time
	// End is when its call had failed: what was made later is not its. Zero: nobody
	// lived to see it.
	End time.Time
}

// LeftNothing marks an error of a verb with Secret: AWS refused the call, so that
// this try made nothing.
func LeftNothing(err error) error { return leftNothing{err} }

// HasLeftNothing reports an error that is so marked.
func HasLeftNothing(err error) bool {
	var l leftNothing
	return errors.As(err, &l)
}

type leftNothing struct{ error }

func (l leftNothing) Unwrap() error { return l.error }

// A Sink is the one place to which a secret goes that AWS tells once, when the
// credential is made. What passes through it is in no plan, journal, screen or
// log: errors name the credential and never the secret.
type Sink interface {
	// Put stores the secret of the credential with this id. It returns nil only
	// when the secret is there for good: from then on Has is true, also after a
	// crash. Of the same id it may be called again.
	Put(ctx context.Context, id string, secret []byte) error
	// Has says, without telling it, whether the secret of this credential is
	// stored. What cannot be found out is an error: a credential whose secret is
	// not stored is cleared away.
	Has(ctx context.Context, id string) (bool, error)
}
