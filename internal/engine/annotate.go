package engine

import (
	"time"

	"cordon/internal/fact"
	"cordon/internal/lineage"
)

// sameAct is how far a recorded time and a creation time may be apart.
const sameAct = 10 * time.Minute

// annotate writes what the trail showed into the facts that the checks read.
func annotate(s *fact.Snapshot, grown *lineage.Closure) {
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
		name(suspect, at, credentials)
	}
	for _, d := range grown.Deeds() {
		if r := target(s, at, d.Ref); r != nil {
			blame(r, d)
		}
	}
	attached(s)
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
			d.Credential = suspect.Credential
			fact.Sessions.Set(r, append(fact.Sessions.Or(*r, nil), d))
		}
	case suspect.Scope == lineage.OfPrincipal:
		r := at[suspect.Principal]
		if r != nil && (suspect.UniqueID == "" || suspect.UniqueID == r.UniqueID) {
			fact.Suspect.Set(r, d)
		}
	}
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

// renamed are the kinds whose ids are names, which can be given again.
var renamed = map[fact.Kind]bool{
	"iam.user": true, "iam.role": true, "iam.group": true, "iam.policy": true, "iam.login-profile": true,
	"iam.mfa-device": true, "iam.server-certificate": true, "iam.saml-provider": true, "iam.oidc-provider": true,
	"lambda.function": true, "lambda.layer": true, "cloudtrail.trail": true,
}

func blame(r *fact.Resource, d lineage.Deed) {
	what := d.Deed
	what.Sure = d.Confidence != lineage.Low
	switch d.Change {
	case lineage.Created:
		// A name that was used again is another resource. An id is not, and its
		// date may move: an instance's is its last start.
		if !renamed[r.Kind] || r.Created.IsZero() || what.At.Sub(r.Created).Abs() < sameAct {
			fact.Made.Set(r, what)
		}
	case lineage.Changed, lineage.Shared:
		fact.Changed.Set(r, append(fact.Changed.Or(*r, nil), what))
	}
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
