# What runs without the gate: plain xl, and a builder that uses libxenctrl alone. What cairnd makes of it, how long such a
# domain could run, and what cairnd itself may do. All on one boot, which is worth nothing after the second test.

load host

setup_file() {
	new_lab
	vm data "$run/host" "$build/guests/rawbuild" /rawbuild
	vm start "$run/host"
	dom0 'cp /var/lib/cairn/rawbuild /run/rawbuild && chmod 755 /run/rawbuild'
	config guest1
	config behind
	dom0 cairn launch /run/guest1.cfg
}

xl=/usr/lib/xen-4.17/bin/xl

# how_many TYPE: records of that type.
how_many() { records "select(.type == \"$1\")" | wc -l; }

# recorded DOMID: there is a record of it as one that nobody recorded.
recorded() { records "select(.type == \"unrecorded\" and .domid == $1)" | grep -q .; }

@test "cairnd serves with one capability, without new privileges, under a filter, in a network of its own" {
	dom0 "cat /proc/$(cairnd_pid)/status" >"$run/status"
	grep -E '^(Cap|NoNewPrivs|Seccomp|VmRSS|RssAnon|Threads)' "$run/status"
	grep -qE '^CapEff:	0000000000000004$' "$run/status"
	grep -qE '^CapPrm:	0000000000000004$' "$run/status"
	grep -qE '^CapBnd:	0000000000000000$' "$run/status"
	grep -qE '^NoNewPrivs:	1$' "$run/status"
	grep -qE '^Seccomp:	2$' "$run/status"
	[ "$(dom0 "readlink /proc/$(cairnd_pid)/ns/net")" != "$(dom0 'readlink /proc/1/ns/net')" ]
	[ "$(awk '/^RssAnon/ {print $2}' "$run/status")" -le 8192 ]
}

@test "what stock xl has built and not yet started is left alone" {
	dom0 "$xl create -q -p /run/behind.cfg"
	sleep 3
	dom0 "$xl domid behind"
	[ "$(state)" = ok ]
	[ "$(how_many unrecorded)" = 0 ]
}

@test "once it runs it is recorded, destroyed, and ends what this boot is worth" {
	domid=$(dom0 "$xl domid behind")
	before=$(pcr sha256 11)
	seal_sesame
	sesame_opens
	dom0 "$xl unpause behind"
	await 60 eval "! dom0 '$xl domid behind'"
	recorded "$domid"
	[ "$(how_many violation)" = 1 ]
	[ "$(state)" = violated ]
	[ "$(pcr sha256 11)" != "$before" ]
	run ! unseal_sesame
	run ! dom0 cairn launch /run/behind.cfg
	dom0 "$xl create -q /run/behind.cfg"
	recorded $((domid + 1)) || await 60 recorded $((domid + 1))
	await 60 eval "! dom0 '$xl domid behind'"
	run -1 dom0 cairn chain
	dom0 "$xl domid guest1"
}

@test "a builder without toolstack and xenstore: how long what it builds could run" {
	: >"$run/times"
	for try in 1 2 3 4 5; do
		dom0 '/run/rawbuild run 30' >"$run/raw"
		cat "$run/raw"
		recorded "$(awk '$1 == "domid" {print $2}' "$run/raw")"
		grep -q '^gone ' "$run/raw"
		awk '$1 == "paused" || $1 == "gone" {print $2, $3; exit}' "$run/raw" >>"$run/times"
	done
	sort -n "$run/times" | awk '{t[NR] = $1} END {printf "# unrecorded domains ran for %d to %d ms, median %d ms\n", t[1], t[NR], t[int((NR + 1) / 2)]}' >&3
	[ "$(sort -n "$run/times" | awk 'END {print $1}')" -le 3000 ]
}

@test "what comes and goes between two looks, or while cairnd is not there, is missed by its number" {
	for away in '' 'kill -9 $(pidof cairnd);'; do
		domid=$(dom0 "$away /run/rawbuild flash" | awk '{print $2}')
		[ -n "$domid" ]
		await 60 eval '[ "$(state)" = violated ]'
		dom0 '/run/rawbuild wait 2'
		await 60 recorded "$domid"
		await 60 recorded $((domid + 1))
	done
	run -1 dom0 cairn chain
}

@test "nothing that the log says is lost: PCR 11 and 12 are what it replays to" {
	replays 11
	replays 12
}
