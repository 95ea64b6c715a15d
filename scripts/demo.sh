#!/usr/bin/env bash
# The main job, end to end, on an emulated AWS account that an intruder has been
# in: triage, who and what, plan, contain, verify, undo. Nothing real is touched, and nothing
# is left behind. It needs bin/cordon (make build) and Python 3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
for name in $(compgen -e); do
    case $name in AWS_* | CORDON_[!L]*) unset "$name" ;; esac
done
cordon=$PWD/bin/cordon
home=$(mktemp -d "${TMPDIR:-/tmp}/cordon-demo-XXXXXX")
export CORDON_CASE_DIR=$home/cases CORDON_CONFIG_DIR=$home/config XDG_STATE_HOME=$home/state
trap finish EXIT
trap 'exit 130' INT TERM

finish() {
    "$cordon" lab stop >/dev/null 2>&1 || true
    chmod -R u+w "$home" 2>/dev/null || true
    rm -rf "$home"
}

# run prints a command as a person would type it, and runs it.
run() {
    printf '\n\033[1m$ cordon %s\033[0m\n' "$*"
    "$cordon" --color never --progress none "$@"
}

# digest prints the digest of the plan that a command makes.
digest() { "$cordon" --progress none -o json "$@" | grep -o '"digest":"[0-9a-f]\{64\}"' | head -n 1 | cut -d'"' -f4; }

begin=$SECONDS
printf '$ cordon drill start night\n'
lines=$("$cordon" drill start night)
eval "$lines"

run triage --since 12h
run investigate verdict
run investigate timeline --limit 40
run investigate graph --cut
run plan contain
plan=$(digest plan show last)
run apply "$plan" --approve "$plan" --no-input
run drill score
contained=$("$cordon" --progress none -o json drill score)

# Undo leaves shut what is held to be the intruder's, and says so …
run plan undo --all
# … unless it is told otherwise, as here, where nothing is real.
undo=$(digest plan undo --all --even-if-exposed)
run undo --all --even-if-exposed --approve "$undo" --no-input

# The morning after: he is shut out for good, what he left is kept as evidence,
# deleted, and looked for again.
plan=$(digest plan contain)
run apply "$plan" --approve "$plan" --no-input
"$cordon" --progress none triage --since 12h >/dev/null
run preserve run
run plan eradicate
plan=$(digest plan show last)
run apply "$plan" --approve "$plan" --no-input
"$cordon" --progress none triage --since 12h >/dev/null
run inventory --whose intruder,tampered
run evidence verify
left=$("$cordon" --progress none -o jsonl inventory --whose intruder | grep -c '"type":"resource"' || true)

number() { grep -o "\"$1\":[0-9]*" <<<"$contained" | head -n 1 | grep -o '[0-9]*$'; }
harmed=$(grep -o '"harmed":\[[^]]*\]' <<<"$contained" | grep -o '"[^"]*"' | grep -vc harmed || true)
printf '\nDEMO in %d s: found %s of %s planted things, cut off %s of %s credentials of the intruder,\n' \
    $((SECONDS - begin)) "$(number found)" "$(number planted)" "$(number contained)" "$(number intruder_credentials)"
printf 'harmed %s of %s credentials of the owner. Each change was verified by fresh reads, then undone;\n' \
    "$harmed" "$(number owner_credentials)"
printf 'made again, and what he left was kept as evidence and deleted: %s of his things are left.\n' "$left"
