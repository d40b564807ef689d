# Attestation results offline, against tokens that another implementation (jose) signed.
bats_require_minimum_version 1.5.0
load helpers

key() { # name
	jose jwk gen -i '{"alg":"ES256"}' -o "$1.jwk"
	kid=$(jose jwk thp -i "$1.jwk")
	x=$(sed -n 's/.*"x":"\([^"]*\)".*/\1/p' "$1.jwk")
	y=$(sed -n 's/.*"y":"\([^"]*\)".*/\1/p' "$1.jwk")
	printf '{"keys":[{"alg":"ES256","crv":"P-256","kid":"%s","kty":"EC","x":"%s","y":"%s"}]}' "$kid" "$x" "$y" >"$1.jwks"
}

claims() { # state dom0-status expiry
	printf '{"cairn.label":"host-1","cairn.state":"%s","eat_nonce":"n","eat_profile":"tag:github.com,2023:veraison/ear","exp":%d,"iat":%d,"sub":"aa","submods":{"boot":{"ear.status":"affirming"},"dom0":{"ear.status":"%s"},"domain:netdrv":{"ear.status":"affirming"},"firmware":{"ear.status":"affirming"},"xen":{"ear.status":"affirming"}}}' \
		"$1" "$3" "$(date +%s)" "$2" >claims.json
}

token() { # key
	jose jws sig -c -I claims.json -k "$1.jwk" \
		-s "{\"protected\":{\"alg\":\"ES256\",\"kid\":\"$(jose jwk thp -i "$1.jwk")\",\"typ\":\"JWT\"}}" -o token
}

later() {
	echo $(($(date +%s) + 60))
}

@test "a trusted host's token is good" {
	key server
	claims trusted affirming "$(later)"
	token server
	run -0 cairn ear verify --jwks server.jwks token
	[[ $output == "host-1: trusted"* && $output == *"domain:netdrv: affirming"* ]]
	run -0 bash -c 'cairn ear verify --jwks server.jwks --host host-1 --json - <token'
	[[ $output == *'"trusted": true'* ]]
}

@test "a token of another host, another key or another state is not" {
	key server
	claims trusted affirming "$(later)"
	token server
	run -1 cairn ear verify --jwks server.jwks --host host-2 token
	[[ $output == *"another host"* ]]
	key stranger
	run -1 cairn ear verify --jwks stranger.jwks token
	claims contraindicated affirming "$(later)"
	token server
	run -1 cairn ear verify --jwks server.jwks token
	claims trusted contraindicated "$(later)"
	token server
	run -1 cairn ear verify --jwks server.jwks token
}

@test "an expired token is not good" {
	key server
	claims trusted affirming $(($(date +%s) - 1))
	token server
	run -1 cairn ear verify --jwks server.jwks token
	[[ $output == *expired* ]]
}

@test "a token without a part of the chain is not good" {
	key server
	claims trusted affirming "$(later)"
	sed -i 's/"xen":{"ear.status":"affirming"}/"xem":{"ear.status":"affirming"}/' claims.json
	token server
	run -1 cairn ear verify --jwks server.jwks token
}

@test "no character of a token can be changed" {
	key server
	claims trusted affirming "$(later)"
	token server
	text=$(<token)
	for ((i = 0; i < ${#text}; i += 29)); do
		c=A
		[[ ${text:i:1} != A ]] || c=B
		printf %s "${text:0:i}$c${text:i+1}" >bad
		run cairn ear verify --jwks server.jwks bad
		[ "$status" -ne 0 ] || { echo "changed at $i and accepted"; false; }
	done
}

@test "no token, no keys: nothing decided" {
	key server
	run -3 cairn ear verify --jwks server.jwks no-such-file
	run -3 cairn ear verify --jwks no-such-file no-such-file
	run -2 cairn ear verify token
}
