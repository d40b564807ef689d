/* From what is only in one log and only in the other to what moved and what changed, and what changed inside. */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "logdiff.h"

#define PAIR_REACH 64 /* changes between two events of one type that may be the same thing changed */

const char *cairn_diff_name(enum cairn_diff_kind kind)
{
	static const char *const names[] = {"removed", "added", "changed", "moved", "retold"};

	return names[kind];
}

/* ---- pairing ----------------------------------------------------------------------------------------------------- */

/* What one half of a pair is found by: a label that both halves have. */
struct half {
	uint32_t pcr;
	const char *type, *label;
	uint32_t id;
	size_t change;
};

static const json_t *json_of(const struct cairn_diff *d, const struct cairn_diff_change *c)
{
	return c->kind == CAIRN_DIFF_REMOVED ? d->a.event[c->a].json : d->b.event[c->b].json;
}

static uint32_t id_of(const struct cairn_diff *d, const struct cairn_diff_change *c)
{
	return c->kind == CAIRN_DIFF_REMOVED ? d->a.event[c->a].id : d->b.event[c->b].id;
}

/* The variable, image or file that the event is of; "" if it has no such name. */
static const char *label_of(const json_t *event)
{
	static const char *const members[] = {"name", "path", "disk"};
	const json_t *data = json_object_get(event, "data");

	for (size_t i = 0; json_is_array(data) && i < json_array_size(data); i++) {
		const json_t *text = json_object_get(json_array_get(data, i), "text");

		if (json_is_string(text))
			return json_string_value(text); /* IMA: the file */
	}
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		const json_t *v = json_object_get(data, members[i]);

		if (json_is_string(v))
			return json_string_value(v);
	}
	return "";
}

static struct half half_of(const struct cairn_diff *d, size_t i)
{
	const struct cairn_diff_change *c = &d->change[i];
	const json_t *event = json_of(d, c);

	return (struct half){c->pcr, event ? cairn_cli_str(event, "type") : "", event ? label_of(event) : "",
			     id_of(d, c), i};
}

static int compare_names(const struct half *x, const struct half *y)
{
	int c = (x->pcr > y->pcr) - (x->pcr < y->pcr);

	if (c == 0)
		c = strcmp(x->type, y->type);
	return c ? c : strcmp(x->label, y->label);
}

static int compare_ids(const struct half *x, const struct half *y)
{
	return (x->id > y->id) - (x->id < y->id);
}

static int by_name(const void *x, const void *y)
{
	const struct half *a = x, *b = y;
	int c = compare_names(a, b);

	return c ? c : (a->change > b->change) - (a->change < b->change);
}

static int by_id(const void *x, const void *y)
{
	const struct half *a = x, *b = y;
	int c = compare_ids(a, b);

	return c ? c : (a->change > b->change) - (a->change < b->change);
}

static size_t collect(struct half *out, const struct cairn_diff *d, enum cairn_diff_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++)
		if (d->change[i].kind == kind && d->change[i].a != d->change[i].b)
			out[n++] = half_of(d, i);
	return n;
}

/* The removed one becomes the pair, the added one is taken out: a == b is the mark of that. */
static void join(struct cairn_diff *d, size_t removed, size_t added, enum cairn_diff_kind kind)
{
	d->change[removed].kind = kind;
	d->change[removed].b = d->change[added].b;
	d->change[added].b = CAIRN_ALIGN_NONE;
}

/* Two sorted lists; equal halves are joined in their order. */
static void join_equal(struct cairn_diff *d, const struct half *a, size_t na, const struct half *b, size_t nb,
		       int (*order)(const struct half *, const struct half *), enum cairn_diff_kind kind)
{
	size_t i = 0, j = 0;

	while (i < na && j < nb) {
		int c = order(&a[i], &b[j]);

		if (c == 0 && (kind == CAIRN_DIFF_MOVED || *a[i].label))
			join(d, a[i].change, b[j].change, kind);
		i += c <= 0;
		j += c >= 0;
	}
}

static void join_round(struct cairn_diff *d, struct half *a, struct half *b, enum cairn_diff_kind kind)
{
	size_t na = collect(a, d, CAIRN_DIFF_REMOVED), nb = collect(b, d, CAIRN_DIFF_ADDED);
	bool moved = kind == CAIRN_DIFF_MOVED;

	qsort(a, na, sizeof *a, moved ? by_id : by_name);
	qsort(b, nb, sizeof *b, moved ? by_id : by_name);
	join_equal(d, a, na, b, nb, moved ? compare_ids : compare_names, kind);
}

/* Of one type and not of two names; or of the same digests, under another type. */
static bool may_be_same(const struct cairn_diff *d, const struct half *a, const struct half *b)
{
	const json_t *ja = json_of(d, &d->change[a->change]), *jb = json_of(d, &d->change[b->change]);

	if (strcmp(a->type, b->type) == 0)
		return !*a->label || !*b->label;
	return json_equal(json_object_get(ja, "digests"), json_object_get(jb, "digests"));
}

/* What is near each other and of one type is taken for the same thing: the nth removed with the nth added. */
static void join_neighbours(struct cairn_diff *d)
{
	for (size_t i = 0; i < d->count; i++) {
		if (d->change[i].kind != CAIRN_DIFF_REMOVED)
			continue;
		struct half h = half_of(d, i);

		for (size_t j = i + 1; *h.type && j < d->count && j < i + PAIR_REACH; j++) {
			if (d->change[j].kind != CAIRN_DIFF_ADDED || d->change[j].b == CAIRN_ALIGN_NONE ||
			    d->change[j].pcr != h.pcr)
				continue;
			struct half other = half_of(d, j);

			if (!may_be_same(d, &h, &other))
				continue;
			join(d, i, j, CAIRN_DIFF_CHANGED);
			break;
		}
	}
}

static bool same_words(const struct cairn_diff *d, const struct cairn_diff_change *c)
{
	const json_t *a = d->a.event[c->a].json, *b = d->b.event[c->b].json;

	return a && b && strcmp(cairn_cli_str(a, "summary"), cairn_cli_str(b, "summary")) == 0;
}

/* Takes out what was joined, and what differs only in bytes that say nothing. */
static void sweep(struct cairn_diff *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct cairn_diff_change *c = &d->change[i];

		if (c->a == CAIRN_ALIGN_NONE && c->b == CAIRN_ALIGN_NONE)
			continue;
		if (c->kind == CAIRN_DIFF_RETOLD && same_words(d, c))
			continue;
		d->change[n++] = *c;
	}
	d->count = n;
}

enum cairn_status cairn_diff_pair(struct cairn_diff *d)
{
	struct half *a = calloc(d->count + 1, sizeof *a), *b = calloc(d->count + 1, sizeof *b);
	enum cairn_status s = a && b ? CAIRN_OK : CAIRN_E_NOMEM;

	if (s == CAIRN_OK) {
		join_round(d, a, b, CAIRN_DIFF_MOVED);
		join_round(d, a, b, CAIRN_DIFF_CHANGED);
		join_neighbours(d);
		sweep(d);
	}
	free(a);
	free(b);
	return s;
}

/* ---- inside ------------------------------------------------------------------------------------------------------ */

static json_t *words_of(const char *text)
{
	json_t *words = json_array();

	while (text && *text) {
		size_t n = strcspn(text, " ");

		if (n > 0)
			json_array_append_new(words, json_stringn(text, n));
		text += n + (text[n] == ' ');
	}
	return words;
}

static int by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

/* The elements as canonical texts, sorted; the caller frees each and the array. */
static char **texts_of(const json_t *list, size_t *count)
{
	size_t n = json_array_size(list);
	char **texts = calloc(n + 1, sizeof(char *));

	*count = 0;
	if (!texts)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		char *text =
		    json_dumps(json_array_get(list, i), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

		if (text)
			texts[(*count)++] = text;
	}
	qsort(texts, *count, sizeof(char *), by_text);
	return texts;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
}

static void append_text(json_t *list, const char *text)
{
	json_array_append_new(list, json_loads(text, JSON_DECODE_ANY, NULL));
}

/* What is only in one of two lists, whatever the order. */
static void only_in(const json_t *a, const json_t *b, json_t *removed, json_t *added)
{
	size_t na, nb, i = 0, j = 0;
	char **ta = texts_of(a, &na), **tb = texts_of(b, &nb);

	while (ta && tb && (i < na || j < nb)) {
		int c = i == na ? 1 : j == nb ? -1 : strcmp(ta[i], tb[j]);

		if (c < 0)
			append_text(removed, ta[i]);
		if (c > 0)
			append_text(added, tb[j]);
		i += c <= 0;
		j += c >= 0;
	}
	free_texts(ta, na);
	free_texts(tb, nb);
}

static void add_texts(json_t *entry, const char *a, const char *b)
{
	cairn_auto_json json_t *wa = words_of(a), *wb = words_of(b);

	if (json_array_size(wa) < 2 && json_array_size(wb) < 2)
		return;
	json_object_set_new(entry, "words_removed", json_array());
	json_object_set_new(entry, "words_added", json_array());
	only_in(wa, wb, json_object_get(entry, "words_removed"), json_object_get(entry, "words_added"));
}

static void add_difference(json_t *out, const char *prefix, const char *member, json_t *a, json_t *b)
{
	cairn_auto_buf struct cairn_buf name = {0};
	json_t *entry = json_object();

	cairn_buf_add_fmt(&name, "%s%s%s", prefix, *prefix ? "." : "", member);
	json_object_set_new(entry, "member", json_string(cairn_buf_str(&name)));
	if (json_is_array(a) && json_is_array(b)) {
		json_object_set_new(entry, "removed", json_array());
		json_object_set_new(entry, "added", json_array());
		only_in(a, b, json_object_get(entry, "removed"), json_object_get(entry, "added"));
	}
	if (json_array_size(json_object_get(entry, "removed")) +
		json_array_size(json_object_get(entry, "added")) ==
	    0) { /* no lists, or the same in another order */
		json_object_del(entry, "removed");
		json_object_del(entry, "added");
		json_object_set_new(entry, "a", a ? json_incref(a) : json_null());
		json_object_set_new(entry, "b", b ? json_incref(b) : json_null());
		if (json_is_string(a) && json_is_string(b))
			add_texts(entry, json_string_value(a), json_string_value(b));
	}
	json_array_append_new(out, entry);
}

/* Members of two objects that differ. */
static void compare_members(json_t *out, const char *prefix, json_t *a, json_t *b)
{
	const char *name;
	json_t *v;

	json_object_foreach(a, name, v)
	{
		json_t *other = json_object_get(b, name);

		if (!other || !json_equal(v, other))
			add_difference(out, prefix, name, v, other);
	}
	json_object_foreach(b, name, v)
	{
		if (!json_object_get(a, name))
			add_difference(out, prefix, name, NULL, v);
	}
}

/* Objects within the data are compared member by member too, and no deeper. */
static void compare_data(json_t *out, json_t *a, json_t *b)
{
	const char *name;
	json_t *v;

	if (!json_is_object(a) || !json_is_object(b)) {
		if (!json_equal(a, b))
			add_difference(out, "", "data", a, b);
		return;
	}
	cairn_auto_json json_t *flat_a = json_copy(a), *flat_b = json_copy(b);
	json_object_foreach(a, name, v)
	{
		json_t *other = json_object_get(b, name);

		if (!json_is_object(v) || !json_is_object(other))
			continue;
		compare_members(out, name, v, other);
		json_object_del(flat_a, name);
		json_object_del(flat_b, name);
	}
	compare_members(out, "", flat_a, flat_b);
}

json_t *cairn_diff_inside(const json_t *a, const json_t *b)
{
	json_t *out = json_array();

	if (a && b && strcmp(cairn_cli_str(a, "type"), cairn_cli_str(b, "type")) != 0)
		add_difference(out, "", "type", json_object_get(a, "type"), json_object_get(b, "type"));
	if (a && b)
		compare_data(out, json_object_get(a, "data"), json_object_get(b, "data"));
	return out;
}
