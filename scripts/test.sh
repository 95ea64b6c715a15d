#!/usr/bin/env bash
# All tests, in order, each step with its title and its time. Needs no network
# beyond loopback and no input, and leaves no process behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
export GOFLAGS="${GOFLAGS:--mod=readonly}"
[[ $GOFLAGS == *-mod=* ]] || export GOFLAGS="-mod=readonly $GOFLAGS"
# No credentials and no settings of whoever runs this, and no repository of a
# hook that does.
for name in $(compgen -e); do
    case $name in AWS_* | GIT_* | CORDON_[!L]* | CORDON_LANG) unset "$name" ;; esac
done
export AWS_EC2_METADATA_DISABLED=true
export CI=1 # where the lab does not start, tests that need it fail, and do not pass by themselves

# Everything that is started below has this run's own TMPDIR in its
# environment: that is how the last step knows our processes from others'.
run=$(mktemp -d "${TMPDIR:-/tmp}/cordon-test-XXXXXX")
export TMPDIR=$run
trap clean EXIT
trap 'exit 130' INT TERM

# clean ends what this run started, whatever step it came to, and its files.
clean() {
    local pid
    for pid in $(left); do
        kill -9 "$pid" 2>/dev/null || true
    done
    chmod -R u+w "$run" 2>/dev/null || true
    rm -rf "$run"
}

# step TITLE COMMAND…
step() {
    local title=$1 begin=$EPOCHREALTIME status
    shift
    printf '== %s\n' "$title"
    set +e # and not "if": there, bash would go on after an error inside
    (set -e; "$@")
    status=$?
    set -e
    if [[ $status != 0 ]]; then
        printf '== FAILED: %s\n' "$title"
        exit 1
    fi
    printf '== %s: %s s\n\n' "$title" "$(seconds "$begin")"
}

seconds() { awk -v a="${1/,/.}" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.1f", b - a }'; }

sources() { find . \( -name '.?*' -o -name node_modules -o -name dist \) -prune -o -name '*.go' -print; }

formatted() {
    local files
    files=$(sources | xargs gofmt -l)
    [[ -z $files ]] || { printf 'not formatted:\n%s\n' "$files"; return 1; }
}

# The Python that can run the lab: found, or installed under the user's cache.
lab_units() {
    local python
    python=$(go run ./cmd/labpython)
    (cd internal/lab && "$python" -B -m unittest discover --top-level-directory . --start-directory cordonlab --pattern 'test_*.py')
}

# The race detector slows the building of an SDK service client tenfold and
# finds nothing there: packages that link one are raced by the soak only.
raceable() {
    go list -f '{{.ImportPath}} {{join .Deps " "}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
        awk '!/aws-sdk-go-v2\/service\// { print $1 }' |
        grep -v -e '/internal/lab$' -e '/kindtest$' -e '/archtest$'
}

raced() {
    local packages
    packages=$(raceable)
    # shellcheck disable=SC2086
    # Killing an import is a matter of files: a few under the detector will do.
    CORDON_TRAIL_KILLS=3 go test -race -shuffle=on $packages
}

besides_engine() {
    local packages
    packages=$(go list ./... | grep -v '/internal/engine$')
    # shellcheck disable=SC2086
    go test -parallel 6 -timeout 60m $packages
}

# scripts/*_test.sh, each a program that says what is wrong.
scripts_tests() {
    local script
    for script in scripts/*.sh .ci/run; do
        bash -n "$script"
    done
    for script in scripts/*_test.sh; do
        [[ -e $script ]] || continue
        printf '%s\n' "$script"
        bash "$script"
    done
}

# left lists this run's processes that are still there, labs among them.
left() {
    local dir
    for dir in /proc/[0-9]*; do
        [[ ${dir#/proc/} != "$$" && -r $dir/environ ]] || continue
        if grep -qzxF "TMPDIR=$run" "$dir/environ" 2>/dev/null; then
            printf '%s\n' "${dir#/proc/}"
        fi
    done
}

nobody_left() {
    [[ -d /proc/self ]] || { echo "no /proc here: not looked"; return 0; }
    local pid found=0 try
    for try in 1 2 3 4 5 6 7 8 9 10; do # a lab that was told to stop needs a moment
        found=0
        for pid in $(left); do
            grep -qa cordon "/proc/$pid/cmdline" 2>/dev/null && found=$pid
        done
        [[ $found == 0 ]] && return 0
        sleep 0.3
    done
    echo "process $found outlived the tests:"
    tr '\0' ' ' <"/proc/$found/cmdline" || true
    echo
    return 1
}

begin=$EPOCHREALTIME
step "formatting" formatted
step "go vet" go vet ./...
step "staticcheck" go tool staticcheck ./...
step "the lab's Python" lab_units
step "go test" besides_engine
# Alone: in its races against an intruder both sides need the machine.
step "go test, the engine" go test -parallel 3 -timeout 30m ./internal/engine
step "the SQL, in engines" scripts/test-sql.sh
step "go test -race" raced
step "scripts" scripts_tests
step "nothing left behind" nobody_left
printf '== all passed in %s s\n' "$(seconds "$begin")"
