# Sourced by the demo and by the machine tests: a whole laboratory in one directory ($run). Keys, signed manifests,
# a verifier outside of the emulated host, and the host itself.
#   $run/keys  authority.jwk release.jwk (private), authorities.jwks release.pub
#   $run/data  what the host's data volume starts with: images/ manifests/ approvals/ relay.conf
#   $run/host  the host, of tests/machine/vm      $run/verifier  the server's directory
# LAB_AGENT_CONF: a cairnd.conf in place of the slim dom0's.
#   $run/evidence  what is worth keeping: logs, tokens, console
# shellcheck shell=bash
lab_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab_top=$(cd "$lab_here/../.." && pwd)
build=${BUILD:-$lab_top/build}
[[ $build == /* ]] || build=$lab_top/$build
run=$(mkdir -p "$run" && cd "$run" && pwd)
export CAIRN_PKGS=$build/pkgs CAIRN_BOOT=$build/boot
PATH=$build/bin:$PATH
lab_label=host-1
lab_class=demo
stale_after=${LAB_STALE_AFTER:-20}
lab_agent_conf=${LAB_AGENT_CONF:-$lab_top/src/boot/dom0/cairnd.conf}
mkdir -p "$run/evidence"

vm() { "$lab_here/vm" "$@"; }
# dom0 COMMAND: as root on the host, 90 seconds at most.
dom0() { "$lab_here/dom0" -t 90 "$run/host" "$*"; }

# The process that serves: its launcher has the same name and a higher number.
cairnd_pid() { dom0 'pidof cairnd' | tr ' ' '\n' | sort -n | head -n 1; }

# await SECONDS COMMAND...: until it succeeds.
await() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep 0.3
	done
}

lab_keys() {
	mkdir -p "$run/keys"
	cairn key new --type authority -o "$run/keys/authority.jwk" &&
		cairn key jwks "$run/keys/authority.jwk" >"$run/keys/authorities.jwks" &&
		cairn key new --type release -o "$run/keys/release.jwk" &&
		cairn key public "$run/keys/release.jwk" >"$run/keys/release.pub"
}

# lab_service NAME TYPE ROLE RELEASE OUT [OPTION...]: signs what images/NAME.img and the kernel of NAME.cfg are now.
lab_service() {
	local name=$1 type=$2 role=$3 release=$4 out=$5
	shift 5
	cairn manifest service --name "$name" --type "$type" --role "$role" --release "$release" --valid-days 30 \
		--kernel "$run/data/images/$(lab_kernel "$name")" --ramdisk "$run/data/images/$name.img" \
		--cmdline "$(lab_cmdline "$name")" --memory-max 256 --vcpus-max 1 "$@" \
		--key "$run/keys/authority.jwk" -o "$out"
}

# The command line in NAME.cfg.
lab_cmdline() { sed -n 's/^\(cmdline\|extra\) *= *"\(.*\)"$/\2/p' "$run/data/images/$1.cfg"; }

# The file in images/ that is the kernel in NAME.cfg.
lab_kernel() { sed -n 's|^kernel *= *".*/\(.*\)"$|\1|p' "$run/data/images/$1.cfg"; }

lab_images() {
	mkdir -p "$run/data"/{images,manifests,approvals,sealed}
	cp "$run/keys/release.pub" "$run/data/"
	cp "$build"/guests/{netdrv.img,app.img,vmlinuz,unikernel,keeper.img} "$lab_here"/guests/*.cfg "$run/data/images/"
	lab_service netdrv pv driver.network 1 "$run/data/manifests/netdrv-1.jws" &&
		lab_service app pvh service 1 "$run/data/manifests/app-1.jws" --backend netdrv &&
		lab_service keeper pv service 1 "$run/data/manifests/keeper-1.jws"
}

# lab_more: what a test puts beside that, in a function of its own.
lab_has_more() { [ "$(type -t lab_more)" = function ]; }

# A dom0 image that trusts this laboratory's authority; more options of mkdom0 in lab_dom0_options.
lab_dom0_options=()
lab_dom0() {
	"$lab_top/src/boot/dom0/mkdom0" --authorities "$run/keys/authorities.jwks" --agent-config "$lab_agent_conf" \
		--overlay "$lab_here/overlay" "${lab_dom0_options[@]}" "$run/dom0.img"
}

# lab_platform RELEASE: the platform manifest and the approval, from files alone.
lab_platform() {
	cairn manifest platform --esp "$run/host/esp" --agent "$build/bin/cairnd" \
		--agent-config "$lab_agent_conf" --authorities "$run/keys/authorities.jwks" \
		--name platform --release "$1" --valid-days 30 --key "$run/keys/authority.jwk" -o "$run/platform-$1.jws" &&
		cairn approve --manifest "$run/platform-$1.jws" --authorities "$run/keys/authorities.jwks" --class $lab_class --key "$run/keys/release.jwk" \
			-o "$run/data/approvals/$lab_class-$1.approval"
}

# Keys, images, manifests, predictions, disks and a TPM: all that there is before the host first boots.
lab_host() {
	lab_keys >"$run/evidence/keys.txt" && lab_images && { ! lab_has_more || lab_more; } && lab_dom0 && vm create "$run/host" "$run/dom0.img" &&
		lab_platform 1 && mcopy -s -i "$run/host/data.img" "$run"/data/* ::/ &&
		cairn predict --bank sha256 --manifest "$run/platform-1.jws" --authorities "$run/keys/authorities.jwks" \
			>"$run/evidence/predicted.txt"
}

lab_app_reached() { dom0 'grep -q "REACHED 10.77.0.1" /var/log/xen/guest-app.log'; }
lab_app_ended() { ! dom0 'xl domid app' || lab_app_reached; }

# app runs and reaches the network through netdrv. QEMU's SVM under TCG now and then loses the registers of a PVH domain
# (a triple fault at an address of Xen's): what crashed is launched again, through the gate, twice at most.
lab_app_up() {
	local try
	for try in 1 2 3; do
		dom0 'xl domid app' 2>/dev/null || dom0 cairn launch /var/lib/cairn/images/app.cfg || return 1
		await 60 lab_app_ended || return 1
		! lab_app_reached || return 0
	done
	return 1
}

# A port of the loopback interface that nobody listens on.
lab_free_port() {
	local port
	for port in $(shuf -i 20000-32000 -n 50); do
		(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return 0; }
	done
	return 1
}

# Its keys and where it listens: known before the host is there.
lab_verifier_new() {
	export lab_port
	mkdir -p "$run/keys"
	lab_port=$(lab_free_port) || return 1
	cairn-verifier init "$run/verifier" --name localhost --name 127.0.0.1 --name 10.0.2.2 >"$run/keys/admin.token" 2>"$run/evidence/verifier-init.txt" || return 1
	[ -s "$run/keys/admin.token" ]
}

lab_verifier_init() {
	[ -e "$run/verifier" ] || lab_verifier_new || return 1
	cp "$run/host/tpm-ca/issuercert.pem" "$run/verifier/ek-roots/swtpm-ca.pem" &&
		cp "$run/host/tpm-ca/swtpm-localca-rootca-cert.pem" "$run/verifier/ek-roots/swtpm-rootca.pem" &&
		cp "$run/keys/authorities.jwks" "$run/verifier/authorities.jwks" &&
		lab_setting listen "127.0.0.1:$lab_port" && lab_setting stale_after_s "$stale_after"
}

# lab_setting KEY VALUE: in the verifier's configuration.
lab_setting() {
	grep -qE "^#? *$1 *=" "$run/verifier/verifier.conf" || return 1
	sed -i -E "s|^#? *$1 *=.*|$1 = $2|" "$run/verifier/verifier.conf"
}

lab_verifier_start() {
	cairn-verifier serve --config "$run/verifier/verifier.conf" >>"$run/evidence/verifier.log" 2>&1 &
	lab_verifier_pid=$!
	await 10 lab_curl /v1/health
}

lab_curl() { curl -fsS --max-time 10 --cacert "$run/verifier/tls-cert.pem" "https://127.0.0.1:$lab_port$1"; }

lab_verifier_stop() {
	[ -z "${lab_verifier_pid-}" ] || { kill "$lab_verifier_pid" && wait "$lab_verifier_pid"; } 2>/dev/null
	lab_verifier_pid=
}

lab_server_options() {
	echo --server "https://127.0.0.1:$lab_port" --ca "$run/verifier/tls-cert.pem" --token-file "$run/keys/admin.token"
}

# shellcheck disable=SC2046
lab_push() { cairn manifest push "$1" $(lab_server_options); }
# shellcheck disable=SC2046
lab_query() { cairn query "$@" $(lab_server_options) $lab_label; }

# lab_state: the word; lab_state_is STATE: is it that?
lab_state() { lab_query --json 2>/dev/null | jq -r .state; }
lab_state_is() { [ "$(lab_state)" = "$1" ]; }

# Where the relay finds the server. It is trusted with nothing, so this comes on the data volume of a host that is to be.
lab_relay_conf() {
	cp "$run/verifier/tls-cert.pem" "$run/data/relay-ca.pem"
	lab_relay_lines /var/lib/cairn/relay-ca.pem >"$run/data/relay.conf"
	vm data "$run/host" "$run/data/relay.conf" / && vm data "$run/host" "$run/data/relay-ca.pem" /
}

lab_relay_lines() { # CA
	printf '%s\n' "server = https://10.0.2.2:$lab_port" "ca = $1" "label = $lab_label" "interval_s = 2"
}

lab_clean() {
	lab_verifier_stop
	[ ! -e "$run/host/console.log" ] || cp "$run/host/console.log" "$run/evidence/console-last.log"
	[ ! -d "$run/host" ] || vm kill "$run/host" 2>/dev/null
	:
}

# lab_flip FILE OFFSET: changes one byte of a file for another, and prints "OLD NEW" in hex.
lab_flip() {
	local old new
	old=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	new=$(((old + 1 + RANDOM % 255) % 256))
	printf "\\x$(printf %02x "$new")" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
	printf '%02x %02x\n' "$old" "$new"
}

# A random number below $1, for sizes beyond 32767 too.
lab_random() { echo $((($(od -An -tu4 -N4 /dev/urandom) & 0x7fffffff) % $1)); }

# lab_tamper_dom0 IN OUT: one byte of the files inside the initramfs, each as likely as any other; prints
# which one it was.
lab_tamper_dom0() {
	local stage file offset bytes size
	stage=$(mktemp -d "$run/tamper.XXXXXX")
	gzip -dc "$1" | (cd "$stage" && cpio --quiet -idm 2>/dev/null)
	offset=$(lab_random "$(find "$stage" -type f -printf '%s\n' | awk '{n += $1} END {print n}')")
	while read -r size file; do
		[ "$offset" -ge "$size" ] || break
		offset=$((offset - size))
	done < <(cd "$stage" && find . -type f -printf '%s %p\n' | LC_ALL=C sort -k 2)
	bytes=$(lab_flip "$stage/$file" "$offset")
	(
		# shellcheck source=src/boot/dom0/ramdisk.sh
		. "$lab_top/src/boot/dom0/ramdisk.sh"
		pack "$2"
	)
	rm -rf "$stage"
	echo "${file#.} offset $offset: ${bytes% *} -> ${bytes#* }"
}
