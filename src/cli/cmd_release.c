/* cairn release: signs and shows release sets, which say which releases are still allowed. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/releaseset.h"
#include "sign.h"

/* ---- reading ------------------------------------------------------------------------------------------ */

static enum cairn_status load(struct cairn_release_set *s, struct cairn_span jws,
			      const struct cairn_jwks *authorities)
{
	cairn_auto_buf struct cairn_buf payload = {0};
	if (authorities)
		return cairn_release_set_load(s, jws, authorities);
	enum cairn_status st = cairn_jws_unverified(&payload, jws);
	return st ? st : cairn_release_set_parse(s, cairn_buf_span(&payload));
}

/* authorities: a path, or NULL for no check of the signature. Exit code; printed unless good. */
static int read_set(struct cairn_release_set *s, const char *path, const char *authorities)
{
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf why = {0}, jws = {0};
	enum cairn_status st = authorities ? cairn_jwks_load(&keys, authorities, &why) : CAIRN_OK;
	if (st)
		return cairn_cli_explain(st, authorities, &why);
	st = cairn_file_read(&jws, path, CAIRN_JWS_MAX);
	if (!st)
		st = load(s, cairn_buf_span(&jws), keys);
	return st ? cairn_cli_fail(st, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

/* ---- sign --------------------------------------------------------------------------------------------- */

struct sign_options {
	const char *serial, *from, *authorities, *key, *output;
	struct cairn_cli_list floors, keys, manifests, delegates;
};

/* NAME=LOWEST. A floor that has been raised stays. */
static int add_floor(json_t *floors, const char *spec)
{
	char name[CAIRN_NAME_MAX + 1];
	const char *equals = strrchr(spec, '=');
	size_t len = equals ? (size_t)(equals - spec) : 0;
	unsigned long lowest;
	if (len < 1 || len > CAIRN_NAME_MAX)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--floor: '%s' is not NAME=RELEASE, such as netdrv=3", spec);
	snprintf(name, sizeof(name), "%.*s", (int)len, spec);
	if (!cairn_name_ok(name))
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "--floor: '%s' is no name of a manifest", name);
	if (!cairn_cli_number(&lowest, "floor", equals + 1, 0xffffffff))
		return CAIRN_EXIT_USAGE;
	json_int_t before = json_integer_value(json_object_get(floors, name));
	if ((json_int_t)lowest < before)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--floor: %s is at %lld already, and a floor is never lowered",
					  name, (long long)before);
	return json_object_set_new(floors, name, json_integer((json_int_t)lowest))
		   ? cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s", name)
		   : CAIRN_EXIT_GOOD;
}

static int by_text(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;
	return strcmp(json_string_value(*x), json_string_value(*y));
}

/* The texts of an array in order, each once: a new reference, or NULL when out of memory. */
static json_t *sorted(const json_t *array)
{
	size_t n = json_array_size(array);
	json_t **item = calloc(n + 1, sizeof(*item)), *out = json_array();
	for (size_t i = 0; item && i < n; i++)
		item[i] = json_array_get(array, i);
	if (item)
		qsort(item, n, sizeof(*item), by_text);
	for (size_t i = 0; item && out && i < n; i++)
		if ((i == 0 || by_text(&item[i], &item[i - 1]) != 0) && json_array_append(out, item[i]))
			cairn_json_release(&out);
	if (!item)
		cairn_json_release(&out);
	free(item);
	return out;
}

/* The digest that a reader of the file will have. */
static int add_manifest(json_t *array, const char *path)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	struct cairn_digest d;
	enum cairn_status st = cairn_file_read(&jws, path, CAIRN_JWS_MAX);
	if (!st)
		st = cairn_hash(&d, CAIRN_ALG_SHA256, cairn_buf_span(&jws));
	if (!st && json_array_append_new(array, cairn_json_hex(cairn_digest_span(&d))))
		st = CAIRN_E_NOMEM;
	return st ? cairn_cli_fail(st, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

static int add_key(json_t *array, const char *kid)
{
	if (!cairn_kid_ok(kid))
		return cairn_cli_complain(
		    CAIRN_EXIT_USAGE,
		    "--revoke-key: '%s' is no key id; `cairn key public FILE` shows it as kid", kid);
	return json_array_append_new(array, json_string(kid)) ? cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s", kid)
							      : CAIRN_EXIT_GOOD;
}

/* Takes a key out of the delegates, if it is one. */
static void drop_delegate(json_t *v, const char *kid)
{
	json_t *list = json_object_get(v, "delegates"), *entry;
	size_t i;
	json_array_foreach(list, i, entry)
	{
		if (strcmp(cairn_cli_str(json_object_get(entry, "key"), "kid"), kid) != 0)
			continue;
		json_array_remove(list, i);
		break;
	}
	if (list && json_array_size(list) == 0)
		json_object_del(v, "delegates");
}

/* NAME,NAME...: a new reference, or NULL when out of memory. */
static json_t *names_of(const char *list)
{
	cairn_auto_json json_t *names = json_array();
	for (const char *at = list; names && *at;) {
		size_t len = strcspn(at, ",");
		if (json_array_append_new(names, json_stringn(at, len)))
			return NULL;
		at += len + (at[len] == ',');
	}
	return names ? sorted(names) : NULL;
}

static int append_delegate(json_t *v, const char *kid, json_t *jwk, json_t *names)
{
	drop_delegate(v, kid); /* its names are those that are said last */
	if (!json_object_get(v, "delegates"))
		json_object_set_new(v, "delegates", json_array());
	return json_array_append_new(json_object_get(v, "delegates"),
				     json_pack("{s:o,s:o}", "key", jwk, "names", names))
		   ? cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s", kid)
		   : CAIRN_EXIT_GOOD;
}

/* FILE=NAME[,NAME...] */
static int add_delegate(json_t *v, const char *spec)
{
	cairn_auto_buf struct cairn_buf path = {0}, why = {0};
	cairn_auto_key struct cairn_key *key = NULL;
	const char *equals = strrchr(spec, '=');
	json_t *jwk = NULL;
	if (!equals || equals == spec || !equals[1])
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--delegate: '%s' is not FILE=NAME,..., such as vendor.pub=netdrv",
					  spec);
	cairn_buf_add(&path, cairn_span(spec, (size_t)(equals - spec)));
	const char *file = cairn_buf_str(&path);
	enum cairn_status st = file ? cairn_key_load_public(&key, file, &why) : CAIRN_E_NOMEM;
	if (!st)
		st = cairn_key_jwk(&jwk, key, false);
	if (st)
		return cairn_cli_explain(st, file ? file : spec, &why);
	return append_delegate(v, cairn_key_kid(key), jwk, names_of(equals + 1));
}

static int set_serial(json_t *v, const struct sign_options *o, uint64_t before)
{
	unsigned long serial = (unsigned long)before + 1;
	if (!o->serial && !o->from)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "missing: --serial (1 for the first set), or --from the last set");
	if (o->serial && !cairn_cli_number(&serial, "serial", o->serial, INT64_MAX))
		return CAIRN_EXIT_USAGE;
	if (serial == 0)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "--serial: the first set is number 1");
	if (serial <= before)
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "--serial: %s has %llu: a serial number rises",
					  o->from, (unsigned long long)before);
	return json_object_set_new(v, "serial", json_integer((json_int_t)serial))
		   ? cairn_cli_fail(CAIRN_E_NOMEM, NULL, "serial")
		   : CAIRN_EXIT_GOOD;
}

/* What the options add to the members of the last set, or to those of an empty one. */
static int fill(json_t *v, const struct sign_options *o)
{
	json_t *keys = json_object_get(v, "revoked_keys"),
	       *manifests = json_object_get(v, "revoked_manifests");
	int code = CAIRN_EXIT_GOOD;
	for (size_t i = 0; i < o->floors.count && code == CAIRN_EXIT_GOOD; i++)
		code = add_floor(json_object_get(v, "floors"), o->floors.item[i]);
	for (size_t i = 0; i < o->delegates.count && code == CAIRN_EXIT_GOOD; i++)
		code = add_delegate(v, o->delegates.item[i]);
	for (size_t i = 0; i < o->keys.count && code == CAIRN_EXIT_GOOD; i++) {
		code = add_key(keys, o->keys.item[i]);
		drop_delegate(v, o->keys.item[i]);
	}
	for (size_t i = 0; i < o->manifests.count && code == CAIRN_EXIT_GOOD; i++)
		code = add_manifest(manifests, o->manifests.item[i]);
	if (code != CAIRN_EXIT_GOOD)
		return code;
	bool failed = json_object_set_new(v, "revoked_keys", sorted(keys)) |
		      json_object_set_new(v, "revoked_manifests", sorted(manifests));
	return failed ? cairn_cli_fail(CAIRN_E_NOMEM, NULL, "release set") : CAIRN_EXIT_GOOD;
}

static int sign(const json_t *v, const struct sign_options *o)
{
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_buf struct cairn_buf why = {0}, jws = {0};
	enum cairn_status st = cairn_key_load_private(&key, o->key, &why);
	if (st)
		return cairn_cli_explain(st, o->key, &why);
	st = cairn_release_set_sign(&jws, v, key);
	if (st == CAIRN_E_USAGE)
		return cairn_cli_complain(
		    CAIRN_EXIT_USAGE,
		    "%s: release sets are signed by an authority's key, and not by one that they revoke",
		    o->key);
	if (st)
		return cairn_cli_fail(st,
				      "floors are release numbers from 1; delegates' keys are those of "
				      "authorities by kind, each once, with names of manifests",
				      "release set");
	return cairn_cli_write(o->output, cairn_buf_span(&jws), 0644);
}

/* What is carried over is signed anew: nobody may have changed it. Without authorities, the same key has signed it. */
static int read_old(struct cairn_release_set *old, const struct sign_options *o)
{
	cairn_auto_key struct cairn_key *key = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf why = {0}, jws = {0};
	if (o->authorities)
		return read_set(old, o->from, o->authorities);
	enum cairn_status st = cairn_key_load_private(&key, o->key, &why);
	if (st)
		return cairn_cli_explain(st, o->key, &why);
	st = cairn_jwks_new(&keys);
	if (!st)
		st = cairn_jwks_add(keys, key);
	if (!st)
		st = cairn_file_read(&jws, o->from, CAIRN_JWS_MAX);
	if (!st)
		st = cairn_release_set_load(old, cairn_buf_span(&jws), keys);
	if (st == CAIRN_E_UNTRUSTED)
		return cairn_cli_fail(st, "if another authority signed it, name them with --authorities",
				      "%s", o->from);
	return st ? cairn_cli_fail(st, NULL, "%s", o->from) : CAIRN_EXIT_GOOD;
}

static int make(const struct sign_options *o)
{
	cairn_auto_release_set struct cairn_release_set old = {0};
	int code = o->from ? read_old(&old, o) : CAIRN_EXIT_GOOD;
	if (code != CAIRN_EXIT_GOOD)
		return code;
	cairn_auto_json json_t *v =
	    o->from ? json_deep_copy(old.doc)
		    : json_pack("{s:{},s:[],s:[]}", "floors", "revoked_keys", "revoked_manifests");
	if (!v)
		return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "release set");
	code = set_serial(v, o, old.serial);
	if (code == CAIRN_EXIT_GOOD)
		code = fill(v, o);
	return code == CAIRN_EXIT_GOOD ? sign(v, o) : code;
}

static int cmd_sign(int argc, char **argv)
{
	struct sign_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    {.name = "serial", .arg = "N", .value = &o.serial, .help = "its number [the next after --from]"},
	    {.name = "from",
	     .arg = "FILE",
	     .value = &o.from,
	     .help = "the last set: its floors and revocations stay"},
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &o.authorities,
	     .help = "whose signature --from may have [that of --key]"},
	    {.name = "floor",
	     .arg = "NAME=RELEASE",
	     .list = &o.floors,
	     .help = "the lowest release that is still allowed"},
	    {.name = "delegate",
	     .arg = "FILE=NAMES",
	     .list = &o.delegates,
	     .help = "let this public key sign manifests of these names (a,b,...)"},
	    {.name = "revoke-key",
	     .arg = "KID",
	     .list = &o.keys,
	     .help = "withdraw all that this key signed"},
	    {.name = "revoke-manifest",
	     .arg = "FILE",
	     .list = &o.manifests,
	     .help = "withdraw this manifest"},
	    {.name = "key",
	     .arg = "FILE",
	     .value = &o.key,
	     .required = true,
	     .help = "private key of an authority"},
	    {.name = "output",
	     .letter = 'o',
	     .arg = "FILE",
	     .value = &o.output,
	     .help = "where the set goes [standard output]"},
	};
	const struct cairn_cli_synopsis syn = {"cairn release sign",
					       "",
					       "Signs a release set: the lowest release of each name that is "
					       "still allowed, and what is revoked. "
					       "A host\nand the server take a set only where its serial "
					       "number is above all that they have seen. "
					       "Number sets\n1, 2, 3 and so on.",
					       opts,
					       sizeof(opts) / sizeof(opts[0]),
					       0,
					       0};
	int code;
	return cairn_cli_parse(&code, &syn, argc, argv) ? make(&o) : code;
}

/* ---- show --------------------------------------------------------------------------------------------- */

static void put_texts(const char *what, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		printf("%s %s\n", what, json_string_value(json_array_get(array, i)));
}

static int put_set(const struct cairn_release_set *s, bool verified)
{
	const char *name;
	json_t *lowest;
	printf("release set %llu", (unsigned long long)s->serial);
	if (verified)
		printf(", signed by %s", s->kid);
	else
		fputs(", signature not verified (no --authorities)", stdout);
	putchar('\n');
	json_object_foreach(json_object_get(s->doc, "floors"), name, lowest)
	    printf("floor %s %lld\n", name, (long long)json_integer_value(lowest));
	for (size_t i = 0; i < cairn_jwks_count(s->delegates); i++) {
		printf("delegate %s\n", cairn_key_kid(cairn_jwks_at(s->delegates, i)));
		put_texts("  may sign",
			  json_object_get(json_array_get(json_object_get(s->doc, "delegates"), i), "names"));
	}
	put_texts("revoked key", json_object_get(s->doc, "revoked_keys"));
	put_texts("revoked manifest", json_object_get(s->doc, "revoked_manifests"));
	return CAIRN_EXIT_GOOD;
}

static int cmd_show(int argc, char **argv)
{
	const char *authorities = NULL;
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &authorities,
	     .help = "JWK Set that must have the signer [not checked]"},
	    CAIRN_CLI_OPT_JSON(json),
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn release show", "FILE", "Shows what a release set allows.", opts, 2, 1, 1};
	cairn_auto_release_set struct cairn_release_set s = {0};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	code = read_set(&s, argv[optind], authorities);
	if (code != CAIRN_EXIT_GOOD)
		return code;
	return json ? cairn_cli_put_json(s.doc) : put_set(&s, authorities != NULL);
}

static int cmd_push(int argc, char **argv)
{
	static const struct cairn_cli_pushing set = {
	    "cairn release push", "/v1/release-set",
	    "Gives a release set to the server, which takes it where its serial number is above that of the\n"
	    "set in force. The token is an operator's."};
	return cairn_cli_push(argc, argv, &set);
}

static const struct cairn_cli_command commands[] = {
    {"sign", "say which releases are still allowed, and sign that", cmd_sign},
    {"show", "what a release set allows", cmd_show},
    {"push", "give a release set to the server", cmd_push},
};

int cairn_cmd_release(int argc, char **argv)
{
	return cairn_cli_dispatch("cairn release", commands, sizeof(commands) / sizeof(commands[0]), argc,
				  argv);
}
