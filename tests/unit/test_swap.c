/* No gap between what is measured and what runs: a launch is traced, and at each system call that touches a file -
 * before it and behind it, one launch each - the file is swapped for another. The launch is refused, or what its
 * record says is what xl reads. That this can fail is shown with a toolstack that is given the path. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/agentuse_fixture.h"

#define MARK  0x63616972u /* getpgid of this: a launch begins or has ended */
#define STOPS 400u	  /* more than a launch can have */

enum outcome { REFUSED = 1, SAME, DIFFERENT, FAILED };
enum how { RENAME, REWRITE, GROW, LINK };

/* The tracer and the launching child share this page. */
struct shared {
	volatile int end, outcome;
};

static struct shared *shared;
static const char *config, *component; /* of the launch; the member of the record that is compared */
static char target[160], other[160];

/* ---- the child: launches, over and over --------------------------------------------------------------- */

static bool hash_file(struct cairn_digest *out, const char *path)
{
	cairn_auto_buf struct cairn_buf bytes = {0};

	return cairn_file_read(&bytes, path, 1 << 20) == CAIRN_OK &&
	       cairn_hash(out, CAIRN_ALG_SHA256, cairn_buf_span(&bytes)) == CAIRN_OK;
}

/* What lies behind the first disk of the text that xl was given. */
static bool hash_disk(struct cairn_digest *out)
{
	const char *at = strstr(agentuse.fake.text, ",target=");
	char path[160] = "";

	if (at && sscanf(at, ",target=%150[^\"]", path) != 1)
		return false;
	return hash_file(out, path);
}

static const char *recorded(const json_t *record)
{
	if (strcmp(component, "disk") == 0)
		return agentuse_str(json_array_get(json_object_get(record, "disks"), 0), "sha256");
	return agentuse_str(json_object_get(json_object_get(record, "components"), component), "sha256");
}

static enum outcome compare(void)
{
	cairn_auto_json json_t *record = fixture_record(&agentuse, agentuse_done.recnum);
	struct cairn_digest read = agentuse.fake.kernel;

	if (strcmp(component, "device-model") == 0)
		read = agentuse.fake.file[CAIRN_XLFILE_DEVICE_MODEL];
	else if (strcmp(component, "disk") == 0 && !hash_disk(&read))
		return FAILED;
	return strcmp(recorded(record), cairn_digest_hex(&read).text) == 0 ? SAME : DIFFERENT;
}

static enum outcome launch_once(void)
{
	enum cairn_status st = agentuse_launch(config);
	cairn_auto_buf struct cairn_buf why = {0};

	if (st == CAIRN_E_DENIED)
		return REFUSED;
	enum outcome o = st == CAIRN_OK ? compare() : FAILED;

	if (st == CAIRN_OK && cairn_agent_stop_domain(agentuse.agent, "g", &why) != CAIRN_OK)
		o = FAILED;
	return o;
}

static _Noreturn void child(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null < 0 || dup2(null, 2) != 2 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(1);
	raise(SIGSTOP);
	while (!shared->end) {
		syscall(SYS_getpgid, MARK, 0);
		shared->outcome = launch_once();
		syscall(SYS_getpgid, MARK, 1);
	}
	_exit(0);
}

/* ---- the swaps ---------------------------------------------------------------------------------------- */

#define OLD "bytes that were signed"
#define NEW "bytes that nobody knew"

static void put(const char *path, const char *text)
{
	assert_int_equal(cairn_file_write(path, cairn_span_str(text), 0644), CAIRN_OK);
}

/* A file that nobody has written to for a while. */
static void reset(void)
{
	static const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

	unlink(target);
	put(target, OLD);
	put(other, NEW);
	assert_int_equal(utimensat(AT_FDCWD, target, old, 0), 0);
}

static void swap_file(enum how how)
{
	int fd = how == REWRITE ? open(target, O_WRONLY)
		 : how == GROW	? open(target, O_WRONLY | O_APPEND)
				: -1;

	if (fd >= 0) {
		assert_int_equal(write(fd, NEW, strlen(NEW)), strlen(NEW));
		close(fd);
	} else if (how == LINK) {
		assert_int_equal(unlink(target), 0);
		assert_int_equal(symlink(other, target), 0);
	} else {
		assert_int_equal(rename(other, target), 0);
	}
}

/* ---- the tracer --------------------------------------------------------------------------------------- */

struct tracer {
	pid_t pid;
	enum how how;
	unsigned swap_at; /* the stop of a launch at which the file is swapped */
	unsigned stop;	  /* of this launch, those that touch the file */
	bool begun, entered, touches;
	unsigned seen[FAILED + 1];
};

static bool names_file(const char *path)
{
	return strcmp(path, target) == 0 || strncmp(path, "/memfd:cairn-image", 18) == 0 ||
	       strncmp(path, "/proc/", 6) == 0;
}

static bool touches_descriptor(pid_t pid, unsigned long long fd)
{
	char link[64], path[160] = "";

	snprintf(link, sizeof(link), "/proc/%d/fd/%llu", (int)pid, fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);

	if (n <= 0)
		return false;
	/* The kernel adds " (deleted)" to the name of a file that was swapped. */
	return strncmp(path, target, strlen(target)) == 0 || names_file(path);
}

static bool touches_path(pid_t pid, unsigned long long address)
{
	char path[160] = "";
	const struct iovec to = {path, sizeof(path) - 1};
	struct iovec from;

	/* A path may end just before a page that is not there. */
	memcpy(&from.iov_base, &address, sizeof(from.iov_base));
	from.iov_len = sizeof(path) - 1;
	if (process_vm_readv(pid, &to, 1, &from, 1, 0) <= 0) {
		from.iov_len = 4096 - (address & 4095);
		if (process_vm_readv(pid, &to, 1, &from, 1, 0) <= 0)
			return false;
	}
	return names_file(path);
}

static bool is_touching(pid_t pid, const struct user_regs_struct *r)
{
	switch (r->orig_rax) {
	case SYS_open:
	case SYS_stat:
	case SYS_access:
		return touches_path(pid, r->rdi);
	case SYS_openat:
	case SYS_newfstatat:
	case SYS_statx:
		return touches_path(pid, r->rsi) || touches_descriptor(pid, r->rdi);
	case SYS_read:
	case SYS_pread64:
	case SYS_write:
	case SYS_pwrite64:
	case SYS_fstat:
	case SYS_lseek:
	case SYS_fcntl:
	case SYS_close:
	case SYS_ftruncate:
	case SYS_copy_file_range:
	case SYS_sendfile:
		return touches_descriptor(pid, r->rdi);
	case SYS_mmap:
		return touches_descriptor(pid, r->r8);
	default:
		return false;
	}
}

/* One stop of the launch that touches the file: its turn to be swapped, or not. */
static void touch(struct tracer *t)
{
	if (t->begun && t->stop++ == t->swap_at)
		swap_file(t->how);
}

static void mark(struct tracer *t, bool ended)
{
	t->begun = !ended;
	if (!ended) {
		reset();
		t->stop = 0;
		return;
	}
	assert_in_range(shared->outcome, REFUSED, FAILED);
	t->seen[shared->outcome]++;
	/* It was swapped as often as there is a place for it. */
	if (t->swap_at >= t->stop)
		shared->end = 1;
	t->swap_at++;
}

static void on_syscall(struct tracer *t)
{
	struct user_regs_struct r;

	assert_int_equal(ptrace(PTRACE_GETREGS, t->pid, NULL, &r), 0);
	t->entered = !t->entered;
	if (t->entered && r.orig_rax == SYS_getpgid && r.rdi == MARK)
		mark(t, r.rsi == 1);
	if (t->entered)
		t->touches = is_touching(t->pid, &r);
	if (t->touches)
		touch(t);
}

static void trace(struct tracer *t)
{
	int status = 0, signal = 0;

	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, t->pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL),
			 0);
	for (;;) {
		assert_int_equal(ptrace(PTRACE_SYSCALL, t->pid, NULL, signal), 0);
		assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
		if (WIFEXITED(status) || WIFSIGNALED(status))
			break;
		signal = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			on_syscall(t);
		else
			signal = WSTOPSIG(status);
		assert_true(t->swap_at < STOPS);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* All launches with one way of swapping. */
static struct tracer swaps(enum how how)
{
	struct tracer t = {.how = how};

	shared->end = shared->outcome = 0;
	fflush(NULL);
	t.pid = fork();
	if (t.pid == 0)
		child();
	assert_true(t.pid > 0);
	trace(&t);
	/* The last launch was not swapped; some were; it came to a record each time. */
	assert_int_equal(t.seen[FAILED], 0);
	assert_true(t.seen[SAME] >= 1);
	assert_true(t.swap_at > 10);
	return t;
}

static void every_swap(const char *cfg, const char *file, const char *what, enum how last)
{
	unsigned refused = 0;

	config = cfg;
	component = what;
	snprintf(target, sizeof(target), "%s/%s", agentuse.dir, file);
	snprintf(other, sizeof(other), "%s/other", agentuse.dir);
	for (enum how how = RENAME; how <= last; how++) {
		struct tracer t = swaps(how);

		assert_int_equal(t.seen[DIFFERENT], 0);
		refused += t.seen[REFUSED];
		/* The child went on from where the parent's log ends. */
		assert_int_equal(fixture_boot(&agentuse), 0);
	}
	assert_true(refused > 0);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static char text[1024];

static const char *keep(const char *path)
{
	static char kept[160];

	snprintf(kept, sizeof(kept), "%s", path);
	return kept;
}

static void test_kernel(void **state)
{
	(void)state;
	every_swap(keep(fixture_config(&agentuse, "g", "")), "kernel", "kernel", LINK);
}

static void test_device_model(void **state)
{
	(void)state;
	fixture_file(&agentuse, "loader", "loader");
	fixture_file(&agentuse, "bios", "bios");
	snprintf(text, sizeof(text),
		 "name = \"g\"\ntype = \"hvm\"\nmemory = 64\nfirmware_override = \"%s/loader\"\n"
		 "bios_path_override = \"%s/bios\"\ndevice_model_override = \"%s/qemu\"\n",
		 agentuse.dir, agentuse.dir, agentuse.dir);
	every_swap(keep(fixture_file(&agentuse, "g.cfg", text)), "qemu", "device-model", RENAME);
}

static void test_disk(void **state)
{
	(void)state;
	snprintf(text, sizeof(text), "disk = [ '%s/image,raw,xvda,r' ]\n", agentuse.dir);
	every_swap(keep(fixture_config(&agentuse, "g", text)), "image", "disk", REWRITE);
}

/* The same with a toolstack that opens the path of the configuration: this is what it looks like where there is a gap.
 */
static void test_by_path(void **state)
{
	(void)state;
	config = keep(fixture_config(&agentuse, "g", ""));
	component = "kernel";
	snprintf(target, sizeof(target), "%s/kernel", agentuse.dir);
	snprintf(other, sizeof(other), "%s/other", agentuse.dir);
	agentuse.fake.by_path = target;
	struct tracer t = swaps(RENAME);

	assert_true(t.seen[DIFFERENT] > 0);
	agentuse.fake.by_path = NULL;
}

static int setup(void **state)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared != MAP_FAILED ? agentuse_group_setup(state) : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(test_kernel),
	    AGENTUSE_TEST(test_device_model),
	    AGENTUSE_TEST(test_disk),
	    AGENTUSE_TEST(test_by_path),
	};

	alarm(300);
	return cmocka_run_group_tests(tests, setup, agentuse_group_teardown);
}
