# The boot path on a whole emulated host: what must be measured is, and what was predicted from files is what the TPM
# holds.

load host

setup_file() {
	start_host
}

console() { vm console "$run/host"; }

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

@test "power off is orderly: the TPM counts no lost shutdown" {
	vm stop "$run/host"
	console | grep -q 'Power down'
}
