# What the platform manifest predicts is made of these bytes: they must come out the same wherever and whenever they are
# built from the same sources. The second build happens in another directory, by files that were created in another
# order at another time, under another umask, time zone and locale.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.."
	tests/setup/fetch "$BUILD"
	export work=$BATS_FILE_TMPDIR
	# Sources and packages once more, each created in reverse order, now.
	reversed src "$work/else/src"
	reversed tests/machine "$work/else/tests/machine"
	for top in include keys attest Makefile tests/setup; do [ ! -e "$top" ] || reversed "$top" "$work/else/$top"; done
	for part in xen full/lib/modules cloud/lib/modules cloud/boot; do reversed "$BUILD/pkgs/$part" "$work/else/pkgs/$part"; done
}

reversed() {
	mkdir -p "$(dirname "$2")"
	if [ -f "$1" ]; then cat "$1" >"$2"; return; fi
	(cd "$1" && find . -depth | LC_ALL=C sort -r | cpio --quiet -pd "$2")
	find "$2" -exec touch -h -d '2001-02-03 04:05:06' {} +
}

elsewhere() {
	(cd "$work/else" && umask 077 && env TZ=Pacific/Chatham LC_ALL=C.UTF-8 LANG=C.UTF-8 HOME="$work/home" "$@")
}

@test "the programs and cairnboot.efi: same bytes from another directory" {
	elsewhere make --no-print-directory -j2 BUILD=out all
	for f in "$BUILD"/bin/* "$BUILD"/boot/cairnboot.efi; do
		[ "$(basename "$f")" != '*' ]
		cmp "$f" "$work/else/out/${f#"$BUILD"/}"
	done
}

@test "the dom0 ramdisk: same bytes, owner root, time zero, modes set" {
	cd "$BATS_TEST_DIRNAME/../.."
	src/boot/dom0/mkdom0 --overlay tests/machine/overlay "$work/a.img"
	cp -r --no-preserve=all "$BUILD/bin" "$work/else/bin" && chmod u+x "$work"/else/bin/*
	elsewhere env BUILD=. src/boot/dom0/mkdom0 --overlay tests/machine/overlay "$work/b.img"
	cmp "$work/a.img" "$work/b.img"
	zcat "$work/a.img" | cpio -tvn --quiet >"$work/list"
	run ! grep -vE '^[-dl](rwxr-xr-x|rw-r--r--|rwxrwxrwx) +[0-9]+ 0 +0 +[0-9]+ Jan  1  1970 ' "$work/list"
}

@test "an input that changes changes the dom0 ramdisk" {
	cd "$BATS_TEST_DIRNAME/../.."
	mkdir -p "$work/overlay/etc" && echo changed >"$work/overlay/etc/changed"
	src/boot/dom0/mkdom0 --overlay tests/machine/overlay --overlay "$work/overlay" \
		"$work/c.img"
	run ! cmp "$work/a.img" "$work/c.img"
}

@test "the guests' ramdisks: same bytes" {
	cd "$BATS_TEST_DIRNAME/../.."
	CAIRN_PKGS=$BUILD/pkgs tests/machine/guests/build "$work/data"
	elsewhere env CAIRN_PKGS=pkgs tests/machine/guests/build "$work/data2"
	diff -r "$work/data" "$work/data2"
}

@test "GRUB: same bytes" {
	cd "$BATS_TEST_DIRNAME/../.."
	tests/machine/vm grub "$work/grub-a.efi"
	elsewhere tests/machine/vm grub "$work/grub-b.efi"
	cmp "$work/grub-a.efi" "$work/grub-b.efi"
}
