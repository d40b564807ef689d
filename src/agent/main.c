/* cairnd: measures, authorises and records what a Xen host starts. It runs as root in dom0, owns the TPM and
 * the launch log, and speaks to nobody but through its unix socket. */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/confine.h"

static volatile int running = 1;

static void on_signal(int number)
{
	(void)number;
	running = 0;
}

static const char usage[] =
    "usage: cairnd [--config FILE]\n"
    "\n"
    "Measures every domain before it starts on this Xen host, records it in the TPM and in the launch log, "
    "and\n"
    "serves `cairn` and `cairn-relay`. It stays in the foreground and prints one line when it is ready.\n"
    "\n"
    "  -c, --config FILE  settings (default " CAIRN_AGENT_CONFIG_PATH "; not having one means the defaults)\n"
    "  -f, --foreground   what it does anyway\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "Exit codes: 0 ended by a signal; 2 wrong arguments or settings; 3 no TPM, no Xen, or another failure.\n";

static int fail(enum cairn_status st, struct cairn_buf *why)
{
	const char *text = cairn_buf_str(why);

	cairn_agent_say("%s", text && *text ? text : cairn_status_text(st));
	return st == CAIRN_E_USAGE ? CAIRN_EXIT_USAGE : CAIRN_EXIT_UNDECIDED;
}

/* Secrets pass through this process: no core files. Whoever must read its memfds is root (xl). */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	umask(0022);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	cairn_agent_wipe_json();
}

static void handle_signals(void)
{
	struct sigaction end = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

struct relay {
	uid_t uid;
	gid_t gid;
};

static struct relay find_relay(const char *user)
{
	const struct passwd *p = getpwnam(user);

	if (p && p->pw_uid != 0)
		return (struct relay){p->pw_uid, p->pw_gid};
	cairn_agent_say("there is no user %s (relay_user): only root may connect", user);
	return (struct relay){CAIRN_NOBODY, 0};
}

/* /run is empty after a boot: the directory of a file that cairnd is to make there. */
static enum cairn_status make_parent(const char *path, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf dir = {0};
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return CAIRN_OK;
	cairn_buf_add(&dir, cairn_span(path, (size_t)(slash - path)));
	const char *name = cairn_buf_str(&dir);

	if (!name)
		return CAIRN_E_NOMEM;
	if (mkdir(name, 0755) != 0 && errno != EEXIST) {
		cairn_buf_add_fmt(why, "cannot make the directory %s: %s", name, strerror(errno));
		return CAIRN_E_IO;
	}
	return CAIRN_OK;
}

static int serve(struct cairn_agent *a)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct relay relay = find_relay(a->conf->relay_user);
	int fd = -1;
	enum cairn_status st = cairn_agent_listen(&fd, a->conf->socket, relay.gid, &why);

	if (st == CAIRN_OK)
		st = cairn_confine(a->conf->tcti, &why);
	if (st != CAIRN_OK)
		return fail(st, &why);
	printf("cairnd " CAIRN_VERSION " ready: %s, %llu records, state %s\n", a->conf->socket,
	       (unsigned long long)a->log.records, cairn_agent_state_name(a->state));
	fflush(stdout);
	st = cairn_agent_serve(a, fd, relay.uid, &running);
	unlink(a->conf->socket);
	close(fd);
	return st == CAIRN_OK ? CAIRN_EXIT_GOOD : fail(st, &why);
}

/* Debian's xl is a wrapper in sbin around the one of the Xen that runs. */
static const char *find_xl(const struct cairn_agent_config *conf)
{
	static const char versioned[] = "/usr/lib/xen-4.17/bin/xl";

	if (conf->xl)
		return conf->xl;
	return access(versioned, X_OK) == 0 ? versioned : "/usr/sbin/xl";
}

static int start(const struct cairn_agent_config *conf, struct cairn_agent *a)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_hv hv = {0};
	struct cairn_tpm *tpm = NULL;
	struct cairn_tpm_why no_tpm = {{0}};
	enum cairn_status st = make_parent(conf->log, &why);

	if (st == CAIRN_OK)
		st = make_parent(conf->socket, &why);
	if (st != CAIRN_OK)
		return fail(st, &why);
	st = cairn_tpm_open(&tpm, conf->tcti, &no_tpm);
	if (st != CAIRN_OK) {
		cairn_buf_add_fmt(&why, "no TPM at %s: %s", conf->tcti, no_tpm.text);
		return fail(st, &why);
	}
	st = cairn_xen_open(&hv, find_xl(conf), &why);
	if (st != CAIRN_OK) {
		cairn_tpm_close(tpm);
		return fail(st, &why);
	}
	st = cairn_agent_start(a, conf, tpm, &hv, &why);
	int code = st == CAIRN_OK ? serve(a) : fail(st, &why);

	cairn_agent_stop(a);
	cairn_xen_close(&hv);
	return code;
}

static int run(const char *config)
{
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_agent_config struct cairn_agent_config conf = {0};
	struct cairn_agent *a = NULL;

	if (!config && access(CAIRN_AGENT_CONFIG_PATH, F_OK) == 0)
		config = CAIRN_AGENT_CONFIG_PATH;
	enum cairn_status st = config ? cairn_agent_config_read(&conf, config, &why)
				      : cairn_agent_config_parse(&conf, cairn_span("", 0), "defaults", &why);

	if (st != CAIRN_OK) {
		fail(st, &why);
		return CAIRN_EXIT_USAGE;
	}
	harden();
	handle_signals();
	a = calloc(1, sizeof(*a));
	int code = a ? start(&conf, a) : CAIRN_EXIT_UNDECIDED;

	free(a);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"foreground", no_argument, NULL, 'f'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	const char *config = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "c:fhV", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'f':
			break;
		case 'h':
			fputs(usage, stdout);
			return CAIRN_EXIT_GOOD;
		case 'V':
			puts("cairnd " CAIRN_VERSION);
			return CAIRN_EXIT_GOOD;
		default:
			fputs(usage, stderr);
			return CAIRN_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return CAIRN_EXIT_USAGE;
	}
	return run(config);
}
