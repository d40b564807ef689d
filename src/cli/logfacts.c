/* The facts of a log as lines for people: what each says, the event that says it, and what is behind it. */
#include <string.h>

#include "logtext.h"

#define LINES_SHOWN 40 /* of a list */
#define NAMES_SHOWN 8  /* of a list within a line */
#define HEX_SHOWN   64 /* digits; --json has them all */

/* A digest of the bank that people know best. */
static void add_digest(struct cairn_buf *line, const json_t *digests)
{
	const char *const order[] = {"sha256", "sha384", "sha512", "sm3_256", "sha1"};

	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		const char *hex = json_string_value(json_object_get(digests, order[i]));

		if (!hex)
			continue;
		cairn_buf_add_fmt(line, "%s%s:%s", line->len ? " " : "", order[i], hex);
		return;
	}
}

static bool is_scalar(const json_t *v)
{
	return json_is_string(v) || json_is_integer(v) || json_is_boolean(v);
}

/* Members whose name says nothing that the value does not. */
static bool speaks_for_itself(const char *name)
{
	static const char *const names[] = {"text", "path",    "name",	  "state",	"role",
					    "what", "subject", "cmdline", "description"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void add_member(struct cairn_buf *line, const char *name, const json_t *v)
{
	bool bare = !*name || (json_is_string(v) && speaks_for_itself(name));

	if (json_is_string(v) && json_string_length(v) == 0)
		return;
	cairn_buf_add_fmt(line, "%s%s%s", line->len ? ", " : "", bare ? "" : name, bare ? "" : ": ");
	if (strcmp(name, "optional_hex") == 0 && json_string_length(v) > HEX_SHOWN)
		cairn_buf_add_fmt(line, "%.*s...", HEX_SHOWN, json_string_value(v));
	else if (json_is_string(v))
		cairn_buf_add_str(line, json_string_value(v));
	else if (json_is_integer(v))
		cairn_buf_add_fmt(line, "%lld", (long long)json_integer_value(v));
	else
		cairn_buf_add_str(line, json_is_true(v) ? "yes" : "no");
}

/* "3 signatures: A; B; C", with what of the elements is a text. */
static void add_array(struct cairn_buf *line, const char *name, const json_t *list)
{
	size_t n = json_array_size(list);

	cairn_buf_add_fmt(line, "%s%zu %s", line->len ? ", " : "", n, name);
	for (size_t i = 0, shown = 0; i < n && shown < NAMES_SHOWN; i++) {
		const json_t *e = json_array_get(list, i);
		const char *text = json_string_value(json_is_object(e) ? json_object_get(e, "subject") : e);

		if (text)
			cairn_buf_add_fmt(line, "%s%s", shown++ ? "; " : ": ", text);
	}
}

/* What the line says in another way: numbers of what has a name, bytes of what is read, lengths of lists. */
static bool is_plumbing(const char *name, const json_t *fact)
{
	static const char *const always[] = {"event", "backed", "pcr",	      "guid", "guid_name",
					     "grub",  "owner",	"owner_name", "size"};

	for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
		if (strcmp(name, always[i]) == 0)
			return true;
	if (strcmp(name, "optional_hex") == 0)
		return json_object_get(fact, "optional_text") != NULL;
	if (strcmp(name, "count") == 0)
		return json_object_get(fact, "signatures") != NULL;
	return strcmp(name, "hex") == 0 && (json_object_size(fact) > 4 || json_object_get(fact, "text"));
}

static void add_scalars(struct cairn_buf *line, const json_t *fact)
{
	const char *name;
	json_t *v;

	/* jansson's loop takes a pointer without const, and reads only */
	json_object_foreach((json_t *)(uintptr_t)fact, name, v)
	{
		if (is_plumbing(name, fact))
			continue;
		if (is_scalar(v))
			add_member(line, name, v);
		else if (json_is_array(v))
			add_array(line, name, v);
	}
}

/* "SecureBoot on  (event 3, hashed)" */
static void put_fact(const struct cairn_cli_style *st, unsigned indent, const char *name, const json_t *fact)
{
	cairn_auto_buf struct cairn_buf line = {0}, text = {0};
	const char *backed = json_string_value(json_object_get(fact, "backed"));
	json_int_t event = json_integer_value(json_object_get(fact, "event"));

	if (is_scalar(fact))
		add_member(&line, "", fact);
	add_scalars(&line, json_object_get(fact, "option"));
	add_scalars(&line, fact);
	add_digest(&line, json_object_get(fact, "digests"));
	if (name)
		cairn_buf_add_fmt(&text, "%s: ", name);
	cairn_buf_add(&text, cairn_buf_span(&line));
	if (event > 0)
		cairn_buf_add_fmt(&text, "  (event %lld%s%s)", (long long)event, backed ? ", " : "",
				  backed ? backed : "");
	if (cairn_buf_str(&text))
		cairn_cli_put_wrapped(st, indent, (const char *)text.ptr);
}

static void put_list(const struct cairn_cli_style *st, unsigned indent, const char *name, const json_t *list)
{
	size_t n = json_array_size(list);

	cairn_cli_put_wrapped(st, indent, name);
	for (size_t i = 0; i < n && i < LINES_SHOWN; i++)
		put_fact(st, indent + 2, NULL, json_array_get(list, i));
	if (n > LINES_SHOWN)
		printf("%*s... and %zu more; --json has all of them\n", (int)indent + 2, "", n - LINES_SHOWN);
}

/* True for what is a fact itself, and not a set of them. */
static bool is_fact(const json_t *v)
{
	return json_object_get(v, "event") || json_object_get(v, "digests") || json_object_get(v, "backed") ||
	       json_object_get(v, "state");
}

static void put_set(const struct cairn_cli_style *st, unsigned indent, const char *name, const json_t *set)
{
	const char *member;
	json_t *v;

	cairn_cli_put_wrapped(st, indent, name);
	json_object_foreach((json_t *)(uintptr_t)set, member, v)
	{
		if (json_is_array(v))
			put_list(st, indent + 2, member, v);
		else
			put_fact(st, indent + 2, member, v);
	}
}

static void put_anomalies(const struct cairn_cli_style *st, const json_t *list)
{
	if (json_array_size(list) == 0)
		return;
	cairn_cli_ink(st, CAIRN_INK_RED, "  anomalies");
	putchar('\n');
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		cairn_auto_buf struct cairn_buf line = {0};

		cairn_buf_add_fmt(&line, "%s: %s", cairn_cli_str(a, "what"), cairn_cli_str(a, "text"));
		cairn_buf_add_fmt(&line, "  (%s %lld", st->reg,
				  (long long)json_integer_value(json_object_get(a, "pcr")));
		if (json_integer_value(json_object_get(a, "event")) > 0)
			cairn_buf_add_fmt(&line, ", event %lld",
					  (long long)json_integer_value(json_object_get(a, "event")));
		cairn_buf_add_str(&line, ")");
		if (cairn_buf_str(&line))
			cairn_cli_put_wrapped(st, 4, (const char *)line.ptr);
	}
}

static long long number(const json_t *facts, const char *name)
{
	return (long long)json_integer_value(json_object_get(facts, name));
}

void cairn_cli_put_facts(const struct cairn_cli_style *st, const json_t *facts)
{
	const json_t *secure_boot = json_object_get(facts, "secure_boot"); /* what people look for first */
	const char *name;
	json_t *v;

	putchar('\n');
	cairn_cli_ink(st, CAIRN_INK_BOLD, "facts");
	printf("\n  %lld events: %lld ok, %lld bare, %lld differ", number(facts, "events"),
	       number(facts, "matches"), number(facts, "bare"), number(facts, "differs"));
	if (number(facts, "violations") > 0)
		printf(", %lld violations", number(facts, "violations"));
	putchar('\n');
	if (secure_boot)
		put_fact(st, 2, "secure_boot", secure_boot);
	json_object_foreach((json_t *)(uintptr_t)facts, name, v)
	{
		if (v == secure_boot)
			continue;
		if (strcmp(name, "anomalies") == 0)
			put_anomalies(st, v);
		else if (json_is_array(v))
			put_list(st, 2, name, v);
		else if (json_is_object(v) && is_fact(v))
			put_fact(st, 2, name, v);
		else if (json_is_object(v))
			put_set(st, 2, name, v);
	}
}
