/* cairnd's privileges: it starts as root, opens the TPM, the hypervisor, xenstore and its log, forks the launcher (which
 * keeps all of root's, for xl), and then gives up what serving does not take. A system call that is not listed here kills
 * the process; the launch log and the TPM are such that this may happen at any time. */
#define _GNU_SOURCE
#include "agent/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/loop.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#define DEVICE "device"

bool cairn_tcti_is_device(const char *tcti)
{
	size_t n = strlen(DEVICE);

	return strncmp(tcti, DEVICE, n) == 0 && (tcti[n] == '\0' || tcti[n] == ':');
}

static enum cairn_status failed(struct cairn_buf *why, const char *what, int error)
{
	cairn_buf_add_fmt(why, "cairnd cannot give up its privileges: %s: %s", what, strerror(error));
	return CAIRN_E_IO;
}

/* ---- capabilities ------------------------------------------------------------------------------------- */

/* Images and manifests may belong to whoever made them. */
#define KEPT (1u << CAP_DAC_READ_SEARCH)

/* The TPM's device belongs to a user and group of its own on some systems, and is opened again after a fault. */
static int join_group_of(const char *tcti)
{
	const char *path =
	    cairn_tcti_is_device(tcti) && tcti[strlen(DEVICE)] ? tcti + strlen(DEVICE) + 1 : "";
	struct stat s;
	size_t n = stat(path, &s) == 0 ? 1 : 0;

	return setgroups(n, n ? &s.st_gid : NULL);
}

static enum cairn_status drop_capabilities(const char *tcti, struct cairn_buf *why)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
	    {.effective = KEPT, .permitted = KEPT},
	};

	if (geteuid() != 0)
		return CAIRN_OK; /* then there are none */
	if (join_group_of(tcti) != 0)
		return failed(why, "groups", errno);
	for (unsigned c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0)
			return failed(why, "bounding set", errno);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
	    syscall(SYS_capset, &head, data) != 0)
		return failed(why, "capabilities", errno);
	return CAIRN_OK;
}

/* ---- system calls ------------------------------------------------------------------------------------- */

static const int allowed[] = {
    /* files that are open, and files to read */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(stat), SCMP_SYS(fstat),
    SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fstatfs), SCMP_SYS(statfs),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(fadvise64),
    /* the log and what lies beside it, the copies of images, the socket's file at the end */
    SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fchmod), SCMP_SYS(fallocate),
    SCMP_SYS(memfd_create), SCMP_SYS(sendfile), SCMP_SYS(copy_file_range), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    /* clients, xenstored, the launcher, the TPM */
    SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto),
    SCMP_SYS(sendmsg), SCMP_SYS(shutdown), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
    SCMP_SYS(pselect6),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(mlock), SCMP_SYS(munlock),
    /* threads, which hash; the launcher's end */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(wait4),
    /* signals and time */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    /* about itself */
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrandom), SCMP_SYS(getcpu), SCMP_SYS(sysinfo),
    SCMP_SYS(uname), SCMP_SYS(umask)};

static int allow_where(scmp_filter_ctx f, int call, struct scmp_arg_cmp is)
{
	return seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, 1, &is);
}

/* Calls to the hypervisor (IOCTL_PRIVCMD_*, include/uapi/xen/privcmd.h: type 'P'), a loop device for an image, and
 * whether a file is a terminal. */
static int allow_ioctls(scmp_filter_ctx f)
{
	static const unsigned long single[] = {TCGETS, LOOP_CTL_GET_FREE, LOOP_CONFIGURE};
	int e =
	    allow_where(f, SCMP_SYS(ioctl), (struct scmp_arg_cmp){1, SCMP_CMP_MASKED_EQ, 0xff00, 'P' << 8});

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]) && e == 0; i++)
		e = allow_where(f, SCMP_SYS(ioctl), (struct scmp_arg_cmp){1, SCMP_CMP_EQ, single[i], 0});
	return e;
}

/* Threads and no processes. clone3 hides its flags from a filter; glibc does without it. */
static int allow_threads(scmp_filter_ctx f)
{
	int e = allow_where(f, SCMP_SYS(clone),
			    (struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD});

	return e ? e : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int allow_sockets(scmp_filter_ctx f)
{
	static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(setsockopt),
				    SCMP_SYS(getsockname), SCMP_SYS(getpeername)};
	int e = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]) && e == 0; i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	return e;
}

static enum cairn_status filter(const char *tcti, struct cairn_buf *why)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int e = f ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && e == 0; i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (e == 0)
		e = allow_ioctls(f);
	if (e == 0)
		e = allow_threads(f);
	if (e == 0 && !cairn_tcti_is_device(tcti))
		e = allow_sockets(f);
	if (e == 0)
		e = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (e == 0)
		e = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return e == 0 ? CAIRN_OK : failed(why, "system call filter", -e);
}

enum cairn_status cairn_confine(const char *tcti, struct cairn_buf *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(why, "no_new_privs", errno);
	/* A network of its own, with nothing in it. Sockets that are open stay where they are. */
	if (cairn_tcti_is_device(tcti) && geteuid() == 0 && unshare(CLONE_NEWNET) != 0)
		return failed(why, "network", errno);
	enum cairn_status st = drop_capabilities(tcti, why);

	return st == CAIRN_OK ? filter(tcti, why) : st;
}
