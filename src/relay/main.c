/* cairn-relay: reads its configuration, becomes an unprivileged user, and sends evidence until it is told to
 * stop. */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cairn/appraise.h"
#include "relay/relay.h"
#include "vchan/vchan.h"

static const char help[] =
    "usage: cairn-relay [OPTION...]\n\n"
    "Carries evidence from cairnd to the attestation server.\n\n"
    "options:\n"
    "  -c, --config FILE   configuration [" CAIRN_RELAY_CONF "]\n"
    "      --vchan ID/NODE cairnd is reached over the vchan that domain ID offers at NODE\n"
    "  -1, --once          one round; exit 0: trusted, 1: not trusted, 3: could not be decided\n"
    "      --enroll        enrol with the server and exit\n"
    "  -j, --json          with --once, print the server's answer\n"
    "      --help          print this and exit\n"
    "      --version       print the version and exit\n";

struct arguments {
	const char *config, *vchan;
	bool once, enroll, json;
};

/* -1: go on; else the exit code. */
static int parse(struct arguments *a, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'}, {"vchan", required_argument, NULL, 'V'},
	    {"once", no_argument, NULL, '1'},	      {"enroll", no_argument, NULL, 'e'},
	    {"json", no_argument, NULL, 'j'},	      {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
	for (int c; (c = getopt_long(argc, argv, "c:1j", longs, NULL)) != -1;) {
		switch (c) {
		case 'c':
			a->config = optarg;
			break;
		case 'V':
			a->vchan = optarg;
			break;
		case '1':
			a->once = true;
			break;
		case 'e':
			a->enroll = true;
			break;
		case 'j':
			a->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return CAIRN_EXIT_GOOD;
		case 'v':
			puts("cairn-relay " CAIRN_VERSION);
			return CAIRN_EXIT_GOOD;
		default:
			fputs("cairn-relay: see `cairn-relay --help`\n", stderr);
			return CAIRN_EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	cairn_relay_log("unexpected argument '%s'; see `cairn-relay --help`", argv[optind]);
	return CAIRN_EXIT_USAGE;
}

static int fail(enum cairn_status s, struct cairn_buf *why)
{
	const char *text = cairn_buf_str(why);
	cairn_relay_log("%s", text && *text ? text : cairn_status_text(s));
	return s == CAIRN_E_USAGE ? CAIRN_EXIT_USAGE : CAIRN_EXIT_UNDECIDED;
}

static const char *state_of(const json_t *answer)
{
	const char *state = json_string_value(json_object_get(answer, "state"));
	return state ? state : "unknown";
}

/* An answer without a state that cairn knows decides nothing. */
static int exit_of(const char *state)
{
	switch (cairn_state_by_name(state)) {
	case CAIRN_STATE_TRUSTED:
		return CAIRN_EXIT_GOOD;
	case CAIRN_STATE_UNKNOWN:
	case CAIRN_STATE_PENDING:
		return CAIRN_EXIT_UNDECIDED;
	default:
		return CAIRN_EXIT_NOT_TRUSTED;
	}
}

static void log_verdict(const json_t *answer)
{
	size_t i;
	json_t *reason;
	cairn_relay_log("the server's verdict: %s", state_of(answer));
	json_array_foreach(json_object_get(answer, "reasons"), i, reason)
	{
		const char *code = json_string_value(json_object_get(reason, "code"));
		const char *text = json_string_value(json_object_get(reason, "text"));
		const char *plain = json_string_value(reason);
		if (plain)
			cairn_relay_log("  %s", plain);
		else
			cairn_relay_log("  %s: %s", code ? code : "?", text ? text : "");
	}
}

static int once(struct cairn_relay *r, const struct arguments *a)
{
	cairn_auto_buf struct cairn_buf why = {0};
	cairn_auto_json json_t *answer = NULL;
	enum cairn_status s = cairn_relay_round(&answer, r, &why);
	if (s)
		return fail(s, &why);
	log_verdict(answer);
	if (a->json && (json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII) ||
			puts("") < 0 || fflush(stdout)))
		return CAIRN_EXIT_UNDECIDED;
	return exit_of(state_of(answer));
}

/* The signals that end the relay are blocked but here, so that none gets lost and no round is torn. */
static bool told_to_stop(unsigned ms)
{
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	return sigtimedwait(&ends, NULL, &t) > 0;
}

static uint32_t random32(void)
{
	uint32_t v = 0;
	return getrandom(&v, sizeof(v), 0) == sizeof(v) ? v : 0;
}

static int forever(struct cairn_relay *r)
{
	unsigned failures = 0, wait_ms = 0;
	while (!told_to_stop(wait_ms)) {
		cairn_auto_buf struct cairn_buf why = {0};
		cairn_auto_json json_t *answer = NULL;
		enum cairn_status s = cairn_relay_round(&answer, r, &why);
		if (!s) {
			failures = 0;
			/* Up to a tenth earlier, so that hosts that booted together do not stay together. */
			wait_ms =
			    r->config->interval_s * 1000 - random32() % (r->config->interval_s * 100 + 1);
			log_verdict(answer);
			continue;
		}
		failures += failures < 32;
		wait_ms = cairn_relay_backoff_ms(failures, r->config->retry_max_s, random32());
		const char *text = cairn_buf_str(&why);
		cairn_relay_log("%s; next try in %u.%u s%s", text && *text ? text : cairn_status_text(s),
				wait_ms / 1000, wait_ms / 100 % 10,
				r->pending ? ", the evidence is kept" : "");
		/* Who is nobody any more cannot open it again: whoever started the relay does so anew. */
		if (r->agent_lost) {
			cairn_relay_log("the way to cairnd is lost: ending, to be started again");
			return CAIRN_EXIT_UNDECIDED;
		}
	}
	cairn_relay_log("told to stop");
	return CAIRN_EXIT_GOOD;
}

static int work(const struct arguments *a, const struct cairn_relay_config *c,
		const struct cairn_channel *agent)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_relay r = {0};
	enum cairn_status s = cairn_relay_init(&r, c, agent, &why);
	if (s)
		return fail(s == CAIRN_E_NOTFOUND ? CAIRN_E_USAGE : s, &why);
	int code;
	if (a->enroll) {
		s = cairn_relay_enrol(&r, &why);
		code = s ? fail(s, &why) : CAIRN_EXIT_GOOD;
	} else {
		code = a->once ? once(&r, a) : forever(&r);
	}
	cairn_relay_fini(&r);
	return code;
}

/* The devices of a vchan are root's: it is opened first. */
static enum cairn_status open_vchan(struct cairn_vchan **out, const char *text, struct cairn_buf *why)
{
	uint32_t domid;
	const char *node;
	enum cairn_status s = cairn_relay_vchan_parse(&domid, &node, text);
	if (s)
		cairn_buf_add_fmt(why, "--vchan %s: it is DOMID/NODE, such as 0/local/domain/0/cairn/relay",
				  text);
	return s ? s : cairn_vchan_connect(out, domid, node, why);
}

static int run(const struct arguments *a, const struct cairn_relay_config *c)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_vchan *v = NULL;
	struct cairn_channel agent = {0};
	const char *vchan = a->vchan ? a->vchan : c->vchan;
	enum cairn_status s = vchan ? open_vchan(&v, vchan, &why) : CAIRN_OK;
	if (!s)
		s = cairn_relay_drop(c->user, &why);
	if (v)
		agent = cairn_vchan_channel(v);
	int code = s ? fail(s == CAIRN_E_NOTFOUND ? CAIRN_E_USAGE : s, &why) : work(a, c, v ? &agent : NULL);
	cairn_vchan_close(v);
	return code;
}

int main(int argc, char **argv)
{
	struct arguments a = {.config = CAIRN_RELAY_CONF};
	struct cairn_relay_config c;
	cairn_auto_buf struct cairn_buf why = {0};
	int code = parse(&a, argc, argv);
	if (code >= 0)
		return code;
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stderr, NULL, _IOLBF, 0);
	enum cairn_status s = cairn_relay_config_load(&c, a.config, &why);
	if (s)
		return fail(s == CAIRN_E_NOTFOUND ? CAIRN_E_USAGE : s, &why);
	code = run(&a, &c);
	cairn_relay_config_fini(&c);
	return code;
}
