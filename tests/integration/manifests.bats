#!/usr/bin/env bats
# cairn manifest, predict, approve: made from files, checked by independent programs, refused where they must be.

setup() {
	root=$BATS_TEST_DIRNAME/../..
	cairn=${CAIRN:-$root/build/bin/cairn}
	data=$root/tests/data/boot
	cd "$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")"
	"$cairn" key new --type authority -o authority.jwk >/dev/null
	"$cairn" key new --type release -o release.jwk >/dev/null
	"$cairn" key jwks authority.jwk >authorities.jwks
}

medium() { # a boot medium whose Xen is a bare ELF header with a build id
	mkdir -p esp/EFI/BOOT esp/EFI/cairn
	cp "$data/cairnboot.efi" esp/EFI/BOOT/BOOTX64.EFI
	cp "$data/grub-small.efi" esp/EFI/cairn/grubx64.efi
	cp "$data/grub.cfg" esp/EFI/cairn/
	{
		printf '\177ELF\1\1\1'; head -c 21 /dev/zero; printf '\64\0\0\0'; head -c 10 /dev/zero
		printf '\40\0\1\0'; head -c 6 /dev/zero; printf '\4\0\0\0\124\0\0\0'; head -c 8 /dev/zero
		printf '\24\0\0\0'; head -c 12 /dev/zero; printf '\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\253\315\0\0'
	} >esp/EFI/cairn/xen
	echo kernel >esp/EFI/cairn/vmlinuz
	echo initrd >esp/EFI/cairn/dom0.img
	echo agent >cairnd
	echo 'mode.service = enforce' >cairnd.conf
}

platform() {
	"$cairn" manifest platform --esp esp --agent cairnd --agent-config cairnd.conf --authorities authorities.jwks \
		--name web --release 7 --key authority.jwk -o "$1"
}

extend() { # PCR-in-hex HASH-in-hex, with coreutils and printf only
	printf '%s%s' "$1" "$2" | sed 's/../\\x&/g' | xargs -0 printf | sha256sum | cut -d' ' -f1
}

@test "a platform manifest verifies with jose, and its predicted PCR 8 and 9 are those computed by hand" {
	medium
	platform web-7.jws
	jose jws ver -i web-7.jws -k authorities.jwks
	"$cairn" predict --manifest web-7.jws --authorities authorities.jwks >values
	[ "$(cut -d' ' -f2 values | tr '\n' ' ')" = "4 8 9 11 " ]
	zero=$(printf '0%.0s' {1..64})
	pcr=$zero
	for f in grub.cfg xen vmlinuz dom0.img; do
		pcr=$(extend "$pcr" "$(sha256sum <esp/EFI/cairn/$f | cut -d' ' -f1)")
	done
	grep -qx "sha256 9 $pcr" values
	# The configuration is the one of a recorded boot: so are the strings, and so must PCR 8 be.
	grep -qx "sha256 8 $(sed -n 's/^sha256\t8\t\([0-9a-f]*\).*/\1/p' "$data/../eventlog/xen-grub-swtpm.bin.pcrs.tsv")" values
}

@test "PCR 11 is one extend with the host record, and each part of it counts" {
	medium
	platform a.jws
	"$cairn" predict --manifest a.jws >a 2>/dev/null
	cut -d. -f2 a.jws | jose b64 dec -i- >payload
	record=$(grep -o '"host_record":{.*},"kind"' payload | sed 's/^"host_record"://; s/,"kind"$//')
	pcr=$(extend "$(printf '0%.0s' {1..64})" "$(printf %s "$record" | sha256sum | cut -d' ' -f1)")
	grep -qx "sha256 11 $pcr" a
	for change in 'echo x >>cairnd' 'echo "mode.service = audit" >cairnd.conf' 'echo x >>esp/EFI/cairn/dom0.img' \
		'"$cairn" key jwks authority.jwk release.jwk >authorities.jwks' 'sed -i s/panic=5/panic=6/ esp/EFI/cairn/grub.cfg'; do
		cp a before
		eval "$change"
		platform a.jws
		"$cairn" predict --manifest a.jws >a 2>/dev/null
		[ "$(grep '^sha256 11 ' a)" != "$(grep '^sha256 11 ' before)" ]
	done
}

@test "predict gives both banks as JSON and says whether the signature was verified" {
	medium
	platform web.jws
	"$cairn" predict --manifest web.jws --authorities authorities.jwks --json >v.json
	grep -q '"verified": true' v.json
	run "$cairn" predict --manifest web.jws --bank sha384
	[ "$status" -eq 0 ]
	[[ $output == *"not verified"* && $output == *"sha384 4 "* ]]
	for hex in $("$cairn" predict --manifest web.jws --bank sha384 2>/dev/null | cut -d' ' -f3); do
		grep -q "\"$hex\"" v.json
	done
}

@test "a manifest that was changed, or signed by somebody else, is refused with 1" {
	medium
	platform web.jws
	"$cairn" key new --type authority -o other.jwk >/dev/null
	"$cairn" key jwks other.jwk >other.jwks
	run "$cairn" predict --manifest web.jws --authorities other.jwks
	[ "$status" -eq 1 ]
	last=$(tail -c 1 web.jws)
	new=A; [ "$last" != A ] || new=Q
	sed "s/.\$/$new/" web.jws | tr -d '\n' >changed.jws
	run "$cairn" predict --manifest changed.jws --authorities authorities.jwks
	[ "$status" -ne 0 ]
	payload=$(cut -d. -f2 web.jws | jose b64 dec -i- | sed 's/"release":7/"release":8/' | jose b64 enc -I-)
	printf '%s.%s.%s' "$(cut -d. -f1 web.jws)" "$payload" "$(cut -d. -f3 web.jws)" >changed.jws
	run "$cairn" predict --manifest changed.jws --authorities authorities.jwks
	[ "$status" -eq 1 ]
}

@test "what cannot be predicted is refused by file and line, and nothing is written" {
	medium
	sed -i '1i set x=$y' esp/EFI/cairn/grub.cfg
	run platform web.jws
	[ "$status" -eq 3 ]
	[[ $output == */EFI/cairn/grub.cfg:1:* ]]
	[ ! -e web.jws ]
	medium
	rm esp/EFI/cairn/dom0.img
	run platform web.jws
	[ "$status" -eq 3 ]
	[[ $output == */EFI/cairn/dom0.img* ]]
	medium
	echo 'mode.service = off' >cairnd.conf
	run platform web.jws
	[ "$status" -eq 2 ]
	[ ! -e web.jws ]
}

@test "an approval is signed by a release key only, and binds class and values" {
	medium
	platform web.jws
	"$cairn" approve --manifest web.jws --authorities authorities.jwks --class web --key release.jwk -o web.approval
	for n in 4 8 9 11; do
		value=$("$cairn" predict --manifest web.jws --authorities authorities.jwks | sed -n "s/^sha256 $n //p")
		grep -q "\"$n\":\"$value\"" web.approval
	done
	grep -q '"class":"web"' web.approval
	grep -q '"release":7' web.approval
	run grep -q '"d"' web.approval
	[ "$status" -eq 1 ]
	run "$cairn" approve --manifest web.jws --class web --key authority.jwk -o x.approval
	[ "$status" -eq 2 ]
	run "$cairn" approve --manifest web.jws --class 'a b' --key release.jwk -o x.approval
	[ "$status" -ne 0 ]
	[ ! -e x.approval ]
}

@test "a service manifest says what cairn measure says, and is no platform" {
	echo kernel >k
	echo ramdisk >r
	"$cairn" manifest service --name netdrv --type pv --role driver.network --kernel k --ramdisk r \
		--cmdline "console=hvc0 quiet" --memory-max 256 --vcpus-max 1 --backend dom0 --release 1 --key authority.jwk \
		-o netdrv-1.jws
	jose jws ver -i netdrv-1.jws -k authorities.jwks
	cut -d. -f2 netdrv-1.jws | jose b64 dec -i- >payload
	grep -q "\"kernel\":{\"sha256\":\"$(sha256sum <k | cut -d' ' -f1)\",\"sha384\":\"$(sha384sum <k | cut -d' ' -f1)\",\"size\":7}" payload
	grep -q '"cmdline":"console=hvc0 quiet","components"' payload
	grep -q '"constraints":{"backends":\["dom0"\],"memory_max_mib":256,"vcpus_max":1}' payload
	run "$cairn" predict --manifest netdrv-1.jws
	[ "$status" -eq 2 ]
	run "$cairn" approve --manifest netdrv-1.jws --class web --key release.jwk
	[ "$status" -eq 2 ]
}

@test "wrong arguments of manifest, predict and approve end with 2" {
	echo kernel >k
	service() { "$cairn" manifest service --name n --type pv --kernel k --release 1 --key authority.jwk -o n.jws "$@"; }
	run service --memory-max 1
	[ "$status" -eq 2 ]
	run service --memory-max x --vcpus-max 1
	[ "$status" -eq 2 ]
	run service --memory-max 1 --vcpus-max 1 --type hvm
	[ "$status" -eq 2 ]
	run "$cairn" manifest service --name n --type hvm --kernel k --release 1 --key authority.jwk --memory-max 1 --vcpus-max 1 -o n.jws
	[ "$status" -ne 0 ]
	[ ! -e n.jws ]
	run "$cairn" predict
	[ "$status" -eq 2 ]
	run "$cairn" predict --manifest missing.jws
	[ "$status" -eq 3 ]
	for command in "manifest platform" "manifest service" predict approve; do
		# shellcheck disable=SC2086 # two words
		run "$cairn" $command --help
		[ "$status" -eq 0 ]
	done
}
