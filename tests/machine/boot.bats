# The boot path on a whole emulated host: what must be measured is, and what was predicted from files is what the TPM
# holds; a boot that goes wrong ends in a reset, never in a prompt, and never looks like a measured one.

load host

setup_file() {
	start_host
}

console() { vm console "$run/host"; }

predicted() {
	[ "$(wc -l <"$run/evidence/predicted.txt")" -ge 4 ]
	while read -r bank number value; do
		[ "$(pcr "$bank" "$number")" = "$value" ] || { echo "PCR $number is not as predicted"; return 1; }
	done <"$run/evidence/predicted.txt"
}

does_not_come_up() {
	vm kill "$run/host"
	run env CAIRN_BOOT_TIMEOUT=180 "$lab_here/vm" start "$run/host"
	[ "$status" -ne 0 ]
	[[ $output == *"the host stopped by itself"* ]]
}

@test "Xen runs, dom0 has the TPM and the firmware's log" {
	dom0 'xl info' | grep -q '^xen_version *: 4\.'
	dom0 'test -c /dev/tpm0 && test "$(wc -c </sys/kernel/security/tpm0/binary_bios_measurements)" -gt 1000'
	console | grep -q 'cairnboot: event log published'
}

@test "cairn chain: every log replays to its PCR" {
	dom0 'cairn chain'
	dom0 'cairn status --json' | jq -e '.state == "ok" and .boot_log_status == "ok"'
}

@test "a second opinion: tpm2_eventlog replays the firmware's log to PCR 0-9, both banks" {
	dom0 'cat /sys/kernel/security/tpm0/binary_bios_measurements' >"$run/boot.log"
	tpm2_eventlog "$run/boot.log" >"$run/boot.yaml"
	for bank in sha256 sha384; do
		sed -n "/^  $bank:/,/^  sha[0-9]*:/s/^ *\([0-9]*\) *: 0x\(.*\)/\1 \2/p" "$run/boot.yaml" >"$run/replay"
		[ "$(wc -l <"$run/replay")" -eq 10 ]
		while read -r number value; do
			[ "$(pcr $bank "$number")" = "$value" ] || { echo "PCR $number, $bank"; return 1; }
		done <"$run/replay"
	done
}

@test "PCR 4, 8, 9 and 11 are what was predicted from files" {
	predicted
}

@test "only init's own programs run in dom0, and nobody listens" {
	[ -z "$(dom0 'netstat -ltn | grep LISTEN')" ]
	[ -z "$(dom0 'ps -o comm | grep -E "^(getty|login|telnetd)"')" ]
}

@test "a driver domain and a domain behind it run through the gate, and reach each other" {
	dom0 cairn launch /var/lib/cairn/images/netdrv.cfg
	lab_app_up
	dom0 'cairn chain'
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

@test "power off is orderly: the TPM counts no lost shutdown" {
	vm stop "$run/host"
	console | grep -q 'Power down'
	vm esp "$run/host" "$run/host/esp/EFI/cairn/grubx64.efi" /EFI/cairn/grubx64.efi
}

@test "without a TPM: said so, and no dom0 that looks measured" {
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
