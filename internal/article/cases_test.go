package article

import (
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/playbook"
	"cordon/internal/rotate"
)

var (
	bot      = key("AKIABOT", "bot")
	idle     = key("AKIAIDLE", "old")
	password = thing("iam.login-profile", "martin", "owner", has(fact.Owner, "martin"))
	fresh    = thing("iam.login-profile", "sofia", "owner", has(fact.Owner, "sofia"), func(r *fact.Resource) { r.Created = since })
	pavel    = thing("iam.user", "pavel", "intruder", has(fact.Suspect, fact.Deed{EventID: "e1"}))
	claire   = thing("iam.user", "claire", "owner")
	odd      = thing("iam.user", "odd", "unknown")
	miner    = thing("ec2.instance", "i-1", "intruder", has(fact.Made, fact.Deed{EventID: "e2", Sure: true}))
	gone     = thing("ec2.instance", "i-9", "intruder", has(fact.RunState, "terminated"))
	queer    = thing("s3.bucket", "b-1", "unknown")
	hook     = thing("lambda.function", "hook", "intruder")
	nobodys  = thing("ec2.instance", "i-2", "intruder")
	part     = thing("ec2.instance", "i-3", "intruder", has(fact.PartOf, []fact.Ref{miner.Ref}))
	disk     = thing("ec2.volume", "vol-1", "intruder", has(fact.AttachedTo, "i-1"), has(fact.Made, fact.Deed{EventID: "e3"}))
	bad      = thing("s3.bucket", "b-2", "tampered")
	device   = thing("iam.mfa-device", "arn:m", "owner", has(fact.Owner, "martin"))
	touched  = thing("iam.login-profile", "martin", "tampered", has(fact.Owner, "martin"), has(fact.Changed, []fact.Deed{{EventID: "e4", At: since.Add(time.Hour)}}))
	// hisPassword is one that the intruder put on the owner's user.
	hisPassword = thing("iam.login-profile", "claire", "intruder", has(fact.Owner, "claire"), func(r *fact.Resource) { r.Created = since })
	planted     = thing(keyKind, "AKIAHIS", "intruder", has(fact.Owner, "claire"), has(fact.Status, "Active"))
	ticket      = thing("support.case", "c-1", "owner")
)

func root(with ...func(*fact.Resource)) fact.Resource {
	return thing("iam.root", "root", "owner", with...)
}

func made(at time.Time) func(*fact.Resource) { return func(r *fact.Resource) { r.Created = at } }

func narrowed(r *Record) { r.Narrowed = true }

func undated(r *Record) { r.Began = time.Time{} }

func never(r *Record) { *r = Record{} }

// cases has, for each line, records that make it each state that it can have.
var cases = []struct {
	line, name string
	record     Record
	state      State
	why        string
}{
	{"noticed", "no triage", a(never), Open, "untriaged"},
	{"noticed", "a triage", a(), Done, "looked"},
	{"lockout", "no triage", a(never), Unchecked, "untriaged"},
	{"lockout", "a triage", a(), NotNeeded, "signed-in"},

	{"root-password", "AWS does not tell", a(root()), Unchecked, "root-untold"},
	{"root-password", "older than the incident", a(root(has(fact.RootChanged, began.AddDate(0, -1, 0)))), Open, "changed-before"},
	{"root-password", "changed since", a(root(has(fact.RootChanged, since))), Unchecked, "changed"}, // by the intruder, for all that the case knows
	{"root-password", "nobody knows when it began", a(root(has(fact.RootChanged, since)), undated), Unchecked, "no-beginning"},
	{"root-password", "no triage", a(never), Unchecked, "untriaged"},

	{"user-passwords", "one is old", a(password, fresh), Open, "old-passwords"},
	{"user-passwords", "one was set anew", a(password, deed(password, "set-password", "passwords", since)), Done, "passwords"},
	{"user-passwords", "set, and never seen to hold", a(password, deed(password, "set-password", "passwords", since), unverified), Open, "old-passwords"},
	{"user-passwords", "all are young", a(fresh), Done, "passwords"},
	{"user-passwords", "young, and nobody knows when it began", a(fresh, undated), Open, "old-passwords"},
	{"user-passwords", "the intruder's own user goes with it", a(pavel, thing("iam.login-profile", "pavel", "intruder", has(fact.Owner, "pavel"))), NotNeeded, "no-passwords"},
	{"user-passwords", "one that he put on the owner's user", a(claire, thing("iam.login-profile", "claire", "intruder", has(fact.Owner, "claire"), func(r *fact.Resource) { r.Created = since })), Open, "old-passwords"},
	{"user-passwords", "young, and nobody said whose", a(thing("iam.login-profile", "sofia", "unknown", has(fact.Owner, "sofia"), made(since))), Open, "old-passwords"},
	{"user-passwords", "young, and the intruder changed it", a(thing("iam.login-profile", "sofia", "tampered", has(fact.Owner, "sofia"), made(since))), Open, "old-passwords"},
	{"user-passwords", "set anew, and then changed by the intruder", a(touched, deed(password, "set-password", "passwords", since)), Open, "old-passwords"},
	{"user-passwords", "changed by the intruder, and then set anew", a(touched, deed(password, "set-password", "passwords", since.Add(2*time.Hour))), Done, "passwords"},
	{"user-passwords", "set anew, taken away and made again", a(thing("iam.login-profile", "martin", "unknown", has(fact.Owner, "martin"), made(since)), deed(password, "set-password", "passwords", began)), Open, "old-passwords"},
	{"user-passwords", "nobody has one", a(), NotNeeded, "no-passwords"},
	{"user-passwords", "not listed", a(gap("iam.login-profile")), Unchecked, "gaps"},
	{"user-passwords", "one is new, the others were not listed", a(fresh, gap("iam.login-profile")), Unchecked, "gaps"},

	{"key-uses", "listed", a(bot), Done, "last-used"},
	{"key-uses", "not listed", a(gap(keyKind)), Unchecked, "gaps"},
	{"key-uses", "none", a(), NotNeeded, "no-keys"},

	{"key-second", "one without a successor", a(bot), Open, "no-second"},
	{"key-second", "it has one", a(bot, rotation(rotate.Rotation{ID: "R1", Old: "AKIABOT", New: "AKIANEW"})), Done, "second"},
	{"key-second", "begun, and none made", a(bot, rotation(rotate.Rotation{ID: "R1", Old: "AKIABOT"})), Open, "no-second"},
	{"key-second", "it is to retire, and still on", a(bot, rotation(rotate.Rotation{ID: "R1", Old: "AKIABOT", Retire: true})), Open, "no-second"},
	{"key-second", "it retired", a(bot, rotation(rotate.Rotation{ID: "R1", Old: "AKIABOT", Retire: true}), deed(bot, "deactivate", "keys-off", since)), NotNeeded, "all-off"},
	{"key-second", "it is off", a(bot, deed(bot, "deactivate", "keys-off", since)), NotNeeded, "all-off"},
	{"key-second", "the intruder's own gets none", a(planted), NotNeeded, "no-keys"},
	{"key-second", "not listed", a(gap(keyKind)), Unchecked, "gaps"},
	{"key-second", "the new key needs no successor of its own", a(key("AKIANEW", "bot"), rotation(rotate.Rotation{ID: "R1", Old: "AKIABOT", New: "AKIANEW"})), Done, "second"},

	{"key-off", "on", a(bot), Open, "still-on"},
	{"key-off", "switched off", a(bot, deed(bot, "deactivate", "keys-off", since)), Done, "off"},
	{"key-off", "not seen to hold", a(bot, deed(bot, "deactivate", "keys-off", since), unverified), Open, "still-on"},
	{"key-off", "off when it was looked at", a(key("AKIAOFF", "x", has(fact.Status, "Inactive"))), Done, "off"},
	{"key-off", "off then, and on again", a(key("AKIAOFF", "x", has(fact.Status, "Inactive")), backAgain(key("AKIAOFF", "x"), "keys-off", since)), Open, "still-on"},
	{"key-off", "off before the last look, which saw it on", a(bot, deed(bot, "deactivate", "keys-off", began)), Open, "still-on"},
	{"key-off", "the intruder's own, on the owner's user", a(planted), Open, "still-on"},
	{"key-off", "the owner's that he marked as not his", a(bot, marked(bot, playbook.NotMine)), Open, "still-on"},
	{"key-off", "the intruder's own is off", a(planted, deed(planted, "deactivate", "keys-off", since)), Done, "off"},
	{"key-off", "the intruder's own went with its user", a(claire, planted, deed(claire, "delete", "identities", since)), Done, "off"},
	{"key-off", "not listed", a(gap(keyKind)), Unchecked, "gaps"},

	{"key-back", "none is off", a(bot), NotNeeded, "none-off"},
	{"key-back", "off, and no trouble", a(bot, deed(bot, "deactivate", "keys-off", since)), NotNeeded, "no-trouble"},
	{"key-back", "on again", a(bot, backAgain(bot, "keys-off", since)), Done, "back"},
	{"key-back", "something else was taken back", a(bot, backAgain(miner, "stopped", since)), NotNeeded, "none-off"},

	{"key-delete", "there still", a(bot, deed(bot, "deactivate", "keys-off", since)), Open, "not-deleted"},
	{"key-delete", "deleted", a(bot, deed(bot, "delete-inactive", "keys-gone", since)), Done, "deleted"},
	{"key-delete", "one of two", a(bot, idle, deed(bot, "delete-inactive", "keys-gone", since)), Open, "not-deleted"},
	{"key-delete", "the intruder's own", a(planted, deed(planted, "deactivate", "keys-off", since)), Open, "not-deleted"},
	{"key-delete", "none", a(), NotNeeded, "no-keys"},
	{"key-delete", "one deleted, the rest not listed", a(deed(bot, "delete-inactive", "keys-gone", began), gap(keyKind)), Unchecked, "gaps"},

	{"users-foreign", "his stands", a(pavel, odd), Open, "his"},
	{"users-foreign", "nobody said whose", a(odd), Open, "unmarked"},
	{"users-foreign", "the owner said mine", a(odd, marked(odd, playbook.Mine)), NotNeeded, "none-his"},
	{"users-foreign", "the owner said not mine", a(claire, marked(claire, playbook.NotMine)), Open, "his"},
	{"users-foreign", "deleted since", a(pavel, deed(pavel, "delete", "identities", since)), Done, "deleted"},
	{"users-foreign", "deleted, and made again", a(pavel, deed(pavel, "delete", "identities", began)), Open, "his"},
	{"users-foreign", "a role that he made", a(claire, thing("iam.role", "helper", "intruder")), Open, "his"},
	{"users-foreign", "a key that he put on the owner's user", a(claire, planted), Open, "his"},
	{"users-foreign", "and it was deleted", a(claire, planted, deed(planted, "delete", "keys-gone", since)), NotNeeded, "none-his"},
	{"users-foreign", "a password that he put on the owner's user", a(claire, hisPassword), Open, "his"},
	{"users-foreign", "and it was taken away", a(claire, hisPassword, deed(hisPassword, "delete", "passwords", since)), NotNeeded, "none-his"},
	{"users-foreign", "his credentials went with his user", a(pavel, thing(keyKind, "AKIAP", "intruder", has(fact.Owner, "pavel")), deed(pavel, "delete", "identities", since)), Done, "deleted"},
	{"users-foreign", "credentials not listed", a(claire, gap("iam.login-profile")), Unchecked, "gaps"},
	{"users-foreign", "all are the owner's", a(claire), NotNeeded, "none-his"},
	{"users-foreign", "not listed", a(claire, gap("iam.user")), Unchecked, "gaps"},

	{"keys-unused", "one", a(idle, found("unused-key", "AKIAIDLE")), Open, "unused-key.found"},
	{"keys-unused", "retired since", a(idle, found("unused-key", "AKIAIDLE"), deed(idle, "deactivate", "keys-off", since)), Done, "since"},
	{"keys-unused", "retired since, and part was not read", a(idle, found("unused-key", "AKIAIDLE"), partly("unused-key"), deed(idle, "deactivate", "keys-off", since)), Unchecked, "gaps"},
	{"keys-unused", "one, and part was not read", a(idle, found("unused-key", "AKIAIDLE"), partly("unused-key")), Open, "unused-key.found"},
	{"keys-unused", "none", a(), NotNeeded, "unused-key.clear"},
	{"keys-unused", "not known", a(unknown("unused-key")), Unchecked, "gaps"},

	{"keys-care", "whatever the case has", a(bot), Unchecked, "habit"},
	{"keys-care", "no triage", a(never), Unchecked, "habit"},

	{"creator", "the record names him", a(miner, pavel, part), Done, "makers"},
	{"creator", "one is nobody's", a(miner, nobodys), Open, "no-maker"},
	{"creator", "nothing is his", a(claire), NotNeeded, "none-his"},
	{"creator", "the history was not read", a(miner, func(r *Record) {
		r.Snapshot.Readings = append(r.Snapshot.Readings, fact.Reading{Kind: "cloudtrail.event-history", Place: west, State: fact.Failed})
	}), Unchecked, "gaps"},

	{"quarantine", "a key of hers is on", a(bot, found("quarantine-marker", "bot")), Open, "quarantined"},
	{"quarantine", "it is off", a(bot, found("quarantine-marker", "bot"), deed(bot, "deactivate", "keys-off", since)), Done, "quarantine-off"},
	{"quarantine", "off, and switched on again", a(bot, found("quarantine-marker", "bot"), backAgain(bot, "keys-off", since)), Open, "quarantined"},
	{"quarantine", "a key that the intruder put on her is on", a(bot, thing(keyKind, "AKIAHIS", "intruder", has(fact.Owner, "bot"), has(fact.Status, "Active")), found("quarantine-marker", "bot"), deed(bot, "deactivate", "keys-off", since)), Open, "quarantined"},
	{"quarantine", "it is off, and part was not read", a(bot, found("quarantine-marker", "bot"), partly("quarantine-marker"), deed(bot, "deactivate", "keys-off", since)), Unchecked, "gaps"},
	{"quarantine", "nobody has it", a(bot), NotNeeded, "quarantine-marker.clear"},
	{"quarantine", "not known", a(unknown("quarantine-marker")), Unchecked, "gaps"},
	{"quarantine", "his keys were not listed", a(found("quarantine-marker", "bot"), gap(keyKind)), Unchecked, "gaps"},

	{"bill", "nobody looked", a(), Unchecked, "no-look"},
	{"bill", "unlike the past", a(look(LookBill, Look{Found: 2, Unseen: 1})), Open, "bill.found"},
	{"bill", "not all could be looked at", a(look(LookBill, Look{Unseen: 1})), Unchecked, "look-gaps"},
	{"bill", "like the past", a(look(LookBill, Look{})), Done, "bill.clear"},
	{"bill", "another look says nothing of it", a(look(LookAccount, Look{})), Unchecked, "no-look"},

	{"regions", "all was read", a(), Done, "everywhere"},
	{"regions", "one was not", a(gap("s3.bucket")), Unchecked, "regions"},
	{"regions", "some were left out", a(narrowed), Unchecked, "regions"},
	{"regions", "no triage", a(never), Unchecked, "untriaged"},

	{"whose", "one is nobody's", a(queer, claire), Open, "unmarked"},
	{"whose", "the owner said", a(queer, marked(queer, playbook.Mine)), Done, "judged"},
	{"whose", "the owner is not sure", a(claire, marked(claire, playbook.Unsure)), Open, "unmarked"},
	{"whose", "not all was read", a(claire, gap("s3.bucket")), Unchecked, "gaps"},

	{"snapshot", "no evidence", a(miner), Open, "unkept"},
	{"snapshot", "described, no copy", a(miner, kept(miner)), Open, "uncopied"},
	{"snapshot", "copied", a(miner, kept(miner), deed(miner, "snapshot", "kept", since)), Done, "kept"},
	{"snapshot", "a disk is copied with its machine", a(miner, disk, kept(miner), kept(disk), deed(miner, "snapshot", "kept", since)), Done, "kept"},
	{"snapshot", "another machine's copy has not this disk", a(disk, kept(disk), deed(nobodys, "snapshot", "kept", since)), Open, "uncopied"},
	{"snapshot", "copied, not seen to hold", a(miner, kept(miner), deed(miner, "snapshot", "kept", since), unverified), Open, "uncopied"},
	{"snapshot", "tampered counts too", a(bad), Open, "unkept"},
	{"snapshot", "nothing is his", a(claire), NotNeeded, "none-his"},
	{"snapshot", "kept, and not all was read", a(bad, kept(bad), gap("ec2.instance")), Unchecked, "gaps"},

	{"foreign", "it stands", a(miner), Open, "his"},
	{"foreign", "terminated", a(gone), NotNeeded, "none-his"},
	{"foreign", "deleted since", a(miner, deed(miner, "terminate", "removed", since)), Done, "deleted"},
	{"foreign", "deleted, and a Region was not read", a(miner, deed(miner, "terminate", "removed", since), gap("s3.bucket")), Unchecked, "gaps"},
	{"foreign", "nobody said whose", a(queer), Open, "unmarked"},
	{"foreign", "a function is told elsewhere", a(hook), NotNeeded, "none-his"},

	{"lambda", "it stands", a(hook), Open, "his"},
	{"lambda", "deleted since", a(hook, deed(hook, "delete", "removed", since)), Done, "deleted"},
	{"lambda", "none", a(miner), NotNeeded, "none-his"},
	{"lambda", "not read", a(gap("lambda.layer")), Unchecked, "gaps"},

	{"mfa-root", "on", a(), Done, "root-without-mfa.clear"},
	{"mfa-root", "not on", a(found("root-without-mfa", "root")), Open, "root-without-mfa.found"},
	{"mfa-root", "not known", a(unknown("root-without-mfa")), Unchecked, "gaps"},

	{"mfa-users", "all have it", a(), Done, "user-without-mfa.clear"},
	{"mfa-users", "one has not", a(found("user-without-mfa", "martin", "sofia"), deed(device, "enrol-mfa", "mfa", since)), Open, "user-without-mfa.found"},
	{"mfa-users", "enrolled since", a(found("user-without-mfa", "martin"), deed(device, "enrol-mfa", "mfa", since)), Done, "since"},
	{"mfa-users", "enrolled since, and part was not read", a(found("user-without-mfa", "martin"), partly("user-without-mfa"), deed(device, "enrol-mfa", "mfa", since)), Unchecked, "gaps"},
	{"mfa-users", "enrolled before the look that saw none", a(found("user-without-mfa", "martin"), deed(device, "enrol-mfa", "mfa", began)), Open, "user-without-mfa.found"},
	{"mfa-users", "not known", a(unknown("user-without-mfa")), Unchecked, "gaps"},

	{"account", "nobody looked", a(), Unchecked, "no-look"},
	{"account", "something differs", a(look(LookAccount, Look{Found: 1})), Open, "account.found"},
	{"account", "as it should be", a(look(LookAccount, Look{})), Done, "account.clear"},

	{"support-answer", "nothing from AWS", a(), Unchecked, "no-notice"},
	{"support-answer", "a quarantine without a letter", a(found("quarantine-marker", "bot")), Open, "must-have-written"},
	{"support-answer", "not answered", a(notice(since, time.Time{})), Open, "unanswered"},
	{"support-answer", "answered", a(notice(since, since)), Done, "answered"},

	{"support-new", "opened", a(deed(ticket, "open-case", "other", since)), Done, "case-open"},
	{"support-new", "sent, and not seen to be there", a(miner, deed(ticket, "open-case", "other", since), unverified), Open, "dispute"},
	{"support-new", "something ran on the bill", a(miner), Open, "dispute"},
	{"support-new", "nothing did", a(claire), NotNeeded, "nothing-ran"},
	{"support-new", "not all was read", a(gap("s3.bucket")), Unchecked, "gaps"},

	{"support-secrets", "sent through the gate", a(deed(ticket, "open-case", "other", since)), Done, "gated"},
	{"support-secrets", "answered by hand", a(notice(since, since)), Unchecked, "by-hand"},
	{"support-secrets", "nothing was sent", a(), NotNeeded, "nothing-sent"},

	{"git-secrets", "nobody looked", a(), Unchecked, "no-look"},
	{"git-secrets", "found", a(look(LookSecrets, Look{Found: 3})), Open, "secrets.found"},
	{"git-secrets", "none", a(look(LookSecrets, Look{})), Done, "secrets.clear"},

	{"automation", "whatever the case has", a(notice(since, since)), Unchecked, "automation"},
	{"automation", "no triage", a(never), Unchecked, "automation"},

	{"root-daily", "not used", a(), Done, "root-used-since.clear"},
	{"root-daily", "used", a(found("root-used-since", "root")), Open, "root-used-since.found"},
	{"root-daily", "not known", a(unknown("root-used-since")), Unchecked, "gaps"},

	{"root-keys", "none", a(), Done, "root-keys.clear"},
	{"root-keys", "there are", a(found("root-keys", "root")), Open, "root-keys.found"},
	{"root-keys", "not known", a(unknown("root-keys")), Unchecked, "gaps"},

	{"administrator", "the owner's", a(claire, found("administrators", "claire")), Done, "administrators"},
	{"administrator", "only the intruder's", a(pavel, found("administrators", "pavel")), Open, "administrators-unsure"},
	{"administrator", "nobody", a(), Open, "no-administrator"},
	{"administrator", "not known", a(unknown("administrators")), Unchecked, "gaps"},

	{"practices", "a check found something", a(found("no-trail", "root")), Open, "posture"},
	{"practices", "none did", a(), Unchecked, "guidance"},
}

func TestChecklist(t *testing.T) {
	reached := map[string]map[State]bool{}
	for _, c := range cases {
		got := state(t, c.record, c.line)
		if got.State != c.state || got.Why != c.why {
			t.Errorf("%s, %s: %s (%s), want %s (%s)", c.line, c.name, got.State, got.Why, c.state, c.why)
		}
		if reached[c.line] == nil {
			reached[c.line] = map[State]bool{}
		}
		reached[c.line][c.state] = true
	}
	never := map[string]bool{"keys-care": true, "automation": true} // no account shows them
	for _, l := range lines {
		if len(reached[l.ID]) < 2 && !never[l.ID] {
			t.Errorf("%s: the cases reach %v only", l.ID, reached[l.ID])
		}
	}
}
