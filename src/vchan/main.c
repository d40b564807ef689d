/* cairn-vchan: runs in dom0 and serves cairnd's socket over one vchan to the one domain in which cairn-relay runs.
 *
 * This process is root's: it asks xenstore once a second for the domain's number, and starts the process that serves that
 * number. That one opens the vchan, becomes the relay's user, and keeps nothing but the vchan and the way to the socket
 * (bridge.c, confine.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenstore.h>

#include "cairn/agent.h"
#include "relay/relay.h"
#include "vchan/bridge.h"
#include "vchan/domain.h"
#include "vchan/vchan.h"

#define LOOK_MS	   1000
#define NODE_MAX   48 /* libxenvchan 4.17 has 64 bytes for it and "/event-channel" */
#define REQUEST_MS 30000
#define ANSWER_MS  120000 /* a TPM may take its time */
#define REST_MS	   20

static volatile sig_atomic_t running = 1;

static const char help[] =
    "usage: cairn-vchan --domain NAME [OPTION...]\n\n"
    "Serves cairnd's socket over vchan to the domain in which cairn-relay runs.\n\n"
    "options:\n"
    "  -d, --domain NAME  the domain, as cairnd has launched it\n"
    "  -n, --node PATH    the vchan's place in xenstore [" CAIRN_VCHAN_NODE "]\n"
    "  -s, --socket PATH  cairnd's socket [" CAIRN_AGENT_SOCKET "]\n"
    "  -u, --user NAME    the user that serves; cairnd must know it as relay_user [cairn-relay]\n"
    "      --help         print this and exit\n"
    "      --version      print the version and exit\n";

struct arguments {
	const char *domain, *node, *socket, *user;
};

struct served {
	uint32_t domid; /* CAIRN_VCHAN_NOBODY: no domain of that name runs */
	pid_t child;	/* 0: none */
};

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "cairn-vchan: %s\n", line);
}

/* ---- arguments ---------------------------------------------------------------------------------------- */

static int usage(const char *problem)
{
	say("%s; see `cairn-vchan --help`", problem);
	return CAIRN_EXIT_USAGE;
}

static bool node_ok(const char *node)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@";
	size_t n = strlen(node);

	return *node == '/' && n > 1 && n <= NODE_MAX && strspn(node, chars) == n && node[n - 1] != '/';
}

static int check(const struct arguments *a, int argc)
{
	if (optind != argc)
		return usage("an argument too many");
	if (!a->domain || !*a->domain)
		return usage("--domain is needed");
	if (!node_ok(a->node))
		return usage("--node is an absolute path in xenstore, of at most 48 bytes");
	return -1;
}

/* -1: go on; else the exit code. */
static int parse(struct arguments *a, int argc, char **argv)
{
	static const struct option longs[] = {{"domain", required_argument, NULL, 'd'},
					      {"node", required_argument, NULL, 'n'},
					      {"socket", required_argument, NULL, 's'},
					      {"user", required_argument, NULL, 'u'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {NULL, 0, NULL, 0}};

	for (int c; (c = getopt_long(argc, argv, "d:n:s:u:", longs, NULL)) != -1;) {
		switch (c) {
		case 'd':
			a->domain = optarg;
			break;
		case 'n':
			a->node = optarg;
			break;
		case 's':
			a->socket = optarg;
			break;
		case 'u':
			a->user = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return CAIRN_EXIT_GOOD;
		case 'v':
			puts("cairn-vchan " CAIRN_VERSION);
			return CAIRN_EXIT_GOOD;
		default:
			return usage("that is no option of this program");
		}
	}
	return check(a, argc);
}

/* ---- the process that serves -------------------------------------------------------------------------- */

static enum cairn_status serve(const struct arguments *a, uint32_t domid, pid_t parent, struct cairn_buf *why)
{
	const struct cairn_bridge bridge = {.socket = a->socket,
					    .request_ms = REQUEST_MS,
					    .answer_ms = ANSWER_MS,
					    .take_ms = REQUEST_MS,
					    .rest_ms = REST_MS};
	struct cairn_vchan *v = NULL;
	enum cairn_status st = cairn_vchan_serve(&v, domid, a->node, why);

	if (st == CAIRN_OK)
		st = cairn_relay_drop(a->user, why);
	/* Becoming another user forgets it, so it is said now; the parent may be gone already. */
	if (st == CAIRN_OK && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent))
		st = CAIRN_E_IO;
	/* The other side can wake it as often as it likes, so everybody else goes first. */
	if (st == CAIRN_OK && setpriority(PRIO_PROCESS, 0, 19) != 0)
		st = CAIRN_E_IO;
	if (st == CAIRN_OK)
		st = cairn_bridge_confine(why);
	if (st != CAIRN_OK)
		return st;
	const struct cairn_channel ch = cairn_vchan_channel(v);

	return cairn_bridge_serve(&bridge, &ch, why);
}

/* What it shares with the domain goes with the process; libxenvchan_close would want xenstore. */
_Noreturn static void child(const struct arguments *a, uint32_t domid, struct xs_handle *xs, pid_t parent)
{
	cairn_auto_buf struct cairn_buf why = {0};

	xs_daemon_destroy_postfork(xs);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	enum cairn_status st = serve(a, domid, parent, &why);
	const char *text = cairn_buf_str(&why);

	say("domain %u: %s", (unsigned)domid, text && *text ? text : cairn_status_text(st));
	_exit(cairn_status_exit(st));
}

/* ---- the process that looks after it ------------------------------------------------------------------ */

static char **store_list(void *self, const char *path, unsigned *count)
{
	return xs_directory(self, XBT_NULL, path, count);
}

static char *store_read(void *self, const char *path)
{
	unsigned len;

	return xs_read(self, XBT_NULL, path, &len);
}

static void start(struct served *s, const struct arguments *a, struct xs_handle *xs)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		child(a, s->domid, xs, parent);
	if (pid < 0) {
		say("no process to serve %s: %s; trying again", a->domain, strerror(errno));
		return;
	}
	say("serving %s, domain %u", a->domain, (unsigned)s->domid);
	s->child = pid;
}

static void ended(struct served *s, const struct arguments *a, struct xs_handle *xs, int status)
{
	if (WIFSIGNALED(status))
		say("what served domain %u was killed by signal %d", (unsigned)s->domid, WTERMSIG(status));
	s->child = 0;
	xs_rm(xs, XBT_NULL, a->node);
}

/* The domain that it serves is gone, or has come back under another number. */
static void stop(struct served *s, const struct arguments *a, struct xs_handle *xs)
{
	int status = 0;

	kill(s->child, SIGKILL);
	while (waitpid(s->child, &status, 0) < 0 && errno == EINTR)
		;
	say("%s, domain %u, is gone", a->domain, (unsigned)s->domid);
	ended(s, a, xs, 0);
}

static void look(struct served *s, const struct arguments *a, struct xs_handle *xs)
{
	const struct cairn_vchan_store store = {store_list, store_read, xs};
	uint32_t domid = cairn_vchan_find(&store, a->domain);
	int status;

	if (s->child && waitpid(s->child, &status, WNOHANG) == s->child)
		ended(s, a, xs, status);
	if (s->child && domid != s->domid)
		stop(s, a, xs);
	s->domid = domid;
	if (!s->child && domid != CAIRN_VCHAN_NOBODY)
		start(s, a, xs);
}

static void on_signal(int number)
{
	(void)number;
	running = 0;
}

static int supervise(const struct arguments *a, struct xs_handle *xs)
{
	struct served s = {.domid = CAIRN_VCHAN_NOBODY};
	const struct sigaction end = {.sa_handler = on_signal};

	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	while (running) {
		look(&s, a, xs);
		poll(NULL, 0, LOOK_MS);
	}
	if (s.child)
		stop(&s, a, xs);
	return CAIRN_EXIT_GOOD;
}

/* Root, with no network of its own: what it opens it opens by name. */
static int prepare(const struct arguments *a)
{
	const struct passwd *p = getpwnam(a->user);

	if (!p || p->pw_uid == 0) {
		say("user '%s': %s", a->user,
		    p ? "what serves does not run as root; choose another --user"
		      : "there is no such user; create it, or name another with --user");
		return CAIRN_EXIT_USAGE;
	}
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		say("this runs as root in dom0 of a Xen host");
		return CAIRN_EXIT_UNDECIDED;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct arguments a = {.node = CAIRN_VCHAN_NODE, .socket = CAIRN_AGENT_SOCKET, .user = "cairn-relay"};
	int code = parse(&a, argc, argv);

	if (code >= 0)
		return code;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stderr, NULL, _IOLBF, 0);
	code = prepare(&a);
	if (code >= 0)
		return code;
	struct xs_handle *xs = xs_open(0);

	if (!xs) {
		say("no xenstore (%s): is this dom0 of a Xen host, and does xenstored run?", strerror(errno));
		return CAIRN_EXIT_UNDECIDED;
	}
	code = supervise(&a, xs);
	xs_close(xs);
	return code;
}
