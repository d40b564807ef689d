# Disks on a booted Xen host: dm-verity in dom0, and domains that boot from their own disk. One boot.

load host

pv='console=hvc0 loglevel=3'

# cfg NAME LINE...: a configuration in images/ of a PV domain.
cfg() {
	local name=$1
	shift
	printf '%s\n' "name = \"$name\"" 'type = "pv"' 'vcpus = 1' "$@" >"$run/data/images/$name.cfg"
}

# linux NAME RAMDISK CMDLINE LINE...: of one with Linux.
linux() {
	local name=$1 ramdisk=$2 cmdline=$3
	shift 3
	cfg "$name" 'memory = 128' "kernel = \"$images/vmlinuz\"" "ramdisk = \"$images/$ramdisk.img\"" "cmdline = \"$cmdline\"" "$@"
	spec=(--name "$name" --kernel "$run/data/images/vmlinuz" --ramdisk "$run/data/images/$ramdisk.img" --cmdline "$cmdline")
}

# sign [OPTION...]: what linux described.
sign() {
	cairn manifest service --type pv --release 1 --valid-days 30 --memory-max 256 --vcpus-max 1 "${spec[@]}" "$@" \
		--key "$run/keys/authority.jwk" -o "$run/data/manifests/${spec[1]}-1.jws"
}

# verity DATA HASHES [OPTION...]: prints the root hash.
verity() {
	veritysetup format "$@" --salt=00ff --hash=sha256 --data-block-size=4096 --hash-block-size=4096 | sed -n 's/^Root hash:[[:space:]]*//p'
}

# A disk of 1 MiB for dm-verity, with its hashes in another file.
make_verity() {
	seq 200000 | head -c 1048576 >"$run/plain.img"
	cp "$run/plain.img" "$run/data/images/data.img"
	root=$(verity "$run/data/images/data.img" "$run/data/images/hashes.img")
	[ ${#root} = 64 ] && echo "$root" >"$run/root"
}

# A disk with GRUB's configuration, a kernel and a ramdisk.
make_boot_disk() {
	local dir=$run/boot-disk
	mkdir -p "$dir/boot/grub"
	cp "$build/guests/unikernel" "$dir/boot/kernel" && cp "$build/guests/keeper.img" "$dir/boot/ramdisk" &&
		printf '%s\n' 'set default=1' 'menuentry "other" --class x {' ' linux /none' '}' 'menuentry "keeper" --class x {' \
			' linux /boot/kernel then=block from=disk' ' initrd /boot/ramdisk' '}' >"$dir/boot/grub/grub.cfg" &&
		mke2fs -q -t ext2 -d "$dir" "$run/data/images/boot.img" 1M
}

lab_more() {
	lab_dom0_options=(--overlay "$build/guests/dom0-disks")
	cp "$build"/guests/reader.img "$run/data/images/" && make_verity && make_boot_disk || return 1
	linux vault reader "$pv reader=plain" "disk = [ '/dev/mapper/data,raw,xvda,r' ]"
	sign --role service --backend Domain-0 --disk "xvda:verity:$root:1048576" || return 1
	cfg keeper2 'memory = 16' 'bootloader = "pygrub"' "disk = [ '/run/boot.img,raw,xvda,r' ]"
	spec=(--name keeper2 --kernel "$build/guests/unikernel" --ramdisk "$build/guests/keeper.img" --cmdline 'then=block from=disk')
	sign --role service --backend Domain-0 --disk "xvda:image:$run/data/images/boot.img"
}

setup_file() {
	start_host
	dom0 "cp $images/*.img /run/ && losetup /dev/loop0 /run/data.img && losetup /dev/loop1 /run/hashes.img"
	mapped data "$(cat "$run/root")"
}

# mapped NAME ROOT [OPTIONS]: a device of dm-verity in dom0.
mapped() {
	dom0 "DM_DISABLE_UDEV=1 dmsetup create $1 --readonly --table '0 2048 verity 1 /dev/loop0 /dev/loop1 4096 4096 256 1 sha256 $2 00ff${3:+ $3}'"
}

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# read_it NAME: what the newest reader of that name said.
read_it() { dom0 "sed -n 's/\r//;s/^READER //p' /var/log/xen/guest-$1.log"; }
has_read() { [ -n "$(read_it "$1")" ]; }
reads() { # NAME CONFIG
	dom0 "rm -f /var/log/xen/guest-$1.log; cairn launch $2"
	await 120 has_read "$1" || { dom0 "tail -n 20 /var/log/xen/guest-$1.log"; return 1; }
}

# The first reason of the last refusal.
told() { records 'select(.type == "refusal") | .reasons[0].text' | tail -n 1; }

@test "a disk of dm-verity: its root hash is on record, and the domain reads what was signed" {
	reads vault $images/vault.cfg
	[ "$(read_it vault)" = "SUM $(digest "$run/plain.img")" ]
	launched vault | jq -e --arg r "$(cat "$run/root")" '.manifest.name == "vault" and .disks == [{vdev: "xvda", backend: "Domain-0", kind: "verity", readwrite: false, sha256: $r, size: 1048576}]'
	[[ $(dom0 "xenstore-read /local/domain/0/backend/vbd/\$(xl domid vault)/51712/params") == /proc/*/fd/* ]]
	[ "$(dom0 "xenstore-read /local/domain/0/backend/vbd/\$(xl domid vault)/51712/physical-device")" = "$(dom0 'stat -L -c %t:%T /dev/mapper/data')" ]
	dom0 cairn stop vault
}

@test "another root hash than the signed one, or a device that lets other bytes through, is refused" {
	mapped other "$(digest "$run/root")"
	dom0 "sed 's|/dev/mapper/data|/dev/mapper/other|' $images/vault.cfg >/run/vault.cfg"
	refused vault digest-mismatch
	mapped careless "$(cat "$run/root")" '1 ignore_corruption'
	dom0 "sed 's|/dev/mapper/data|/dev/mapper/careless|' $images/vault.cfg >/run/vault.cfg"
	refused vault file-unreadable
	dom0 "sed 's|/dev/mapper/data|/dev/loop0|' $images/vault.cfg >/run/vault.cfg"
	refused vault disk-kind-mismatch
}

@test "a disk of 10 GiB is measured by its root hash" {
	dom0 'truncate -s 10G /run/big.img && truncate -s 100M /run/big.hashes && losetup /dev/loop2 /run/big.img && losetup /dev/loop3 /run/big.hashes &&
		DM_DISABLE_UDEV=1 dmsetup create big --readonly --table "0 20971520 verity 1 /dev/loop2 /dev/loop3 4096 4096 2621440 1 sha256 $(sha256sum </run/hashes.img | cut -d " " -f 1) -"'
	dom0 "sed -e 's/^name.*/name = \"big\"/' -e '\$adisk = [ \"/dev/mapper/big,raw,xvda,r\" ]' $images/keeper.cfg >/run/big.cfg && cairn launch /run/big.cfg"
	launched big | jq -e '.disks[0] | .kind == "verity" and .size == 10737418240'
	dom0 cairn stop big
}

@test "images that are larger than max_image_mib, or than dom0's memory, are refused, and dm-verity is suggested" {
	for size in 2G 900M; do
		dom0 "truncate -s $size /run/large.img; sed -e 's/^name.*/name = \"large\"/' -e '\$adisk = [ \"/run/large.img,raw,xvda,r\" ]' $images/keeper.cfg >/run/large.cfg"
		refused large file-unreadable
		[[ $(told) == *dm-verity* ]]
	done
}

@test "a domain boots from its own disk what is on record, which pygrub found as nobody" {
	dom0 cairn launch $images/keeper2.cfg
	await 30 dom0 'grep -q "^UNIKERNEL READY" /var/log/xen/guest-keeper2.log'
	launched keeper2 >"$run/keeper2.json"
	dom0 "sed -n 's/\r//;s/^UNIKERNEL //p' /var/log/xen/guest-keeper2.log" >"$run/said"
	objcopy -O binary -j .text "$build/guests/unikernel" "$run/text"
	grep -qxF "text $(digest "$run/text") $(stat -c %s "$run/text")" "$run/said"
	grep -qxF "ramdisk $(jq -r '.components.ramdisk | "\(.sha256) \(.size)"' "$run/keeper2.json")" "$run/said"
	grep -qxF 'cmdline then=block from=disk' "$run/said"
	jq -e --arg k "$(digest "$build/guests/unikernel")" --arg d "$(digest "$run/data/images/boot.img")" \
		'.components.kernel.sha256 == $k and .cmdline == "then=block from=disk" and .config.bootloader == "pygrub" and .disks[0].sha256 == $d' "$run/keeper2.json"
	dom0 cairn stop keeper2
}

@test "another kernel on that disk, or none, is refused" {
	offset=$(grep -abo 'from=disk' "$run/data/images/boot.img" | head -n 1 | cut -d : -f 1)
	dom0 "printf X | dd of=/run/boot.img bs=1 seek=$offset conv=notrunc 2>/dev/null; cp $images/keeper2.cfg /run/"
	refused keeper2 cmdline-mismatch
	dom0 'dd if=/dev/zero of=/run/boot.img bs=1024 count=1 seek=1 conv=notrunc 2>/dev/null'
	refused keeper2 file-unreadable
	[[ $(told) == *'pygrub found nothing to boot'* ]]
}
