# The packages: that they can be built, hold what they should, and come out the same twice.
bats_require_minimum_version 1.5.0
load helpers

build_debs() {
	cd "$TOP" && make --no-print-directory BUILD="$BUILD" deb-here >/dev/null
	cd "$dir" || return 1
	rm -rf "$1" && cp -r "$BUILD/deb" "$1"
}

@test "packages are the same bytes whatever umask, zone, and temporary directory" {
	build_debs one
	mkdir other
	(umask 077 && TMPDIR=$dir/other TZ=Asia/Tokyo LC_ALL=C.UTF-8 build_debs two)
	diff -r one two
	[ "$(find one -name '*.deb' | wc -l)" -eq 4 ]
	for d in one/*.deb; do dpkg-deb -x "$d" root; done
	for p in bin/cairn sbin/cairnd sbin/cairn-relay sbin/cairn-vchan sbin/cairn-verifier; do
		run -0 "root/usr/$p" --version
		[ -s "root/usr/share/bash-completion/completions/${p#*/}" ]
		[ -n "$(find root/usr/share/man -name "${p#*/}.[18].gz")" ]
	done
	grep -qx AllowSuspend=no root/usr/lib/systemd/sleep.conf.d/cairn.conf
	[ -e root/usr/lib/libcairn.a ] && [ -e root/usr/include/cairn/eventlog.h ]
	# What is installed as configuration is what the programs read.
	cp root/etc/cairn/relay.conf relay.conf
	sed -i 's/^#user = .*/user = nobody/' relay.conf
	run -2 root/usr/sbin/cairn-relay --config relay.conf --once
	[[ $output == *"verifier-ca.pem: this CA file cannot be read"* ]]
}

@test "a program builds against the installed library" {
	make -C "$TOP" --no-print-directory BUILD="$BUILD" DESTDIR="$dir/root" install >/dev/null
	cat >p.c <<-END
		#include <cairn/eventlog.h>
		int main(void) { struct cairn_eventlog l; return cairn_eventlog_open(&l, cairn_span("x", 1)) == CAIRN_OK; }
	END
	gcc p.c -o p -Iroot/usr/include -Lroot/usr/lib -lcairn -lcrypto -ljansson -lz
	run -0 ./p
	run -0 grep -c . root/etc/cairn/cairnd.conf
}
