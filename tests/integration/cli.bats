# Every program: help, version, exit codes; cairn's commands against recorded logs and prepared answers.
bats_require_minimum_version 1.5.0
load helpers

programs=(cairn cairnd cairn-relay cairn-vchan cairn-verifier)

# Every command line of cairn that has a help of its own.
commands() {
	local c s
	for c in $(cairn help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		if cairn "$c" help 2>/dev/null | grep -q '^commands:'; then
			for s in $(cairn "$c" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do echo "$c $s"; done
		else
			echo "$c"
		fi
	done
}

@test "each program tells its version" {
	for p in "${programs[@]}"; do
		run --separate-stderr "$p" --version
		[ "$status" -eq 0 ] && [ "$output" = "$p 0.1.0" ] && [ -z "$stderr" ] || { echo "$p"; false; }
	done
}

@test "each program explains itself on standard output" {
	for p in "${programs[@]}"; do
		run --separate-stderr "$p" --help
		[ "$status" -eq 0 ] && [[ ${output,,} == usage:* ]] && [ -z "$stderr" ] || { echo "$p"; false; }
	done
}

@test "an unknown option or command is a usage error" {
	for p in "${programs[@]}"; do
		run --separate-stderr -2 "$p" --no-such-option
		[ -z "$output" ] && [ -n "$stderr" ] || { echo "$p"; false; }
	done
	run -2 cairn no-such-command
	run -2 cairn
	run -2 cairn manifest no-such-command
	run -2 cairn-verifier no-such-command
	run -2 cairnd --config
}

@test "each command of cairn has a help" {
	[ "$(commands | wc -l)" -ge 15 ]
	while read -r c; do
		run --separate-stderr -0 cairn $c --help
		[[ $output == "usage: cairn $c"* ]] || { echo "$c"; false; }
	done < <(commands)
}

@test "each option that a help names stands in the man page" {
	mandoc -T ascii "$TOP/docs/man/cairn.1" | sed 's/.\x08//g' >page
	while read -r c; do
		grep -q -F -e "$c" page || { echo "cairn $c: not in the man page"; false; }
		for o in $(cairn $c --help | grep -oE -e '^ .*--[a-z][a-z0-9-]+' | grep -oE -e '--[a-z][a-z0-9-]+'); do
			grep -q -F -e "$o" page || { echo "cairn $c: $o is not in the man page"; false; }
		done
	done < <(commands)
	for p in cairnd cairn-relay cairn-vchan cairn-verifier; do
		mandoc -T ascii "$TOP/docs/man/$p.8" | sed 's/.\x08//g' >page
		for o in $("$p" --help | grep -oE -e '--[a-z][a-z0-9-]+' | sort -u); do
			grep -q -F -e "$o" page || { echo "$p: $o is not in the man page"; false; }
		done
	done
}

@test "a missing, doubled or superfluous argument is a usage error" {
	run -2 cairn measure
	run -2 cairn status surplus
	run -2 cairn seal --class a --class b --key k --in -
	run -2 cairn seal --class a
	run -2 cairn launch --timeout 12x a.cfg
	[[ $output == *"'12x' is not a number"* ]]
	run -2 cairn query --ear --server https://x --ca y --token-file z
}

@test "measure agrees with coreutils" {
	head -c 300000 /dev/urandom >image
	run -0 cairn measure image
	[[ $output == *"sha256 $(sha256sum <image | cut -d' ' -f1)"* ]]
	[[ $output == *"sha384 $(sha384sum <image | cut -d' ' -f1)"* ]]
	[[ $output == *"size   300000"* ]]
	[ "$(cairn measure --json - <image | sed 's/"-"/"image"/')" = "$(cairn measure --json image)" ]
	run -3 cairn measure no-such-file
	[[ $output == *"no-such-file"*"No such file"* ]]
}

@test "output that cannot be written is an error" {
	run -3 bash -c 'cairn measure "$0" >/dev/full' "$TOP/Makefile"
}

# A launch log of two records, whose PCR values are computed here with sha256sum alone.
launch_log() {
	h=$(printf '%064d' 1)
	host='{"agent":{"sha256":"'$h'"},"config":{"banks":["sha256"],"modes":{"guest":"record","service":"enforce"},"pcrs":{"host":11,"launch":12,"phase":13}},"dom0":{"cmdline":"quiet","initrd":{"sha256":"unvouched"},"kernel":{"sha256":"'$h'"}},"format":"cairn-record","trust":{"authorities":[]},"type":"host","version":1,"xen":{"build_id":"00","cmdline":"c","image":{"sha256":"'$h'"}}}'
	boot='{"boot_id":"'$(printf '%064d' 7)'","format":"cairn-record","type":"boot","version":1}'
	n=0
	zero=$(printf '%064d' 0)
	for r in "host 11 $host" "boot 12 $boot"; do
		read -r type pcr record <<<"$r"
		d=$(printf %s "$record" | sha256sum | cut -d' ' -f1)
		printf '{"content":{"record":"%s","type":"%s"},"content_type":"cairn","digests":[{"digest":"%s","hashAlg":"sha256"}],"pcr":%d,"recnum":%d}\n' \
			"${record//\"/\\\"}" "$type" "$d" "$pcr" $n >>launch.log
		value=$(printf %s "${zero}${d^^}" | basenc -d --base16 | sha256sum | cut -d' ' -f1)
		declare -g "pcr$pcr=$value"
		n=$((n + 1))
	done
}

@test "a launch log replays to values that can be computed by hand" {
	launch_log
	run -0 cairn log replay launch.log
	[[ $output == *"sha256 11 $pcr11"* ]]
	[[ $output == *"sha256 12 $pcr12"* ]]
	run -0 cairn log show launch.log
	[[ $output == *host* && $output == *boot* ]]
}

@test "a launch log with one digit changed, or cut in a line, is refused" {
	launch_log
	sed '2s/"boot_id\\":\\"0/"boot_id\\":\\"1/' launch.log >changed
	run -1 cmp -s launch.log changed
	run -1 cairn log replay changed
	head -c -20 launch.log >cut
	run -1 --separate-stderr cairn log replay cut
	[ -z "$output" ]
}

# cairnd's answer to "chain" for a recorded firmware log; $1 overrides PCR 12.
chain_answer() {
	log=$TOP/tests/data/eventlog/tcg2-gce-rhel8.bin
	pcrs=
	for i in {0..9}; do
		v=$(cairn log replay "$log" | sed -n "s/^sha256 $i //p")
		pcrs+="\"$i\":\"${v:-$(printf '%064d' 0)}\","
	done
	text=$(sed 's/\\/\\\\/g; s/"/\\"/g' launch.log | sed ':a;N;$!ba;s/\n/\\n/g')
	printf '{"ok":true,"pcrs":{"sha256":{%s"11":"%s","12":"%s","13":"%064d"}},"boot_log":"%s","launch_log":"%s\\n","domains":[],"boot_log_status":"ok"}' \
		"$pcrs" "$pcr11" "${1:-$pcr12}" 0 "$(b64url <"$log")" "$text" >answers/chain
}

@test "chain compares both logs with the TPM's values" {
	launch_log
	fake_agent
	chain_answer
	run --separate-stderr cairn chain --socket agent
	[[ $output == *"PCR 4 "*"= replay of the log"* && $output == *"PCR 12 $pcr12"*"= replay of the log"* ]]
	# The log was not made by GRUB for Xen: every value is equal, but nothing vouches for Xen.
	[ "$status" -eq 1 ]
	[ "$(grep -c '^problem' <<<"$output")" -eq 1 ]
	[[ $output == *"problem: the boot log does not vouch for Xen"* ]]
}

@test "chain notices a PCR that is not the replay" {
	launch_log
	fake_agent
	chain_answer "$(printf '%064d' 5)"
	run -1 cairn chain --socket agent
	[[ $output == *"problem: PCR 12 (sha256): the TPM has 0000"*"replays to $pcr12"* ]]
	run -1 cairn chain --json --socket agent
	[[ $output == *'"equal": false'* ]]
}

@test "a refused launch names file, expected and found, and drives no terminal" {
	fake_agent
	touch a.cfg
	printf '{"ok":false,"status":"denied","error":"refused","exit":1,"recnum":4,"reasons":[{"code":"digest-mismatch","component":"ramdisk","expected":"aa11","found":"bb22","file":"/images/drv.img","text":"bad\\u001b[31m image"}]}' >answers/launch
	run -1 cairn launch --socket agent a.cfg
	[[ $output == *digest-mismatch* && $output == *"/images/drv.img"* && $output == *aa11* && $output == *bb22* ]]
	[[ $output == *'bad\x1b[31m image'* ]]
	grep -q "\"config\":\"$dir/a.cfg\"" requests
	run -1 --separate-stderr cairn launch --json --socket agent a.cfg
	[[ $output == *'"recnum": 4'* ]]
}

@test "without cairnd nothing is decided" {
	for c in status chain "log print" "stop x" "phase none" "maintenance --reason x"; do
		run -3 cairn $c --socket ./nothing
		[[ $output == *"cannot reach cairnd"* ]]
	done
}

@test "status tells what is launched again, what depends on it, and the boot set" {
	fake_agent
	echo '{"ok":true,"state":"maintenance","trouble":"a new disk","boot_id":"00","version":"0.1.0","boot_set":[{"name":"netdrv","state":"to be launched","needs":[]},{"name":"web","state":"waiting","needs":["netdrv"]}],"domains":[{"name":"netdrv","domid":1,"state":"ended","roles":["driver.network"],"recnum":2,"restart":{"failures":2,"state":"waiting","in_s":4},"dependants":["guest1","guest2"]},{"name":"old","domid":2,"state":"ended","roles":[],"recnum":3,"restart":{"failures":6,"state":"given-up","in_s":0},"dependants":[]}]}' >answers/status
	run -1 cairn status --socket agent
	[[ $output == *"state   maintenance"*"trouble a new disk"* ]]
	[[ $output == *$'netdrv\tdomain 1\tended\trecord 2\tdriver.network\tlaunched again in 4 s, try 2\tfor guest1,guest2'* ]]
	[[ $output == *$'guest\tgiven up after 6 failures: launch it'* ]]
	[[ $output == *$'boot set\tnetdrv\tto be launched'* && $output == *$'boot set\tweb\twaiting\tneeds netdrv'* ]]
}

@test "maintenance needs a reason, and says what it did" {
	fake_agent
	run -2 cairn maintenance --socket agent
	[[ $output == *"--reason is needed"* ]]
	run -2 cairn maintenance --reason x surplus
	echo '{"ok":true,"recnum":7}' >answers/maintenance
	run -0 cairn maintenance --reason "new disk; ticket 4711" --socket agent
	[[ $output == *"until the next boot, record 7"* ]]
	grep -q '"reason":"new disk; ticket 4711"' requests
	run -0 cairn maintenance --reason x --json --socket agent
	[[ $output == *'"recnum": 7'* ]]
	echo '{"ok":false,"status":"exists","error":"this host is in maintenance already: x","exit":1}' >answers/maintenance
	run ! cairn maintenance --reason x --socket agent
	[[ $output == *"in maintenance already: x"* ]]
}

@test "status tells good from diverged by its exit code" {
	fake_agent
	echo '{"ok":true,"state":"ok","boot_id":"00","version":"0.1.0","domains":[{"name":"netdrv","domid":1,"state":"running","roles":["driver.network"],"recnum":2}]}' >answers/status
	run -0 cairn status --socket agent
	[[ $output == *netdrv*"domain 1"*running*driver.network* ]]
	sed -i s/:\"ok\"/:\"diverged\"/ answers/status
	run -1 cairn status --socket agent
}

@test "unseal writes the secret to a file that only its owner reads" {
	fake_agent
	echo '{"ok":true,"secret":"'"$(printf secret | b64url)"'"}' >answers/unseal
	echo '{}' >blob
	(umask 000 && cairn unseal --socket agent --blob blob --approval blob -o key)
	[ "$(cat key)" = secret ] && [ "$(stat -c %a key)" = 600 ]
	[ "$(cairn unseal --socket agent --blob blob --approval blob)" = secret ]
	echo '{"ok":false,"status":"tpm-policy","error":"the policy of the object is not met","exit":1}' >answers/unseal
	run -1 --separate-stderr cairn unseal --socket agent --blob blob --approval blob
	[ -z "$output" ]
}

@test "seal refuses an empty and an overlong secret" {
	fake_agent
	jose jwk gen -i '{"alg":"ES256"}' | jose jwk pub -i- -o- | sed 's/"key_ops":\[[^]]*\],//' >release.pub
	echo '{"ok":true,"blob":{"format":"cairn-sealed"}}' >answers/seal
	run -2 cairn seal --socket agent --class web --key release.pub --in /dev/null
	head -c 129 /dev/zero >long
	run -3 cairn seal --socket agent --class web --key release.pub --in long
	[ ! -e requests ]
	printf secret >good
	run -0 cairn seal --socket agent --class web --key release.pub --in good
	[ "$output" = '{"format":"cairn-sealed"}' ]
	grep -q "\"secret\":\"$(printf secret | b64url)\"" requests
}

@test "the table of bad input names tests that there are" {
	table=$TOP/docs/bad-input.md
	grep -oE '`(test_[a-z_]+|[a-z]+\.bats): [^`]+`' "$table" | tr -d '`' >named
	[ "$(wc -l <named)" -ge 25 ]
	while IFS= read -r line; do
		file=${line%%: *} name=${line#*: }
		case $file in
		*.bats) grep -qF "@test \"$name\"" "$TOP/tests/integration/$file" ;;
		*) grep -qE "^static void $name\(" "$TOP/tests/unit/$file.c" ;;
		esac || { echo "no such test: $line"; false; }
	done <named
}
