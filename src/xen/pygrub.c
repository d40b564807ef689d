/* pygrub as nobody. Its room is a tmpfs that is mounted nowhere: a descriptor of it is all that there is. The disk is in
 * there as a block device that can only be read. Whatever pygrub leaves behind is opened with care, and copied by cairnd
 * before it is looked at. */
#define _GNU_SOURCE
#include "xen/pygrub.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xen/bootinfo.h"

#define NOBODY 0x7ffd0000u /* above every user that a database of users gives out */
#define ROOM   "/proc/self/fd/3"
#define SPARE  (1u << 20)

struct room {
	int dir, loop;
	uint64_t limit; /* bytes of a file */
};

/* ---- the room ----------------------------------------------------------------------------------------- */

static bool option(int fs, const char *key, const char *text)
{
	return fsconfig(fs, FSCONFIG_SET_STRING, key, text, 0) == 0;
}

static int make_tmpfs(uint64_t size)
{
	int fs = fsopen("tmpfs", FSOPEN_CLOEXEC), dir = -1;
	char bytes[24], owner[16];

	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)size);
	snprintf(owner, sizeof(owner), "%u", NOBODY);
	if (fs >= 0 && option(fs, "size", bytes) && option(fs, "nr_inodes", "16") &&
	    option(fs, "mode", "0700") && option(fs, "uid", owner) && option(fs, "gid", owner) &&
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		dir = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	if (fs >= 0)
		close(fs);
	return dir;
}

/* A file becomes a block device first, as it will for the domain. */
static bool put_disk(struct room *r, int disk)
{
	struct stat s;

	if (fstat(disk, &s) != 0)
		return false;
	if (!S_ISBLK(s.st_mode) && (cairn_disk_loop(&r->loop, disk) != CAIRN_OK || fstat(r->loop, &s) != 0))
		return false;
	return mknodat(r->dir, "disk", S_IFBLK | 0400, s.st_rdev) == 0 &&
	       fchownat(r->dir, "disk", NOBODY, NOBODY, 0) == 0;
}

/* pygrub opens its output and does not make it. */
static bool put_answer(const struct room *r)
{
	int fd = openat(r->dir, "answer", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	bool good = fd >= 0 && fchown(fd, NOBODY, NOBODY) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void close_room(const struct room *r)
{
	if (r->dir >= 0)
		close(r->dir);
	if (r->loop >= 0)
		close(r->loop);
}

/* ---- who runs in it ----------------------------------------------------------------------------------- */

/* Each mount as it is, but read-only: a copy of them all, for this process alone. */
static bool leave_the_system(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
				  .propagation = MS_PRIVATE};
	int tree = -1;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0)
		tree = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	bool good = tree >= 0 &&
		    mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) == 0 &&
		    fchdir(tree) == 0 && chroot(".") == 0;
	if (tree >= 0)
		close(tree);
	return good;
}

static bool set_limits(uint64_t file)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t most;
	} limits[] = {{RLIMIT_NPROC, 1},    {RLIMIT_CORE, 0},	 {RLIMIT_MEMLOCK, 0},
		      {RLIMIT_MSGQUEUE, 0}, {RLIMIT_NOFILE, 64}, {RLIMIT_AS, 1u << 30}};
	bool good = setrlimit(RLIMIT_FSIZE, &(struct rlimit){file, file}) == 0;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]) && good; i++)
		good = setrlimit(limits[i].what, &(struct rlimit){limits[i].most, limits[i].most}) == 0;
	return good;
}

/* What a program that reads a disk has no need of, and what has let programs out before. */
static bool filter(void)
{
	static const int denied[] = {SCMP_SYS(socket),
				     SCMP_SYS(socketpair),
				     SCMP_SYS(connect),
				     SCMP_SYS(fork),
				     SCMP_SYS(vfork),
				     SCMP_SYS(clone),
				     SCMP_SYS(clone3),
				     SCMP_SYS(unshare),
				     SCMP_SYS(setns),
				     SCMP_SYS(mount),
				     SCMP_SYS(umount2),
				     SCMP_SYS(fsopen),
				     SCMP_SYS(open_tree),
				     SCMP_SYS(move_mount),
				     SCMP_SYS(ptrace),
				     SCMP_SYS(process_vm_readv),
				     SCMP_SYS(process_vm_writev),
				     SCMP_SYS(kill),
				     SCMP_SYS(tgkill),
				     SCMP_SYS(bpf),
				     SCMP_SYS(perf_event_open),
				     SCMP_SYS(userfaultfd),
				     SCMP_SYS(io_uring_setup),
				     SCMP_SYS(add_key),
				     SCMP_SYS(request_key),
				     SCMP_SYS(keyctl),
				     SCMP_SYS(setpgid),
				     SCMP_SYS(setsid),
				     SCMP_SYS(memfd_create),
				     SCMP_SYS(shmget),
				     SCMP_SYS(msgget),
				     SCMP_SYS(semget)};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	bool good = f != NULL;

	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]) && good; i++)
		good = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), denied[i], 0) == 0;
	good = good && seccomp_load(f) == 0;
	if (f)
		seccomp_release(f);
	return good;
}

static bool give_up_rights(void)
{
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	       setresuid(NOBODY, NOBODY, NOBODY) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       filter();
}

static bool become_nobody(void *context)
{
	const struct room *r = context;

	if ((r->dir == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(r->dir, 3) == 3) && leave_the_system() &&
	    give_up_rights() && set_limits(r->limit))
		return true;
	dprintf(2, "it could not be run as nobody: %s\n", strerror(errno));
	return false;
}

/* ---- what it found ------------------------------------------------------------------------------------ */

static enum cairn_status open_found(int *fd, const struct room *r, const char *name)
{
	struct stat s;

	*fd = openat(r->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd >= 0 && fstat(*fd, &s) == 0 && S_ISREG(s.st_mode))
		return CAIRN_OK;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return CAIRN_E_MALFORMED;
}

static enum cairn_status read_answer(struct cairn_bootinfo *out, const struct room *r)
{
	uint8_t text[CAIRN_BOOTINFO_MAX + 1];
	int fd = -1;
	enum cairn_status st = open_found(&fd, r, "answer");

	if (st != CAIRN_OK)
		return st;
	ssize_t n = read(fd, text, sizeof(text));

	close(fd);
	return n < 0 ? CAIRN_E_IO : cairn_bootinfo_parse(out, cairn_span(text, (size_t)n), ROOM);
}

static enum cairn_status collect(struct cairn_hv_boot *out, const struct room *r)
{
	struct cairn_hv_boot b = {.kernel = -1, .ramdisk = -1};
	struct cairn_bootinfo found;
	enum cairn_status st = read_answer(&found, r);

	if (st != CAIRN_OK)
		return st;
	st = open_found(&b.kernel, r, found.kernel);
	if (st == CAIRN_OK && found.ramdisk[0])
		st = open_found(&b.ramdisk, r, found.ramdisk);
	if (st != CAIRN_OK) {
		if (b.kernel >= 0)
			close(b.kernel);
		return st;
	}
	snprintf(b.args, sizeof(b.args), "%s", found.args);
	*out = b;
	return CAIRN_OK;
}

enum cairn_status cairn_pygrub_run(struct cairn_hv_boot *out, const char *program, int disk,
				   unsigned limit_mib, unsigned timeout_s, struct cairn_buf *words)
{
	char name[256], quiet[] = "-q", format[] = "--output-format=simple0",
			answer[] = "--output=" ROOM "/answer", dir[] = "--output-directory=" ROOM,
			device[] = ROOM "/disk";
	char *const argv[] = {name, quiet, format, answer, dir, device, NULL};
	struct room r = {.dir = -1, .loop = -1, .limit = (uint64_t)limit_mib << 20};
	const struct cairn_toolstack_role nobody = {become_nobody, &r};
	enum cairn_status st = CAIRN_E_IO;

	snprintf(name, sizeof(name), "%s", program);
	if (access(name, X_OK) != 0)
		return CAIRN_E_NOTFOUND;
	r.dir = make_tmpfs(2 * r.limit + SPARE);
	if (r.dir >= 0 && put_disk(&r, disk) && put_answer(&r))
		st = cairn_toolstack_run_as(&nobody, argv, timeout_s, words);
	if (st == CAIRN_OK)
		st = collect(out, &r);
	close_room(&r);
	return st;
}
