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

static void one(struct world *w, const struct attack *a, unsigned *failed)
{
	cairn_auto_json json_t *before = told(w);
	char got[128];

	a->run(w);
	snprintf(got, sizeof(got), "%ld %s", w->code, error_code(w));
	cairn_auto_json json_t *after = told(w);
	bool same = json_equal(before, after) == 1;
	bool right = w->code == a->code && strcmp(error_code(w), a->error) == 0;
	if (same && right) {
		printf("refused %s\n", a->name);
		return;
	}
	++*failed;
	printf("FAILED %s: answered with %s, expected %ld %s%s\n", a->name, got, a->code, a->error,
	       same ? "" : "; WHAT READERS ARE TOLD HAS CHANGED");
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
	all(&w, attacks_quote, &failed);
	control(&w, &w.beta, &failed);
	all(&w, attacks_log, &failed); /* the last of them spoil beta */
	control(&w, &w.alpha, &failed);
	world_fini(&w);
	return failed != 0;
}
