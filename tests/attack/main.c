/* Runs every attack and prints a line for each: "refused NAME", or "FAILED NAME: why". Exit 0 if all are
 * refused.
 *
 * Refused means: the error that the case expects, and not one word of what readers are told about any host
 * has changed. Before and after, genuine evidence of the same making must be accepted, so that no case is
 * refused for a reason of its own.
 */
#include "tests/attack/attack.h"

#include <string.h>

static bool genuine_is_trusted(struct world *w, const struct host *h)
{
	struct plan p = plan_genuine(w, h);
	json_t *doc = plan_evidence(w, &p);

	post(w, "/v1/evidence", json_incref(doc));
	if (h == &w->alpha) {
		json_decref(w->accepted);
		w->accepted = json_incref(doc);
	}
	json_decref(doc);
	const char *state = json_string_value(json_object_get(w->body, "state"));
	return w->code == 200 && state && strcmp(state, "trusted") == 0;
}

/* "NAME", or "NAME: FIELD", of which FIELD is what the message ends in. */
static bool is_error(const struct world *w, const char *want)
{
	const char *name = error_code(w), *field = strstr(want, ": ");
	const char *text = json_string_value(json_object_get(json_object_get(w->body, "error"), "message"));
	size_t len = field ? (size_t)(field - want) : strlen(want), tail = field ? strlen(field) : 0;

	if (strlen(name) != len || memcmp(name, want, len) != 0 || !text)
		return false;
	return !field || (strlen(text) >= tail && strcmp(text + strlen(text) - tail, field) == 0);
}

static void one(struct world *w, const struct attack *a, unsigned *failed)
{
	cairn_auto_json json_t *before = told(w);
	cairn_auto_buf struct cairn_buf got = {0};

	a->run(w);
	MUST_OK(cairn_json_dump(&got, w->body));
	cairn_auto_json json_t *after = told(w);
	bool same = json_equal(before, after) == 1;
	bool right = w->code == a->code && is_error(w, a->error);
	if (same && right) {
		printf("refused %s\n", a->name);
		return;
	}
	++*failed;
	printf("FAILED %s: answered with %ld %.200s, expected %ld %s%s\n", a->name, w->code,
	       cairn_buf_str(&got), a->code, a->error, same ? "" : "; WHAT READERS ARE TOLD HAS CHANGED");
}

static void control(struct world *w, const struct host *h, unsigned *failed)
{
	bool good = genuine_is_trusted(w, h);

	printf("%s genuine evidence of %s\n", good ? "accepted" : "FAILED", h->label);
	*failed += !good;
}

static void all(struct world *w, const struct attack *list, unsigned *failed)
{
	for (; list->name; list++)
		one(w, list, failed);
}

int main(void)
{
	static struct world w;
	unsigned failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	world_init(&w);
	control(&w, &w.alpha, &failed);
	control(&w, &w.beta, &failed);
	all(&w, attacks_enrol, &failed);
	all(&w, attacks_release, &failed);
	all(&w, attacks_quote, &failed);
	control(&w, &w.beta, &failed);
	all(&w, attacks_log, &failed); /* the last of them spoil beta */
	control(&w, &w.alpha, &failed);
	world_fini(&w);
	return failed != 0;
}
