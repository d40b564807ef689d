#!/usr/bin/env bats
# cairn manifest service for every kind of domain: made from files, compared with what independent programs say of them.
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_DIRNAME/../..
	cairn=${CAIRN:-$root/build/bin/cairn}
	cd "$(mktemp -d "$BATS_TEST_TMPDIR/XXXX")"
	"$cairn" key new --type authority -o authority.jwk >/dev/null
	"$cairn" key jwks authority.jwk >authorities.jwks
	for f in kernel ramdisk hvmloader bios qemu stub stub.img; do echo "$f" >$f; done
	hash=$(sha256sum <kernel | cut -d' ' -f1)
}

service() { # OPTION... : signs n.jws, and leaves its payload
	"$cairn" manifest service --name n --release 1 --memory-max 64 --vcpus-max 1 --key authority.jwk -o n.jws "$@" || return
	jose jws ver -i n.jws -k authorities.jwks -O payload
}

component() { # NAME FILE: how the payload must name it
	grep -qF "\"$1\":{\"sha256\":\"$(sha256sum <"$2" | cut -d' ' -f1)\",\"sha384\":\"$(sha384sum <"$2" | cut -d' ' -f1)\",\"size\":$(stat -c %s "$2")}" payload
}

@test "an hvm domain with its device model in dom0" {
	service --type hvm --kernel kernel --firmware hvmloader --bios bios --device-model qemu --dm-args '-nographic "a b"' \
		--xsm system_u:system_r:domU_t
	for pair in kernel:kernel firmware:hvmloader bios:bios device-model:qemu; do
		component "${pair%:*}" "${pair#*:}"
	done
	grep -qF '"dm_args":"-nographic \"a b\""' payload
	grep -qF '"type":"hvm","version":2,"xsm":"system_u:system_r:domU_t"}' payload
}

@test "an hvm domain with a stub domain, whose kernel lies inside of it" {
	service --type hvm --firmware hvmloader --stubdomain-kernel stub --stubdomain-ramdisk stub.img \
		--stubdomain-cmdline quiet --inside-kernel /vmlinuz --inside-ramdisk /initrd
	component stubdomain-kernel stub
	component stubdomain-ramdisk stub.img
	grep -qF '"inside_stubdomain":{"kernel":"/vmlinuz","ramdisk":"/initrd"}' payload
	grep -qF '"stubdomain_cmdline":"quiet"' payload
	run -1 grep -F '"kernel":{' payload
}

@test "disks, devices, and what it may serve" {
	service --type pv --kernel kernel --disk xvda:image:ramdisk --disk "xvdb:verity:$hash:4096" --disk xvdc:unmeasured:w \
		--disk xvdd:unmeasured:r --pci 8086:1533 --pci class:0200,permissive --pci "8086:1534,rom=$hash" --pci "class:0300,rom=$hash,permissive" --serves vif --serves vbd --target guest
	grep -qF "{\"kind\":\"image\",\"readwrite\":false,\"sha256\":\"$(sha256sum <ramdisk | cut -d' ' -f1)\",\"size\":8,\"vdev\":\"xvda\"}" payload
	grep -qF "{\"kind\":\"verity\",\"readwrite\":false,\"sha256\":\"$hash\",\"size\":4096,\"vdev\":\"xvdb\"}" payload
	grep -qF '{"kind":"unmeasured","readwrite":true,"vdev":"xvdc"},{"kind":"unmeasured","readwrite":false,"vdev":"xvdd"}' payload
	grep -qF '"pci":[{"device":"1533","permissive":false,"vendor":"8086"},{"class":"0200","permissive":true},' payload
	grep -qF "{\"device\":\"1534\",\"permissive\":false,\"rom_sha256\":\"$hash\",\"vendor\":\"8086\"},{\"class\":\"0300\",\"permissive\":true,\"rom_sha256\":\"$hash\"}]" payload
	grep -qF '"serves":["vbd","vif"],"targets":["guest"]' payload
}

@test "what needs none of it is a manifest of version 1" {
	service --type pvh --kernel kernel --ramdisk ramdisk
	grep -qF '"type":"pvh","version":1}' payload
}

refused() { # TEXT OPTION... : a usage error that says so
	text=$1
	shift
	run -2 service "$@"
	[[ $output == *"$text"* ]]
	[ ! -e n.jws ]
}

@test "a kind that lacks a part, or has one too many, is refused with its option" {
	refused "missing: --kernel" --type pv
	refused "has --firmware" --type hvm --device-model qemu
	refused "has --firmware, and --device-model" --type hvm --firmware hvmloader --bios bios
	for option in "--stubdomain-ramdisk stub.img" "--stubdomain-cmdline quiet" "--inside-kernel /k" "--inside-ramdisk /r"; do
		# shellcheck disable=SC2086 # an option and its value
		refused "no stub domain" --type hvm --firmware hvmloader --device-model qemu $option
	done
	for option in kernel ramdisk; do
		refused "no --kernel and no --ramdisk" --type hvm --firmware hvmloader --stubdomain-kernel stub --inside-kernel /k --$option kernel
	done
}

@test "disks and devices that are not written as they must be are refused by name" {
	for disk in xvda xvda:image xvda:raw:kernel :imag:kernel "xvda:verity:$hash" "xvda:verity:${hash%?}:4096" \
		"xvda:verity:${hash}0:4096" "xvda:verity:$hash:x" xvda:unmeasured:rw xvda:unmeasured: "xvda:verity::1"; do
		refused "--disk: '" --type pv --kernel kernel --disk "$disk"
	done
	refused "a name is too long" --type pv --kernel kernel --disk "$(printf 'x%.0s' {1..65}):unmeasured:r"
	for pci in 8086 8086:153 8086:15333 80g6:1533 class:02 class:0200,permissiv class:0200permissive 8086:1533, 8086-1533 \
		8086:1533,rom= "8086:1533,rom=${hash%?}" "8086:1533,rom=${hash}0" "8086:1533,rom=$hash,rom=$hash" 8086:1533,permissive,permissive; do
		refused "--pci: '$pci'" --type pv --kernel kernel --pci "$pci"
	done
	many=()
	for i in {1..17}; do many+=(--disk "xvd$i:unmeasured:r"); done
	refused "too many disks" --type pv --kernel kernel "${many[@]}"
	many=()
	for _ in {1..17}; do many+=(--pci 8086:1533); done
	refused "too many PCI devices" --type pv --kernel kernel "${many[@]}"
	refused "too many" --type pv --kernel kernel --serves vif --serves vbd --serves vusb
}

@test "what cannot be read or signed is not signed" {
	: >empty
	run -3 service --type pv --kernel kernel --disk xvda:image:missing
	[[ $output == *missing* ]]
	run -3 service --type pv --kernel kernel --disk xvda:image:.
	run ! service --type pv --kernel kernel --disk xvda:image:empty
	[[ $output == *empty* ]]
	run ! service --type pv --kernel kernel --disk xvda:unmeasured:r --disk xvda:unmeasured:r
	run ! service --type pv --kernel kernel --serves vusb
	run ! service --type pv --kernel kernel --disk :unmeasured:r
	run ! service --type hvm --firmware missing --device-model qemu
	[ ! -e n.jws ]
}

extend_log() { # RECORD-FILE TYPE: one more line of launch.log
	d=$(sha256sum <"$1" | cut -d' ' -f1)
	pcr=12
	[ "$2" != host ] || pcr=11
	printf '{"content":{"record":"%s","type":"%s"},"content_type":"cairn","digests":[{"digest":"%s","hashAlg":"sha256"}],"pcr":%d,"recnum":%d}\n' \
		"$(sed 's/\\/\\\\/g; s/"/\\"/g' "$1")" "$2" "$d" "$pcr" "$(wc -l <launch.log)" >>launch.log
}

launch_log() { # RECORD-FILE... : a launch log with these launches
	: >launch.log
	sed 's/"banks":\[[^]]*\]/"banks":["sha256"]/' "$root/tests/data/record/host.json" >host
	extend_log host host
	extend_log "$root/tests/data/record/boot.json" boot
	for record in "$@"; do extend_log "$record" launch; done
	"$cairn" log replay launch.log >/dev/null
}

launched() { # OPTION... : signs n.jws from launch.log, and leaves its payload
	"$cairn" manifest service --name netdrv --release 1 --key authority.jwk -o n.jws --launch launch.log "$@" || return
	jose jws ver -i n.jws -k authorities.jwks -O payload
}

@test "a launch on record is signed for as it was, and the last one of the name counts" {
	launch_log "$root/tests/data/record/launch.json" "$root/tests/data/record/launch-hvm.json"
	launched
	# The recorded manifest is for that launch, but for its validity and its rules for PCI.
	plain() { sed 's/"not_after":[0-9]*,"not_before":[0-9]*/X/; s/"release":[0-9]*/X/; s/"pci":\[[^]]*\]/X/'; }
	[ "$(plain <payload)" = "$(plain <"$root/tests/data/manifest/service-hvm.json")" ]
	grep -qF "\"pci\":[{\"device\":\"1533\",\"permissive\":true,\"rom_sha256\":\"$(jq -r '.pci[0].rom_sha256' "$root/tests/data/record/launch-hvm.json")\",\"vendor\":\"8086\"}]" payload
	launch_log "$root/tests/data/record/launch-hvm.json" "$root/tests/data/record/launch-stubdomain.json"
	launched
	grep -qF '"inside_stubdomain":{"kernel":"/vmlinuz","ramdisk":"/initrd"}' payload
	run -1 grep -F '"disks"' payload
}

@test "a launch on record may be given more, and nothing else" {
	launch_log "$root/tests/data/record/launch-stubdomain.json"
	launched --memory-max 4096 --vcpus-max 8 --role extra --role service --backend store --pci class:0200 --serves vbd --target guest
	grep -qF '"constraints":{"backends":["store","uplink"],"memory_max_mib":4096,"pci":[{"class":"0200","permissive":false}],"serves":["vbd"],"targets":["guest"],"vcpus_max":8}' payload
	grep -qF '"roles":["driver.network","extra","service"]' payload
	rm n.jws
	for option in "--type pv" "--kernel kernel" "--ramdisk ramdisk" "--cmdline x" "--firmware hvmloader" "--bios bios" \
		"--device-model qemu" "--dm-args x" "--stubdomain-kernel stub" "--stubdomain-ramdisk stub.img" "--stubdomain-cmdline x" \
		"--inside-kernel /k" "--inside-ramdisk /r" "--disk xvda:unmeasured:r" "--xsm x"; do
		# shellcheck disable=SC2086 # an option and its value
		run -2 launched $option
		[[ $output == *"those on record"* ]]
	done
	[ ! -e n.jws ]
}

@test "a log that is cut, broken, missing, or has no such launch makes no manifest" {
	launch_log "$root/tests/data/record/launch-stubdomain.json"
	run -3 "$cairn" manifest service --name other --release 1 --key authority.jwk -o n.jws --launch launch.log
	[[ $output == *"no launch of a domain named other"* ]]
	cp launch.log whole
	head -c -2 whole >launch.log
	run ! launched
	sed 's/console=hvc0/console=hvc1/' whole >launch.log
	run -1 cmp -s whole launch.log
	run ! launched
	rm launch.log
	run -3 launched
	[ ! -e n.jws ]
}
