# cairn ek verify: recorded certificates, those of swtpm_localca, and those that openssl makes here.
bats_require_minimum_version 1.5.0
load helpers

data=$TOP/tests/data/ek
roots=$TOP/keys/ek-roots

# ca NAME [ISSUER [EXTENSIONS [OPTIONS of openssl x509...]]]: NAME.pem and NAME.key, P-256
ca() {
	local name=$1 issuer=${2:-$1} ext=${3:-basicConstraints=critical,CA:TRUE$'\n'keyUsage=critical,keyCertSign}
	[[ -e $name.key ]] || openssl ecparam -name prime256v1 -genkey -noout -out "$name.key"
	sign "$name" "$issuer" "/CN=$name" "$ext" "${@:4}"
}

# sign NAME ISSUER SUBJECT EXTENSIONS [OPTIONS...]: NAME.pem and NAME.der, of the key NAME.key
sign() {
	local name=$1 issuer=$2 by=(-signkey "$1.key")
	[[ $name == "$issuer" ]] || by=(-CA "$issuer.pem" -CAkey "$issuer.key" -set_serial "0x$RANDOM$RANDOM")
	openssl req -new -key "$name.key" -subj "$3" -out "$name.csr" 2>/dev/null
	openssl x509 -req -in "$name.csr" "${by[@]}" -days 3650 -extfile <(printf '%s\n' "$4") -out "$name.pem" "${@:5}" 2>/dev/null
	openssl x509 -in "$name.pem" -outform DER -out "$name.der"
}

attributes='subjectAltName=critical,dirName:tpm
[tpm]
1.2.23.133.2.1=id:53544D20
2.2.23.133.2.2=ST33
3.2.23.133.2.3=id:004A0020'
ek_rsa="basicConstraints=critical,CA:FALSE
keyUsage=critical,keyEncipherment
extendedKeyUsage=2.23.133.8.1
$attributes"
ek_ecc=${ek_rsa/keyEncipherment/keyAgreement}

key() { # NAME rsa:BITS|CURVE
	case $2 in
	rsa:*) openssl genrsa -out "$1.key" "${2#rsa:}" 2>/dev/null ;;
	*) openssl ecparam -name "$2" -genkey -noout -out "$1.key" ;;
	esac
}

# A root of its own directory, an intermediate, and an EK certificate of RSA-2048: r/root.pem, middle.pem, ek.der
world() {
	mkdir -p r
	ca root && ca middle root
	cp root.pem r/
	[[ -e ek.key ]] || key ek rsa:2048
	sign ek middle / "$ek_rsa"
}

accepted() {
	run --separate-stderr -0 cairn ek verify "$@"
	[[ $output == *": accepted"* ]]
}

rejected() { # CODE ARGUMENT...
	run --separate-stderr -1 cairn ek verify "${@:2}"
	[[ $output == *": rejected"* && $output == *"  reason        $1: "* ]] || { echo "$output"; false; }
}

@test "recorded certificates by the shipped roots" {
	accepted --roots "$roots" "$data/ek-st33-ffpadded.der"
	[[ $output == *"manufacturer  STM STMicroelectronics"* && $output == *"model         ST33HTPHAHB4"* ]]
	[[ $output == *"73.4.0.0"* && $output == *"padding       431 bytes"* ]]
	rejected missing-issuer --roots "$roots" "$data/ek-infineon-slb9665.der"
	[[ $output == *"OPTIGA(TM) RSA Manufacturing CA 029"* && $output == *"http://pki.infineon.com/"* ]]
	rejected is-a-ca --roots "$roots" "$data/ek-nuvoton-root2110-badorder.der"
	accepted --roots "$roots" "$data/st33-tpm12.bin"
	accepted --roots "$roots/stmicroelectronics/stm-tpm-ek-root-ca.pem" "$data/st33-chain.bin"
	rejected missing-issuer --roots "$roots/stmicroelectronics/stm-tpm-ek-root-ca.pem" "$data/ek-st33-ffpadded.der"
}

@test "standard input, and JSON" {
	run --separate-stderr -0 cairn ek verify --roots "$roots" --json - <"$data/ek-st33-ffpadded.der"
	[ "$(jq -r '.[0].accepted' <<<"$output")" = true ]
	[ "$(jq -r '.[0].certificate.manufacturer.name' <<<"$output")" = STMicroelectronics ]
	[ "$(jq -r '.[0].certificate.specification.revision' <<<"$output")" = 116 ]
	[ "$(jq -r '.[0].chain[-1].anchor' <<<"$output")" = true ]
	[ "$(jq -r '.[0].warnings[0].code' <<<"$output")" = flagged ]
	[ "$(jq -r '.[0].file' <<<"$output")" = - ]
}

@test "the present firmware decides, not that of the factory" {
	rejected denied --roots "$roots" --firmware 0049000400000000 "$data/ek-st33-ffpadded.der"
	[[ $output == *CVE-2019-16863* ]]
	accepted --roots "$roots" --firmware 0049001400000000 "$data/ek-st33-ffpadded.der"
	[[ $output != *flagged* ]]
	run -2 cairn ek verify --roots "$roots" --firmware 73.4 "$data/ek-st33-ffpadded.der"
}

@test "another denied list" {
	row='"id":"a","maker":"STM","action":"deny","made":"deny","advisory":["X-1"],"text":"not these","source":"here"'
	echo "{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[{$row}]}" >list
	rejected denied --roots "$roots" --denied list "$data/ek-st33-ffpadded.der"
	[[ $output == *"not these"*X-1* ]]
	echo "{\"format\":\"cairn-ek-denied\",\"version\":1,\"rows\":[{$row,\"firmwares\":[]}]}" >list
	run --separate-stderr -3 cairn ek verify --roots "$roots" --denied list "$data/ek-st33-ffpadded.der"
	[[ $stderr == *list* ]]
	run -3 cairn ek verify --roots "$roots" --denied no-such-list "$data/ek-st33-ffpadded.der"
}

@test "certificates of swtpm_localca, RSA and ECC" {
	mkdir ca
	printf 'statedir = %s\nsigningkey = %s\nissuercert = %s\ncertserial = %s\n' "$PWD/ca" "$PWD/ca/signkey.pem" \
		"$PWD/ca/issuercert.pem" "$PWD/ca/certserial" >localca.conf
	: >options
	key rsa rsa:2048 && key rsa3 rsa:3072 && key ecc secp384r1
	point=$(openssl ec -in ecc.key -pubout -outform DER 2>/dev/null | tail -c 96 | od -An -v -tx1 | tr -d ' \n')
	for k in "$(openssl rsa -in rsa.key -noout -modulus | cut -d= -f2)" "$(openssl rsa -in rsa3.key -noout -modulus | cut -d= -f2)" \
		"x=${point:0:96},y=${point:96},id=secp384r1"; do
		swtpm_localca --type ek --ek "$k" --dir . --vmid vm --configfile localca.conf --optsfile options --tpm2 \
			--tpm-spec-family 2.0 --tpm-spec-revision 164 --tpm-spec-level 0 --tpm-manufacturer id:00001014 \
			--tpm-model swtpm --tpm-version id:20191023 --decryption >/dev/null
		accepted --roots ca ek.cert
		[[ $output == *"model         swtpm"* && $output == *"flagged: a TPM of software"* ]]
		rejected missing-issuer --roots "$roots" ek.cert
		rejected untrusted-root --roots "$roots" ek.cert ca/issuercert.pem ca/swtpm-localca-rootca-cert.pem
	done
}

@test "padding" {
	world
	for fill in '\x00' '\xff'; do
		{ cat ek.der; for i in $(seq 50); do printf '%b' "$fill"; done; } >padded
		accepted --roots r padded middle.pem
		[[ $output == *"padding       50 bytes"* ]]
	done
	{ cat ek.der; printf '\x00\xff'; } >mixed
	rejected no-certificate --roots r mixed middle.pem
	{ cat ek.der; echo trailing; } >trailing
	rejected no-certificate --roots r trailing middle.pem
	head -c 200 ek.der >cut
	rejected no-certificate --roots r cut middle.pem
	: >empty
	rejected no-certificate --roots r empty
	head -c 64 /dev/zero >zeros
	rejected no-certificate --roots r zeros
}

@test "header of a TPM 1.2, chains and PEM" {
	world
	len=$(($(stat -c %s ek.der) + 2))
	{ printf "\\x10\\x01\\x00\\x$(printf %02x $((len >> 8)))\\x$(printf %02x $((len & 255)))\\x10\\x02"; cat ek.der; printf '\xff\xff'; } >tpm12
	accepted --roots r tpm12 middle.pem
	{ printf '\x10\x01\x01\x00\x02\x10\x02'; } >partial
	rejected no-certificate --roots r partial
	cat ek.der middle.der >chain
	accepted --roots r chain
	cat middle.der ek.der >chain
	accepted --roots r chain
	{ echo some text; cat ek.pem middle.pem; } >bundle.pem
	accepted --roots r bundle.pem
}

@test "issuers given, missing, and wrong" {
	world
	accepted --roots r ek.der middle.der
	[[ $output == *"intermediate  CN=middle"* && $output == *"anchor        CN=root"* ]]
	accepted --roots middle.pem ek.der
	accepted --roots ek.pem ek.der
	rejected missing-issuer --roots r ek.der
	[[ $output == *CN=middle* && $output == *"add it to the roots"* ]]
	mkdir other && cp root.pem kept.pem && cp middle.pem good.pem
	rm root.key && ca root && cp root.pem other/ # another authority of that name
	rejected bad-signature --roots other ek.der good.pem
	accepted --roots other --roots r ek.der good.pem
	rm middle.key && ca middle root && cp middle.pem decoy.pem
	rejected bad-signature --roots r ek.der decoy.pem
	accepted --roots r ek.der decoy.pem good.pem
	rejected untrusted-root --roots "$roots" ek.der good.pem kept.pem
}

@test "tampered certificates" {
	world
	size=$(stat -c %s ek.der)
	for at in $((size - 5)) $((size / 2)) 300; do
		cp ek.der bad.der
		byte=$(od -An -tu1 -j "$at" -N1 bad.der)
		printf "\\x$(printf %02x $((byte ^ 1)))" | dd of=bad.der bs=1 seek="$at" conv=notrunc status=none
		run -1 cairn ek verify --roots r bad.der middle.pem
	done
}

@test "what an EK certificate may not be" {
	world
	sign ek middle / "${ek_rsa/CA:FALSE/CA:TRUE}"
	rejected is-a-ca --roots r ek.der middle.pem
	sign ek middle / "${ek_rsa/keyEncipherment/keyEncipherment,keyCertSign}"
	rejected key-usage --roots r ek.der middle.pem
	sign ek middle / "${ek_rsa/2.23.133.8.1/serverAuth}"
	rejected wrong-purpose --roots r ek.der middle.pem
	sign ek middle / "${ek_rsa/keyEncipherment/digitalSignature}"
	rejected key-usage --roots r ek.der middle.pem
	sign ek middle / $'1.3.6.1.4.1.99999.1=critical,ASN1:NULL\n'"$ek_rsa"
	rejected unknown-critical --roots r ek.der middle.pem
	sign ek middle /CN=server 'basicConstraints=CA:FALSE'
	rejected not-an-ek --roots r ek.der middle.pem
	sign ek middle /CN=server ''
	rejected not-an-ek --roots r ek.der middle.pem
	sign ek middle / "$ek_rsa"
	accepted --roots r ek.der middle.pem
}

@test "keys" {
	world
	for k in rsa:3072 prime256v1 secp384r1; do
		key ek "$k"
		[[ $k == rsa* ]] && sign ek middle / "$ek_rsa" || sign ek middle / "$ek_ecc"
		accepted --roots r ek.der middle.pem
	done
	for k in rsa:1024 rsa:4096 secp521r1 secp256k1; do
		key ek "$k"
		[[ $k == rsa* ]] && sign ek middle / "$ek_rsa" || sign ek middle / "$ek_ecc"
		rejected unsupported-key --roots r ek.der middle.pem
	done
}

@test "times are reported" {
	world
	sign ek middle / "$ek_rsa" -days 1
	cp ek.key old.key
	openssl req -new -key ek.key -subj / -out ek.csr 2>/dev/null
	: >index.txt && echo 01 >serial
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\n' >ca.conf
	for when in "20150101000000Z 20160101000000Z expired" "20480101000000Z 20490101000000Z not-yet-valid"; do
		read -r from to code <<<"$when"
		openssl ca -batch -config ca.conf -cert middle.pem -keyfile middle.key -in ek.csr -subj / -startdate "$from" \
			-enddate "$to" -extfile <(printf '%s\n' "$ek_rsa") -out dated.pem -notext 2>/dev/null
		accepted --roots r dated.pem middle.pem
		[[ $output == *"warning       $code: "* ]]
	done
}

@test "digests of signatures" {
	world
	for md in sha384 sha512; do
		sign ek middle / "$ek_rsa" "-$md"
		accepted --roots r ek.der middle.pem
	done
	key weak rsa:2048
	ca weak root
	for md in md5 sha1 sha224; do
		sign ek weak / "$ek_rsa" "-$md"
		rejected weak-signature --roots r ek.der weak.pem
	done
}

@test "constraints of issuers" {
	world
	ca middle root $'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign'
	sign ek middle / "$ek_rsa"
	rejected issuer-not-a-ca --roots r ek.der middle.pem
	ca root root $'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign' && cp root.pem r/
	ca middle root && sign ek middle / "$ek_rsa"
	rejected chain --roots r ek.der middle.pem
	[[ $output == *"path length"* ]]
	sign ek root / "$ek_rsa"
	accepted --roots r ek.der
	ca root root $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nnameConstraints=critical,permitted;dirName:n\n[n]\nO=Other'
	cp root.pem r/
	sign ek root / "$ek_rsa"
	rejected chain --roots r ek.der
	[[ $output == *"subtree"* ]]
}

@test "an EK that signs, and authorities in a circle" {
	world
	key first prime256v1 && sign first root /CN=first "$ek_ecc"
	sign ek first / "$ek_rsa"
	rejected issuer-not-a-ca --roots r ek.der first.pem
	ca a && ca b && ca a b && ca b a
	sign ek a / "$ek_rsa"
	run --separate-stderr -1 timeout 10 cairn ek verify --roots r ek.der a.pem b.pem
	[[ $output == *"  reason        "* ]]
}

@test "what cannot be read is not decided" {
	world
	run --separate-stderr -3 cairn ek verify --roots r no-such-file
	[[ -z $output && $stderr == *no-such-file* ]]
	run -3 cairn ek verify --roots no-such-dir ek.der
	mkdir none
	run -3 cairn ek verify --roots none ek.der
	echo junk >r/junk.pem
	run --separate-stderr -3 cairn ek verify --roots r ek.der middle.pem
	[[ $stderr == *junk.pem* ]]
	run -2 cairn ek verify --roots r
	run -2 cairn ek
}

@test "the shipped roots are installed" {
	make -s -C "$TOP" BUILD="$BUILD" install DESTDIR="$PWD/root" >/dev/null
	cmp "$TOP/keys/ek-denied.json" root/usr/share/cairn/ek-denied.json
	[ "$(find root/usr/share/cairn/ek-roots -name '*.pem' | wc -l)" -eq 45 ]
	accepted --roots root/usr/share/cairn/ek-roots "$data/ek-st33-ffpadded.der"
}
