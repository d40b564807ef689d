/* A software TPM for unit tests: swtpm with its own directory, sockets and local CA, so that its EK
 * certificate is real.
 *
 * It dies with the test program (PR_SET_PDEATHSIG), and every wait is bounded. Functions return 0, or -1
 * after printing why to stderr. One client at a time: close the connection before swtpm_reboot.
 */
#ifndef CAIRN_TESTS_SWTPM_FIXTURE_H
#define CAIRN_TESTS_SWTPM_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

struct swtpm {
	char dir[64];	/* state/ certs/ ca/ sock sock.ctrl; removed by swtpm_stop */
	char tcti[128]; /* "swtpm:path=DIR/sock" */
	pid_t pid;
};

/* Manufactures a TPM with the given active banks ("sha256,sha384") and starts it, TPM2_Startup included. The environment's
 * CAIRN_SWTPM_STOCK may name a directory where made ones are kept: then it is a copy of one of those. */
int swtpm_start(struct swtpm *s, const char *banks);
/* The same without EKs and certificates, in a fraction of the time. All four banks are active. */
int swtpm_start_bare(struct swtpm *s);
/* Orderly shutdown, power cycle, TPM2_Startup(CLEAR). */
int swtpm_reboot(struct swtpm *s);
/* Runs a program to its end; its output goes to DIR/log. Its exit code, 124 where it takes too long. */
int swtpm_run(const struct swtpm *s, const char *const argv[]);
/* Kills it and removes the directory. Safe on a zeroed one and after a failed start. */
void swtpm_stop(struct swtpm *s);

#endif
