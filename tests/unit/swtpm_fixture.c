/* A software TPM for unit tests; see the header. */
#define _GNU_SOURCE
#include "tests/unit/swtpm_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tss2/tss2_tctildr.h>

#define WAIT_MS	  20000
#define PATH_SIZE 160

static int fail(const char *what)
{
	fprintf(stderr, "swtpm fixture: %s: %s\n", what, strerror(errno));
	return -1;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* A child that dies with us; its output goes to DIR/log. */
static pid_t spawn(const struct swtpm *s, const char *const argv[])
{
	char log[PATH_SIZE];
	pid_t parent = getpid(), pid;

	snprintf(log, sizeof(log), "%s/log", s->dir);
	pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (getppid() != parent || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(126);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int wait_exit(pid_t pid)
{
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		int status = 0;
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		if (got < 0)
			return 128;
		nap();
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = ETIMEDOUT;
	return 124;
}

static void print_log(const struct swtpm *s)
{
	char path[PATH_SIZE], line[512];

	snprintf(path, sizeof(path), "%s/log", s->dir);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		fprintf(stderr, "  %s", line);
	if (f)
		fclose(f);
}

int swtpm_run(const struct swtpm *s, const char *const argv[])
{
	pid_t pid = spawn(s, argv);

	return pid < 0 ? 126 : wait_exit(pid);
}

static int run(const struct swtpm *s, const char *const argv[])
{
	if (swtpm_run(s, argv) != 0) {
		print_log(s);
		return fail(argv[0]);
	}
	return 0;
}

static int put(const struct swtpm *s, const char *name, const char *text)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	FILE *f = fopen(path, "w");
	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		return fail(name);
	return 0;
}

static int make_dirs(struct swtpm *s)
{
	static const char *const names[] = {"state", "certs", "ca"};
	char path[PATH_SIZE];

	memset(s, 0, sizeof(*s));
	s->pid = -1;
	snprintf(s->dir, sizeof(s->dir), "/tmp/cairn-swtpm.XXXXXX");
	if (!mkdtemp(s->dir)) {
		s->dir[0] = '\0';
		return fail("mkdtemp");
	}
	snprintf(s->tcti, sizeof(s->tcti), "swtpm:path=%s/sock", s->dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->dir, names[i]);
		if (mkdir(path, 0700) != 0)
			return fail("mkdir");
	}
	return 0;
}

/* The EK, its certificate from a CA of this directory, and the banks: what a TPM maker does. */
static int manufacture(const struct swtpm *s, const char *banks)
{
	char text[1024], state[PATH_SIZE], conf[PATH_SIZE], certs[PATH_SIZE];
	const char *d = s->dir;

	snprintf(text, sizeof(text),
		 "create_certs_tool=/usr/bin/swtpm_localca\ncreate_certs_tool_config=%s/localca.conf\n"
		 "create_certs_tool_options=%s/localca.options\nactive_pcr_banks=%s\n",
		 d, d, banks);
	if (put(s, "setup.conf", text) != 0)
		return -1;
	snprintf(text, sizeof(text),
		 "statedir=%s/ca\nsigningkey=%s/ca/signkey.pem\nissuercert=%s/ca/issuercert.pem\n"
		 "certserial=%s/ca/certserial\n",
		 d, d, d, d);
	if (put(s, "localca.conf", text) != 0 ||
	    put(s, "localca.options",
		"--platform-manufacturer cairn\n--platform-version 1\n--platform-model test\n") != 0)
		return -1;
	snprintf(state, sizeof(state), "%s/state", d);
	snprintf(conf, sizeof(conf), "%s/setup.conf", d);
	snprintf(certs, sizeof(certs), "%s/certs", d);
	const char *argv[] = {"swtpm_setup",
			      "--tpm2",
			      "--tpmstate",
			      state,
			      "--config",
			      conf,
			      "--create-ek-cert",
			      "--lock-nvram",
			      "--pcr-banks",
			      banks,
			      "--write-ek-cert-files",
			      certs,
			      "--overwrite",
			      NULL};
	return run(s, argv);
}

/* Manufacturing takes a second of computing, most of it for keys that nobody looks at. With CAIRN_SWTPM_STOCK naming a
 * directory, the n-th TPM of a process is a copy of the n-th that was ever made there, as it left the maker. */
static int stock_path(char *path, size_t size, const char *banks)
{
	static unsigned nth;
	const char *stock = getenv("CAIRN_SWTPM_STOCK");

	if (!stock || (mkdir(stock, 0700) != 0 && errno != EEXIST))
		return -1;
	return snprintf(path, size, "%s/%s-%u", stock, banks, nth++) < (int)size ? 0 : fail(stock);
}

static int copy_tree(const struct swtpm *s, const char *from, const char *to)
{
	char contents[2 * PATH_SIZE];

	snprintf(contents, sizeof(contents), "%s/.", from);
	const char *argv[] = {"cp", "-a", "--", contents, to, NULL};
	return run(s, argv);
}

/* Whole or not at all; where two are made at the same time, the first one stays. */
static int put_in_stock(const struct swtpm *s, const char *path)
{
	char made[2 * PATH_SIZE];

	snprintf(made, sizeof(made), "%s.XXXXXX", path);
	if (!mkdtemp(made))
		return fail(path);
	if (copy_tree(s, s->dir, made) != 0)
		return -1;
	if (rename(made, path) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return fail(path);
	const char *argv[] = {"rm", "-rf", "--", made, NULL};
	return run(s, argv);
}

static int obtain(const struct swtpm *s, const char *banks)
{
	char path[2 * PATH_SIZE - 8];

	if (stock_path(path, sizeof(path), banks) != 0)
		return manufacture(s, banks);
	if (access(path, R_OK) == 0)
		return copy_tree(s, path, s->dir);
	return manufacture(s, banks) != 0 ? -1 : put_in_stock(s, path);
}

static int wait_socket(const struct swtpm *s, const char *name)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", s->dir, name);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));

		if (fd >= 0)
			close(fd);
		if (rc == 0)
			return 0;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			break;
		nap();
	}
	print_log(s);
	return fail("swtpm does not answer");
}

static int launch(struct swtpm *s)
{
	char state[PATH_SIZE], server[PATH_SIZE], ctrl[PATH_SIZE];

	snprintf(state, sizeof(state), "dir=%s/state", s->dir);
	snprintf(server, sizeof(server), "type=unixio,path=%s/sock", s->dir);
	snprintf(ctrl, sizeof(ctrl), "type=unixio,path=%s/sock.ctrl", s->dir);
	const char *argv[] = {"swtpm",
			      "socket",
			      "--tpm2",
			      "--tpmstate",
			      state,
			      "--server",
			      server,
			      "--ctrl",
			      ctrl,
			      "--flags",
			      "not-need-init,startup-clear",
			      NULL};
	s->pid = spawn(s, argv);
	if (s->pid < 0)
		return fail("fork");
	return wait_socket(s, "sock.ctrl") != 0 ? -1 : wait_socket(s, "sock");
}

int swtpm_start(struct swtpm *s, const char *banks)
{
	if (make_dirs(s) != 0 || obtain(s, banks) != 0)
		return -1;
	return launch(s);
}

int swtpm_start_bare(struct swtpm *s)
{
	return make_dirs(s) != 0 ? -1 : launch(s);
}

/* One command of twelve bytes: TPM2_Shutdown or TPM2_Startup, with its argument. */
static int send_startup(const struct swtpm *s, uint8_t command)
{
	const uint8_t cmd[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, command, 0, 0};
	uint8_t answer[64] = {0};
	size_t size = sizeof(answer);
	TSS2_TCTI_CONTEXT *tcti = NULL;
	TSS2_RC rc = Tss2_TctiLdr_Initialize(s->tcti, &tcti);

	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Tcti_Transmit(tcti, sizeof(cmd), cmd);
	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_Tcti_Receive(tcti, &size, answer, WAIT_MS);
	Tss2_TctiLdr_Finalize(&tcti);
	if (rc != TSS2_RC_SUCCESS || size < 10 || memcmp(answer + 6, "\0\0\0\0", 4) != 0)
		return fail("shutdown or startup refused");
	return 0;
}

int swtpm_reboot(struct swtpm *s)
{
	char ctrl[PATH_SIZE];

	snprintf(ctrl, sizeof(ctrl), "%s/sock.ctrl", s->dir);
	const char *argv[] = {"swtpm_ioctl", "--unix", ctrl, "-i", NULL};
	if (send_startup(s, 0x45) != 0 || run(s, argv) != 0) /* TPM_CC_Shutdown */
		return -1;
	return send_startup(s, 0x44); /* TPM_CC_Startup */
}

void swtpm_stop(struct swtpm *s)
{
	char dir[sizeof(s->dir)];

	if (s->pid > 0) {
		kill(s->pid, SIGTERM);
		wait_exit(s->pid);
	}
	s->pid = -1;
	if (s->dir[0] == '\0')
		return;
	snprintf(dir, sizeof(dir), "%s", s->dir);
	const char *argv[] = {"rm", "-rf", "--", dir, NULL};
	pid_t pid = spawn(s, argv);
	if (pid > 0)
		wait_exit(pid);
	s->dir[0] = '\0';
}
