#!/usr/bin/env bats
# cairn key: modes, refusals, exit codes, and an independent program (jose) that reads the keys.

setup() {
	cairn=${CAIRN:-$BATS_TEST_DIRNAME/../../build/bin/cairn}
	cd "$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")"
}

@test "a private key has mode 0600 whatever the umask, and its identifier is its RFC 7638 thumbprint" {
	for type in authority authority-ed25519 release; do
		(umask 000 && "$cairn" key new --type "$type" -o "$type.jwk" >"$type.kid")
		[ "$(stat -c %a "$type.jwk")" = 600 ]
		"$cairn" key public -o "$type.pub" "$type.jwk"
		[ "$(cat "$type.kid")" = "$(sed 's|.*"kid":"\([^"]*\)".*|\1|' "$type.pub")" ]
	done
	[ "$(jose jwk thp -a S256 -i authority.jwk)" = "$(cat authority.kid)" ]
	[ "$(jose jwk thp -a S256 -i release.jwk)" = "$(cat release.kid)" ]
}

@test "a key file that exists is never overwritten" {
	"$cairn" key new --type release -o k.jwk
	sum=$(sha256sum k.jwk)
	run "$cairn" key new --type release -o k.jwk
	[ "$status" -eq 3 ]
	[[ $output == *k.jwk* ]]
	[ "$sum" = "$(sha256sum k.jwk)" ]
}

@test "public parts hold nothing private" {
	"$cairn" key new --type authority -o a.jwk
	"$cairn" key new --type authority-ed25519 -o b.jwk
	"$cairn" key public a.jwk >a.pub
	"$cairn" key jwks a.jwk b.jwk >set.jwks
	run grep -c '"d"' a.pub set.jwks
	[ "$status" -eq 1 ]
	[ "$("$cairn" key public a.pub)" = "$(cat a.pub)" ]
	[ "$(grep -o '"kid"' set.jwks | wc -l)" -eq 2 ]
	grep -q '"alg":"EdDSA"' set.jwks
}

@test "a private key that others may read is refused" {
	"$cairn" key new --type authority -o a.jwk
	chmod 0644 a.jwk
	run "$cairn" key public a.jwk
	[ "$status" -eq 1 ]
	[[ $output == *0644* ]]
}

@test "the same key twice is no set" {
	"$cairn" key new --type authority -o a.jwk
	run "$cairn" key jwks a.jwk a.jwk
	[ "$status" -ne 0 ]
}

@test "wrong arguments end with 2, missing and broken files with 3" {
	run "$cairn" key new --type nonsense -o x.jwk
	[ "$status" -eq 2 ]
	[ ! -e x.jwk ]
	run "$cairn" key new --type release
	[ "$status" -eq 2 ]
	run "$cairn" key public
	[ "$status" -eq 2 ]
	run "$cairn" key nonsense
	[ "$status" -eq 2 ]
	run "$cairn" key public missing.jwk
	[ "$status" -eq 3 ]
	echo '{"kty":"EC"}' >broken.jwk
	run "$cairn" key public broken.jwk
	[ "$status" -eq 3 ]
	run "$cairn" key new --help
	[ "$status" -eq 0 ]
}
