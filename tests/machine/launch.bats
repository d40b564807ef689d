# The gate on a booted Xen host: what it builds, what it refuses and why, what it notices, and what survives of it. All on
# one boot; the last tests end what this boot is worth.

load host

setup_file() {
	start_host
	lab_verifier_init
	lab_verifier_start 3>&-
	echo "$lab_verifier_pid" >"$run/verifier.pid"
	echo "$lab_port" >"$run/verifier.port"
	dom0 cairn launch /var/lib/cairn/images/netdrv.cfg
	lab_app_up
}

setup() {
	load_lab
	lab_port=$(<"$run/verifier.port")
}

teardown_file() {
	load_lab
	vm kill "$run/host"
	kill "$(<"$run/verifier.pid")"
}

# attested STATE: the relay goes to the verifier once, and that says STATE.
attested() {
	dom0 'cairn-relay --once --config /run/relay.conf' || [ $? -eq 1 ]
	lab_query --json >"$run/verdict.json" || [ $? -eq 1 ]
	[ "$(jq -r .state "$run/verdict.json")" = "$1" ] || { jq -c .reasons "$run/verdict.json"; return 1; }
}
submod() { jq -r --arg m "$1" ".submods[\$m]$2" "$run/verdict.json"; }

# dropped FILE TARGET: onto the data volume of the host that runs, by a rename.
dropped() { dom0 "echo $(base64 -w0 "$1") | base64 -d >/var/lib/cairn/$2.new && mv /var/lib/cairn/$2.new /var/lib/cairn/$2"; }
in_force() { [ "$(dom0 'cairn status --json' | jq -c '[.release_set.serial, .release_set.seen]')" = "$1" ]; }

@test "both domains run; the launch log says what the hypervisor says" {
	dom0 'cairn status --json' >"$run/status.json"
	for name in netdrv app; do
		[ "$(jq -r --arg n $name '.domains[] | select(.name == $n) | .domid' "$run/status.json")" = "$(dom0 xl domid $name)" ]
		[ "$(dom0 "xenstore-read /tool/cairn/\$(xl domid $name)/name")" = $name ]
	done
	dom0 'cairn chain'
}

@test "PCR 12 as the kernel reads it is what the log replays to" {
	replays 12
}

@test "tpm2_checkquote takes the quote, and not with another nonce" {
	dom0 'cairn evidence -o /run/evidence --nonce abc'
	for f in quote signature ak.pem qualification boot.log launch.log; do
		dom0 "base64 /run/evidence/$f" | base64 -d >"$run/$f"
	done
	tpm2_checkquote -u "$run/ak.pem" -m "$run/quote" -s "$run/signature" -q "$(cat "$run/qualification")"
	run ! tpm2_checkquote -u "$run/ak.pem" -m "$run/quote" -s "$run/signature" -q "$(tr 0-9a-f 1-9a-f0 <"$run/qualification")"
}

@test "app reaches the network through the driver domain's vif" {
	lab_app_up
	[ "$(dom0 "xenstore-read /local/domain/\$(xl domid app)/device/vif/0/backend-id")" = "$(dom0 xl domid netdrv)" ]
}

@test "a new image set of the driver domain: one restart, the secret opens, and the verifier takes either release" {
	local pcr11 keeper
	seal_sesame
	dom0 cairn launch $images/keeper.cfg
	dom0 "echo $(base64 -w0 "$run/verifier/tls-cert.pem") | base64 -d >/run/relay.pem
		printf '%s\n' 'server = https://10.0.2.2:$lab_port' 'ca = /run/relay.pem' 'label = $lab_label' >/run/relay.conf"
	head -c 4096 /dev/zero >>"$run/data/images/netdrv.img"
	lab_service netdrv pv driver.network 2 "$run/netdrv-2.jws"
	for m in "$run/platform-1.jws" "$run"/data/manifests/*.jws "$run/netdrv-2.jws"; do
		lab_push "$m"
	done
	attested trusted
	[ "$(submod domain:netdrv '["cairn.manifest"].release')" = 1 ]
	pcr11=$(pcr sha256 11) keeper=$(dom0 xl domid keeper)
	dropped "$run/netdrv-2.jws" manifests/netdrv-2.jws
	dom0 "cp $images/netdrv.img /run/old.img && head -c 4096 /dev/zero >>$images/netdrv.img"
	dom0 "cairn stop netdrv && cairn launch $images/netdrv.cfg"
	[ "$(launched netdrv | jq -c '[.manifest.release, .restart]')" = '[2,1]' ]
	[ "$(pcr sha256 11)" = "$pcr11" ]
	[ "$(dom0 xl domid keeper)" = "$keeper" ]
	sesame_opens
	attested trusted
	[ "$(submod domain:netdrv '["cairn.manifest"].release')" = 2 ]
	dom0 cairn stop keeper
}

@test "an older release set than the TPM has seen: refused on record, and without a newer one no service domain starts" {
	cairn release sign --serial 1 --key "$run/keys/authority.jwk" -o "$run/set-1.jws"
	cairn release sign --from "$run/set-1.jws" --key "$run/keys/authority.jwk" -o "$run/set-2.jws"
	dropped "$run/set-2.jws" release-set.jws
	await 10 in_force '[2,2]'
	dropped "$run/set-1.jws" release-set.jws
	await 10 eval '[ -n "$(records "select(.type == \"refusal\" and .reasons[0].code == \"release-set-old\")")" ]'
	in_force '[2,2]'
	dom0 'kill -9 $(pidof cairnd)'
	await 30 in_force '[0,2]'
	dom0 "cp $images/keeper.cfg /run/keeper.cfg"
	refused keeper release-set-old
	dropped "$run/set-2.jws" release-set.jws
	await 10 in_force '[2,2]'
	dom0 'cairn launch /run/keeper.cfg && cairn stop keeper'
	replays 12
}

@test "a guest that claims nothing is recorded and runs without a manifest" {
	config guest1
	dom0 cairn launch /run/guest1.cfg
	dom0 cairn log print | grep -F '"type":"launch"' | grep -F 'guest1' | grep -qF '\"manifest\":null'
	dom0 cairn stop guest1
	run ! dom0 xl domid guest1
}

@test "a driver domain that nobody signed is refused" {
	config rogue 'driver_domain = 1'
	refused rogue no-manifest
}

@test "the name of a service does not open the gate for another image" {
	dom0 'cairn stop app'
	dom0 "sed 's/app.img/netdrv.img/' $images/app.cfg >/run/app.cfg"
	refused app digest-mismatch
	dom0 cairn launch $images/app.cfg
}

@test "a second launch of a running name is refused" {
	run -3 dom0 cairn launch $images/netdrv.cfg
	[[ $output == *"runs already"* ]]
}

@test "bad images: missing, empty, a FIFO, a directory: refused by name of the file" {
	dom0 'rm -f /run/fifo; mkfifo /run/fifo; : >/run/empty; mkdir -p /run/dir'
	for bad in missing:file-missing empty:file-empty fifo:file-unreadable dir:file-unreadable; do
		config bad "#kernel = \"/run/${bad%:*}\""
		dom0 "sed -i -e '/^kernel/d' -e 's/^#kernel/kernel/' /run/bad.cfg"
		refused bad "${bad#*:}"
	done
}

@test "settings that cairnd cannot vouch for are refused by name" {
	config keys 'vtpm = [ "backend=Domain-0" ]'
	refused keys config-unsupported
	config keys 'bootloader = "pygrub"'
	refused keys config-unsupported
}

@test "only root launches: the relay's user may not" {
	config guest2
	run ! dom0 "su -s /bin/sh -c 'cairn launch /run/guest2.cfg' cairn-relay"
	run ! dom0 xl domid guest2
}

@test "the relay is no root, and cairnd has no network socket" {
	dom0 'for p in $(pidof cairnd); do ls -l /proc/$p/fd | grep -o "socket:\[[0-9]*\]" | tr -dc "0-9\n"; done' >"$run/sockets"
	dom0 'cat /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 /proc/net/raw /proc/net/packet 2>/dev/null' >"$run/net"
	[ -s "$run/sockets" ]
	while read -r inode; do
		run -1 grep -w "$inode" "$run/net"
	done <"$run/sockets"
}

@test "cairnd killed and started again goes on in the same log" {
	before=$(dom0 cairn log print | wc -l)
	running=$(dom0 'xl list' | awk 'NR > 2 {print $1}' | sort | xargs)
	[[ " $running " == *" netdrv "* ]]
	dom0 'kill -9 $(pidof cairnd)'
	await 30 dom0 cairn status
	dom0 cairn chain
	[ "$(dom0 cairn log print | wc -l)" -ge "$before" ]
	[ "$(dom0 cairn status --json | jq -r '[.domains[] | select(.state == "running") | .name] | sort | join(" ")')" = "$running" ]
	config guest3
	dom0 cairn launch /run/guest3.cfg
	dom0 cairn stop guest3
}

@test "the log's file system is full: nothing is launched, and nothing is lost" {
	config guest4
	dom0 'mkdir -p /run/full && dd if=/dev/zero of=/run/full/fill bs=64k 2>/dev/null; true'
	# The last page of the log still has room for a few small records: refusals of names that nobody signed fill it.
	dom0 'for i in 1 2 3 4 5 6 7 8; do sed "s/^name.*/name = \"full$i\"/;\$adriver_domain = 1" /run/guest4.cfg >/tmp/f.cfg && cairn launch /tmp/f.cfg; done; true'
	run -3 dom0 cairn launch /run/guest4.cfg
	dom0 'rm -f /run/full/fill'
	run ! dom0 xl domid guest4
	dom0 cairn chain
	dom0 cairn launch /run/guest4.cfg
	dom0 cairn stop guest4
}

@test "a domain that ends is recorded" {
	config guest5
	dom0 cairn launch /run/guest5.cfg
	dom0 xl destroy guest5
	await 15 eval "dom0 cairn log print | grep -F '\"type\":\"exit\"' | grep -qF guest5"
}

@test "a secret opens on this boot" {
	seal_sesame
	sesame_opens
}

@test "a domain started behind cairnd's back is noticed, recorded, destroyed, and the chain still replays" {
	dom0 "sed -e 's/^name.*/name = \"behind\"/' -e 's/pvh/pv/' -e '/^vif/d' $images/app.cfg >/run/behind.cfg; /usr/lib/xen-4.17/bin/xl create -q /run/behind.cfg"
	await 15 eval "dom0 cairn log print | grep -qF '\"type\":\"unrecorded\"'"
	await 15 eval '! dom0 xl domid behind'
	dom0 cairn log print | grep -qF '\"type\":\"violation\"'
	run -1 dom0 cairn chain
}

@test "one digit of the log is changed: cairnd says so, launches nothing more, and the secret is shut" {
	seal_sesame
	dom0 'kill -STOP $(pidof cairnd); sed -i "4s/\"recnum\":3/\"recnum\":4/" /run/cairn/launch.log; kill -9 $(pidof cairnd)'
	await 30 eval "[ \"\$(dom0 cairn status --json | jq -r .state)\" = diverged ]"
	config guest6
	run -1 dom0 cairn launch /run/guest6.cfg
	[[ $output == *diverged* ]]
	run -1 unseal_sesame
}
