#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/verdict_fixture.h"

int verdict_setup(void **state)
{
	struct sim *s = malloc(sizeof *s);
	sim_init(s);
	*state = s;
	return 0;
}

int verdict_teardown(void **state)
{
	sim_fini(*state);
	free(*state);
	return 0;
}

enum cairn_status verdict_appraise(struct cairn_verdict *v, struct sim *s,
				   const struct cairn_manifest *const *list, size_t count)
{
	struct cairn_quote *q = sim_quote(s);
	struct cairn_appraisal a = {.quote = q,
				    .boot_log = cairn_buf_span(&s->boot_log),
				    .launch_log = cairn_buf_span(&s->launch_log),
				    .manifest = list,
				    .manifest_count = count,
				    .release_set = s->release_set,
				    .now = SIM_NOW};
	memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
	cairn_verdict_fini(v);
	enum cairn_status st = cairn_appraise(v, &a);
	cairn_quote_free(q);
	return st;
}

const char *verdict_member(const struct cairn_verdict *v, const char *sub, const char *what)
{
	const char *t = json_string_value(json_object_get(json_object_get(v->submods, sub), what));
	return t ? t : "(none)";
}

const char *verdict_reason(const struct cairn_verdict *v, const char *sub, size_t at, const char *what)
{
	const json_t *list = json_object_get(json_object_get(v->submods, sub), "cairn.reasons");
	const char *t = json_string_value(json_object_get(json_array_get(list, at), what));
	return t ? t : "(none)";
}

void verdict_expect(struct sim *s, struct cairn_verdict *v, enum cairn_state state)
{
	cairn_verdict_fini(v);
	assert_int_equal(sim_appraise(v, s, SIM_NOW), CAIRN_OK);
	assert_string_equal(cairn_state_name(v->state), cairn_state_name(state));
}

void verdict_expect_sub(const struct cairn_verdict *v, const char *sub, const char *tier, const char *code)
{
	assert_string_equal(verdict_member(v, sub, "ear.status"), tier);
	assert_string_equal(verdict_reason(v, sub, 0, "code"), code);
}

bool verdict_says(const struct cairn_verdict *v, const char *sub, const char *code, const char *component)
{
	const json_t *list = json_object_get(json_object_get(v->submods, sub), "cairn.reasons");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);
		if (strcmp(json_string_value(json_object_get(r, "code")), code) == 0 &&
		    strcmp(json_string_value(json_object_get(r, "component")), component) == 0)
			return true;
	}
	return false;
}

bool verdict_running(const struct cairn_verdict *v, const char *sub)
{
	return json_is_true(json_object_get(json_object_get(v->submods, sub), "cairn.running"));
}
