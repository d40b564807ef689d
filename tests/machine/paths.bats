# The other ways a host can boot, each a boot of its own (make soak): again, with options of a boot entry, past GRUB, and with
# something missing: a boot that goes wrong ends in a reset, never in a prompt, and never looks like a measured one.

load host

setup_file() {
	start_host
}

console() { vm console "$run/host"; }

does_not_come_up() {
	vm kill "$run/host"
	run env CAIRN_BOOT_TIMEOUT=180 "$lab_here/vm" start "$run/host"
	[ "$status" -ne 0 ]
	[[ $output == *"the host stopped by itself"* ]]
}

@test "a reboot: the same PCR 4, 8, 9 and 11, another boot identifier" {
	local boot_id
	boot_id=$(dom0 'cairn status --json' | jq -re .boot_id)
	add_boot_entry
	vm reboot "$run/host"
	predicted
	[ "$(dom0 'cairn status --json' | jq -re .boot_id)" != "$boot_id" ]
}

# A copy of the entry that booted, with options for Xen, in the first place. efivarfs knows no partial reads.
add_boot_entry() {
	dom0 'mount -t efivarfs efivarfs /sys/firmware/efi/efivars && cd /sys/firmware/efi/efivars || exit 1
		guid=8be4df61-93ca-11d2-aa0d-00e098032b8c
		cat BootCurrent-$guid >/tmp/current
		number=$(od -An -tx2 -j4 -N2 /tmp/current | tr -d " \n" | tr a-f A-F)
		(cat Boot$number-$guid; printf "x\0 \0-\0-\0 \0d\0o\0m\0000\0_\0m\0e\0m\0=\0007\0000\0000\0M\0\0\0") >/tmp/entry
		printf "\007\0\0\0\167\0" >/tmp/order
		dd if=/tmp/entry of=Boot0077-$guid bs=4096 && dd if=/tmp/order of=BootOrder-$guid bs=64' 2>/dev/null
}

@test "options of a boot entry reach nobody, not even xen.efi in the place of GRUB" {
	vm stop "$run/host"
	vm esp "$run/host" "$(echo "$CAIRN_PKGS"/xen/boot/xen-*-amd64.efi)" /EFI/cairn/grubx64.efi
	printf '%s\n' '[global]' 'default=cairn' '[cairn]' 'options=console=com1 com1=115200,8n1 dom0_mem=512M,max:512M' \
		'kernel=vmlinuz console=hvc0 panic=5' 'ramdisk=dom0.img' >"$run/xen.cfg"
	vm esp "$run/host" "$run/xen.cfg" /EFI/cairn/grubx64.cfg
	vm start "$run/host"
	console | grep -q 'starting Boot0077'
	[ "$(dom0 'xl info' | sed -n 's/^xen_commandline *: //p')" = "console=com1 com1=115200,8n1 dom0_mem=512M,max:512M" ]
}

@test "a boot path that measures neither Xen nor dom0: the host record vouches for neither, PCR 11 differs" {
	dom0 'cairn log' | head -n 1 | jq -er '.content.record | fromjson | .xen.image.sha256 == "unvouched"'
	[ "$(pcr sha256 11)" != "$(sed -n 's/^sha256 11 //p' "$run/evidence/predicted.txt")" ]
}

@test "without a TPM: said so, and no dom0 that looks measured" {
	vm stop "$run/host"
	vm esp "$run/host" "$run/host/esp/EFI/cairn/grubx64.efi" /EFI/cairn/grubx64.efi
	CAIRN_TPM=none does_not_come_up
	console | grep -q 'cairnboot: no event log: the firmware knows no TPM'
	console | grep -q 'FAILED: cairnd'
}

@test "dom0's image is missing: GRUB resets, no prompt" {
	mdel -i "$run/host/esp.img" ::/EFI/cairn/dom0.img
	does_not_come_up
	console | grep -q "dom0.img' not found"
	run ! grep -aqE 'grub( rescue)?>' "$run/host/console.log"
}

@test "GRUB's configuration is missing: reset, no prompt" {
	mdel -i "$run/host/esp.img" ::/EFI/cairn/grub.cfg
	does_not_come_up
	run ! grep -aqE 'grub( rescue)?>' "$run/host/console.log"
}

@test "GRUB is missing: cairnboot says so and resets" {
	mdel -i "$run/host/esp.img" ::/EFI/cairn/grubx64.efi
	does_not_come_up
	console | grep -q 'Resetting in a few seconds'
}
