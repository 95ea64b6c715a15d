package engine

import "cordon/internal/journal"

// SetJournalStore replaces what the journal is written to, so that a test can
// kill the process at a line.
func SetJournalStore(f func(path string) journal.Store) { journalStore = f }

// MarksFor is marksFor.
var MarksFor = marksFor
