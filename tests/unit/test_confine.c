/* What cairnd cannot do once it serves: each forbidden call ends the process that makes it. And what it still can. */
#define _GNU_SOURCE
#include "tests/unit/agentuse_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/confine.h"
#include "agent/paths.h"

#define DEVICE "device:/dev/tpm0"

/* The status that a child ends with which confines itself and then does this; its return value is its exit code. */
static int confined(const char *tcti, int (*act)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		cairn_auto_buf struct cairn_buf why = {0};

		if (cairn_confine(tcti, &why) != CAIRN_OK)
			_exit(99);
		_exit(act());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* ---- forbidden ---------------------------------------------------------------------------------------- */

static int do_exec(void)
{
	char path[] = "/bin/true";
	char *const argv[] = {path, NULL};

	return execv(path, argv);
}

static int do_fork(void)
{
	return (int)syscall(SYS_fork);
}

static int do_clone(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return 0;
}

static int do_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int do_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int do_ptrace(void)
{
	return (int)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int do_mount(void)
{
	return mount("none", "/nowhere", "tmpfs", 0, NULL);
}

static int do_kill(void)
{
	return kill(getppid(), 0);
}

static int do_module(void)
{
	return (int)syscall(SYS_finit_module, -1, "", 0);
}

static int do_kexec(void)
{
	return (int)syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static int do_bpf(void)
{
	return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int do_chown(void)
{
	return chown("/nowhere", 0, 0);
}

static int do_setuid(void)
{
	return (int)syscall(SYS_setuid, 0);
}

static int do_terminal(void)
{
	char c = 'x';

	return ioctl(0, TIOCSTI, &c);
}

static int do_uring(void)
{
	return (int)syscall(SYS_io_uring_setup, 0, NULL);
}

static int do_memory_of_others(void)
{
	return (int)syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}

static void test_forbidden(void **state)
{
	static int (*const acts[])(void) = {do_exec,	    do_fork,	 do_clone, do_socket,
					    do_unix_socket, do_ptrace,	 do_mount, do_kill,
					    do_module,	    do_kexec,	 do_bpf,   do_chown,
					    do_setuid,	    do_terminal, do_uring, do_memory_of_others};

	(void)state;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int status = confined(DEVICE, acts[i]);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("act %zu ended with status %x", i, (unsigned)status);
	}
}

/* ---- privileges --------------------------------------------------------------------------------------- */

/* A number in /proc/self/status, or -1. */
static long long status_of(const char *name, int base)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	const char *at = strstr(text, name);

	return at ? strtoll(at + strlen(name), NULL, base) : -1;
}

static int check_privileges(void)
{
	const long long kept = 1 << CAP_DAC_READ_SEARCH;
	const char *const sets[] = {"CapPrm:", "CapEff:", "CapBnd:", "CapInh:", "CapAmb:"};

	if (status_of("NoNewPrivs:", 10) != 1 || status_of("Seccomp:", 10) != 2)
		return 1;
	for (size_t i = 0; i < 5 && geteuid() == 0; i++)
		if (status_of(sets[i], 16) != (i < 2 ? kept : 0))
			return 2 + (int)i;
	return 0;
}

static void test_privileges(void **state)
{
	(void)state;
	assert_int_equal(confined(DEVICE, check_privileges), 0);
	assert_int_equal(confined("swtpm:path=/nowhere", check_privileges), 0);
}

static int count_interfaces(void)
{
	static char text[8192];
	int fd = open("/proc/self/net/dev", O_RDONLY), lines = 0;
	ssize_t n = read(fd, text, sizeof(text));

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines - 2;
}

static void test_network(void **state)
{
	(void)state;
	if (geteuid() == 0)
		assert_int_equal(WEXITSTATUS(confined(DEVICE, count_interfaces)),
				 1); /* its own lo, which is down */
}

/* A TPM that is reached over a socket is reached again after a fault. */
static void test_socket_tpm(void **state)
{
	(void)state;
	assert_true(WIFEXITED(confined("swtpm:port=1", do_socket)));
	int status = confined("swtpm:port=1", do_exec);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_true(cairn_tcti_is_device("device"));
	assert_true(cairn_tcti_is_device(DEVICE));
	assert_false(cairn_tcti_is_device("devices:x"));
	assert_false(cairn_tcti_is_device("swtpm"));
}

/* ---- allowed ------------------------------------------------------------------------------------------ */

static void *add(void *p)
{
	++*(int *)p;
	return NULL;
}

static int do_thread(void)
{
	int n = 0;
	pthread_t t;

	return pthread_create(&t, NULL, add, &n) == 0 && pthread_join(t, NULL) == 0 && n == 1 ? 0 : 1;
}

/* The thread is under the same filter. */
static void *exec_there(void *p)
{
	(void)p;
	do_exec();
	return NULL;
}

static int do_exec_in_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, exec_there, NULL) == 0 && pthread_join(t, NULL) == 0 ? 0 : 1;
}

static void test_threads(void **state)
{
	(void)state;
	assert_int_equal(confined(DEVICE, do_thread), 0);
	int status = confined(DEVICE, do_exec_in_thread);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static bool asked(const char *text)
{
	const struct cairn_peer root = {.root = true};
	cairn_auto_json json_t *a = agentuse_ask_text(&root, cairn_span_str(text));

	return json_is_true(json_object_get(a, "ok"));
}

static const char *config;

static int work(void)
{
	char request[300], file[128], path[PATH_MAX];

	snprintf(request, sizeof(request), "{\"op\":\"launch\",\"config\":\"%s\"}", config);
	if (!asked("{\"op\":\"status\"}") || !asked(request))
		return 1;
	if (!asked("{\"op\":\"log\"}") || !asked("{\"op\":\"chain\"}"))
		return 2;
	if (!asked("{\"op\":\"phase\",\"phase\":\"none\"}") || !asked("{\"op\":\"identity\"}"))
		return 3;
	cairn_agent_sweep(agentuse.agent);
	if (!asked("{\"op\":\"stop\",\"name\":\"guest1\"}"))
		return 4;
	snprintf(file, sizeof(file), "%s/kept", agentuse.dir);
	if (!cairn_path_keep(agentuse.dir, "kept", "/a") || !cairn_path_kept(path, file))
		return 5;
	fixture_stop(&agentuse);
	return 0;
}

/* Everything that the agent does, but for the hypervisor that the test plays. */
static void test_work(void **state)
{
	(void)state;
	config = fixture_config(&agentuse, "guest1", "");
	assert_int_equal(confined(agentuse.swtpm.tcti, work), 0);
	/* The child has used the TPM's connection. */
	fixture_stop(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forbidden), cmocka_unit_test(test_privileges),
	    cmocka_unit_test(test_network),   cmocka_unit_test(test_socket_tpm),
	    cmocka_unit_test(test_threads),   AGENTUSE_TEST(test_work),
	};

	return cmocka_run_group_tests(tests, agentuse_group_setup_ek, agentuse_group_teardown);
}
