/* The system calls of a bridge that serves: its channel, cairnd's socket, memory and time. Whatever else is asked for
 * kills it, and another one is started. */
#define _GNU_SOURCE
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <xen/xen.h>

#include <xen/sys/evtchn.h>

#include "vchan/bridge.h"

static const int allowed[] = {
    /* the event channel, cairnd's socket, standard error */
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(connect),
    SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(close), SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(getrandom),
    /* time, signals, the end */
    SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(futex), SCMP_SYS(exit),
    SCMP_SYS(exit_group)};

static int allow(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp unix_only = {0, SCMP_CMP_EQ, AF_UNIX, 0};
	const struct scmp_arg_cmp notify = {1, SCMP_CMP_EQ, IOCTL_EVTCHN_NOTIFY, 0};
	int e = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && e == 0; i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (e == 0)
		e = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &unix_only);
	return e == 0 ? seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &notify) : e;
}

enum cairn_status cairn_bridge_confine(struct cairn_buf *why)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int e = f ? allow(f) : -ENOMEM;

	if (e == 0)
		e = seccomp_load(f);
	if (f)
		seccomp_release(f);
	if (e == 0)
		return CAIRN_OK;
	cairn_buf_add_fmt(why, "the system call filter: %s", strerror(-e));
	return CAIRN_E_IO;
}
