#!/usr/bin/env bats
# The mutation run itself, on a fixture with one check that no test covers.

root=$BATS_TEST_DIRNAME/../..
tools=${BUILD:-$root/build}/mutate

setup() {
	work=$(mktemp -d "$BATS_TEST_TMPDIR/mutate.XXXXXX")
	mkdir "$work/gate"
	cp "$BATS_TEST_DIRNAME"/fixture/* "$work/gate"
	cd "$work" || return 1
}

build() { # compiler flags
	"$tools/mutate" out gate/gate.c &&
		gcc -w -O1 "$@" -I "$root" -iquote gate -o test_gate out/src/gate/gate.c gate/test_gate.c \
			"$root/tests/mutate/live.c" -D_GNU_SOURCE -lcmocka
}

mutants() { # further arguments of run
	run "$tools/run" "$@" out ./test_gate
	echo "$output"
}

size='gate/gate.c	gate	step	size(v)	nobody is that tall'

@test "a check without a test survives, and the run fails" {
	build
	mutants
	[ "$status" -eq 1 ]
	grep -q 'gate.c:.*: size: never says no \[guard\] v->height > 300' <<<"$output"
	grep -q 'gate.c:.*: gate: never says no \[step\] size(v)' <<<"$output"
	grep -q 'gate.c:.*: is_known: .*\[row\] "anna"' <<<"$output" && return 1
	[ "$(grep -c '^gate/gate.c:' <<<"$output")" -eq "$(sed -n 's/^mutate: .* \([0-9]*\) survivors$/\1/p' <<<"$output")" ]
}

@test "with a test for every check nothing survives but what is equivalent, of which there may be few" {
	build -DTALL
	mutants
	[ "$status" -eq 1 ] # has_name guards is_known against NULL; for "" is_known says no as well
	[ "$(grep '^gate/gate.c:' <<<"$output" | sed 's/.*survives //')" = '[accept] v->name[0]' ]
	printf 'gate/gate.c\thas_name\taccept\tv->name[0]\tno name that is known is empty\n' >equal
	mutants -e equal
	grep -q '^mutate: .*, 1 equivalent, 0 survivors$' <<<"$output"
	[ "$status" -eq 1 ] # one of 24 is more than the list may hold
	grep -q '^1 equivalent ones of 24 mutants: more than 3 %$' <<<"$output"
}

@test "every kind of check is found" {
	build
	[ "$(cut -f 4 out/mutants.tsv | sort -u | xargs)" = 'accept guard row say step' ]
	cut -f 6,7 out/mutants.tsv | grep -qx 'is_sober	v->ate'
	cut -f 6,7 out/mutants.tsv | grep -qx -- '-	{"ticket", has_ticket}'
}

@test "the list of equivalents is not believed: what is killed, or is no check, fails the run" {
	build -DTALL
	printf '%s\n' "$size" >equal
	mutants -e equal
	[ "$status" -eq 1 ]
	grep -q 'listed as equivalent, but test_gate:giants kills it: size(v)' <<<"$output"
	printf 'gate/gate.c\tgate\tguard\tv->weight > 3\tgone\n' >equal
	mutants -e equal
	[ "$status" -eq 1 ]
	grep -q 'equal: no such check' <<<"$output"
}

@test "a run that was interrupted goes on, and one with other tests starts anew" {
	build
	mutants
	local count
	count=$(wc -l <out/results.tsv)
	mutants
	[ "$(wc -l <out/results.tsv)" -eq "$count" ]
	build -DTALL
	mutants
	[ "$(wc -l <out/results.tsv)" -eq $((2 * count)) ]
}

@test "tests that fail without a mutant prove nothing" {
	build
	sed -i 's/v->height > 300/v->height > 100/' gate/gate.c
	build
	mutants
	[ "$status" -eq 1 ]
	grep -q 'fails without any mutant' <<<"$output"
}

@test "a mutant that hangs is killed by its time" {
	printf '%s\n' '#include "gate.h"' 'enum cairn_status gate(const struct visitor *v)' '{' \
		'int n = v->height;' 'while (n != 0) {' 'if (n == 1)' 'break;' 'n = n == 2 ? 1 : 2;' '}' \
		'return n == 1 ? CAIRN_OK : CAIRN_E_LIMIT;' '}' >gate/gate.c
	printf '%s\n' '#include "gate.h"' 'int main(void)' '{' 'struct visitor v = {.height = 5}, none = {0};' \
		'return gate(&v) == CAIRN_OK && gate(&none) != CAIRN_OK ? 0 : 1;' '}' >gate/test_gate.c
	build
	mutants
	[ "$status" -eq 0 ]
	grep -q '^gate.*2 .*2 ' <<<"$output"
}
