# Every kind of domain through the gate, on one boot: a service domain without an operating system, which says itself what
# it was started from; guests that nobody signed; hvm domains with their device model in dom0; many launches and ends in a
# row.

load host
load hvm

rounds=${KINDS_ROUNDS:-10}

setup_file() {
	start_host
}

# guest NAME THEN [LINE...]: /run/NAME.cfg in dom0, the unikernel under another name.
guest() {
	local name=$1 then=$2
	shift 2
	dom0 "sed -e 's/^name.*/name = \"$name\"/' -e 's/then=block/then=$then for=$name/' $images/keeper.cfg >/run/$name.cfg
		printf '%s\n' $([ $# = 0 ] || printf "'%s' " "$@") >>/run/$name.cfg"
}

# said NAME: what the newest unikernel of that name said of itself. ready NAME: it has said all.
said() { dom0 "sed -n 's/\r//;s/^UNIKERNEL //p' /var/log/xen/guest-$1.log"; }
ready() { said "$1" | grep -q '^READY'; }

digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# What the log, PCR 12, xenstore and cairnd's files say of the domains that run now: the same.
settled() {
	replays 12
	[ "$(dom0 'xenstore-list /tool/cairn' | grep -x '[0-9]*' | sort -n | xargs)" = "$(dom0 'xl list' | awk 'NR > 2 {print $2}' | sort -n | xargs)" ]
	[ "$(dom0 "ls -l /proc/$(cairnd_pid)/fd" | grep -c memfd)" = 0 ]
}

# KiB of memory that is cairnd's own; what its programs and libraries take is the initramfs itself.
resident() { dom0 "cat /proc/$(cairnd_pid)/status" | awk '/^RssAnon/ {print $2}'; }

@test "a unikernel that is signed runs as a service domain" {
	dom0 cairn launch $images/keeper.cfg
	await 30 ready keeper
	launched keeper >"$run/keeper.json"
	jq -e '.domain.type == "pv" and .manifest.name == "keeper" and .manifest.release == 1 and .roles == ["service"]' "$run/keeper.json"
	dom0 'cairn status --json' | jq -e --argjson id "$(dom0 xl domid keeper)" '.domains[] | select(.name == "keeper") | .domid == $id and .state == "running"'
}

@test "what runs in it is what the record says: its own program, its ramdisk, its command line" {
	said keeper >"$run/said"
	[ "$(jq -r .components.kernel.sha256 "$run/keeper.json")" = "$(digest "$build/guests/unikernel")" ]
	objcopy -O binary -j .text "$build/guests/unikernel" "$run/text"
	grep -qxF "text $(digest "$run/text") $(stat -c %s "$run/text")" "$run/said"
	grep -qxF "ramdisk $(jq -r '.components.ramdisk | "\(.sha256) \(.size)"' "$run/keeper.json")" "$run/said"
	grep -qxF "cmdline $(jq -r .cmdline "$run/keeper.json")" "$run/said"
}

@test "files that change once they are measured change nothing: the domain runs what its record says" {
	guest swapped block
	for how in 'cat /run/other >/run/swapped.img' 'mv /run/other /run/swapped.img'; do
		dom0 "echo one >/run/swapped.img; echo another >/run/other; sed -i 's|^ramdisk.*|ramdisk = \"/run/swapped.img\"|' /run/swapped.cfg
			rm -f /var/log/xen/guest-swapped.log; n=\$(grep -c . /run/cairn/launch.log)
			(until [ \$(grep -c . /run/cairn/launch.log) -gt \$n ]; do :; done; $how) & cairn launch /run/swapped.cfg"
		await 30 ready swapped
		[ "$(dom0 cat /run/swapped.img)" = another ]
		said swapped | grep -qxF "ramdisk $(launched swapped | jq -r '.components.ramdisk | "\(.sha256) \(.size)"')"
		said swapped | grep -qxF "ramdisk $(echo one | sha256sum | cut -d ' ' -f 1) 4"
		dom0 cairn stop swapped
	done
}

@test "a guest that claims to be a driver domain and that nobody signed is refused" {
	guest rogue block 'driver_domain = 1'
	refused rogue no-manifest
}

@test "the service's name with another ramdisk or command line is refused" {
	dom0 cairn stop keeper
	dom0 "(cat $images/keeper.img; echo) >/run/keeper.img; sed 's|^ramdisk.*|ramdisk = \"/run/keeper.img\"|' $images/keeper.cfg >/run/keeper.cfg"
	refused keeper digest-mismatch
	dom0 "sed 's/then=block/then=crash/' $images/keeper.cfg >/run/keeper.cfg"
	refused keeper cmdline-mismatch
	dom0 cairn launch $images/keeper.cfg
}

@test "an hvm domain boots the disk that is on record, with the firmware and the device model on record" {
	hvm_config sector
	hvm_up sector 120
	dom0 'grep -q "second version" /run/sector.img'
	[ "$(hvm_text sector)" = 'first version' ]
	launched sector >"$run/sector.json"
	jq -e --arg d "$(digest "$build/guests/sector.img")" '.domain.type == "hvm" and .manifest == null and
		(.disks | map([.vdev, .kind, .readwrite, .sha256])) == [["sda", "image", false, $d]]' "$run/sector.json"
	same_bytes "$run/sector.json" firmware "$CAIRN_PKGS/xen/usr/lib/xen-4.17/boot/hvmloader"
	same_bytes "$run/sector.json" bios /usr/share/seabios/bios-256k.bin
	same_bytes "$run/sector.json" device-model "$CAIRN_PKGS/xen/usr/libexec/xen-qemu-system-i386"
}

@test "what libxl and the device model in dom0 say of it is what is on record" {
	libxl_has sector "$run/sector.json"
	libxl_runs sector "$run/sector.json"
	dom0 cairn stop sector
	await 30 eval '[ -z "$(dom0 "losetup -a; pgrep -f -- \"-xen-domid [0-9]\"")" ]'
}

@test "signed from its record it is a service, which takes no other disk, firmware, device model or arguments" {
	hvm_sign sector service
	for file in /usr/lib/xen-4.17/boot/hvmloader /usr/share/seabios/bios-256k.bin /usr/libexec/xen-qemu-system-i386 $images/sector.img; do
		other $file
	done
	hvm_config sector firmware_override '"/run/hvmloader"' bios_path_override '"/run/bios-256k.bin"' \
		device_model_override '"/run/xen-qemu-system-i386"' boot '"d"'
	hvm_refused sector digest-mismatch firmware bios device-model "disk sda" dm_args
}

@test "an hvm domain with whatever its device model can be told is on record" {
	dom0 "losetup -f >/run/writable && dd if=/dev/zero of=/run/rich.disk bs=64k count=1 && losetup \$(cat /run/writable) /run/rich.disk"
	rich_config "$images/sector.img"
	dom0 cairn launch /run/rich.cfg
	launched rich >"$run/rich.json"
	libxl_runs rich "$run/rich.json"
	jq -e '.disks | map([.vdev, .kind, .readwrite]) == [["sda", "image", false], ["hdc", "image", false], ["hda", "unmeasured", true]]' "$run/rich.json"
	dom0 cairn stop rich
}

@test "twenty guests that nobody signed run at once" {
	guest many block
	longer 300 'for i in $(seq 20); do sed "s/many/guest$i/g" /run/many.cfg >/run/guest$i.cfg && cairn launch /run/guest$i.cfg || exit 1; done'
	await 60 longer 60 'for i in $(seq 20); do grep -q "UNIKERNEL READY" /var/log/xen/guest-guest$i.log || exit 1; done'
	[ "$(dom0 xl list | awk 'NR > 2 && $5 !~ /[pscd]/ {print $1}' | sort | xargs)" = "$({ seq -f 'guest%g' 20; echo keeper; } | sort | xargs)" ]
	[ "$(dom0 'cat /var/log/xen/guest-guest*.log' | sed -n 's/\r//;s/^UNIKERNEL cmdline //p' | sort)" = "$(seq -f 'then=block for=guest%g' 20 | sort)" ]
	[ "$(records 'select(.type == "launch" and (.domain.name | startswith("guest")) and .manifest == null)' | wc -l)" = 20 ]
	[ "$(dom0 cairn status --json | jq '[.domains[] | select(.state == "running")] | length')" = 21 ]
	settled
	longer 300 'for i in $(seq 20); do cairn stop guest$i || exit 1; done'
	settled
}

@test "a domain that crashes is recorded as crashed" {
	guest crasher crash
	dom0 cairn launch /run/crasher.cfg
	await 30 eval '[ "$(records "select(.type == \"exit\" and .name == \"crasher\") | .reason" | tr -d \")" = crashed ]'
	run ! dom0 'xl domid crasher'
}

@test "$rounds launches and ends in a row leave nothing behind but their records" {
	guest brief poweroff
	local before free
	before=$(resident)
	free=$(dom0 xl info free_memory)
	longer $((rounds * 15)) "n=0; while [ \$n -lt $rounds ]; do
		try=0; until cairn launch /run/brief.cfg 2>/run/brief.err; do [ \$((try += 1)) -lt 60 ] || exit 1; sleep 0.2; done; n=\$((n + 1)); done"
	await 30 eval '! dom0 xl domid brief'
	await 10 eval "[ \$(records 'select(.type == \"exit\" and .name == \"brief\")' | wc -l) = $rounds ]"
	records 'select(.type == "launch" and .domain.name == "brief")' >"$run/launches"
	[ "$(jq .restart "$run/launches" | xargs)" = "$(seq 0 $((rounds - 1)) | xargs)" ]
	[ "$(records 'select(.type == "exit" and .name == "brief" and .reason == "shutdown") | .launch' | sort)" = "$(jq .recnum "$run/launches" | sort)" ]
	settled
	[ "$(dom0 xl info free_memory)" = "$free" ]
	echo "cairnd: $before KiB before, $(resident) KiB after"
	[ "$(resident)" -le 8192 ]
	# The heap grows by a megabyte now and then; what 256 KiB a launch would be is too much.
	[ "$(resident)" -le $((before + 2048 + 4 * rounds)) ]
}

# The newest exit of that name: why.
exit_of() { records "select(.type == \"exit\" and .name == \"$1\") | .reason" | tail -n 1 | tr -d '"'; }

@test "two launches of one name at once: one domain runs, and the other launch is told so" {
	dom0 cairn stop keeper
	dom0 "cairn launch $images/keeper.cfg >/run/one 2>&1 & one=\$!; cairn launch $images/keeper.cfg >/run/two 2>&1; two=\$?; wait \$one; echo \$? \$two" >"$run/both"
	[ "$(tr ' ' '\n' <"$run/both" | sort | xargs)" = "0 3" ]
	dom0 'cat /run/one /run/two' | grep -q 'a domain named keeper runs already'
	[ "$(dom0 xl list | grep -c '^keeper ')" = 1 ]
}

@test "a toolstack that is killed in the middle of building leaves nothing behind" {
	run -3 dom0 "(until pidof xl; do :; done; kill -9 \$(pidof xl)) >/dev/null & cairn launch $images/netdrv.cfg"
	[ "$(exit_of netdrv)" = build-failed ]
	run ! dom0 'xl domid netdrv'
	[ "$(state)" = ok ]
	settled
	dom0 cairn launch $images/netdrv.cfg
}

@test "what a domain writes into its own nodes of xenstore changes nothing" {
	local id
	id=$(dom0 xl domid keeper)
	dom0 "for n in data/serving data/x device/vbd/51712/backend device/pci/0/backend device-model/1 control/shutdown; do xenstore-write /local/domain/$id/\$n '../../0 %s 1'; done"
	sleep 1
	[ "$(state)" = ok ]
	dom0 cairn status --json | jq -e --argjson id "$id" '.domains[] | select(.name == "keeper" and .state == "running") | .domid == $id'
}

@test "a service domain that somebody saves is ended before that is done, and comes back through the gate" {
	local before
	before=$(pcr sha256 11)
	run ! dom0 'xl save netdrv /run/netdrv.save'
	dom0 rm -f /run/netdrv.save
	await 30 eval '[ "$(exit_of netdrv)" = suspended ]'
	await 60 dom0 'xl domid netdrv'
	[ "$(launched netdrv | jq .restart)" = 2 ]
	[ "$(pcr sha256 11)" = "$before" ]
	[ "$(state)" = ok ]
}
