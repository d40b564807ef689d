# Shared by the bats files: where the programs are, a private directory, and stand-ins for the two peers (cairnd's
# socket and an HTTPS server) that give prepared answers.

# The tests are run from the top of the tree with BUILD set; a single file may be run by hand too.
BUILD=${BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
export PATH=$BUILD/bin:$PATH

setup() {
	dir=$(mktemp -d "${TMPDIR:-/tmp}/cairn-bats.XXXXXX")
	pids=()
	cd "$dir" || return 1
}

teardown() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	cd / && rm -rf "$dir"
}

# Waits at most 10 s for a command to succeed.
await() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" && return 0
		sleep 0.1
	done
	echo "not in time: $*" >&2
	return 1
}

b64url() {
	basenc --base64url -w0 | tr -d =
}

# A cairnd that answers "OP" with the file answers/OP, and writes what it was asked to requests. The socket: ./agent
fake_agent() {
	mkdir -p answers
	cat >agent.sh <<'END'
len=$((0x$(head -c 4 | od -An -v -tx1 | tr -d ' \n')))
request=$(head -c "$len")
echo "$request" >>requests
op=$(sed -n 's/.*"op":"\([a-z]*\)".*/\1/p' <<<"$request")
size=$(stat -c %s "answers/$op")
printf "$(printf '\\x%02x' $((size >> 24 & 255)) $((size >> 16 & 255)) $((size >> 8 & 255)) $((size & 255)))"
cat "answers/$op"
END
	socat UNIX-LISTEN:agent,fork,mode=666 SYSTEM:"bash agent.sh" 3>&- &
	pids+=($!)
	await test -S agent
}

# An HTTPS server for 127.0.0.1 that answers METHOD PATH with the file web/METHOD_PATH (slashes as underscores), whose
# first line is the HTTP status; 404 without one. Sets port; its certificate is tls.pem. Options go to socat.
fake_server() {
	mkdir -p web
	[[ -e tls.pem ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key -out tls.pem \
		-days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	cat >server.sh <<'END'
read -r method path rest
length=0
while read -r line && line=${line%$'\r'} && [[ -n $line ]]; do
	[[ ${line,,} != content-length:* ]] || length=$((${line#*:}))
done
head -c "$length" >"web/last_${method}${path//\//_}"
echo "$method $path" >>web/log
file=web/$method${path//\//_}
status='404 Not Found' body='{"error":{"code":"not-found","message":"no such thing"}}'
if [[ -e $file ]]; then status=$(head -n 1 "$file") body=$(tail -n +2 "$file"); fi
printf 'HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
	"$status" "${#body}" "$body"
END
	socat -d -d OPENSSL-LISTEN:"${1:-0}",bind=127.0.0.1,reuseaddr,fork,cert=tls.pem,key=tls.key,verify=0"${2:+,$2}" \
		SYSTEM:"bash server.sh" 2>socat.log 3>&- &
	server_pid=$!
	pids+=($server_pid)
	await grep -q 'listening on' socat.log
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' socat.log | head -n 1)
}
