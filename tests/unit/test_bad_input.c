/* Bad input as the user meets it: cairn's own commands against a serving agent, on a hypervisor that the test
 * plays. What is printed and the exit code are those that docs/bad-input.md promises. */
#define _GNU_SOURCE
#include "tests/unit/agentuse_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tss2/tss2_tpm2_types.h>

#include "cli/cli.h"

static volatile int running;
static pid_t client;
static rlim_t file_limit = RLIM_INFINITY;
static char said[8192];

static int group_setup(void **state)
{
	setenv("TSS2_LOG", "all+none", 1); /* before the first word of tpm2-tss */
	return agentuse_group_setup(state);
}

/* ---- cairn, in a process of its own ---------------------------------------------------------------------
 */

static void on_child(int number)
{
	siginfo_t info = {0};

	(void)number;
	if (waitid(P_PID, (id_t)client, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == client)
		running = 0;
}

static _Noreturn void be_client(int (*command)(int, char **), const char *output, int argc, char **argv)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	alarm(60);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(99);
	optind = 1;
	int code = command(argc, argv);

	fflush(stdout);
	_exit(code);
}

/* Runs a command of cairn while the agent serves; the exit code, and what it printed in said. */
static int cairn(int (*command)(int, char **), const char *operand)
{
	struct sigaction end = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
	cairn_auto_buf struct cairn_buf why = {0}, text = {0};
	char output[160], name[] = "cairn", option[] = "--socket", socket[160], arg[256];
	char *argv[] = {name, option, socket, operand ? arg : NULL, NULL};
	int fd = -1, status = 0;

	snprintf(output, sizeof(output), "%s/said", agentuse.dir);
	snprintf(socket, sizeof(socket), "%s", agentuse.conf.socket);
	snprintf(arg, sizeof(arg), "%s", operand ? operand : "");
	assert_int_equal(cairn_agent_listen(&fd, agentuse.conf.socket, 0, &why), CAIRN_OK);
	running = 1;
	sigaction(SIGCHLD, &end, NULL);
	client = fork();
	assert_true(client >= 0);
	if (client == 0)
		be_client(command, output, operand ? 4 : 3, argv);
	agentuse_limit_files(file_limit);
	assert_int_equal(cairn_agent_serve(agentuse.agent, fd, CAIRN_NOBODY, &running), CAIRN_OK);
	agentuse_limit_files(RLIM_INFINITY);
	close(fd);
	unlink(agentuse.conf.socket);
	assert_int_equal(waitpid(client, &status, 0), client);
	signal(SIGCHLD, SIG_DFL);
	assert_true(WIFEXITED(status));
	assert_int_equal(cairn_file_read(&text, output, sizeof(said) - 1), CAIRN_OK);
	snprintf(said, sizeof(said), "%s", cairn_buf_str(&text));
	return WEXITSTATUS(status);
}

/* The command ends with this code, prints this, and nothing was built. */
static void assert_says(int (*command)(int, char **), const char *operand, int code, const char *words)
{
	unsigned created = agentuse.fake.created;
	int got = cairn(command, operand);

	if (got != code || !strstr(said, words))
		fail_msg("expected %d and \"%s\", got %d and: %s", code, words, got, said);
	if (code != CAIRN_EXIT_GOOD)
		assert_int_equal(agentuse.fake.created, created);
}

static void assert_launch(const char *config, int code, const char *words)
{
	assert_says(cairn_cmd_launch, config, code, words);
}

static void assert_launched(const char *config)
{
	assert_launch(config, CAIRN_EXIT_GOOD, "running as domain");
	fixture_assert_replays(&agentuse);
}

/* ---- images ---------------------------------------------------------------------------------------------
 */

static const char *path_of(const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", agentuse.dir, name);
	return path;
}

static void image_missing(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	unlink(path_of("ramdisk"));
	assert_launch(config, CAIRN_EXIT_NOT_TRUSTED, "launch refused: file-missing: ");
	assert_non_null(strstr(said, path_of("ramdisk")));
	assert_non_null(strstr(said, "there is no such file"));
	fixture_file(&agentuse, "ramdisk", "a ramdisk");
	assert_launched(config);
}

static void image_unreadable(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	unlink(path_of("kernel"));
	assert_int_equal(mkdir(path_of("kernel"), 0700), 0);
	assert_launch(config, CAIRN_EXIT_NOT_TRUSTED, "launch refused: file-unreadable: ");
	assert_non_null(strstr(said, "not a regular file"));
	rmdir(path_of("kernel"));
	assert_int_equal(mkfifo(path_of("kernel"), 0600), 0); /* and nobody waits for its writer */
	assert_launch(config, CAIRN_EXIT_NOT_TRUSTED, "not a regular file");
	unlink(path_of("kernel"));
	assert_int_equal(symlink("kernel", path_of("kernel")), 0);
	assert_launch(config, CAIRN_EXIT_NOT_TRUSTED, "Too many levels of symbolic links");
	unlink(path_of("kernel"));
	fixture_file(&agentuse, "kernel", "a kernel");
	assert_launched(config);
}

/* A configuration comes from storage that others write: it cannot hand dom0's secrets to a domain. */
static const char *const netdrv[] = {"netdrv", "driver_domain = 1\n"};

static void image_is_private(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	assert_int_equal(chmod(path_of("ramdisk"), 0600), 0);
	assert_launch(config, CAIRN_EXIT_NOT_TRUSTED, "launch refused: file-unreadable: ");
	assert_non_null(strstr(said, "not for everybody to read"));
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_launched(fixture_config(&agentuse, netdrv[0],
				       netdrv[1])); /* what is signed may be as private as it likes */
	config = fixture_config(&agentuse, "guest1", "");
	assert_int_equal(chmod(path_of("ramdisk"), 0644), 0);
	assert_launched(config);
}

static void kernel_empty(void **state)
{
	(void)state;
	fixture_file(&agentuse, "kernel", "");
	assert_launch(fixture_config(&agentuse, "guest1", ""), CAIRN_EXIT_NOT_TRUSTED,
		      "launch refused: file-empty: ");
	assert_non_null(strstr(said, "the file is empty"));
}

/* Grows without end while it is copied. */
static void image_changes(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");
	int fd = open(path_of("ramdisk"), O_WRONLY | O_APPEND);
	pid_t writer = fork();
	int code = CAIRN_EXIT_GOOD;

	(void)state;
	assert_true(fd >= 0 && writer >= 0);
	if (writer == 0) {
		alarm(60);
		for (;;) /* between 0 and 1000 KiB, below the limit of size */
			for (unsigned i = 0; ftruncate(fd, 512 * 1024) == 0 && i < 488 * 1024; i++)
				if (write(fd, "y", 1) != 1)
					_exit(1);
	}
	for (unsigned i = 0; i < 100 && code != CAIRN_EXIT_NOT_TRUSTED; i++) {
		code = cairn(cairn_cmd_launch, config);
		if (code == CAIRN_EXIT_GOOD)
			assert_int_equal(cairn(cairn_cmd_stop, "guest1"), CAIRN_EXIT_GOOD);
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	close(fd);
	assert_int_equal(code, CAIRN_EXIT_NOT_TRUSTED);
	assert_non_null(strstr(said, "launch refused: file-changed: "));
	assert_non_null(strstr(said, "launch again when nobody writes to it"));
}

/* ---- manifests ------------------------------------------------------------------------------------------
 */

static void assert_manifest_refused(const char *words)
{
	assert_launch(fixture_config(&agentuse, netdrv[0], netdrv[1]), CAIRN_EXIT_NOT_TRUSTED, words);
}

/* Nobody signed it: the signature is empty, or of other bytes. */
static void manifest_unsigned(void **state)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	char *dot;

	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_int_equal(cairn_file_read(&jws, path_of("data/manifests/netdrv-3.jws"), 1 << 20), CAIRN_OK);
	char *text = strdup(cairn_buf_str(&jws));

	dot = strrchr(text, '.');
	dot[1] = dot[1] == 'A' ? 'B' : 'A';
	fixture_file(&agentuse, "data/manifests/netdrv-3.jws", text);
	assert_manifest_refused("no-manifest");
	assert_non_null(strstr(said, "this manifest is not used: a signature does not verify"));
	dot[1] = '\0';
	fixture_file(&agentuse, "data/manifests/netdrv-3.jws", text);
	assert_manifest_refused("bad-signature");
	free(text);
	assert_launch(fixture_config(&agentuse, netdrv[0], netdrv[1]), CAIRN_EXIT_NOT_TRUSTED,
		      "netdrv-3.jws");
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_launched(fixture_config(&agentuse, netdrv[0], netdrv[1]));
}

static void manifest_of_a_stranger(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse_stranger);
	assert_manifest_refused(
	    "untrusted-signer: this manifest is not used: signed by a key or certificate that "
	    "is not trusted");
}

static void manifest_for_another(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "other-3.jws", "other", "driver.network", agentuse.authority);
	assert_manifest_refused("wrong-name: this domain is signed for under another name");
	assert_non_null(strstr(said, "other"));
}

/* Its dates are for the verifier: this host has no clock to trust. The fixture's are long over. */
static void manifest_expired(void **state)
{
	(void)state;
	fixture_manifest(&agentuse, "netdrv-3.jws", "netdrv", "driver.network", agentuse.authority);
	assert_launched(fixture_config(&agentuse, netdrv[0], netdrv[1]));
}

/* ---- the TPM --------------------------------------------------------------------------------------------
 */

static void tpm_busy(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_RETRY, AGENTUSE_ONE_COMMAND);
	assert_launch(
	    fixture_config(&agentuse, "guest1", ""), CAIRN_EXIT_UNDECIDED,
	    "nothing was launched: its record could not be written to the TPM: the TPM is in use or asks "
	    "to retry");
	agentuse_fail_next(0, 0, 0);
	assert_launched(fixture_config(&agentuse, "guest1", ""));
}

static void tpm_locked_out(void **state)
{
	(void)state;
	agentuse_fail_next(TPM2_CC_PCR_Extend, TPM2_RC_LOCKOUT, 1);
	assert_launch(fixture_config(&agentuse, "guest1", ""), CAIRN_EXIT_UNDECIDED,
		      "its record could not be written to the TPM: the TPM is in dictionary-attack lockout");
	assert_non_null(strstr(said, "reset it with the lockout authorisation"));
	assert_launched(fixture_config(&agentuse, "guest1", ""));
}

/* The last of the tests: it takes the TPM away. */
static void tpm_gone(void **state)
{
	(void)state;
	kill(agentuse.swtpm.pid, SIGKILL);
	assert_launch(fixture_config(&agentuse, "guest1", ""), CAIRN_EXIT_UNDECIDED,
		      "no TPM could be reached");
	assert_launch(fixture_config(&agentuse, "guest1", ""), CAIRN_EXIT_UNDECIDED, "see to the TPM");
	assert_says(cairn_cmd_status, NULL, CAIRN_EXIT_UNDECIDED, "no TPM could be reached");
}

/* ---- the launch log -------------------------------------------------------------------------------------
 */

static void assert_diverged(void)
{
	assert_int_equal(fixture_start(&agentuse), 0);
	assert_launch(
	    fixture_config(&agentuse, "guest2", ""), CAIRN_EXIT_NOT_TRUSTED,
	    "nothing is launched: this host is diverged: the launch log does not replay to the TPM; reboot "
	    "the host, and find out who changed it");
	assert_says(cairn_cmd_status, NULL, CAIRN_EXIT_NOT_TRUSTED, "diverged");
}

static void log_truncated(void **state)
{
	(void)state;
	assert_launched(fixture_config(&agentuse, "guest1", ""));
	off_t size = (off_t)agentuse.agent->log.size;

	fixture_stop(&agentuse);
	assert_int_equal(truncate(agentuse.conf.log, size - 100), 0); /* in the middle of its last line */
	assert_diverged();
}

static void log_digit_changed(void **state)
{
	cairn_auto_buf struct cairn_buf text = {0};

	(void)state;
	assert_launched(fixture_config(&agentuse, "guest1", ""));
	fixture_stop(&agentuse);
	assert_int_equal(cairn_file_read(&text, agentuse.conf.log, 1 << 20), CAIRN_OK);
	char *digit = strstr(cairn_buf_str(&text), "\"boot_id\\\":\\\"");

	assert_non_null(digit);
	digit += 15;
	*digit = *digit == '5' ? '6' : '5';
	assert_int_equal(cairn_file_write(agentuse.conf.log, cairn_buf_span(&text), 0600), CAIRN_OK);
	assert_diverged();
}

static void disk_full(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");

	(void)state;
	file_limit = (rlim_t)agentuse.agent->log.size + 20;
	assert_launch(
	    config, CAIRN_EXIT_UNDECIDED,
	    "nothing was launched: its record could not be written: no space on the device or in the buffer "
	    "(the file system of the launch log is full)");
	file_limit = RLIM_INFINITY;
	assert_int_equal(agentuse.agent->log.records, 2);
	assert_launched(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    AGENTUSE_TEST(image_missing),
	    AGENTUSE_TEST(image_unreadable),
	    AGENTUSE_TEST(image_is_private),
	    AGENTUSE_TEST(kernel_empty),
	    AGENTUSE_TEST(image_changes),
	    AGENTUSE_TEST(manifest_unsigned),
	    AGENTUSE_TEST(manifest_of_a_stranger),
	    AGENTUSE_TEST(manifest_for_another),
	    AGENTUSE_TEST(manifest_expired),
	    AGENTUSE_TAPPED(tpm_busy),
	    AGENTUSE_TAPPED(tpm_locked_out),
	    AGENTUSE_TEST(log_truncated),
	    AGENTUSE_TEST(log_digit_changed),
	    AGENTUSE_TEST(disk_full),
	    AGENTUSE_TEST(tpm_gone),
	};

	return cmocka_run_group_tests(tests, group_setup, agentuse_group_teardown);
}
