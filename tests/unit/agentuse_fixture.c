/* One agent for a program of tests; see agentuse_fixture.h. */
#include "tests/unit/agentuse_fixture.h"

#include <signal.h>
#include <stdio.h>

#include "relay/agent_client.h"

struct agent_fixture agentuse;
struct cairn_key *agentuse_stranger;
struct cairn_launched agentuse_done;
char agentuse_why[1024];

static int group_setup(const char *banks)
{
	if (fixture_init(&agentuse, banks) != 0)
		return -1;
	return cairn_key_generate(&agentuse_stranger, CAIRN_SIG_EDDSA) == CAIRN_OK ? 0 : -1;
}

int agentuse_group_setup(void **state)
{
	(void)state;
	return group_setup(NULL);
}

int agentuse_group_setup_ek(void **state)
{
	(void)state;
	return group_setup("sha256,sha384");
}

int agentuse_group_teardown(void **state)
{
	(void)state;
	cairn_key_free(agentuse_stranger);
	fixture_fini(&agentuse);
	return 0;
}

static int setup(bool tapped)
{
	fixture_stop(&agentuse);
	agentuse.tapped = tapped;
	return fixture_boot(&agentuse);
}

int agentuse_setup(void **state)
{
	(void)state;
	return setup(false);
}

int agentuse_setup_tapped(void **state)
{
	(void)state;
	return setup(true);
}

int agentuse_teardown(void **state)
{
	(void)state;
	cairn_reasons_fini(&agentuse_done.reasons);
	fixture_stop(&agentuse);
	return 0;
}

json_t *agentuse_ask_text(const struct cairn_peer *peer, struct cairn_span text)
{
	cairn_auto_buf struct cairn_buf out = {0};
	json_t *answer = NULL;

	assert_int_equal(cairn_agent_answer(agentuse.agent, peer, text, &out), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&answer, cairn_buf_span(&out)), CAIRN_OK);
	return answer;
}

/* Takes the request's reference. */
json_t *agentuse_ask(const struct cairn_peer *peer, json_t *request)
{
	cairn_auto_buf struct cairn_buf text = {0};

	assert_int_equal(cairn_json_dump(&text, request), CAIRN_OK);
	json_decref(request);
	return agentuse_ask_text(peer, cairn_buf_span(&text));
}

const char *agentuse_str(const json_t *v, const char *member)
{
	const char *s = json_string_value(json_object_get(v, member));

	return s ? s : "(none)";
}

void agentuse_assert_status(json_t *answer, enum cairn_status want)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_agent_verdict(answer, &why);

	if (st != want)
		fail_msg("expected %s, got %s: %s", cairn_status_name(want), cairn_status_name(st),
			 agentuse_str(answer, "error"));
	if (st != CAIRN_OK)
		assert_int_equal(json_integer_value(json_object_get(answer, "exit")), cairn_status_exit(st));
	json_decref(answer);
}

enum cairn_status agentuse_launch(const char *config)
{
	cairn_auto_buf struct cairn_buf b = {0};

	cairn_reasons_fini(&agentuse_done.reasons);
	enum cairn_status st = cairn_agent_launch(agentuse.agent, config, 0, 30, &agentuse_done, &b);
	const char *text = cairn_buf_str(&b);

	snprintf(agentuse_why, sizeof(agentuse_why), "%s", text ? text : "");
	return st;
}

const char *agentuse_text(const json_t *record, const char *a, const char *b)
{
	json_t *v = json_object_get(record, a);

	return json_string_value(b ? json_object_get(v, b) : v);
}

void agentuse_assert_type(uint64_t recnum, const char *type)
{
	cairn_auto_json json_t *r = fixture_record(&agentuse, recnum);

	assert_string_equal(agentuse_text(r, "type", NULL), type);
}

void agentuse_fail_next(uint32_t cc, uint32_t rc, unsigned count)
{
	agentuse.tap.fail_cc = cc;
	agentuse.tap.fail_rc = rc;
	agentuse.tap.fail_count = count;
}

void agentuse_limit_files(rlim_t bytes)
{
	struct rlimit r;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}
