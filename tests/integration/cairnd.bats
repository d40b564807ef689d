# cairnd's own start, where it cannot: what is missing is named, and the exit code says what kind of trouble it is.
bats_require_minimum_version 1.5.0
load helpers

settings() { # tcti
	printf 'tcti = %s\nlog = %s/run/launch.log\nsocket = %s/run/s\nauthorities = %s/none\n' "$1" "$dir" "$dir" "$dir" >c
}

@test "a TPM that is absent is named" {
	for tcti in device:/nonexistent/tpm0 swtpm:path=/nonexistent no-such-tcti; do
		settings $tcti
		run -3 timeout 10 cairnd --config c
		[[ $output == "cairnd: no TPM at $tcti: "* ]]
	done
	[[ ! -e run/launch.log && ! -e run/s ]]
}

@test "a machine without Xen is told so, and its TPM is left alone" {
	[ ! -e /proc/xen/capabilities ] # on a Xen host there is nothing to see here
	mkdir state
	swtpm socket --tpm2 --tpmstate dir=state --server type=unixio,path=sock --ctrl type=unixio,path=sock.ctrl \
		--flags not-need-init,startup-clear 3>&- 4>&- &
	pids+=($!)
	await test -S sock.ctrl
	settings "swtpm:path=$dir/sock"
	run -3 timeout 10 cairnd --config c
	[[ $output == *"no hypervisor: cairnd runs in dom0 of a Xen host"* ]]
	[[ ! -e run/launch.log && ! -e run/s ]]
}

@test "settings that are wrong stop the start and name the line" {
	for line in 'mode.service = perhaps' 'pcr.launch = 16' 'pcr.launch = 9' 'banks = sha384' 'colour = red' \
		'max_image_mib = 0' 'tcti = x'; do
		settings device:/nonexistent
		echo "$line" >>c
		run -2 timeout 10 cairnd --config c
		echo "$line: $output"
		[[ $output == *"${line%% =*}"* && $output == *5* ]]
	done
	run -2 timeout 10 cairnd --config nowhere
	[[ $output == *nowhere* ]]
}
