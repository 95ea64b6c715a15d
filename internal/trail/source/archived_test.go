package source

import "testing"

// Of files in an archive class the first by name is told, whichever listing
// meets one first.
func TestTheFirstArchivedFileIsNamed(t *testing.T) {
	l := &lister{sift: &sift{}}
	for _, name := range []string{"s3://b/m", "s3://b/c", "s3://b/x"} {
		l.archived(name)
	}
	if len(l.notes) != 1 || l.notes[0].File != "s3://b/c" {
		t.Errorf("%+v", l.notes)
	}
}
