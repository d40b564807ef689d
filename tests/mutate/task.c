/* Processes of the mutation run. Each has a group of its own, which ends with it, and bounds on time and memory: a mutant
 * may do anything. */
#include "tests/mutate/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MEMORY_MAX ((rlim_t)4 << 30)

uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void environment(const char *name, const char *value)
{
	if (value && value[0])
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void child(const struct test *test, const char *mutant, const char *seen, int output)
{
	const struct rlimit none = {0, 0}, memory = {MEMORY_MAX, MEMORY_MAX};
	int null = open("/dev/null", O_RDWR);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a mutant that hangs does not outlive the run */
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_AS, &memory);
	environment("CAIRN_MUTANT", mutant);
	environment("CAIRN_MUTANT_SEEN", seen);
	environment("CAIRN_MUTANT_TEST", test->name);
	if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	execl(test->program, test->program, (char *)NULL);
	_exit(127);
}

bool task_start(struct task *t, const struct test *test, const char *mutant, const char *seen,
		unsigned limit_ms)
{
	char path[] = "/tmp/cairn-mutate-XXXXXX";
	*t = (struct task){.output = mkstemp(path)};
	if (t->output < 0)
		return false;
	unlink(path);
	fcntl(t->output, F_SETFD, FD_CLOEXEC);
	t->started = now_ms();
	t->deadline = t->started + limit_ms;
	t->pid = fork();
	if (t->pid == 0)
		child(test, mutant, seen, t->output);
	if (t->pid < 0) {
		close(t->output);
		return false;
	}
	setpgid(t->pid, t->pid);
	return true;
}

/* True if it has ended, or was ended because its time is over. */
static bool ended(struct task *t, int *status)
{
	int pid = waitpid(t->pid, status, WNOHANG);
	if (pid == 0 && now_ms() < t->deadline)
		return false;
	kill(-t->pid, SIGKILL);
	if (pid == 0) {
		while (waitpid(t->pid, status, 0) < 0 && errno == EINTR)
			;
		*status = -1;
	}
	return true;
}

size_t task_wait(struct task *tasks, size_t count, int *status)
{
	const struct timespec nap = {0, 1000000};
	for (;;) {
		for (size_t i = 0; i < count; i++)
			if (tasks[i].pid > 0 && ended(&tasks[i], status))
				return i;
		nanosleep(&nap, NULL);
	}
}
