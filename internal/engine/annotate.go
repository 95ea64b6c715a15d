package engine

import (
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/lineage"
)

// sameAct is how far a recorded time and a creation time may be apart.
const sameAct = 10 * time.Minute

// annotate writes what the trail showed into the facts that the checks read.
// named says whose ids are names, which can be given again; lives tells things of
// one name apart that no date does.
func annotate(s *fact.Snapshot, grown *lineage.Closure, named func(fact.Kind) bool, lives *lives) {
	at := map[fact.Ref]*fact.Resource{}
	credentials := map[string]*fact.Resource{}
	for i := range s.Resources {
		r := &s.Resources[i]
		at[r.Ref] = r
		switch r.Kind {
		case "iam.access-key", "iam.service-credential", "iam.ssh-key", "iam.signing-certificate":
			credentials[r.ID] = r
		}
	}
	for _, suspect := range grown.Suspects() {
		name(grown.Speaking(suspect), at, credentials)
	}
	var lost, unclear []lineage.Deed
	for _, d := range grown.Deeds() {
		switch r := target(s, at, d.Ref); {
		case r != nil && d.Change == lineage.Created && d.Again != "" && dateless(*r, d.At):
			unclear = append(unclear, d)
		case r != nil:
			lives.blame(r, d, named)
		case d.Change == lineage.Deleted && d.Ref.ID != "":
			lost = append(lost, d)
		}
	}
	lives.claim(s, unclear, func(d lineage.Deed) *fact.Resource { return target(s, at, d.Ref) })
	s.Lost = deleted(lost, grown.Deeds())
	attached(s)
}

// deleted are the things that the intruder deleted and that he had not made
// himself. What he perhaps only found there is among them, and not sure.
func deleted(lost, all []lineage.Deed) (out []fact.Resource) {
	his, found, at := map[fact.Ref]bool{}, map[fact.Ref]bool{}, map[fact.Ref]int{}
	for _, d := range all {
		if d.Change == lineage.Created {
			his[d.Ref] = his[d.Ref] || d.Again == ""
			found[d.Ref] = found[d.Ref] || d.Again != "" && !d.Stood
		}
	}
	for _, d := range lost {
		what := d.Deed
		what.Sure = d.Confidence != lineage.Low && !found[d.Ref]
		if his[d.Ref] {
			continue
		}
		i, there := at[d.Ref]
		if !there {
			i = len(out)
			at[d.Ref], out = i, append(out, fact.Resource{Ref: d.Ref})
		}
		fact.Changed.Set(&out[i], append(fact.Changed.Or(out[i], nil), what))
	}
	return out
}

// name marks a suspect credential or principal.
func name(suspect lineage.Suspect, at map[fact.Ref]*fact.Resource, credentials map[string]*fact.Resource) {
	d := fact.Deed{
		EventID: suspect.EventID, At: suspect.At, Credential: suspect.By,
		Reason: string(suspect.Reason), Sure: suspect.Confidence != lineage.Low,
	}
	switch {
	case suspect.Credential != "" && credentials[suspect.Credential] != nil:
		fact.Suspect.Set(credentials[suspect.Credential], d)
	case suspect.Credential != "":
		if r := at[suspect.Principal]; r != nil && r.Kind == "iam.role" {
			d.Credential, d.Session = suspect.Credential, sessionOf(suspect, *r)
			fact.Sessions.Set(r, append(fact.Sessions.Or(*r, nil), d))
		} else if _, session, ok := strings.Cut(suspect.ARN, ":federated-user/"); ok && d.Sure && r != nil && r.Kind == "iam.user" {
			fact.Federated.Set(r, append(fact.Federated.Or(*r, nil), r.Account+":"+session))
		}
	case suspect.Scope == lineage.OfPrincipal:
		r := at[suspect.Principal]
		if r != nil && (suspect.UniqueID == "" || suspect.UniqueID == r.UniqueID) {
			fact.Suspect.Set(r, d)
		}
	}
}

// sessionOf is what aws:userid says of a suspect session of a role: the role's
// unique id and the session's name. "" where the record does not tell the name,
// or where the role was made again since.
func sessionOf(suspect lineage.Suspect, role fact.Resource) string {
	_, session, ok := strings.Cut(suspect.ARN, ":assumed-role/")
	_, name, named := strings.Cut(session, "/")
	if !ok || !named || role.UniqueID == "" || suspect.UniqueID != "" && suspect.UniqueID != role.UniqueID {
		return ""
	}
	return role.UniqueID + ":" + name
}

// target finds the resource a deed is about; a trail may be called by its name.
func target(s *fact.Snapshot, at map[fact.Ref]*fact.Resource, ref fact.Ref) *fact.Resource {
	if r := at[ref]; r != nil || ref.Kind != "cloudtrail.trail" {
		return r
	}
	for i := range s.Resources {
		if r := &s.Resources[i]; r.Kind == ref.Kind && lineage.SameTrail(ref.ID, r.ID) {
			return r
		}
	}
	return nil
}

// blame writes one deed into the facts of a resource.
func (l *lives) blame(r *fact.Resource, d lineage.Deed, named func(fact.Kind) bool) {
	what := d.Deed
	what.Sure = d.Confidence != lineage.Low
	together := what.At.Sub(r.Created).Abs() < sameAct
	switch d.Change {
	case lineage.Created:
		switch {
		case d.Again != "" && !together:
			// It found what was there, and what was made since is another.
			if d.Again == lineage.Overwrites && r.Created.Before(what.At) {
				fact.Changed.Set(r, append(fact.Changed.Or(*r, nil), what))
			}
		// A name that was used again is another resource. An id is not, and its
		// date may move: an instance's is its last start.
		case !named(r.Kind), together, dateless(*r, what.At) && !l.replaced(*r, d):
			fact.Made.Set(r, what)
		}
	case lineage.Deleted:
		// It is listed all the same: AWS deletes it later (a key, a secret), or it
		// was made again under its name.
		if !r.Created.IsZero() && r.Created.Before(what.At) {
			fact.Changed.Set(r, append(fact.Changed.Or(*r, nil), what))
		}
	case lineage.Changed, lineage.Shared:
		if !named(r.Kind) || !l.another(*r, d) {
			fact.Changed.Set(r, append(fact.Changed.Or(*r, nil), what))
		}
	}
}

// dateless says that a resource's date does not tell whether a call made it.
func dateless(r fact.Resource, at time.Time) bool {
	return r.Created.IsZero() || moves(r) && r.Created.After(at)
}

// moves says that AWS's date of a resource is that of a later change, too. A
// bucket's is at every endpoint but that of us-east-1 (S3 API Reference, Bucket).
func moves(r fact.Resource) bool {
	switch r.Kind {
	case "s3.bucket":
		return r.Region != "us-east-1"
	case "iam.mfa-device", "ssm.document", "ssm.parameter":
		return true
	}
	return false
}

// attached gives the volumes of an instance to whoever made the instance, and
// the snapshots of an image to whoever made the image: AWS makes them with it and
// does not name them in the record.
func attached(s *fact.Snapshot) {
	imaged := map[fact.Ref]fact.Deed{}
	for r := range s.Of("ec2.image") {
		if d, known := fact.Made.Get(r); known {
			for _, id := range fact.Snapshots.Or(r, nil) {
				imaged[fact.Ref{Kind: "ec2.snapshot", Place: r.Place, ID: id}] = d
			}
		}
	}
	for i := range s.Resources {
		r := &s.Resources[i]
		d, his := imaged[r.Ref]
		if _, known := fact.Made.Get(*r); his && !known && r.Created.Sub(d.At).Abs() < sameAct { // an image can be of an older snapshot
			fact.Made.Set(r, d)
		}
	}
	made := map[string]fact.Resource{}
	for r := range s.Of("ec2.instance") {
		if _, known := fact.Made.Get(r); known {
			made[r.ID] = r
		}
	}
	for i := range s.Resources {
		v := &s.Resources[i]
		if v.Kind != "ec2.volume" {
			continue
		}
		of, ok := made[fact.AttachedTo.Or(*v, "")]
		if !ok || v.Region != of.Region {
			continue
		}
		// The instance's own date is that of its last start.
		if d, _ := fact.Made.Get(of); v.Created.Sub(of.Created).Abs() < sameAct || v.Created.Sub(d.At).Abs() < sameAct {
			fact.Made.Set(v, d)
		}
	}
}
