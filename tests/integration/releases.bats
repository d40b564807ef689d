#!/usr/bin/env bats
# cairn release: sets that are signed, shown, carried on, and refused; jose checks them without cairn.

bats_require_minimum_version 1.5.0

setup() {
	cairn=${CAIRN:-$BATS_TEST_DIRNAME/../../build/bin/cairn}
	cd "$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")"
	kid=$("$cairn" key new --type authority -o authority.jwk)
	lost=$("$cairn" key new --type authority-ed25519 -o lost.jwk)
	"$cairn" key jwks authority.jwk lost.jwk >authorities.jwks
	echo kernel >vmlinuz
	"$cairn" manifest service --name netdrv --type pv --kernel vmlinuz --memory-max 64 --vcpus-max 1 --release 1 \
		--key authority.jwk -o netdrv-1.jws
}

@test "a set verifies with jose, and shows what was signed" {
	"$cairn" release sign --serial 1 --floor netdrv=2 --floor web=7 --revoke-key "$lost" --revoke-manifest netdrv-1.jws \
		--key authority.jwk -o set-1.jws
	jose jws ver -i set-1.jws -k authorities.jwks
	run "$cairn" release show --authorities authorities.jwks set-1.jws
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "release set 1, signed by $kid" ]
	[ "${lines[1]}" = "floor netdrv 2" ]
	[ "${lines[2]}" = "floor web 7" ]
	[ "${lines[3]}" = "revoked key $lost" ]
	[ "${lines[4]}" = "revoked manifest $(sha256sum <netdrv-1.jws | cut -d' ' -f1)" ]
	run "$cairn" release show set-1.jws
	[[ ${lines[0]} == *"not verified"* ]]
	[ "$("$cairn" release show --json set-1.jws | jq -cS .floors)" = '{"netdrv":2,"web":7}' ]
}

@test "the next set keeps what the last one said, counts on, and lowers nothing" {
	"$cairn" release sign --serial 4 --floor netdrv=2 --revoke-manifest netdrv-1.jws --key authority.jwk -o set-4.jws
	"$cairn" release sign --from set-4.jws --floor web=7 --revoke-manifest netdrv-1.jws --key authority.jwk -o set-5.jws
	run "$cairn" release show --authorities authorities.jwks set-5.jws
	[ "${lines[0]}" = "release set 5, signed by $kid" ]
	[ "${lines[1]}" = "floor netdrv 2" ]
	[ "${lines[2]}" = "floor web 7" ]
	[ "${#lines[@]}" -eq 4 ]
	run -2 "$cairn" release sign --from set-5.jws --floor netdrv=1 --key authority.jwk
	[[ $output == *"never lowered"* ]]
	run -2 "$cairn" release sign --from set-5.jws --serial 5 --key authority.jwk
	[[ $output == *"serial number rises"* ]]
	"$cairn" release sign --from set-5.jws --serial 9 --key authority.jwk -o set-9.jws
	"$cairn" release show set-9.jws | grep -q '^release set 9,'
}

@test "a delegate is bound to its names, and is gone once it is revoked" {
	vendor=$("$cairn" key new --type authority -o vendor.jwk)
	"$cairn" key public vendor.jwk >vendor.pub
	"$cairn" release sign --serial 1 --delegate vendor.pub=netdrv,blkdrv --key authority.jwk -o set-1.jws
	run "$cairn" release show --authorities authorities.jwks set-1.jws
	[ "${lines[1]}" = "delegate $vendor" ]
	[ "${lines[2]}" = "  may sign blkdrv" ]
	[ "${lines[3]}" = "  may sign netdrv" ]
	"$cairn" release sign --from set-1.jws --delegate vendor.jwk=netdrv --key authority.jwk -o set-2.jws
	run "$cairn" release show set-2.jws
	[ "${#lines[@]}" -eq 3 ]
	run grep -c '"d"' <("$cairn" release show --json set-2.jws)
	[ "$output" = 0 ]
	"$cairn" release sign --from set-2.jws --revoke-key "$vendor" --key authority.jwk -o set-3.jws
	run "$cairn" release show set-3.jws
	[ "${lines[1]}" = "revoked key $vendor" ]
	[ "${#lines[@]}" -eq 2 ]
	for bad in vendor.pub vendor.pub= =netdrv; do
		run -2 "$cairn" release sign --serial 1 --delegate "$bad" --key authority.jwk
		[[ $output == *"vendor.pub=netdrv"* ]]
	done
	run "$cairn" release sign --serial 1 --delegate vendor.pub=a/b --key authority.jwk
	[ "$status" -ne 0 ]
	run -3 "$cairn" release sign --serial 1 --delegate absent.pub=netdrv --key authority.jwk
}

@test "wrong arguments end with 2 and say what to do" {
	run -2 "$cairn" release sign --key authority.jwk
	[[ $output == *"--serial"* ]]
	run -2 "$cairn" release sign --serial 0 --key authority.jwk
	run -2 "$cairn" release sign --serial 1 --floor netdrv --key authority.jwk
	[[ $output == *"netdrv=3"* ]]
	run -2 "$cairn" release sign --serial 1 --floor 'a/b=1' --key authority.jwk
	run -2 "$cairn" release sign --serial 1 --floor netdrv=x --key authority.jwk
	run -2 "$cairn" release sign --serial 1 --revoke-key short --key authority.jwk
	[[ $output == *"key public"* ]]
	run -2 "$cairn" release sign --serial 1 --revoke-key "$kid" --key authority.jwk
	[[ $output == *"not by one that they revoke"* ]]
	"$cairn" key new --type release -o release.jwk
	run -2 "$cairn" release sign --serial 1 --key release.jwk
	[ ! -s set.jws ]
}

@test "what is no set, or nobody's, is not shown" {
	run -3 "$cairn" release show netdrv-1.jws
	run -3 "$cairn" release show --authorities authorities.jwks netdrv-1.jws
	run -3 "$cairn" release show absent.jws
	run -3 "$cairn" release sign --serial 1 --floor netdrv=0 --key authority.jwk
	"$cairn" key new --type authority -o stranger.jwk
	"$cairn" release sign --serial 1 --key stranger.jwk -o strange.jws
	run "$cairn" release show --authorities authorities.jwks strange.jws
	[ "$status" -ne 0 ]
	"$cairn" release sign --serial 1 --key authority.jwk | sed 's/^e/f/' >bent.jws
	run "$cairn" release show --authorities authorities.jwks bent.jws
	[ "$status" -ne 0 ]
}
