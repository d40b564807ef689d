# cairn log show, replay and diff over every recorded log: values, exit codes, and what becomes of bad files.
bats_require_minimum_version 1.5.0
load helpers

data=$TOP/tests/data
boot=$data/eventlog/xen-grub-swtpm.bin

# rows FILE: a table of recorded values, in the form of cairn's output.
rows() {
	grep -v '^#' "$1" | awk -F'\t' '{ print $1, $2, $3 }'
}

@test "each recorded log replays to exactly the rows of its table" {
	found=0
	for table in "$data"/{eventlog,ima,cel}/*.pcrs.tsv; do
		[[ -e $table ]] || continue
		log=${table%.pcrs.tsv}
		case ${log##*/} in ima-ng-trailing*) code=1 ;; *) code=0 ;; esac # its last entry is cut
		run --separate-stderr -$code cairn log replay "$log"
		diff <(rows "$table") <(printf '%s\n' "$output") || { echo "$log"; false; }
		found=$((found + 1))
	done
	[ "$found" -ge 15 ]
}

@test "from standard input the values are the same" {
	cairn log replay "$boot" >values
	[ -s values ]
	cairn log replay - <"$boot" | diff - values
	cat "$boot" | cairn log replay - | diff - values
}

@test "replay in JSON has the values of the lines" {
	for log in "$boot" "$data/eventlog/tcg2-dell-windows.bin"; do
		cairn log replay --json "$log" 2>err |
			jq -r '.pcrs | to_entries[] | .key as $b | .value | to_entries[] | "\($b) \(.key) \(.value)"' | sort >json
		[ -s json ]
		diff json <(cairn log replay "$log" 2>err | sort)
	done
}

@test "one bank can be asked for; a bank that is no bank, or that the log has not, is told of" {
	run -0 cairn log replay --bank sha256 "$boot"
	[[ -n $output && -z $(grep -v ^sha256 <<<"$output") ]]
	run -0 cairn log replay --bank sha256 --bank sha1 "$data/eventlog/tcg2-gce-rhel8.bin"
	[ "$(grep -c ^sha1 <<<"$output")" -gt 0 ]
	run -2 cairn log replay --bank md5 "$boot"
	run -3 --separate-stderr cairn log replay --bank sha512 "$boot"
	[[ -z $output && $stderr == *"sha512"* ]]
}

@test "events without a digest of a bank are told of, and in JSON" {
	run -0 --separate-stderr cairn log replay "$data/eventlog/drtm-intel-txt.bin"
	[[ $stderr == *"sha1 PCR 17-18: some events have no digest"* ]]
	cairn log replay --json "$data/eventlog/tcg2-dell-windows.bin" | jq -e '.incomplete.sha1 == [5,11,12,13,14]'
}

@test "unused space behind a log is told of, and refused only with --strict" {
	for log in tcg2-ff-padded-memdump.bin drtm-intel-txt.bin; do
		run -0 --separate-stderr cairn log replay "$data/eventlog/$log"
		[[ -n $output && $stderr == *"unused space"* ]]
		run -1 --separate-stderr cairn log replay --strict "$data/eventlog/$log"
		[[ -z $output && $stderr == *"unused space"* ]]
		cairn log replay --json "$data/eventlog/$log" | jq -e '.logs[0].padding.bytes > 6000'
	done
	run -0 --separate-stderr cairn log replay --strict "$boot"
	[ -z "$stderr" ]
	# Anything else behind the last event is no padding.
	for tail in '\0\0\0\0\0\0\0\0\1' '\377\377\377\377\377\377\377\377\0'; do
		(cat "$boot" && printf "$tail") >tailed
		run -1 --separate-stderr cairn log replay tailed
		[ -z "$output" ]
	done
}

@test "what is no log, or a broken one, is rejected with a reason and nothing is printed" {
	head -c -10 "$boot" >cut
	printf 'hello, this is a text file and nothing else\n' >text
	head -c 5000 /dev/zero >zeros
	head -c 5000 /dev/zero | tr '\0' '\377' >ones
	for log in cut text zeros ones "$data"/eventlog/{bad,hostile-[de]}*.bin; do
		for c in replay show; do
			[[ ${log##*/} != bad-incomplete* ]] || continue
			run -1 --separate-stderr cairn log "$c" "$log"
			[[ -z $output && $stderr == "cairn: $log: "?* ]] || { echo "$c $log: $output $stderr"; false; }
		done
	done
}

@test "each recorded log can be shown; JSON has the events of the text" {
	found=0
	for log in "$data"/eventlog/{tcg,drtm,ccel,xen,edge}*.bin "$data"/{ima,cel}/*-*.{bin,txt} "$data/launchlog/all-types.log"; do
		[[ -e $log ]] || continue
		case ${log##*/} in bad-* | ima-ng-trailing*) continue ;; esac
		run --separate-stderr -0 cairn log show "$log"
		text=$(grep -cE '^ *[0-9]+  (PCR [0-9]+|MR [0-9]+|no PCR) +' <<<"$output") || { echo "$log"; false; }
		cairn log show --json "$log" >json 2>err
		[ "$(jq '.events | length' json)" -eq "$text" ] || { echo "$log: $text"; false; }
		jq -e '.differing == 0 and (.error | not) and .log.kind and .log.bytes > 40' json >answer || { echo "$log"; false; }
		jq -e '.events[] | .number and .type and .pcr and .check and (.digests | type == "object")' json >answer
		found=$((found + 1))
	done
	[ "$found" -ge 20 ]
}

@test "show tells what events say" {
	run -0 --separate-stderr cairn log show "$data/eventlog/tcg2-gce-rhel8.bin"
	[[ $output == *"TCG crypto-agile log"*"34034 bytes, 82 events; banks sha1 sha256 sha384; Spec ID Event03, version 2.0"* ]]
	[[ $output == *"PCR 7   EV_EFI_VARIABLE_DRIVER_CONFIG  ok"*"SecureBoot: on"* ]]
	[[ $output == *"Microsoft Corporation UEFI CA 2011"* ]]
	[[ $output == *'HD(1,GPT,ef72374c-2630-46a1-88d6-082693781140,0x800,0x64000)/\EFI\redhat\shimx64.efi'* ]]
	run -0 cairn log show "$data/ima/ima-all-templates.bin"
	[[ $output == *"PCR 10  ima-sig  ok"*"/usr/lib/systemd/systemd sha256:b983291f"* && $output == *violation* ]]
	run -0 cairn log show "$data/eventlog/ccel-tdx-sha384.bin"
	[[ $output == *"MR 1 "* && $output != *"PCR "* ]]
}

@test "what a boot option hands over is text where it is printable, else hex" {
	cairn log show "$boot" >out
	grep -q 'optional_hex: 4eac0881119f594d850ee21a522c59b2, Boot' out
	run -1 grep optional_text out
	cairn log show "$data/eventlog/tcg2-ff-padded-memdump.bin" >out
	grep -q 'optional_text: -delay 5, Boot0001' out
	cairn log show "$data/eventlog/tcg2-supermicro-h12ssl.bin" >out
	grep -qE 'optional_hex: [0-9a-f]{64}\.\.\., Boot0001' out
}

@test "show tells what comes out of a log, with the events or without" {
	run -0 --separate-stderr cairn log show --facts "$data/eventlog/tcg2-gce-rhel8.bin"
	[[ $output == *"82 events: "*"secure_boot: on  (event 3, hashed)"*"Microsoft Corporation UEFI CA 2011"*'shimx64.efi sha256:40d6cae0'* ]]
	[[ $output != *"PCR 7 "* && $output != *anomalies* ]]
	run -0 --separate-stderr cairn log show "$data/eventlog/tcg2-amd635.bin"
	[[ $output == *"PCR 7 "*facts*anomalies*separator-repeated* ]]
	run -0 --separate-stderr cairn log show --no-facts "$data/eventlog/tcg2-amd635.bin"
	[[ $output == *"PCR 7 "* && $output != *anomalies* ]]
	cairn log show --json "$boot" | jq -e '.facts.xen.xen.path == "/EFI/cairn/xen" and (.events | length == 36)'
	cairn log show --json --facts "$boot" | jq -e '.facts and (has("events") | not)'
	cairn log show --json --no-facts "$boot" | jq -e '.events and (has("facts") | not)'
	cairn log show --json "$data/ima/ima-all-templates.bin" | jq -e '.facts.violations == 1 and .facts.events == 17'
	run -2 cairn log show --facts --no-facts "$boot"
}

@test "show --pcr keeps those PCRs, and its exit code speaks for the whole log" {
	run -0 cairn log show --pcr 4,14 "$data/eventlog/tcg2-gce-rhel8.bin"
	[ "$(grep -oE '  PCR [0-9]+ ' <<<"$output" | sort -u | tr -d '\n')" = '  PCR 14   PCR 4 ' ]
	[ "$(cairn log show --json --pcr 7 "$boot" | jq -c '[.events[].pcr] | unique')" = '[7]' ]
	for bad in 24 4, ,4 x 4x -1 999 ''; do
		run -2 cairn log show --pcr "$bad" "$boot"
	done
	run -1 cairn log show --pcr 7 "$data/eventlog/hostile-type-relabel.bin"
}

@test "an event that is not what was hashed is named, and the log rejected" {
	relabel=$data/eventlog/hostile-type-relabel.bin
	run -1 --separate-stderr cairn log show "$relabel"
	[[ $output == *"  24  PCR 8   EV_SEPARATOR  DIFFERS"* && $stderr == *"not what was hashed"* ]]
	run -1 --separate-stderr cairn log show --json "$relabel"
	jq -e '.differing == 1 and .events[23].check == "differs"' <<<"$output"
	run -0 cairn log replay "$relabel"
}

@test "a list that breaks off is shown as far as it goes" {
	cut=$data/ima/ima-ng-trailing.bin
	run -1 --separate-stderr cairn log show "$cut"
	[[ $(grep -c 'PCR 10' <<<"$output") -eq 6 && $stderr == *"breaks off after 6 events"* ]]
	run -1 --separate-stderr cairn log show --json "$cut"
	jq -e '(.events | length == 6) and .error' <<<"$output"
	run -1 --separate-stderr cairn log replay --json "$cut"
	jq -e '.pcrs | has("sha256") and has("sha256-padded")' <<<"$output"
}

# ima_line TEXT: an ASCII list of one entry whose file has that name.
ima_line() {
	printf '10 %040d ima-ng sha256:%064d %b\n' 1 2 "$1"
}

@test "what a log says drives no terminal" {
	for evil in '/a\033[31mred' '/a\033]0;title\007' '/b\342\200\256cod.txt' '/c\330\234x' '/d\302\233x' '/e\rx' '/f\377\376' '/g\357\273\277h'; do
		ima_line "$evil" >evil
		for c in "show evil" "show --json evil" "replay evil" "replay --json evil" "diff evil evil"; do
			case $c in show*) code=1 ;; *) code=0 ;; esac # only show looks at the digest over the entry
			rc=0
			cairn log $c >out 2>&1 || rc=$?
			[ "$rc" -eq "$code" ] || { echo "$c: $evil: ends with $rc"; false; }
			LC_ALL=C run -1 grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80[\xaa-\xae]|\xd8\x9c|\xc2[\x80-\x9f]|\xef\xbb\xbf' out
		done
	done
	ln -s "$boot" $'a\033[31m'
	for c in show replay; do
		cairn log "$c" $'a\033[31m' >out 2>&1
		run -1 grep $'\033' out
	done
	run -3 cairn log show $'no\033[31msuch'
	[[ $output == "cairn: no"*"such: not found" && $output != *$'\033'* ]]
}

@test "colour is for terminals, and only where it is wanted" {
	cairn log show "$boot" >plain
	run -1 grep $'\033' plain
	script -qec "env -u NO_COLOR TERM=xterm cairn log show $boot" /dev/null >colour </dev/null
	grep -q $'\033\\[32mok' colour
	for wish in "NO_COLOR=1 TERM=xterm" "-u NO_COLOR TERM=dumb"; do
		script -qec "env $wish cairn log show $boot" /dev/null >dull </dev/null
		grep -q SecureBoot dull
		run -1 grep $'\033' dull
	done
}

@test "what cannot be read leaves the matter open" {
	: >empty
	ln -s loop loop
	for c in replay show; do
		for log in empty . no-such-file loop no-such-directory/log; do
			run -3 --separate-stderr cairn log "$c" "$log"
			[[ -z $output && $stderr == "cairn: $log: "?* ]] || { echo "$c $log: $stderr"; false; }
		done
		run -3 --separate-stderr cairn log "$c" - </dev/null
		run -2 cairn log "$c"
		run -2 cairn log "$c" --no-such-option "$boot"
	done
	run -2 cairn log show "$boot" "$boot"
}

@test "a chain of logs is one state; firmware comes first" {
	launch=$data/launchlog/all-types.log
	cairn log replay "$boot" "$launch" | sort >chain
	[ -s chain ]
	(cairn log replay "$boot" && cairn log replay "$launch") | sort | diff - chain
	run -2 --separate-stderr cairn log replay "$boot" "$boot"
	[[ -z $output && $stderr == *"starts from reset"* ]]
	run -3 --separate-stderr cairn log replay "$boot" no-such-file
	[ -z "$output" ]
}

@test "a reader that stops early is no error worth a message" {
	for c in replay show; do
		cairn log "$c" "$boot" 2>err | head -n 1 >first
		[[ -s first && ! -s err ]]
	done
}

@test "a log does not differ from itself, in whatever form" {
	for log in "$boot" "$data/launchlog/all-types.log" "$data/ima/ima-all-templates.bin" "$data/eventlog/ccel-tdx-sha384.bin" "$data"/cel/*.bin; do
		run --separate-stderr -0 cairn log diff "$log" "$log"
		[ -z "$output" ] || { echo "$log: $output"; false; }
		cairn log diff --json "$log" - <"$log" | jq -e '.equal and (.changes + .values == []) and (.banks | length > 0)'
	done
	head -n 1646 "$data/ima/ima-charra-ascii.txt" >ascii
	run -1 cairn log diff --json ascii "$data/ima/ima-charra-binary.bin"
	jq -e '[.changes[].change] == ["added","added","added","added"] and .changes[0].b.number == 1647' <<<"$output"
	jq -e '.values == [.values[] | select(.pcr == 10 and .a != .b)] and (.values | length == 1)' <<<"$output"
}

@test "diff tells what was added, removed, changed and moved" {
	list=$data/ima/ima-ng-ascii-sha1.txt
	line() { sed -n "${1}p" "$list"; }
	# line 3 is gone, 5 stands behind 8, 10 has another digest of its file, a new one is behind 12
	{
		sed -n '1,2p;4p;6,8p' "$list"
		line 5
		line 9
		line 10 | sed -E 's/^10 [0-9a-f]{4}/10 0000/; s/sha1:[0-9a-f]{4}/sha1:0000/'
		sed -n '11,12p' "$list"
		printf '10 %040d ima-ng sha1:%040d /new/file\n' 1 2
		sed -n '13,$p' "$list"
	} >other
	run -1 cairn log diff --json "$list" other
	jq -r '.changes[] | "\(.change) \(.a.number) \(.b.number)"' <<<"$output" >changes
	diff changes - <<-'END'
		removed 3 null
		moved 5 7
		changed 10 9
		added null 12
	END
	jq -e '.changes[2].inside[0].member and (.equal | not)' <<<"$output"
	run -1 cairn log diff "$list" other
	[[ $output == *"PCR 10: 1 removed 1 added 1 changed 1 moved"*"+   12  PCR 10"*"/new/file"*values* ]]
}

@test "diff of two boots tells what changed inside variables and texts" {
	run -1 cairn log diff "$data/eventlog/tcg2-gce-rhel8.bin" "$data/eventlog/tcg2-sp800155-noaction.bin"
	[[ $output == *"EV_S_CRTM_VERSION  changed"*"- GCE Virtual Firmware v1"*"+ GCE Virtual Firmware v2"*"words that came: v2"* ]]
	[[ $output == *"EV_NO_ACTION"*"reference manifest"* && $output == *"BootOrder"* ]]
	run -1 cairn log diff --json "$data/eventlog/tcg2-gce-rhel8.bin" "$data/eventlog/tcg2-sp800155-noaction.bin"
	jq -e '.banks == ["sha1","sha256","sha384"] and any(.values[]; .bank == "sha384" and .pcr == 4 and .a != .b)' <<<"$output"
	# The type of an event is in no digest: the values are equal, the logs are not.
	run -1 cairn log diff --json "$data"/eventlog/{tcg2-archlinux-workstation,hostile-type-relabel}.bin
	jq -e '.values == [] and .changes[0].change == "changed" and .changes[0].inside[0].member == "type"' <<<"$output"
	# Nor is what stands beside the digest of a file.
	LC_ALL=C sed 's,/EFI/cairn/vmlinuz,/EFI/evil!/vmlinuz,g' "$boot" >renamed
	run -1 cairn log diff --json "$boot" renamed
	jq -e '.values == [] and all(.changes[]; .change == "retold")' <<<"$output"
	run -1 cairn log diff "$boot" renamed
	[[ $output == *"the same digests, other words"*"- /EFI/cairn/vmlinuz"*"+ /EFI/evil!/vmlinuz"* ]]
}

@test "diff of logs that cannot be compared decides nothing" {
	tcg=$data/eventlog/tcg2-gce-rhel8.bin
	for other in "$data/ima/ima-all-templates.bin" "$data/launchlog/all-types.log" "$data/eventlog/ccel-tdx-sha384.bin"; do
		run -3 --separate-stderr cairn log diff "$tcg" "$other"
		[[ -z $output && $stderr == *"different families"* ]]
	done
	run -3 --separate-stderr cairn log diff "$data/eventlog/tcg12-hirs-sha1.bin" "$data/eventlog/tcg2-hirs-tpmlog.bin"
	[[ -z $output && $stderr == *"no bank in common"* ]]
	head -c -10 "$tcg" >cut
	for bad in cut "$data/eventlog/bad-text-not-a-log.bin" no-such-file . "$data/ima/ima-ng-trailing.bin"; do
		run -3 --separate-stderr cairn log diff "$tcg" "$bad"
		[[ -z $output && -n $stderr ]] || { echo "$bad"; false; }
		run -3 --separate-stderr cairn log diff "$bad" "$tcg"
		[ -z "$output" ]
	done
	run -2 cairn log diff "$tcg"
	run -2 cairn log diff - - <"$tcg"
	run -2 cairn log diff "$tcg" "$tcg" "$tcg"
}

@test "lists of ten thousand entries are compared in seconds" {
	for i in {1..10000}; do printf '10 %040x ima-ng sha1:%040d /file/%d\n' "$i" 2 "$i"; done >many
	shuf --random-source=<(yes) many >shuffled
	SECONDS=0
	run -1 cairn log diff --json many shuffled
	[ "$SECONDS" -lt 20 ]
	jq -e '[.changes[].change] | unique == ["moved"]' <<<"$output"
}
