# Loaded by the machine tests (`load host`): one laboratory for each file, of lab.sh, with its host booted once; and what all
# of them ask of that host. A file's setup_file begins with new_lab, or with start_host where nothing comes before the boot.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

load_lab() {
	# shellcheck source=tests/machine/lab.sh
	. "$BATS_TEST_DIRNAME/lab.sh"
}

new_lab() {
	export run=$BATS_FILE_TMPDIR/lab
	load_lab
	lab_host
}

start_host() {
	new_lab
	vm start "$run/host"
}

setup() { load_lab; }

teardown_file() {
	load_lab
	vm kill "$run/host"
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || { vm console "$run/host" | tail -n 25; dom0 'cairn status; xl list; tail -c 1500 /run/cairn/launch.log'; }
}

images=/var/lib/cairn/images

# longer SECONDS COMMAND: as dom0, for what may take more than its 90 seconds on a busy machine.
longer() { "$lab_here/dom0" -t "$1" "$run/host" "$2"; }

# config NAME [LINE...]: /run/NAME.cfg in dom0, of a PV domain without a vif, with lines added.
config() {
	local name=$1
	shift
	dom0 "sed -e 's/^name.*/name = \"$name\"/' -e 's/pvh/pv/' -e '/^vif/d' $images/app.cfg >/run/$name.cfg && printf '%s\n' $(printf "'%s' " "$@") >>/run/$name.cfg"
}

# refused NAME CODE: cairn launch ends with 1, gives that reason, and the hypervisor knows no such domain.
refused() {
	run -1 --separate-stderr dom0 cairn launch --json "/run/$1.cfg"
	jq -e --arg c "$2" '.reasons | any(.code == $c)' <<<"$output" || { echo "no $2 in: $output"; return 1; }
	run ! dom0 "xl domid $1"
}

# records FILTER: of the launch log, those that the jq filter makes something of. launched NAME: its newest launch.
records() { dom0 cairn log print | jq -c "select(.content_type == \"cairn\") | .recnum as \$at | .content.record | fromjson | .recnum = \$at | $1"; }
launched() { records "select(.type == \"launch\" and .domain.name == \"$1\")" | tail -n 1; }

state() { dom0 'cairn status --json' | jq -r .state; }

# pcr BANK NUMBER: as the kernel reads it from the TPM, nothing of cairn's is involved.
pcr() { dom0 "cat /sys/class/tpm/tpm0/pcr-$1/$2" | tr 'A-F\n' 'a-f\0' | tr -d '\0'; }

# What the log replays to is what the TPM holds.
replays() { # PCR
	dom0 'cairn log print' >"$run/launch.log"
	[ "sha256 $1 $(pcr sha256 "$1")" = "$(cairn log replay "$run/launch.log" | grep "^sha256 $1 ")" ]
}

# seal_sesame: seals a secret to this boot, as it is approved. sesame_opens: and it opens now.
seal_sesame() { dom0 "echo -n open-sesame | cairn seal --class $lab_class --key /var/lib/cairn/release.pub --in - -o /run/s.sealed"; }
unseal_sesame() { dom0 "cairn unseal --blob /run/s.sealed --approval /var/lib/cairn/approvals/$lab_class-1.approval"; }
sesame_opens() { [ "$(unseal_sesame)" = open-sesame ]; }

# What was predicted from files is what the TPM holds.
predicted() {
	[ "$(wc -l <"$run/evidence/predicted.txt")" -ge 4 ]
	while read -r bank number value; do
		[ "$(pcr "$bank" "$number")" = "$value" ] || { echo "PCR $number is not as predicted"; return 1; }
	done <"$run/evidence/predicted.txt"
}
