# Attacks on a running verifier: see attack.h. The program makes them all in one go, since two TPMs and a server take
# their time; here each has its line.
bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	local rc=0
	BUILD=${BUILD:-build} timeout 300 "${BUILD:-build}/attack/attack" >"$BATS_FILE_TMPDIR/cases" 2>"$BATS_FILE_TMPDIR/log" || rc=$?
	echo "$rc" >"$BATS_FILE_TMPDIR/status"
}

# The case of this test's name was refused, with the right error, and no reader is told anything new.
refused() {
	grep -qxF "refused $BATS_TEST_DESCRIPTION" "$BATS_FILE_TMPDIR/cases" && return
	grep -F "FAILED $BATS_TEST_DESCRIPTION" "$BATS_FILE_TMPDIR/cases" || tail -n 20 "$BATS_FILE_TMPDIR/log"
	return 1
}

@test "genuine evidence is accepted, before and after" {
	[ "$(grep -c '^accepted genuine evidence of ' "$BATS_FILE_TMPDIR/cases")" -eq 4 ]
}

# Not only each case: the verifier and both TPMs were still there at the end.
@test "the attacks ran to their end" {
	[ "$(<"$BATS_FILE_TMPDIR/status")" -eq 0 ] || { tail -n 20 "$BATS_FILE_TMPDIR/log"; false; }
}

@test "every attack has its test" {
	[ "$(grep -cE '^(refused|FAILED) ' "$BATS_FILE_TMPDIR/cases")" -eq "$(grep -c ' { refused; }$' "$BATS_TEST_FILENAME")" ]
}

@test "AK that is not restricted" { refused; }
@test "AK that may leave its TPM" { refused; }
@test "AK that was not made in a TPM" { refused; }
@test "AK that may decrypt" { refused; }
@test "software key shaped like an AK" { refused; }
@test "AK of one TPM with the EK of another" { refused; }
@test "AK exchanged for an enrolled host" { refused; }
@test "new TPM under a taken label" { refused; }
@test "label of another host" { refused; }
@test "second label for an enrolled TPM" { refused; }
@test "label with a line of its own" { refused; }
@test "label that is a host id" { refused; }
@test "EK with another TPM's certificate" { refused; }
@test "software EK that vouches for itself" { refused; }
@test "proof guessed" { refused; }
@test "right proof after a wrong one" { refused; }
@test "proof replayed" { refused; }
@test "proof for another label" { refused; }
@test "wrong magic, signed by the AK" { refused; }
@test "NV_Certify in the place of a quote" { refused; }
@test "Certify in the place of a quote" { refused; }
@test "GetTime in the place of a quote" { refused; }
@test "quote without a challenge" { refused; }
@test "selection empty" { refused; }
@test "selection a subset" { refused; }
@test "selection a superset" { refused; }
@test "PCR 23 in the place of PCR 13" { refused; }
@test "PCR 23 relabelled as PCR 13" { refused; }
@test "another bank" { refused; }
@test "another bank relabelled" { refused; }
@test "two banks" { refused; }
@test "one bank in two halves" { refused; }
@test "clock put back on the way" { refused; }
@test "signature of another scheme" { refused; }
@test "signature of another hash" { refused; }
@test "signature with r of zero" { refused; }
@test "no signature" { refused; }
@test "bytes behind the quote" { refused; }
@test "boot log left out on the way" { refused; }
@test "evidence for another verifier" { refused; }
@test "evidence replayed" { refused; }
@test "evidence replayed after a restart of the server" { refused; }
@test "old evidence with a fresh nonce" { refused; }
@test "fresh quote for a used nonce" { refused; }
@test "nonce of another host" { refused; }
@test "nonce with its expiry put off" { refused; }
@test "nonce of zeros" { refused; }
@test "quote by another host's TPM" { refused; }
@test "a good host vouches for another" { refused; }
@test "evidence of a host that is not enrolled" { refused; }
@test "launch log: line dropped" { refused; }
@test "launch log: record dropped and numbers mended" { refused; }
@test "launch log: last record dropped" { refused; }
@test "launch log: lines swapped" { refused; }
@test "launch log: records swapped and numbers mended" { refused; }
@test "launch log: record repeated" { refused; }
@test "launch log: nothing but host and boot" { refused; }
@test "launch log: empty" { refused; }
@test "launch log: a record's word changed" { refused; }
@test "launch log: a line's number changed" { refused; }
@test "launch log: a line's PCR changed" { refused; }
@test "launch log: cut within a line" { refused; }
@test "launch log: bytes behind it" { refused; }
@test "launch log: a launch's body dropped, and no receipt for it" { refused; }
@test "launch log: the host record's body dropped" { refused; }
@test "boot id of another boot" { refused; }
@test "host record altered" { refused; }
@test "host record that vouches for less" { refused; }
@test "host record with other PCR numbers" { refused; }
@test "boot log: event dropped" { refused; }
@test "boot log: event moved" { refused; }
@test "boot log: event appended" { refused; }
@test "boot log: event retyped as one that is not extended" { refused; }
@test "boot log: event given to another PCR" { refused; }
@test "boot log: event of PCR 24" { refused; }
@test "boot log: event of no PCR" { refused; }
@test "boot log: event with 2^32 digests" { refused; }
@test "boot log: digest changed" { refused; }
@test "boot log: event retyped on the way" { refused; }
@test "boot log: left out" { refused; }
@test "boot log: cut" { refused; }
@test "refusal hidden" { refused; }
@test "refusal cut out of the log" { refused; }
@test "violation hidden" { refused; }
@test "release set of a lower number" { refused; }
@test "release set of the same number" { refused; }
@test "release set of a stranger" { refused; }
@test "release set signed as a manifest" { refused; }
@test "release set with the signature of another" { refused; }
@test "manifest as a release set" { refused; }
