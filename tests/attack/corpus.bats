# The corpus of attacks on quote verifiers: cairn is right about every case, about a corpus made anew as well, and the other columns are alive.
bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	export BUILD=${BUILD:-$PWD/build}
	timeout 300 tests/attack/score >"$BATS_FILE_TMPDIR/scores"
	echo $? >"$BATS_FILE_TMPDIR/rc"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	scores=$BATS_FILE_TMPDIR/scores
}

column() { # case adapter-column
	awk -v name="$1" -v c="$2" '$1 == name { print $c }' "$scores"
}

@test "cairn is right about every case" {
	grep -E '(WRONG|CRASH|n/a)' "$scores" | awk '$3 == "WRONG" || $3 == "CRASH" || $3 == "n/a"'
	[ "$(<"$BATS_FILE_TMPDIR/rc")" -eq 0 ]
	read -r _ n _ <<<"$(grep '^of ' "$scores")"
	[ "$n" -ge 350 ]
	[ "$(awk '$1 == "cairn" { print $2 }' "$scores")" -eq "$n" ]
}

@test "tpm2_checkquote has its column: genuine quotes are accepted, known flaws seen" {
	[ "$(column p256 4)" = accept ]
	[ "$(column p384 4)" = accept ]
	[ "$(column rsassa 4)" = accept ]
	[ "$(column p256-log 4)" = accept ]
	[ "$(column flip-digest 4)" = reject ]
	[ "$(column nonce-reused 4)" = reject ]
	[ "$(column ima 4)" = n/a ]
}

@test "a verifier that answers everything alike, or dies, is told from one that is right" {
	printf '#!/bin/sh\nexit 0\n' >"$BATS_TEST_TMPDIR/yes"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/no"
	printf '#!/bin/sh\nkill -SEGV $$\n' >"$BATS_TEST_TMPDIR/dead"
	printf '#!/bin/sh\nexit 3\n' >"$BATS_TEST_TMPDIR/cairn"
	chmod +x "$BATS_TEST_TMPDIR"/*
	run -1 tests/attack/score --case 'nonce-*' "$BATS_TEST_TMPDIR"/{yes,no,dead,cairn}
	echo "$output"
	[ "$(awk '$1 == "yes" { print $2, $3, $4, $5, $6 }' <<<"$output")" = "2 11 0 0 0" ]
	[ "$(awk '$1 == "no" { print $2, $3, $4, $5, $6 }' <<<"$output")" = "11 0 2 0 0" ]
	[ "$(awk '$1 == "dead" { print $2, $3, $4, $5, $6 }' <<<"$output")" = "0 0 0 13 0" ]
	[ "$(awk '$1 == "cairn" { print $2, $3, $4, $5, $6 }' <<<"$output")" = "3 0 0 0 10" ]
}

@test "a quote is refused for a log that lies, and a signature of no scheme by whatever key" {
	local c=tests/attack/corpus
	verify() { # signature ak log
		"$BUILD/bin/cairn" quote verify --nonce "$(<$c/p256/nonce)" --quote $c/p256/quote --signature "$1" --ak "$2" --log "$3"
	}
	run -0 verify $c/p256/signature $c/p256/ak.pub $c/p256-log/boot.log
	run -1 verify $c/p256/signature $c/p256/ak.pub $c/type-app-as-separator/boot.log
	[[ $output == *"digests of the logs: failed"* ]]
	run -0 verify $c/p256/signature $c/p256/ak.pem $c/p256-log/boot.log
	run -1 verify $c/sig-scheme-null/signature $c/p256/ak.pem $c/p256-log/boot.log
	run -1 verify $c/sig-scheme-hmac/signature $c/p256/ak.pem $c/p256-log/boot.log
}

@test "every advisory has its cases, and every case an advisory that is known" {
	local id attacks name
	grep -v '^#' tests/attack/corpus/CASES.tsv | cut -f5 | tr , '\n' | grep -v '^-$' | sort -u >"$BATS_TEST_TMPDIR/covered"
	grep -v '^#' tests/attack/advisories.tsv | cut -f1 | sort -u >"$BATS_TEST_TMPDIR/known"
	diff "$BATS_TEST_TMPDIR/known" "$BATS_TEST_TMPDIR/covered"
	while IFS=$'\t' read -r id _ _ attacks; do
		[ "$attacks" != - ] || continue
		while read -r name; do
			grep -qF "@test \"$name\" {" tests/attack/attack.bats || { echo "$id: no attack $name"; return 1; }
		done < <(tr ';' '\n' <<<"$attacks")
	done < <(grep -v '^#' tests/attack/advisories.tsv)
}

@test "the document names every case and today's totals" {
	local name
	while IFS=$'\t' read -r name _; do
		grep -qF "| \`$name\` |" docs/attack-corpus.md || { echo "no $name: make attack-docs"; return 1; }
	done < <(grep -v '^#' tests/attack/corpus/CASES.tsv)
	read -r _ n _ <<<"$(grep '^of ' "$scores")"
	grep -qF "| of $n cases |" docs/attack-corpus.md
}

@test "a case is one line, has its files, and holds no private key" {
	local name base
	while IFS=$'\t' read -r name _ _ base _; do
		[ -n "$(ls "tests/attack/corpus/$name")" ]
		[ "$base" = - ] || [ -d "tests/attack/corpus/$base" ]
	done < <(grep -v '^#' tests/attack/corpus/CASES.tsv)
	[ "$(ls -d tests/attack/corpus/*/ | wc -l)" -eq "$(grep -vc '^#' tests/attack/corpus/CASES.tsv)" ]
	run -1 grep -rl PRIVATE tests/attack/corpus
	[ "$(find tests/attack/corpus -size +32k | wc -l)" -eq 1 ] # the table
}

@test "a corpus made anew has the same cases, and cairn is right about it" {
	timeout 60 "$BUILD/attack/make-corpus" "$BATS_TEST_TMPDIR/new"
	diff tests/attack/corpus/CASES.tsv "$BATS_TEST_TMPDIR/new/CASES.tsv"
	diff <(cd tests/attack/corpus && find . | sort) <(cd "$BATS_TEST_TMPDIR/new" && find . | sort)
	run -0 timeout 200 tests/attack/score --corpus "$BATS_TEST_TMPDIR/new" tests/attack/adapters/cairn
}
