# cairn's and cairn-relay's side of the server: TLS, exit codes, and what happens when it is out of reach.
bats_require_minimum_version 1.5.0
load helpers

ask() {
	cairn "$@" --server "https://127.0.0.1:$port" --ca tls.pem --token-file token
}

@test "query tells trusted, not trusted and undecided apart" {
	fake_server
	echo reader-token >token
	printf '200 OK\n{"host_id":"aa","label":"host-1","state":"trusted","submods":{"dom0":{"ear.status":"affirming"}}}' >web/GET_v1_hosts_host-1
	run -0 ask query host-1
	[[ $output == "host-1: trusted"* && $output == *"dom0: affirming"* ]]
	sed -i s/trusted/contraindicated/ web/GET_v1_hosts_host-1
	run -1 ask query host-1
	sed -i s/contraindicated/pending/ web/GET_v1_hosts_host-1
	run -3 ask query host-1
	run -3 ask query host-2
	[[ $output == *"no such thing"* ]]
	printf '401 Unauthorized\n{"error":{"code":"x","message":"no token"}}' >web/GET_v1_hosts_host-1
	run -3 ask query host-1
	printf '200 OK\nnot JSON' >web/GET_v1_hosts_host-1
	run -3 ask query host-1
}

@test "a host's name cannot reach another route" {
	fake_server
	echo t >token
	run -3 ask query '../manifests?x#y'
	grep -qxF 'GET /v1/hosts/..%2Fmanifests%3Fx%23y' web/log
}

@test "a server that another CA vouches for, or none, gets no token" {
	fake_server
	echo t >token
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out other.pem -days 2 -subj /CN=other 2>/dev/null
	run -3 cairn query x --server "https://127.0.0.1:$port" --ca other.pem --token-file token
	run -3 cairn query x --server "https://localhost:$port" --ca tls.pem --token-file token
	run -2 cairn query x --server "http://127.0.0.1:$port" --ca tls.pem --token-file token
	run grep -s GET web/log
	[ "$status" -ne 0 ]
}

@test "TLS 1.2 is refused" {
	fake_server 0 max-version=TLS1.2
	echo t >token
	run -3 ask query x
	run grep -s GET web/log
	[ "$status" -ne 0 ]
}

relay_conf() { # port
	cat >relay.conf <<-END
		server = https://127.0.0.1:$1
		ca = $dir/tls.pem
		label = host-1
		socket = $dir/agent
		user = nobody
		retry_max_s = 1
		state_dir = $dir/state
	END
	install -d -m 777 state
	chmod 755 "$dir"
}

agent_answers() {
	printf '{"ok":true,"host_id":"aa","ek_public":"AA","ek_certs":[],"ak_public":"AA","ak_name":"00"}' >answers/identity
	printf '{"ok":true,"proof":"bb"}' >answers/activate
	printf '{"ok":true,"evidence":{"format":"cairn-evidence","verifier_kid":"K","nonce":"N1"}}' >answers/attest
}

server_answers() {
	printf '200 OK\n{"session":"S","credential":"AA","secret":"AA","verifier_kid":"K"}' >web/POST_v1_enroll
	printf '200 OK\n{"host_id":"aa","label":"host-1","state":"pending"}' >web/POST_v1_enroll_proof
	printf '200 OK\n{"nonce":"N1","verifier_kid":"K","expires":9999999999}' >web/POST_v1_challenge
	printf '200 OK\n{"state":"trusted","reasons":[],"next_nonce":"N2","expires":9999999999}' >web/POST_v1_evidence
}

@test "the relay brings evidence and tells the verdict by its exit code" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	run -0 cairn-relay --config relay.conf --once
	[[ $output == *"verdict: trusted"* ]]
	grep -q '"nonce":"N1"' web/last_POST_v1_evidence
	[ ! -e state/pending.json ]
	printf '200 OK\n{"state":"contraindicated","reasons":[{"code":"digest-mismatch","text":"ramdisk"}]}' >web/POST_v1_evidence
	run -1 cairn-relay --config relay.conf --once
	[[ $output == *digest-mismatch* ]]
}

@test "the relay hands the server's receipt to cairnd, and its verdict stands whatever cairnd makes of it" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	printf '200 OK\n{"state":"trusted","reasons":[],"receipt":"a.b.c"}' >web/POST_v1_evidence
	echo '{"ok":true,"dropped":4}' >answers/receipt
	run -0 cairn-relay --config relay.conf --once
	[[ $output == *"cairnd dropped 4 bodies"* ]]
	grep -q '{"op":"receipt","receipt":"a.b.c"}' requests
	echo '{"ok":false,"status":"untrusted","error":"the receipt is by a verifier whose key is not there","exit":1}' >answers/receipt
	run -0 cairn-relay --config relay.conf --once
	[[ $output == *"cairnd does not take the server's receipt: "*"whose key is not there"* ]]
}

@test "the relay enrols a host that the server does not know" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	rm web/POST_v1_challenge
	run -3 cairn-relay --config relay.conf --once
	[[ $output == *"enrolled as 'host-1'"* ]]
	grep -q '"op":"activate"' requests
	grep -q '"label":"host-1"' web/last_POST_v1_enroll
	grep -q '{"proof":"bb","session":"S"}' web/last_POST_v1_enroll_proof
}

@test "a label that another TPM has is no enrolment, and an answer without a verdict none either" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	run -0 cairn-relay --config relay.conf --enroll
	printf '409 Conflict\n{"error":{"code":"label-taken","message":"another TPM has this label"}}' >web/POST_v1_enroll
	run -3 cairn-relay --config relay.conf --enroll
	[[ $output == *"another TPM has this label"* ]]
	printf '200 OK\n{"reasons":7}' >web/POST_v1_evidence
	run -3 cairn-relay --config relay.conf --once
	printf '200 OK\n{"state":"splendid\\u001b[31m","reasons":["\\u001b[2J\\nroot: ok"]}' >web/POST_v1_evidence
	run -3 cairn-relay --config relay.conf --once
	[[ $output != *$'\033'* && $output != *$'\nroot'* ]]
}

@test "a nonce that counts no more gets new evidence, and a server that takes none is said so" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	printf '409 Conflict\n{"error":{"code":"stale-nonce","message":"the nonce, or a later one, was used before"}}' >web/POST_v1_evidence
	run -3 cairn-relay --config relay.conf --once
	[[ $output == *"the nonce, or a later one, was used before"* ]]
	[ ! -e state/pending.json ]
}

@test "evidence is kept while the server is out of reach, and sent when it is back" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	# Out of reach after the challenge: the answer to the evidence is an error of a balancer.
	printf '503 Service Unavailable\n{}' >web/POST_v1_evidence
	cairn-relay --config relay.conf 2>relay.log 3>&- &
	relay=$!
	pids+=($relay)
	await grep -q 'the evidence is kept' relay.log
	[ -s state/pending.json ]
	kill "$server_pid"
	await grep -q 'next try in .*evidence is kept' relay.log
	rm -f socat.log
	[ "$(grep -c '"op":"attest"' requests)" -eq 1 ]
	server_answers
	fake_server "$port"
	await grep -q 'kept while the server was out of reach was accepted' relay.log
	await grep -q 'verdict: trusted' relay.log
	[ ! -e state/pending.json ]
	kill "$relay"
	wait "$relay"
}

@test "the relay gives up root, and says what is wrong with its configuration" {
	fake_agent
	fake_server
	agent_answers
	server_answers
	relay_conf "$port"
	sed -i 's/^user.*/user = no-such-user/' relay.conf
	if [ "$(id -u)" -eq 0 ]; then
		run -2 cairn-relay --config relay.conf --once
		[[ $output == *no-such-user* ]]
		sed -i 's/^user.*/user = root/' relay.conf
		run -2 cairn-relay --config relay.conf --once
	fi
	echo 'colour = red' >>relay.conf
	run -2 cairn-relay --config relay.conf --once
	[[ $output == *"relay.conf:8"* ]]
	run -2 cairn-relay --config no-such-file --once
}

@test "on a machine without Xen, a relay over vchan and what would serve it say so" {
	mkdir web && touch tls.pem
	relay_conf 1
	run -3 cairn-relay --config relay.conf --once --vchan 0/local/domain/0/cairn/relay
	[[ $output == *"domain 0 offers no vchan at /local/domain/0/cairn/relay"* ]]
	for bad in 0 /local 0/ 99999/a; do
		run -2 cairn-relay --config relay.conf --once --vchan "$bad"
		[[ $output == *"it is DOMID/NODE"* ]]
	done
	echo 'vchan = netdrv' >>relay.conf
	run -2 cairn-relay --config relay.conf --once
	[[ $output == *"'vchan' is DOMID/NODE"* ]]
	run -3 cairn-vchan --domain netdrv --user nobody
	[[ $output == *"dom0 of a Xen host"* ]]
	run -2 cairn-vchan --domain netdrv --user root
	[[ $output == *"does not run as root"* ]]
	run -2 cairn-vchan --domain netdrv --user no-such-user
	[[ $output == *"there is no such user"* ]]
	for bad in '' '--domain x surplus' '--domain x --node relative' '--domain x --node /' '--domain x --node /a/'; do
		run -2 cairn-vchan $bad
	done
}
