/* What the units of the agent share: one agent in a program of tests, its requests and its launches. */
#ifndef CAIRN_TESTS_AGENTUSE_FIXTURE_H
#define CAIRN_TESTS_AGENTUSE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/resource.h>

#include "tests/unit/agent_fixture.h"

#define AGENTUSE_ONE_COMMAND 40 /* the tries of one command: 8 of cairn, 5 of ESAPI each */

extern struct agent_fixture agentuse;
extern struct cairn_key *agentuse_stranger; /* a key that is no authority's */
/* Of the last agentuse_launch. */
extern struct cairn_launched agentuse_done;
extern char agentuse_why[1024];

/* For a group of tests: a TPM without EK; the same with EK and two banks. */
int agentuse_group_setup(void **state);
int agentuse_group_setup_ek(void **state);
int agentuse_group_teardown(void **state);
/* For a test: a host that has just booted; the same, with the agent's TPM behind agentuse.tap. */
int agentuse_setup(void **state);
int agentuse_setup_tapped(void **state);
int agentuse_teardown(void **state);
#define AGENTUSE_TEST(t)   cmocka_unit_test_setup_teardown(t, agentuse_setup, agentuse_teardown)
#define AGENTUSE_TAPPED(t) cmocka_unit_test_setup_teardown(t, agentuse_setup_tapped, agentuse_teardown)

/* The agent's answer; a new reference. agentuse_ask takes the request's. */
json_t *agentuse_ask_text(const struct cairn_peer *peer, struct cairn_span text);
json_t *agentuse_ask(const struct cairn_peer *peer, json_t *request);
/* A text of an answer, or "(none)". */
const char *agentuse_str(const json_t *v, const char *member);
/* Fails the test unless the answer has this status; takes its reference. */
void agentuse_assert_status(json_t *answer, enum cairn_status want);

enum cairn_status agentuse_launch(const char *config);
/* record.a, or with b record.a.b; NULL if it is no text. */
const char *agentuse_text(const json_t *record, const char *a, const char *b);
void agentuse_assert_type(uint64_t recnum, const char *type);

/* The next count commands of this code fail so; all zero: none. */
void agentuse_fail_next(uint32_t cc, uint32_t rc, unsigned count);
/* No file of this process grows beyond this. */
void agentuse_limit_files(rlim_t bytes);

#endif
