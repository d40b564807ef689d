# A host whose only network card is kept from dom0 and belongs to a driver domain, through the gate, under an emulated IOMMU;
# and the process in dom0 that would serve a relay there. All on one boot. dom0 stays on one CPU: QEMU 7.2 loses interrupts
# that Xen remaps to another.

bats_require_minimum_version 1.5.0

card=0000:00:05.0
images=/var/lib/cairn/images

setup_file() {
	export run=$BATS_FILE_TMPDIR/lab CAIRN_XEN_ARGS=dom0_vcpus_pin
	load_lab
	lab_dom0_options=(--hide-pci $card --relay-domain uplink)
	lab_host
	CAIRN_IOMMU=1 vm start "$run/host"
}

teardown_file() {
	load_lab
	vm kill "$run/host"
}

setup() {
	load_lab
}

load_lab() {
	# shellcheck source=tests/machine/lab.sh
	. "$BATS_TEST_DIRNAME/lab.sh"
}

# The driver domain, signed for one e1000e card.
lab_more() {
	cp "$build/guests/uplink.img" "$run/data/images/"
	cp "$(ls "$CAIRN_PKGS"/full/boot/vmlinuz-*)" "$run/data/images/vmlinuz-full"
	lab_service uplink pv driver.network 1 "$run/data/manifests/uplink-1.jws" --serves vif --pci 8086:10d3
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || {
		vm console "$run/host" | tail -n 25
		dom0 'cairn status; tail -n 30 /var/log/xen/guest-uplink.log; tail -c 1500 /run/cairn/launch.log'
	}
}

records() { dom0 cairn log print | jq -c "select(.content_type == \"cairn\") | .content.record | fromjson | select($1)"; }

# changed NAME SED: uplink's configuration under another name, changed.
changed() { dom0 "sed -e 's/^name.*/name = \"$1\"/' -e '$2' $images/uplink.cfg >/run/$1.cfg"; }

# refused NAME CODE: cairn launch ends with 1, gives that reason, and the hypervisor knows no such domain.
refused() {
	run -1 --separate-stderr dom0 cairn launch --json "/run/$1.cfg"
	jq -e --arg c "$2" '.reasons | any(.code == $c)' <<<"$output" || { echo "no $2 in: $output"; return 1; }
	run ! dom0 "xl domid $1"
}

with_pciback() { [ "$(dom0 "basename \$(readlink /sys/bus/pci/devices/$card/driver)")" = pciback ]; }

# The process that serves the vchan: the child of the other of that name.
bridge_pid() { dom0 'pidof cairn-vchan' | tr ' ' '\n' | sort -n | sed -n 2p; }

@test "dom0 has no network card: the host's is kept for a driver domain" {
	dom0 'ip link' >"$run/links"
	cat "$run/links"
	[ "$(grep -cE '^[0-9]+:' "$run/links")" = 1 ]
	grep -q '^1: lo:' "$run/links"
	with_pciback
	dom0 'xl dmesg' | grep -qi 'I/O virtualisation enabled'
}

@test "the driver domain gets it through the gate, and the record says which card it is" {
	dom0 cairn launch $images/uplink.cfg
	await 90 dom0 'grep -q "NETDRV READY" /var/log/xen/guest-uplink.log'
	records '.type == "launch" and .domain.name == "uplink"' >"$run/uplink.json"
	jq -e --arg b $card '.manifest.name == "uplink" and (.pci | length) == 1 and (.pci[0] | .bdf == $b and .vendor == "8086" and
		.device == "10d3" and .class == "020000" and .permissive == false and .seize == false)' "$run/uplink.json"
	run -0 dom0 "xl pci-list uplink"
	[[ $output == *"$card"* ]]
	[ "$(dom0 'ip link' | grep -cE '^[0-9]+:')" = 1 ]
}

@test "what serves the vchan is no root, under a filter, and has no network" {
	dom0 "cat /proc/$(bridge_pid)/status" >"$run/status"
	grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp)' "$run/status"
	grep -qE '^Uid:	990	990	990	990$' "$run/status"
	grep -qE '^CapEff:	0000000000000000$' "$run/status"
	grep -qE '^NoNewPrivs:	1$' "$run/status"
	grep -qE '^Seccomp:	2$' "$run/status"
	[ "$(dom0 "readlink /proc/$(bridge_pid)/ns/net")" != "$(dom0 'readlink /proc/1/ns/net')" ]
	[ "$(dom0 'xenstore-ls -p /local/domain/0/cairn/relay' | grep -oE '\(n0,r[0-9]+\)' | sort -u)" = "(n0,r$(dom0 xl domid uplink))" ]
}

@test "who claims the card without a manifest that gives it is refused" {
	changed guest1 '/^driver_domain/d'
	refused guest1 wrong-name
	dom0 "cat $images/netdrv.cfg >/run/netdrv.cfg; echo 'pci = [ \"$card\" ]' >>/run/netdrv.cfg"
	refused netdrv pci-not-allowed
	with_pciback
}
