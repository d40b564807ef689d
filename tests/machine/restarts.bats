# Domains that cairnd launches by itself, on one boot, with a verifier that watches: the boot set in its order, what crashed
# or rebooted, an update that does not serve, one that crashes again and again; and maintenance, which ends what the boot is
# worth.

load host

data=/var/lib/cairn

setup_file() {
	export LAB_AGENT_CONF=$BATS_FILE_TMPDIR/cairnd.conf
	printf '%s\n' 'mode.service = enforce' 'mode.guest = record' 'restart.delay_max_s = 2' \
		'boot.set = web netdrv' "boot.configs = $data/domains" 'boot.wait_s = 12' >"$LAB_AGENT_CONF"
	new_lab
	lab_verifier_init
	lab_verifier_start 3>&-
	echo "$lab_verifier_pid" >"$run/verifier.pid"
	lab_relay_conf
	for m in "$run"/platform-1.jws "$run"/data/manifests/{netdrv-1,netdrv-2,flaky-1}.jws; do lab_push "$m"; done
	vm start "$run/host"
}

teardown_file() {
	load_lab
	lab_verifier_pid=$(cat "$run/verifier.pid")
	lab_clean
}

# What the data volume has besides: web and netdrv of the boot set; netdrv's next release, which is signed like the first and
# has no network; and flaky, which crashes.
lab_more() {
	local d=$run/data i=$run/data/images
	mkdir -p "$d"/{domains,netdrv-1,netdrv-2}
	sed -i 's/loglevel=3"/loglevel=3 sysrq_always_enabled"/' "$i/netdrv.cfg"
	cp "$i/netdrv.cfg" "$d/netdrv-1/"
	echo "$data/netdrv-1/netdrv.cfg" >"$d/domains/netdrv.path"
	another web 'vif = [ "backend=netdrv,mac=00:16:3e:77:00:03" ]' >"$d/domains/web.cfg"
	another netdrv 'driver_domain = 1' >"$d/netdrv-2/netdrv.cfg"
	another flaky | sed 's/keeper.img/flaky.img/; s/then=block/then=crash/' >"$i/flaky.cfg"
	cp "$i/keeper.img" "$i/flaky.img"
	lab_service netdrv pv driver.network 1 "$d/manifests/netdrv-1.jws" && lab_service flaky pv service 1 "$d/manifests/flaky-1.jws" &&
		cairn manifest service --name netdrv --type pv --role driver.network --release 2 --valid-days 30 --kernel "$i/unikernel" \
			--ramdisk "$i/keeper.img" --cmdline then=block --memory-max 256 --vcpus-max 1 --key "$run/keys/authority.jwk" \
			-o "$d/manifests/netdrv-2.jws"
}

# another NAME [LINE]: the unikernel's configuration under that name, with a line added.
another() {
	sed "s/^name.*/name = \"$1\"/" "$run/data/images/keeper.cfg"
	echo "${2-}"
}

# said TEXT: cairnd said so on the console. line_of EXPRESSION: where, for the first time.
said() { vm console "$run/host" | grep -qF "cairnd: $1"; }
line_of() { vm console "$run/host" | grep -nE -m 1 "cairnd: ($1)" | cut -d : -f 1; }

# member NAME STATE: what cairn status says of one of the boot set.
member() { dom0 'cairn status --json' | jq -e --arg n "$1" --arg s "$2" 'any(.boot_set[]; .name == $n and .state == $s)'; }

# runs_as NAME N: the newest launch of it is restart N, and is that of a domain that is there.
runs_as() {
	[ "$(launched "$1" | jq .restart)" = "$2" ] &&
		dom0 'cairn status --json' | jq -e --arg n "$1" --argjson id "$(dom0 "xl domid $1")" \
			'any(.domains[]; .name == $n and .state == "running" and .domid == $id)'
}

# ended NAME: why, of every end that is on record.
ended() { records "select(.type == \"exit\" and .name == \"$1\") | .reason" | tr -d '"' | xargs; }

# told NAME MEMBER: of a domain in the verdict.
told() { lab_query --json | jq -r --arg d "domain:$1" --arg m "$2" '.submods[$d][$m]'; }

# overwrite FILE OFFSET HEX: one byte of a file in dom0.
overwrite() { dom0 "printf '\\x$3' | dd of=$1 bs=1 seek=$2 conv=notrunc 2>/dev/null && sync"; }

@test "the boot set starts in its order: what needs the network driver domain waits until that serves, or has had its time" {
	await 90 member web running
	[ "$(records 'select(.type == "phase" or .type == "launch") | .phase // .domain.name' | xargs)" = "none netdrv web" ]
	[ "$(line_of 'netdrv serves|netdrv does not serve')" -lt "$(line_of 'web runs')" ]
	await 60 member netdrv serving
	[ "$(dom0 "xenstore-read /local/domain/\$(xl domid web)/device/vif/0/backend-id")" = "$(dom0 xl domid netdrv)" ]
	[ "$(dom0 cat $data/good/netdrv)" = $data/netdrv-1/netdrv.cfg ]
}

@test "PCR 11 is what was predicted with this boot set; a secret is sealed; the host is trusted" {
	pcr sha256 11 >"$run/pcr11"
	pcr sha256 13 >"$run/pcr13"
	[ "$(cat "$run/pcr11")" = "$(sed -n 's/^sha256 11 //p' "$run/evidence/predicted.txt")" ]
	seal_sesame
	await 30 lab_state_is trusted
}

@test "nobody is left who could start a domain again but cairnd: no xl runs, and no configuration may ask for it" {
	run -1 dom0 'pidof xl'
	dom0 "(cat $data/netdrv-1/netdrv.cfg; echo 'on_crash = \"restart\"') >/run/again.cfg"
	run -1 --separate-stderr dom0 cairn launch --json /run/again.cfg
	jq -e '.reasons | any(.code == "config-unsupported")' <<<"$output"
}

@test "the driver domain panics: refused while its image is another one, though cairnd is killed meanwhile, then back as restart 1" {
	local image=$images/netdrv.img old new
	domid=$(dom0 xl domid netdrv)
	read -r old new < <(lab_flip "$run/data/images/netdrv.img" 5000)
	overwrite $image 5000 "$new"
	dom0 xl sysrq netdrv c
	await 30 eval '[ "$(ended netdrv)" = crashed ]'
	await 30 eval "records 'select(.type == \"refusal\" and .domain.name == \"netdrv\")' | grep -q digest-mismatch"
	dom0 'kill -9 $(pidof cairnd)'
	overwrite $image 5000 "$old"
	await 60 runs_as netdrv 1
	[ "$(dom0 xl domid netdrv)" -gt "$domid" ]
	said 'netdrv: crashed; it is launched again in 1 s (1 of 5); depending on it: web'
	await 60 member netdrv serving
	dom0 'cairn status --json' | jq -e '.domains | any(.name == "netdrv" and .state == "running" and .dependants == ["web"])'
}

@test "it reboots: restart 2, and the verifier knows" {
	dom0 xl sysrq netdrv b
	await 60 runs_as netdrv 2
	[ "$(ended netdrv)" = 'crashed rebooted' ]
	await 60 member netdrv serving
	await 30 eval '[ "$(told netdrv cairn.restarts)" = 2 ]'
	lab_state_is trusted
}

@test "an update of it does not serve in time: the release that did is launched, and that is on record" {
	dom0 "cairn stop netdrv && cairn launch $data/netdrv-2/netdrv.cfg && cairn launch $images/flaky.cfg"
	launched netdrv | jq -e '.restart == 3 and .manifest.release == 2'
	await 60 runs_as netdrv 4
	launched netdrv | jq -e '.manifest.release == 1'
	[ "$(ended netdrv)" = 'crashed rebooted destroyed no-service' ]
	said "netdrv does not serve after 12 s: back to $data/netdrv-1/netdrv.cfg, which did"
	await 60 member netdrv serving
	await 30 eval '[ "$(told netdrv cairn.fell_back)" = true ]'
}

@test "a service that crashes every time is given up after the tries that it has, each later than the one before" {
	await 60 said 'flaky: crashed; it stays down until somebody launches it'
	[ "$(records 'select(.type == "launch" and .domain.name == "flaky") | .restart' | xargs)" = '0 1 2 3 4 5' ]
	[ "$(ended flaky)" = 'crashed crashed crashed crashed crashed crashed' ]
	said 'flaky: crashed; it is launched again in 1 s (1 of 5)'
	said 'flaky: crashed; it is launched again in 2 s (2 of 5)'
	dom0 'cairn status --json' | jq -e '[.domains[] | select(.name == "flaky")] | last | .state == "ended" and .restart.state == "given-up"'
	run ! dom0 xl domid flaky
}

@test "after all of that PCR 11 and 13 are what they were, the secret opens, the host is trusted" {
	[ "$(pcr sha256 11)" = "$(cat "$run/pcr11")" ]
	[ "$(pcr sha256 13)" = "$(cat "$run/pcr13")" ]
	sesame_opens
	replays 12
	dom0 cairn chain
	await 30 lab_state_is trusted
	[ "$(told netdrv cairn.restarts)" = 4 ]
	[ "$(told flaky cairn.running)" = false ]
	lab_query | grep -F 'domain:netdrv' | grep -qF '(restart 4) (the one before it did not serve)'
}

@test "maintenance: PCR 11 is extended, the secret shut, an unsigned driver domain runs, and the verdict says all of it" {
	dom0 "sed 's/^name.*/name = \"rogue\"/' $data/netdrv-2/netdrv.cfg >/run/rogue.cfg"
	refused rogue wrong-name
	dom0 "cairn maintenance --reason 'new disk for stordrv; ticket 4711'"
	[ "$(state)" = maintenance ]
	[ "$(pcr sha256 11)" != "$(cat "$run/pcr11")" ]
	replays 11
	run -1 unseal_sesame
	dom0 cairn launch /run/rogue.cfg
	launched rogue | jq -e '.manifest == null'
	run -1 dom0 cairn chain
	[[ $output == *"ticket 4711"* ]]
	await 30 lab_state_is contraindicated
	lab_query --json | jq -e '.submods.dom0["cairn.reasons"] | any(.code == "maintenance" and (.text | endswith("ticket 4711")))'
	run -3 dom0 'cairn maintenance --reason again'
}
