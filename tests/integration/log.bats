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
