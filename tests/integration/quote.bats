# cairn quote verify: the recorded quotes and what was done to them, and quotes that tpm2-tools get from a software TPM.
bats_require_minimum_version 1.5.0
load helpers

data=$TOP/tests/data
nonce=00112233445566778899AABBccddeeff

value() { # file.kv key
	sed -n "s/^$2 //p" "$data/quote/$1.kv"
}

bytes() { # hex on standard input
	tr a-f A-F | basenc --base16 -d
}

flip() { # file offset: the lowest bit
	local byte
	byte=$(od -An -tu1 -j"$2" -N1 "$1")
	printf "$(printf '\\x%02x' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

keylime() {
	local kv=quote-keylime-rsa2048
	value $kv ak_pem | bytes >ak
	value $kv attest | bytes >quote
	value $kv sig | bytes >sig
	value $kv pcrs_t2 | bytes >pcrs
	nonce=$(value $kv nonce)
}

azure() {
	local kv=quote-azure-snp-vtpm
	printf '{"kty":"RSA","e":"AQAB","n":"%s"}' "$(value $kv ak_rsa_modulus | bytes | b64url)" >ak
	value $kv attest | bytes >quote
	value $kv sig_raw_rsassa | bytes >sig
	sed -n 's/^pcr_\(sha256\)_\([0-9]*\) /\1 \2 /p' "$data/quote/$kv.kv" >pcrs
	nonce=$(value $kv nonce)
}

windows() {
	local kv=quote-windows-gce
	value $kv ak_public | bytes >ak
	value $kv attest | bytes >quote
	value $kv sig | bytes >sig
	sed -n 's/^pcr_\(sha1\)_\([0-9]*\) /\1 \2 /p' "$data/quote/$kv.kv" >pcrs
}

verify() {
	cairn quote verify --ak ak --quote quote --signature sig "$@"
}

# ---- recorded

@test "keylime: PCR 16, RSASSA, a key in PEM, the values of tpm2_quote -o" {
	keylime
	run -0 verify --nonce "$nonce" --pcrs pcrs
	[[ $output == *"AK attributes: not checked"* && $output == *"freshness: ok"* && $output == *"quoted: sha256:16"* ]]
	[[ $output == *"PCR values: ok (tpm2_quote -o)"* && $output == *"clock: 1284787942 ms, resetCount 3, restartCount 0, safe"* ]]
	[[ $output == *"firmware version: 0x2019102300163636"* && $output == *"verdict: accepted" ]]
	run -0 verify --nonce "${nonce^^}" --pcrs pcrs --selection sha256:16
	run -1 verify --nonce "$nonce" --selection sha256:0
	[[ $output == *"selection: failed"* ]]
}

@test "without a nonce nothing is accepted" {
	keylime
	run -3 verify --pcrs pcrs
	[[ $output == *"freshness: not checked"* && $output == *"verdict: undecided" ]]
	run -2 verify --nonce ""
	run -2 verify --nonce 00112233445566
	run -2 verify --nonce 0011223344556677f
	run -2 verify --nonce 00112233445566zz
	flip quote 5
	run -1 verify
}

@test "keylime: what was changed is rejected" {
	keylime
	flip quote 5
	run -1 verify --nonce "$nonce"
	keylime
	run -1 verify --nonce "${nonce%?}0"
	[[ $output == *"freshness: failed"* ]]
	flip pcrs 5
	run -1 verify --nonce "$nonce" --pcrs pcrs
	keylime
	flip pcrs 150
	run -1 verify --nonce "$nonce" --pcrs pcrs
	[[ $output == *"PCR values: failed (they are not those that were quoted)"* ]]
	keylime
	printf '\x04' | dd of=sig bs=1 seek=3 conv=notrunc status=none # SHA-1
	run -1 verify --nonce "$nonce" --pcrs pcrs
	run -1 verify --nonce "$nonce" --pcrs pcrs --allow-sha1
}

@test "no byte of quote and signature can be changed, cut or added" {
	local file at end
	keylime
	mkdir good && cp quote sig good
	for file in quote sig; do
		end=$(stat -c %s $file)
		for ((at = 0; at < end; at += 13)); do
			flip $file "$at"
			run verify --nonce "$nonce"
			[ "$status" -ne 0 ] || { echo "$file: changed at $at and accepted"; false; }
			truncate -s "$at" $file
			run -1 verify --nonce "$nonce"
			cp good/$file .
		done
		echo >>$file
		run -1 verify --nonce "$nonce"
		cp good/$file .
	done
	run -0 verify --nonce "$nonce"
}

@test "azure: all PCRs, a JWK, a plain signature" {
	azure
	run -0 verify --nonce "$nonce" --pcrs pcrs --selection sha256:all
	[[ $output == *"signature scheme: ok (RSASSA)"* && $output == *"PCR values: ok (lines)"* ]]
	run -0 verify --nonce "$nonce" --pcrs pcrs --json
	jq -e '.verdict == "accepted" and .quote.clock.reset_count == 3 and .forms.signature == "plain" and
		.quote.selection.sha256 == [range(24)] and
		(.checks[] | select(.check == "freshness") | .result) == "ok"' <<<"$output"
	sed -i '/ 7 /s/32fe/32ff/' pcrs
	run -1 verify --nonce "$nonce" --pcrs pcrs
	azure
	sed -i '/ 7 /d' pcrs
	run -1 verify --nonce "$nonce" --pcrs pcrs
	[[ $output == *"no value for a PCR that was quoted"* ]]
}

@test "windows: SHA-1 only when asked for, and never fresh" {
	windows
	run -1 verify --pcrs pcrs
	[[ $output == *"hash strength: failed (SHA-1"* && $output == *"bank strength: failed (SHA-1"* ]]
	run -3 verify --pcrs pcrs --allow-sha1
	[[ $output == *"AK attributes: ok"* && $output == *"freshness: not checked"* ]]
	run -1 verify --pcrs pcrs --allow-sha1 --nonce 0000000000000000
	run -3 verify --allow-sha1 --log "$data/quote/quote-windows-gce.log"
	[[ $output == *"logs lead to the quote: ok"* ]]
	run -3 verify --allow-sha1 --log "$data/quote/quote-windows-gce.log" --pcrs pcrs
	cp "$data/quote/quote-windows-gce.log" log
	flip log 10
	run -1 verify --allow-sha1 --log log
	[[ $output == *"logs lead to the quote: failed"* ]]
	run -1 verify --allow-sha1 --log log --pcrs pcrs
	[[ $output == *"logs lead to the quote: failed (not to sha1:"* ]]
	value quote-windows-gce create_attest | bytes >quote # what the TPM made when the key was: no quote
	value quote-windows-gce create_sig | bytes >sig
	run -1 verify --allow-sha1
	[[ $output == *"type: failed"* ]]
}

@test "what cannot be read decides nothing" {
	keylime
	run -3 cairn quote verify --ak none --quote quote --signature sig
	run -3 cairn quote verify --ak pcrs --quote quote --signature sig
	run -3 verify --nonce "$nonce" --pcrs none
	run -3 verify --nonce "$nonce" --log none
	run -2 cairn quote verify --quote quote --signature sig
	run -2 verify --selection sha256:24
	run -2 verify --selection 0,1
	run -2 bash -c 'cairn quote verify --ak - --quote - --signature sig <ak'
	run -0 bash -c "cairn quote verify --ak ak --quote - --signature sig --nonce $nonce <quote"
	run -1 verify --nonce "$nonce" --log "$data/eventlog/ccel-tdx-sha384.bin"
	run -1 verify --nonce "$nonce" --log pcrs
}

@test "a private key is no AK, nor are two keys one" {
	keylime
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private 2>/dev/null
	run -1 cairn quote verify --ak private --quote quote --signature sig
	cat ak ak >two
	run -3 cairn quote verify --ak two --quote quote --signature sig
}

# ---- from a software TPM

tpm() { # "sha1,sha256" banks
	mkdir tpm
	swtpm socket --tpm2 --tpmstate dir=tpm --server type=unixio,path=tpm/sock --ctrl type=unixio,path=tpm/sock.ctrl \
		--flags not-need-init,startup-clear 3>&- &
	pids+=($!)
	await test -S tpm/sock
	export TPM2TOOLS_TCTI=swtpm:path=$dir/tpm/sock TSS2_LOG=all+NONE
	tpm2_createek -Q -c ek.ctx -G ecc -u ek.pub
	tpm2_flushcontext -t
}

ak() { # name type hash scheme
	tpm2_createak -Q -C ek.ctx -c "$1.ctx" -G "$2" -g "$3" -s "$4" -u "$1.pem" -f pem
	tpm2_flushcontext -t
	tpm2_readpublic -Q -c "$1.ctx" -f tss -o "$1.tss"
	tpm2_readpublic -Q -c "$1.ctx" -f tpmt -o "$1.tpmt"
	tpm2_readpublic -Q -c "$1.ctx" -f der -o "$1.der"
	tpm2_flushcontext -t
}

quote() { # name hash scheme, then options
	tpm2_quote -Q -c "$1.ctx" -g "$2" --scheme "$3" -q "$nonce" -m quote -s sig "${@:4}" >/dev/null
	tpm2_flushcontext -t
}

@test "keys of every kind, in every form, with plain signatures and several banks" {
	tpm
	tpm2_pcrextend "4:sha1=$(printf a | sha1sum | cut -d' ' -f1),sha256=$(printf a | sha256sum | cut -d' ' -f1)"
	for kind in "p256 ecc sha256 ecdsa" "p384 ecc384 sha384 ecdsa" "ssa rsa sha256 rsassa" "pss rsa sha384 rsapss"; do
		read -r name type hash scheme <<<"$kind"
		ak "$name" "$type" "$hash" "$scheme"
		for form in pem der tss tpmt; do
			cp "$name.$form" ak
			quote "$name" "$hash" "$scheme" -l sha1:0,4+sha256:0,1,2,3,4,5,6,7,8,9,10+sha384:23 -o pcrs
			run -0 verify --nonce "$nonce" --pcrs pcrs
			[[ $output == *"quoted: sha1:0,4+sha256:0,1,2,3,4,5,6,7,8,9,10+sha384:23"* ]]
			quote "$name" "$hash" "$scheme" -l sha256:0,4 -f plain -o pcrs -F values
			run -0 verify --nonce "$nonce" --pcrs pcrs --selection sha256:0,4
			[[ $output == *"PCR values: ok (values)"* ]]
			run -1 verify --nonce "${nonce%?}0" --pcrs pcrs
		done
		run -0 cairn quote verify --ak "$name.tss" --quote quote --signature sig --nonce "$nonce"
		[[ $output == *"AK attributes: ok"* ]]
	done
	run -1 cairn quote verify --ak p256.tss --quote quote --signature sig --nonce "$nonce" # by the last key
	tpm2_readpublic -Q -c ek.ctx -f tpmt -o ek.tpmt
	for parent in ek.pub ek.tpmt; do
		run -0 cairn quote verify --ak pss.tss --parent $parent --quote quote --signature sig --nonce "$nonce"
		[[ $output == *"qualified signer: ok (under the parent, in the endorsement hierarchy)"* ]]
	done
	run -1 cairn quote verify --ak pss.tss --parent p256.tss --quote quote --signature sig --nonce "$nonce"
	[[ $output == *"qualified signer: failed (not under that parent"* ]]
	run -3 cairn quote verify --ak pss.tss --parent pss.pem --quote quote --signature sig --nonce "$nonce"
}

@test "values that were not quoted are nobody's, a bank that was is not another" {
	tpm
	ak p256 ecc sha256 ecdsa
	mv p256.tss ak
	quote p256 sha256 ecdsa -l sha256:0,1,2 -o blob
	tpm2_pcrread >pcrs
	run -3 verify --nonce "$nonce" --pcrs pcrs
	[[ $output == *"PCR values: ok (tpm2_pcrread)"* && $output == *"sha1 0,1,2,"*": not covered by the quote"* ]]
	run -0 verify --nonce "$nonce" --pcrs pcrs --selection sha256:0,1,2
	run -1 verify --nonce "$nonce" --pcrs pcrs --selection sha256:0,1,2,3
	run -1 verify --nonce "$nonce" --pcrs pcrs --selection sha1:0,1,2
	tpm2_pcrread sha256:16,17,18 >pcrs # zeros as well, but of other PCRs
	run -1 verify --nonce "$nonce" --pcrs pcrs
	quote p256 sha256 ecdsa -l sha256:8,9,10 -o pcrs # the same digest
	run -1 verify --nonce "$nonce" --pcrs blob
	[[ $output == *"selection of the PCR values: failed"* ]]
	run -0 verify --nonce "$nonce" --pcrs pcrs
}

@test "a log has to lead to what was quoted" {
	tpm
	ak p256 ecc sha256 ecdsa
	mv p256.tss ak
	log=$data/eventlog/tcg2-sdboot-fedora37.bin
	cairn log show --json "$log" | jq -r '.events[] | select(.type != "EV_NO_ACTION") |
		"\(.pcr):sha256=\(.digests.sha256)"' >events
	[ "$(wc -l <events)" -eq 27 ] || [ "$(wc -l <events)" -eq 28 ]
	xargs -n1 tpm2_pcrextend <events
	quote p256 sha256 ecdsa -l sha256:0,1,2,3,4,5,6,7,8,9,11,12
	run -0 verify --nonce "$nonce" --log "$log"
	tpm2_pcrread sha256:0,1,2,3,4,5,6,7,8,9,11,12 >pcrs
	run -0 verify --nonce "$nonce" --log "$log" --pcrs pcrs
	cairn log replay "$log" >pcrs
	run -1 verify --nonce "$nonce" --pcrs pcrs # PCR 8 was quoted too
	for pcr in 8; do echo "sha256 $pcr $(printf '0%.0s' {1..64})" >>pcrs; done
	quote p256 sha256 ecdsa -l sha256:0,1,2,3
	run -3 verify --nonce "$nonce" --log "$log"
	[[ $output == *"log of PCR 4,5,"*": not covered by the quote"* ]]
	run -0 verify --nonce "$nonce" --log "$log" --selection sha256:0,1,2,3
	tpm2_pcrextend "3:sha256=$(printf x | sha256sum | cut -d' ' -f1)"
	quote p256 sha256 ecdsa -l sha256:0,1,2,3 -o pcrs
	run -1 verify --nonce "$nonce" --log "$log" --pcrs pcrs --selection sha256:0,1,2,3
	[[ $output == *"logs lead to the quote: failed (not to sha256:3"* ]]
	quote p256 sha256 ecdsa -l sha1:0
	run -1 verify --nonce "$nonce" --log "$log" --allow-sha1 # the log says nothing of that bank
}

# Linux before 5.8 extended every bank with the SHA-1 digest and zeros.
@test "a list of IMA leads to what was quoted, as either kernel extends" {
	tpm
	ak p256 ecc sha256 ecdsa
	mv p256.tss ak
	head -c 558 "$data/ima/ima-ng-trailing.bin" >ima # six whole entries
	cairn log replay ima >pcrs
	for sha1 in $(cairn log show --json ima | jq -r '.events[].digests.sha1'); do
		tpm2_pcrextend "10:sha256=${sha1}000000000000000000000000"
	done
	quote p256 sha256 ecdsa -l sha256:10
	run -0 verify --nonce "$nonce" --log ima
	run -0 verify --nonce "$nonce" --selection sha256:10 --pcrs pcrs --log ima
	sed -i /padded/d pcrs
	run -1 verify --nonce "$nonce" --selection sha256:10 --pcrs pcrs
	flip ima 20 # a digest
	run -1 verify --nonce "$nonce" --log ima
}

@test "keys that sign more than their TPM made are no AKs; a primary key is told from others" {
	tpm
	tpm2_createprimary -Q -C e -G ecc:ecdsa-sha256:null -c e.ctx -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
	tpm2_readpublic -Q -c e.ctx -f tss -o ak
	quote e sha256 ecdsa -l sha256:0
	run -0 verify --nonce "$nonce"
	[[ $output == *"qualified signer: ok (a primary key of the endorsement hierarchy)"* ]]
	tpm2_createprimary -Q -C o -G ecc:ecdsa-sha256:null -c o.ctx -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
	tpm2_readpublic -Q -c o.ctx -f tss -o ak
	quote o sha256 ecdsa -l sha256:0
	run -0 verify --nonce "$nonce"
	[[ $output == *"qualified signer: ok (a primary key of the owner hierarchy)"* ]]
	tpm2_createprimary -Q -C o -G ecc:ecdsa-sha256:null -c u.ctx -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign'
	tpm2_readpublic -Q -c u.ctx -f tss -o ak
	quote u sha256 ecdsa -l sha256:0
	run -1 verify --nonce "$nonce"
	[[ $output == *"AK attributes: failed (restricted"* ]]
}

# ---- the types

# A report is no quote, and nobody but the check can make one: the compiler sees to it.
@test "appraisal takes a quote whose nonce was checked, and nothing else" {
	compile() {
		${CC:-cc} -std=gnu11 -Werror -fsyntax-only -I"$TOP/include" -I"$TOP" $(pkg-config --cflags jansson libcrypto) -x c - 2>&1
	}
	printf '%s\n' '#include "cairn/appraise.h"' 'void f(struct cairn_appraisal *a, const struct cairn_quote *q);' \
		'void f(struct cairn_appraisal *a, const struct cairn_quote *q) { a->quote = q; }' >good.c
	run -0 compile <good.c
	sed 's/const struct cairn_quote \*q/const struct cairn_quote_report *q/' good.c >bad.c
	run ! compile <bad.c
	[[ $output == *"incompatible"* ]]
	printf '%s\n' '#include "cairn/appraise.h"' 'struct cairn_quote forged;' >bad.c
	run ! compile <bad.c
	[[ $output == *"forged"* ]]
	printf '%s\n' '#include "cairn/appraise.h"' 'unsigned long f(void);' \
		'unsigned long f(void) { return sizeof(struct cairn_quote); }' >bad.c
	run ! compile <bad.c
	[[ $output == *"incomplete type"* ]]
}
