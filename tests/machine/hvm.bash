# Loaded by kinds.bats: hvm domains on the booted host, whose disk is a boot sector that prints the text behind it; what
# runs on their behalf, by xenstore, /proc and libxl, to be compared with what is on record.
# shellcheck shell=bash
# shellcheck disable=SC2154 # images, of host.bash

# A dom0 that can run them, and what they are made of.
lab_more() {
	cp "$build/guests/sector.img" "$run/data/images/"
	lab_dom0_options+=(--overlay "$build/guests/dom0-hvm")
}

# hvm_config NAME [KEY VALUE]...: /run/NAME.cfg, with a disk of its own; the last line of a key counts.
hvm_config() {
	local name=$1 edit=(-e "s|$images/sector.img|/run/$1.img|")
	shift
	while [ $# -gt 0 ]; do
		edit+=(-e "/^$1 *=/d" -e "\$a $1 = $2")
		shift 2
	done
	dom0 "sed $(printf "'%s' " "${edit[@]}") $images/$name.cfg >/run/$name.cfg"
}

# hvm_up NAME SECONDS: launches it, writes to its disk once that is on record, and awaits the end of what it prints. QEMU's
# SVM under TCG now and then loses a domain's registers (see lab_app_up): what crashed is launched again, through the gate.
hvm_up() {
	local try
	for try in 1 2 3 4; do
		longer 150 "cp $images/sector.img /run/$1.img; rm -f /var/log/xen/$1.serial; n=\$(grep -c . /run/cairn/launch.log)
			(until [ \$(grep -c . /run/cairn/launch.log) -gt \$n ]; do :; done
			printf 'second version' | dd of=/run/$1.img bs=512 seek=1 conv=notrunc) 2>/dev/null & cairn launch /run/$1.cfg" || return 1
		longer $(($2 + 20)) "id=\$(xl domid $1) || exit 1; for i in \$(seq $2); do
			grep -q READY /var/log/xen/$1.serial && exit 0; xenstore-exists /tool/cairn/\$id || exit 1; sleep 1; done; exit 1" && return 0
	done
	return 1
}

# The text that the sector read and printed.
hvm_text() { dom0 "cat /var/log/xen/$1.serial" | sed -n 's/\r//;s/^SECTOR text //p'; }

# hvm_plain DOMID: what differs from one launch of the same thing to the next, as a record has it.
hvm_plain() { sed -E "s/-xen-domid $1 /-xen-domid {domid} /;s/-(libxl|libxenstat)-$1,/-\1-{domid},/g;s/ +$//"; }

# The same for the paths that QEMU in dom0 is given.
hvm_paths() { sed -E 's|^/[^ ]* -xen|{device-model} -xen|;s#file=(/[a-z0-9/]*|\{[a-z]*\}),#file={disk},#g'; }

# model_of DOMID: its device model in dom0: what the process runs, and its arguments.
model_of() {
	dom0 "p=/proc/\$(xenstore-read /local/domain/$1/image/device-model-pid) && sha256sum <\$p/exe && readlink \$p/exe && tr '\0' ' ' <\$p/cmdline && echo" |
		hvm_plain "$1" | hvm_paths | sed '1s/ .*//'
}

# libxl_runs NAME RECORD: that is what is on record.
libxl_runs() {
	model_of "$(dom0 xl domid "$1")" >"$run/$1.model"
	diff "$run/$1.model" <(jq -r '.components."device-model".sha256, "/memfd:cairn-image (deleted)", .dm_args' "$2" | hvm_paths)
}

# libxl_has NAME RECORD: the configuration that libxl keeps of the running domain is the one on record, and every file of it
# is one that cairnd holds.
libxl_has() {
	dom0 "xl list -l $1" >"$run/$1.libxl.json"
	jq -e --slurpfile r "$2" --arg held "^/proc/$(cairnd_pid)/fd/[0-9]+$" '.[0].config as $c | $r[0].domain as $d | $c.b_info as $b |
		($c.c_info | [.name, .uuid, .type]) == [$d.name, $d.uuid, $d.type] and
		[$b.max_memkb / 1024, $b.max_vcpus] == [$d.memory_mib, $d.vcpus] and
		($b["type.hvm"] | [.firmware, .system_firmware] | all(test($held))) and ($b.device_model | test($held)) and
		($c.disks | map(.pdev_path) | length > 0 and all(test($held)))' "$run/$1.libxl.json" ||
		{ jq -c '.[0].config' "$run/$1.libxl.json"; return 1; }
}

# same_bytes RECORD COMPONENT FILE
same_bytes() { [ "$(jq -r ".components.\"$2\" | \"\(.sha256) \(.size)\"" "$1")" = "$(digest "$3") $(stat -c %s "$3")" ]; }

# hvm_sign NAME ROLE: what is on record of it is what an authority signs from now on.
hvm_sign() {
	dom0 cairn log print >"$run/launch.log"
	cairn manifest service --name "$1" --role "$2" --release 1 --valid-days 30 --launch "$run/launch.log" --key "$run/keys/authority.jwk" -o "$run/$1.jws" &&
		dom0 "printf %s '$(cat "$run/$1.jws")' >/var/lib/cairn/manifests/$1-1.jws"
}

# hvm_refused NAME CODE COMPONENT...: /run/NAME.cfg is refused, and these are among the reasons on record.
hvm_refused() {
	refused "$1" "$2"
	for component in "${@:3}"; do
		records "select(.type == \"refusal\" and .name == \"$1\")" | tail -n 1 |
			jq -e --arg c "$component" '.reasons | any(.component == $c)' || return 1
	done
}

# other FILE: one in dom0's /run of the same name that is a byte longer.
other() { dom0 "(cat $1; echo) >/run/${1##*/}"; }

# rich_config IMAGE: /run/rich.cfg, with every kind of disk and much that QEMU is told of.
rich_config() {
	hvm_config sector name '"rich"' disk "[ \"format=raw,vdev=sda,access=r,target=$1\", \"format=raw,vdev=hdc,access=r,devtype=cdrom,target=$1\", \"format=raw,vdev=hda,access=w,target=$(dom0 cat /run/writable)\" ]" \
		hdtype '"ahci"' vga '"cirrus"' videoram 8 maxvcpus 2 keymap '"en-us"' usb 1 usbdevice '"tablet"' acpi 0 boot '"dc"'
	dom0 mv /run/sector.cfg /run/rich.cfg
}
