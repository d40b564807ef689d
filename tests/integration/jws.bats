#!/usr/bin/env bats
# Signatures in both directions against independent programs: jose for ECDSA, openssl for Ed25519.

setup() {
	root=$BATS_TEST_DIRNAME/../..
	cairn=${CAIRN:-${BUILD:-$root/build}/bin/cairn}
	payload=$root/tests/data/manifest/platform.json
	cd "$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")"
	jose jwk gen -i '{"alg":"ES384"}' -o jose.jwk
	chmod 0600 jose.jwk
	kid=$(jose jwk thp -a S256 -i jose.jwk)
	"$cairn" key jwks jose.jwk >authorities.jwks
}

# sign PROTECTED-HEADER [KEY]: a compact JWS of the payload by jose, in m.jws
sign() {
	jose jws sig -c -I "$payload" -s "{\"protected\":$1}" -k "${2:-jose.jwk}" -o m.jws
}

predict() {
	"$cairn" predict --manifest m.jws --authorities authorities.jwks
}

service() { # KEY: a service manifest by cairn, in s.jws
	echo kernel >k
	"$cairn" manifest service --name n --type pv --kernel k --memory-max 64 --vcpus-max 1 --release 1 --key "$1" -o s.jws
}

@test "a manifest that jose signed with a key that jose made is accepted" {
	sign '{"alg":"ES384","kid":"'"$kid"'","typ":"cairn-manifest+jws"}'
	run predict
	[ "$status" -eq 0 ]
	[[ $output == *"sha256 11 "* ]]
}

@test "the same with any other header is refused" {
	for header in '{"alg":"ES384","kid":"'"$kid"'"}' '{"alg":"ES384","kid":"'"$kid"'","typ":"JWT"}' \
		'{"alg":"ES384","typ":"cairn-manifest+jws"}' \
		'{"alg":"ES384","jku":"https://example.org/","kid":"'"$kid"'","typ":"cairn-manifest+jws"}' \
		'{"alg":"ES384","kid":"'"${kid%?}"'","typ":"cairn-manifest+jws"}'; do
		sign "$header"
		run predict
		[ "$status" -ne 0 ]
		[[ $output != *"sha256 11 "* ]]
	done
}

@test "another key that calls itself by the kid of an authority is refused with 1" {
	jose jwk gen -i '{"alg":"ES384"}' -o other.jwk
	sign '{"alg":"ES384","kid":"'"$kid"'","typ":"cairn-manifest+jws"}' other.jwk
	run predict
	[ "$status" -eq 1 ]
	sign '{"alg":"ES384","kid":"'"$(jose jwk thp -a S256 -i other.jwk)"'","typ":"cairn-manifest+jws"}' other.jwk
	run predict
	[ "$status" -eq 1 ]
}

@test "an unsigned manifest and a MAC with the public key are refused" {
	for alg in none HS256; do
		header=$(printf '{"alg":"%s","kid":"%s","typ":"cairn-manifest+jws"}' "$alg" "$kid" | jose b64 enc -I-)
		input=$header.$(jose b64 enc -I- <"$payload")
		mac=
		[ "$alg" = none ] || mac=$(printf %s "$input" | openssl dgst -sha256 -hmac "$(cat authorities.jwks)" -binary | jose b64 enc -I-)
		printf '%s.%s' "$input" "$mac" >m.jws
		run predict
		[ "$status" -ne 0 ]
		[[ $output != *"sha256 11 "* ]]
	done
}

@test "jose verifies what cairn signs with ES384, and not once a byte has changed" {
	"$cairn" key new --type authority -o a.jwk
	"$cairn" key public a.jwk >a.pub
	service a.jwk
	jose jws ver -i s.jws -k a.pub
	run jose jws ver -i s.jws -k jose.jwk
	[ "$status" -ne 0 ]
	sed 's/\.\(.\)/.A\1/2' s.jws >changed.jws
	run jose jws ver -i changed.jws -k a.pub
	[ "$status" -ne 0 ]
}

@test "openssl verifies what cairn signs with Ed25519" {
	"$cairn" key new --type authority-ed25519 -o a.jwk
	service a.jwk
	# RFC 8410, section 4: SubjectPublicKeyInfo is these twelve bytes and the key
	{
		printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'
		"$cairn" key public a.jwk | sed 's/.*"x":"\([^"]*\)".*/\1/' | tr -d '\n' | jose b64 dec -i-
	} >a.der
	cut -d. -f1,2 s.jws | tr -d '\n' >input
	cut -d. -f3 s.jws | tr -d '\n' | jose b64 dec -i- >sig
	openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey a.der -in input -sigfile sig
	printf x >>input
	run openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey a.der -in input -sigfile sig
	[ "$status" -ne 0 ]
}
