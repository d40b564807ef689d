# Sourced by the programs that build ramdisks: functions that fill a staging directory ($stage) and pack it so that the
# same input files give the same bytes, whatever the umask, time zone, locale, user or order of creation.
export LC_ALL=C TZ=UTC

# put SOURCE TARGET: copies one file, following links, to an absolute path inside the ramdisk.
put() {
	mkdir -p "$stage$(dirname "$2")"
	cp -L --no-preserve=all "$1" "$stage$2"
	if [[ -x $1 ]]; then chmod u+x "$stage$2"; fi
}

# link TARGET NAME
link() {
	mkdir -p "$stage$(dirname "$2")"
	ln -s "$1" "$stage$2"
}

# text TARGET: writes standard input to a file.
text() {
	mkdir -p "$stage$(dirname "$1")"
	cat >"$stage$1"
}

# skeleton: the directories, with everything that runs below /usr.
skeleton() {
	mkdir -p "$stage"/{dev,etc,proc,root,run,sys,tmp,usr/bin,usr/lib,usr/lib64,var/log,var/lib}
	link usr/bin /bin
	link usr/bin /sbin
	link bin /usr/sbin
	link usr/lib /lib
	link usr/lib64 /lib64
	link /run /var/run
	link /run/lock /var/lock
}

# busybox PROGRAM: the static busybox and a link for each applet.
busybox() {
	local applet
	put "$1" /usr/bin/busybox
	for applet in $("$1" --list); do
		[[ $applet == busybox ]] || link busybox "/usr/bin/$applet"
	done
}

# libraries PACKAGES FILE...: what the dynamic loader loads for these files, with libraries in PACKAGES before the
# system's own. A library that is missing is an error.
libraries() {
	local packages=$1/usr/lib found lib
	shift
	found=$(for file in "$@"; do
		LD_LIBRARY_PATH=$packages/x86_64-linux-gnu:$packages/xen-4.17/lib/x86_64-linux-gnu ldd "$file" 2>/dev/null || true
	done)
	if grep -q 'not found' <<<"$found"; then
		echo "missing libraries:" >&2
		grep 'not found' <<<"$found" | sort -u >&2
		return 1
	fi
	for lib in $(sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p' <<<"$found" | sort -u); do
		put "$lib" "/usr/lib/x86_64-linux-gnu/$(basename "$lib")"
	done
	put /lib64/ld-linux-x86-64.so.2 /usr/lib64/ld-linux-x86-64.so.2
}

# modules KERNEL NAME...: kernel modules and what they depend on, from an unpacked kernel package that depmod has seen.
# A name that the kernel has built in adds nothing.
modules() {
	local kernel=$1 version file found
	shift
	version=$(ls "$kernel/lib/modules")
	found=$(for name in "$@"; do
		modprobe -d "$kernel" -S "$version" --show-depends "$name" || echo "missing $name"
	done | sort -u)
	if grep ^missing <<<"$found" >&2; then return 1; fi
	while read -r _ file _; do
		put "$file" "/usr/lib/modules/$version/${file#*/lib/modules/"$version"/}"
	done < <(grep ^insmod <<<"$found")
	cp --no-preserve=all "$kernel/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$stage/usr/lib/modules/$version/"
	depmod -b "$stage/usr" "$version"
	find "$stage/usr/lib/modules/$version" -maxdepth 1 -type f ! -name modules.dep -delete
}

# overlay DIRECTORY: lays a directory of files over what is there.
overlay() {
	local file
	while IFS= read -r -d '' file; do
		put "$1/$file" "/$file"
	done < <(cd "$1" && find . -type f -printf '%P\0' | sort -z)
}

# pack OUTPUT: one gzipped newc archive; modes are 755 and 644 whatever they were, owner 0:0, times 0.
pack() {
	local out
	out=$(realpath -m "$1")
	mkdir -p "$(dirname "$out")"
	find "$stage" -type d -exec chmod 755 {} +
	find "$stage" -type f -perm -u+x -exec chmod 755 {} +
	find "$stage" -type f ! -perm -u+x -exec chmod 644 {} +
	find "$stage" -exec touch -h -d @0 {} +
	(cd "$stage" && find . -mindepth 1 -print0 | sort -z |
		cpio --quiet --reproducible -0 -o -H newc --owner=0:0 | gzip -9n) >"$out.new"
	mv "$out.new" "$out"
}
