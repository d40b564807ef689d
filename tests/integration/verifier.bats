# The attestation server as it runs: its start, and what each route lets through.
bats_require_minimum_version 1.5.0
load helpers

make_server() { # init options
	cairn-verifier init v "$@" >admin.token 2>init.log
	sed -i 's/^listen = .*/listen = 127.0.0.1:0/' v/verifier.conf
}

start_server() {
	cairn-verifier serve --config v/verifier.conf >out 2>err 3>&- &
	server_pid=$!
	pids+=($server_pid)
	await grep -q '^listening on' out
	port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' out)
	url=https://127.0.0.1:$port
}

token() { # role
	cairn-verifier token add --role "$1" --name "the-$1" --config v/verifier.conf >"$1.token"
}

# Prints the status; the body goes to ./body.
ask() { # token|- curl-arguments...
	local auth=()
	[[ $1 == - ]] || auth=(-H "Authorization: Bearer $1")
	shift
	curl -s -m 10 -o body -w '%{http_code}' --cacert v/tls-cert.pem "${auth[@]}" "$@"
}

# method path role, as the plan of the interface has it; every route is here.
routes='GET /v1/health none
GET /v1/jwks none
GET /v1/openapi.json none
POST /v1/enroll none
POST /v1/enroll/proof none
POST /v1/challenge none
POST /v1/evidence none
GET /v1/hosts reader
GET /v1/hosts/x reader
GET /v1/hosts/x/ear reader
POST /v1/hosts/x/revoke operator
POST /v1/hosts/x/forget operator
GET /v1/manifests reader
POST /v1/manifests operator
GET /v1/release-set reader
POST /v1/release-set operator
GET /metrics reader'

@test "init makes private files, once, and tells the token once" {
	make_server --name verifier.example --name 192.0.2.7
	for f in tls-key.pem token-key.jwk nonce.key verifier.db; do
		[ "$(stat -c %a v/$f)" = 600 ]
	done
	[ "$(stat -c %a v)" = 700 ]
	openssl x509 -in v/tls-cert.pem -noout -ext subjectAltName | grep -q 'DNS:verifier.example, IP Address:192.0.2.7'
	[ "$(wc -l <admin.token)" = 1 ]
	run grep -rF "$(cat admin.token)" v
	[ "$status" -ne 0 ]
	run -2 cairn-verifier init v
	run -2 cairn-verifier init w --name 'evil,DNS:other'
	[ ! -e w ]
}

@test "arguments that are wrong are said to be" {
	run -0 cairn-verifier --help
	run -0 cairn-verifier --version
	[ "$output" = "cairn-verifier 0.1.0" ]
	run -2 cairn-verifier
	run -2 cairn-verifier serve
	run -2 cairn-verifier frobnicate
	run -2 cairn-verifier init
	make_server
	run -2 cairn-verifier token add --role king --name x --config v/verifier.conf
	run -2 cairn-verifier token add --role reader --name 'a b' --config v/verifier.conf
}

@test "keys that others can read stop the start" {
	make_server
	for f in tls-key.pem token-key.jwk nonce.key verifier.db; do
		chmod g+r v/$f
		run timeout 5 cairn-verifier serve --config v/verifier.conf
		[[ $status -eq 2 || $status -eq 1 ]]
		[[ $output == *"$f"* ]]
		chmod g-r v/$f
	done
	start_server
}

@test "a wrong configuration stops the start and names the line" {
	make_server
	for line in 'frobnicate = 1' 'stale_after_s = 0' 'firmware = reference' 'admission = trust-everybody' 'listen = 127.0.0.1'; do
		cp v/verifier.conf v/bad.conf
		sed -i "/^${line%% =*} =/d" v/bad.conf
		echo "$line" >>v/bad.conf
		run -2 timeout 5 cairn-verifier serve --config v/bad.conf
		[[ $output == *"bad.conf:$(wc -l <v/bad.conf)"* ]]
	done
	run -3 timeout 5 cairn-verifier serve --config v/none.conf
}

@test "a database of a newer cairn is refused" {
	make_server
	sqlite3 v/verifier.db 'PRAGMA user_version=1000'
	run -3 timeout 5 cairn-verifier serve --config v/verifier.conf
	[[ $output == *"update cairn"* ]]
}

@test "every route with no token, a wrong one, one of too low a role, and the right one" {
	make_server
	token reader
	token operator
	start_server
	declare -A rank=([none]=0 [reader]=1 [operator]=2 [admin]=3)
	while read -r method path role; do
		for who in none wrong reader operator admin; do
			case $who in
			none) t=- ;;
			wrong) t=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ;;
			*) t=$(cat $who.token) ;;
			esac
			data=()
			[[ $method == GET ]] || data=(--data '{')
			code=$(ask "$t" -X "$method" "${data[@]}" "$url$path")
			if [[ $role == none ]]; then
				want='200|400'
			elif [[ $who == none || $who == wrong ]]; then
				want=401
			elif [[ ${rank[$who]} -lt ${rank[$role]} ]]; then
				want=403
			else
				want='200|400|404'
			fi
			echo "$method $path $who: $code, want $want"
			[[ $code =~ ^($want)$ ]]
			[[ $code == 200 ]] || grep -q '"error":{"code":"' body
		done
	done <<<"$routes"
}

@test "the interface's document tells of exactly the routes there are" {
	make_server
	start_server
	[ "$(ask - "$url/v1/openapi.json")" = 200 ]
	jq -r '.paths | to_entries[] | .key as $p | .value | keys[] | "\(ascii_upcase) \($p)"' body |
		sed 's/{host}/x/' | sort >told
	cut -d' ' -f1,2 <<<"$routes" | sort >there
	diff told there
}

@test "what is no route is not found, what is no method is not allowed" {
	make_server
	start_server
	t=$(cat admin.token)
	for path in / /v1 /v1/ /v1/hosts/ /v1/hosts/x/ /v1/hosts/x/ear/y /v1/hosts/a%2fb /v1/hosts/../health /V1/health \
		/v1/healthz "/v1/hosts/$(printf 'a%.0s' {1..65})" //v1/health /v1/health/..; do
		code=$(ask "$t" --path-as-is "$url$path")
		echo "$path $code"
		[ "$code" = 404 ]
	done
	while read -r method path role; do
		for other in PUT DELETE PATCH OPTIONS; do
			[ "$(ask "$t" -X $other "$url$path")" = 405 ]
		done
	done <<<"$routes"
}

@test "malformed and oversized bodies at every route" {
	make_server
	start_server
	t=$(cat admin.token)
	head -c 1048577 /dev/zero >big
	head -c 4194305 /dev/zero >huge
	printf '{"a":1,"a":2}' >doubled
	printf '[%.0s' {1..100000} >deep
	printf '{"host_id":"\xff"}' >utf8
	printf '{"host_id":"\\u0000"}' >nul
	while read -r method path role; do
		[[ $method == POST ]] || continue
		[[ $path == /v1/evidence ]] || [ "$(ask "$t" --data-binary @big "$url$path")" = 413 ]
		[ "$(ask "$t" --data-binary @huge "$url$path")" = 413 ]
		for f in doubled deep utf8 nul; do
			code=$(ask "$t" --data-binary @$f "$url$path")
			echo "$path $f $code"
			[ "$code" = 400 ]
		done
		[ "$(ask "$t" --data-binary '{}' -H 'Content-Encoding: gzip' "$url$path")" = 415 ]
	done <<<"$routes"
	while read -r method path role; do
		[[ $method == GET ]] || continue
		[ "$(ask "$t" -X GET --data-binary x "$url$path")" = 413 ]
	done <<<"$routes"
	kill -0 "$server_pid"
}

@test "only TLS 1.3 is spoken" {
	make_server
	start_server
	run -0 ask - "$url/v1/health"
	run ask - --tls-max 1.2 "$url/v1/health"
	[ "$status" -ne 0 ]
	run ask - "http://127.0.0.1:$port/v1/health"
	[ "$status" -ne 0 ]
}

@test "slow and idle clients hold nobody up, and are cut off" {
	make_server
	sed -i 's/^idle_timeout_s = .*/idle_timeout_s = 4/; s/^connections_max = .*/connections_max = 64/' v/verifier.conf
	start_server
	cat >clients.sh <<-'END'
		# 100 that connect and are silent; 20 that send, after the handshake, a header that never ends.
		for i in {1..100}; do sleep 12 | socat -u - "TCP:127.0.0.1:$1" & done
		for i in {1..20}; do
			for k in {1..24}; do printf 'X-%d: y\r\n' $k; sleep 0.5; done |
				socat - "OPENSSL:127.0.0.1:$1,verify=0" &
		done
		wait
	END
	local before
	before=$(ls /proc/$server_pid/fd | wc -l)
	bash clients.sh "$port" >/dev/null 2>&1 3>&- 4>&- &
	pids+=($!)
	await eval '[ "$(ls /proc/$server_pid/fd | wc -l)" -gt $((before + 40)) ]'
	for _ in 1 2 3 4 5; do
		[ "$(curl -s -m 1 -o /dev/null -w '%{http_code}' --cacert v/tls-cert.pem "$url/v1/health")" = 200 ]
	done
	[ "$(ls /proc/$server_pid/fd | wc -l)" -le $((before + 70)) ]
	await eval '[ "$(ls /proc/$server_pid/fd | wc -l)" -le $((before + 2)) ]' # while they are all still there
}

@test "no outsider writes lines of the log" {
	make_server
	start_server
	[ "$(ask - --data '{"label":"a\nroot enrolled","ek_public":"","ek_certs":[],"ak_public":""}' "$url/v1/enroll")" = 400 ]
	[ "$(ask - --data "{\"host_id\":\"$(printf '%064d' 1)\"}" "$url/v1/challenge")" = 404 ]
	run ! grep -v '^cairn-verifier: ' err
}

@test "a token is known at once, and only its digest is kept" {
	make_server
	start_server
	[ "$(ask x "$url/v1/hosts")" = 401 ]
	token reader
	[ "$(ask "$(cat reader.token)" "$url/v1/hosts")" = 200 ]
	[ "$(jq -c .hosts body)" = "[]" ]
	run grep -raF "$(cat reader.token)" v
	[ "$status" -ne 0 ]
	sqlite3 v/verifier.db 'SELECT hex(sha256) FROM tokens WHERE name="the-reader"' |
		grep -qi "$(printf %s "$(cat reader.token)" | sha256sum | cut -d' ' -f1)"
}

@test "SIGTERM ends it cleanly, also with open connections" {
	make_server
	start_server
	socat -u PIPE "TCP:127.0.0.1:$port" 2>/dev/null 3>&- &
	pids+=($!)
	sleep 0.2
	kill -TERM "$server_pid"
	wait "$server_pid"
}
