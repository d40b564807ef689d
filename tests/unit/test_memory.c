/* What cairnd keeps of a boot with a thousand launches. */
#include "tests/unit/agentuse_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAUNCHES 1000
#define LIMIT_KB 8192

/* A line of /proc/self/status, in KiB. */
static long status_kb(const char *name)
{
	char line[256];
	long kb = -1;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kb = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

static void test_launches(void **state)
{
	const char *config = fixture_config(&agentuse, "guest1", "");
	long first = 0, half = 0;

	(void)state;
	for (unsigned i = 0; i < LAUNCHES; i++) {
		assert_int_equal(agentuse_launch(config), CAIRN_OK);
		agentuse.fake.count = 0;
		cairn_agent_sweep(agentuse.agent);
		if (i == 0)
			first = status_kb("RssAnon:");
		if (i == LAUNCHES / 2)
			half = status_kb("RssAnon:");
	}
	long last = status_kb("RssAnon:");

	print_message("RssAnon %ld KiB after the first, %ld after half, %ld after all; VmRSS %ld\n", first,
		      half, last, status_kb("VmRSS:"));
	assert_int_equal(agentuse.agent->log.records, 2 + 2 * LAUNCHES);
	assert_true(first > 0);
#if !defined(__SANITIZE_ADDRESS__)
	assert_true(last <= LIMIT_KB);
#endif
	fixture_assert_replays(&agentuse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {AGENTUSE_TEST(test_launches)};

	return cmocka_run_group_tests(tests, agentuse_group_setup, agentuse_group_teardown);
}
