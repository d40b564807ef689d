/* Running xl as a child: bounded in time and in what it may print, killed with its process group. */
#define _GNU_SOURCE
#include "xen/hv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX 4096

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t cairn_boot_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#define SLEPT_MS 100

/* Only one of the two clocks goes on while the machine sleeps. That one is read first: what keeps this process from the
 * second look can only hide a sleep until the next time, and never makes one up. */
bool cairn_boot_slept(void)
{
	struct timespec boot, awake;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_MONOTONIC, &awake);
	int64_t ms = (int64_t)(boot.tv_sec - awake.tv_sec) * 1000 + (boot.tv_nsec - awake.tv_nsec) / 1000000;
	return ms > SLEPT_MS;
}

int cairn_toolstack_config(struct cairn_span config)
{
	const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int fd = memfd_create("cairn-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && write(fd, config.ptr, config.len) == (ssize_t)config.len &&
	    fcntl(fd, F_ADD_SEALS, seals) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static _Noreturn void child(char *const argv[], int output, const struct cairn_toolstack_role *role)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/xen-4.17/bin",
		    locale[] = "LC_ALL=C";
	char *const env[] = {path, locale, NULL};
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2 &&
	    (!role || role->enter(role->context)) && close_range(role ? 4 : 3, ~0u, 0) == 0)
		execve(argv[0], argv, env);
	_exit(127);
}

/* True when the writers are gone. */
static bool drain(int fd, struct cairn_buf *output, size_t limit)
{
	uint8_t part[1024];
	ssize_t n = read(fd, part, sizeof(part));

	if (n < 0)
		return errno != EINTR && errno != EAGAIN;
	size_t room = output->len < limit ? limit - output->len : 0;

	cairn_buf_add(output, cairn_span(part, (size_t)n < room ? (size_t)n : room));
	return n == 0;
}

/* Until the child ends (its own children may hold the pipe open for longer). */
static enum cairn_status watch(int pidfd, int pipe_fd, int64_t deadline, struct cairn_buf *output)
{
	struct pollfd p[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = pipe_fd, .events = POLLIN}};
	size_t limit = output->len + OUTPUT_MAX;

	for (;;) {
		int64_t left = deadline - now_ms();

		if (left <= 0)
			return CAIRN_E_TIMEOUT;
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return CAIRN_E_IO;
		if (p[1].revents && drain(pipe_fd, output, limit))
			p[1].fd = -1;
		else if (p[0].revents && !p[1].revents)
			return CAIRN_OK;
		else if (p[0].revents && p[1].fd < 0)
			return CAIRN_OK;
	}
}

static enum cairn_status reap(pid_t pid, enum cairn_status watched)
{
	int status = 0;

	if (watched != CAIRN_OK) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL); /* which may have left its group */
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CAIRN_E_IO;
	if (watched != CAIRN_OK)
		return watched;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CAIRN_OK : CAIRN_E_XEN;
}

enum cairn_status cairn_toolstack_run_as(const struct cairn_toolstack_role *role, char *const argv[],
					 unsigned timeout_s, struct cairn_buf *output)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return CAIRN_E_IO;
	pid_t pid = fork();

	if (pid == 0)
		child(argv, pipe_fd[1], role);
	close(pipe_fd[1]);
	if (pid < 0) {
		close(pipe_fd[0]);
		return CAIRN_E_IO;
	}
	setpgid(pid, pid);
	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	int pidfd = pidfd_open(pid, 0);
	enum cairn_status st = pidfd < 0 ? CAIRN_E_IO : CAIRN_OK;

	if (st == CAIRN_OK)
		st = watch(pidfd, pipe_fd[0], now_ms() + (int64_t)timeout_s * 1000, output);
	st = reap(pid, st);
	if (pidfd >= 0)
		close(pidfd);
	close(pipe_fd[0]);
	return st;
}

enum cairn_status cairn_toolstack_run(char *const argv[], unsigned timeout_s, struct cairn_buf *output)
{
	return cairn_toolstack_run_as(NULL, argv, timeout_s, output);
}
