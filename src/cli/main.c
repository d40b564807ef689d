/* cairn: the one command line. Finds the command, runs it, and makes sure that what was printed was also written. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

/* In the order in which `cairn help` lists them: running hosts, boot and logs, keys and manifests, servers. */
static const struct cairn_cli_command commands[] = {
    {"launch", "measure, authorise, record and start a domain", cairn_cmd_launch},
    {"stop", "destroy a domain that cairnd launched", cairn_cmd_stop},
    {"status", "state of cairnd and of each domain", cairn_cmd_status},
    {"phase", "extend PCR 13 at the hand-over from dom0's initramfs", cairn_cmd_phase},
    {"maintenance", "enforce nothing until the next boot; secrets shut", cairn_cmd_maintenance},
    {"chain", "what measured what, compared with the TPM", cairn_cmd_chain},
    {"log", "the launch log; show or replay any log file", cairn_cmd_log},
    {"evidence", "a quote with its logs, as files to check by hand", cairn_cmd_evidence},
    {"quote", "judge a quote of a TPM offline", cairn_cmd_quote},
    {"seal", "seal a secret to this host and a release key", cairn_cmd_seal},
    {"unseal", "open a sealed secret with an approval", cairn_cmd_unseal},
    {"measure", "digests and size of files, as components of a manifest", cairn_cmd_measure},
    {"key", "make signing keys, take out their public parts", cairn_cmd_key},
    {"manifest", "signed reference values", cairn_cmd_manifest},
    {"release", "which releases are still allowed, signed", cairn_cmd_release},
    {"predict", "PCR values that a platform manifest foretells", cairn_cmd_predict},
    {"approve", "let secrets of a class open on a platform", cairn_cmd_approve},
    {"query", "what the server says of a host", cairn_cmd_query},
    {"jwks", "the server's public token keys", cairn_cmd_jwks},
    {"ek", "judge certificates of TPMs' endorsement keys offline", cairn_cmd_ek},
    {"ear", "judge attestation results offline", cairn_cmd_ear},
};

/* Facts that could not be written were not told. */
static int finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	if (errno != EPIPE) /* a reader that has seen enough knows that it has */
		fprintf(stderr, "cairn: standard output: %s\n", strerror(errno));
	return CAIRN_EXIT_UNDECIDED;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)) {
		puts("cairn " CAIRN_VERSION);
		return finish(CAIRN_EXIT_GOOD);
	}
	return finish(
	    cairn_cli_dispatch("cairn", commands, sizeof(commands) / sizeof(commands[0]), argc, argv));
}
