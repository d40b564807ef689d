/* The schemas of all records, and reading them. */
#include "cairn/record.h"

#include <string.h>

#include "core/record_schema.h"
#include "core/record_setup.h"

static const char *const TYPES[CAIRN_RECORD_TYPES] = {
    [CAIRN_RECORD_HOST] = "host",
    [CAIRN_RECORD_BOOT] = "boot",
    [CAIRN_RECORD_PHASE] = "phase",
    [CAIRN_RECORD_LAUNCH] = "launch",
    [CAIRN_RECORD_REFUSAL] = "refusal",
    [CAIRN_RECORD_EXIT] = "exit",
    [CAIRN_RECORD_UNRECORDED] = "unrecorded",
    [CAIRN_RECORD_VIOLATION] = "violation",
    [CAIRN_RECORD_FOREIGN] = "foreign",
    [CAIRN_RECORD_MAINTENANCE] = "maintenance",
    [CAIRN_RECORD_RELEASE_SET] = "release-set",
    [CAIRN_RECORD_CHANGE] = "change",
};

const char *cairn_record_type_name(enum cairn_record_type t)
{
	return (unsigned)t < CAIRN_RECORD_TYPES ? TYPES[t] : "unknown";
}

enum cairn_status cairn_record_type_by_name(enum cairn_record_type *out, const char *name)
{
	for (unsigned t = 0; t < CAIRN_RECORD_TYPES; t++) {
		if (strcmp(TYPES[t], name) != 0)
			continue;
		*out = (enum cairn_record_type)t;
		return CAIRN_OK;
	}
	return CAIRN_E_UNSUPPORTED;
}

unsigned cairn_record_pcr(enum cairn_record_type t, const struct cairn_pcr_numbers *n)
{
	switch (t) {
	case CAIRN_RECORD_HOST:
	case CAIRN_RECORD_VIOLATION:
	case CAIRN_RECORD_MAINTENANCE:
		return n->host;
	case CAIRN_RECORD_PHASE:
		return n->phase;
	default:
		return n->launch;
	}
}

/* ---- text
 * ------------------------------------------------------------------------------------------------------- */

static size_t span_of(const char *s, const char *more)
{
	static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = 0;

	while (s[n] != '\0' && (strchr(alnum, s[n]) != NULL || strchr(more, s[n]) != NULL))
		n++;
	return n;
}

bool cairn_name_ok(const char *s)
{
	size_t n = s != NULL ? span_of(s, "_.-") : 0;

	return n >= 1 && n <= CAIRN_NAME_MAX && s[n] == '\0';
}

bool cairn_kid_ok(const char *s)
{
	return s != NULL && span_of(s, "_-") == CAIRN_KID_LEN && s[CAIRN_KID_LEN] == '\0';
}

/* The code point that starts at s and its length, or 0: overlong, surrogate, too large, or not UTF-8 at all. */
static size_t utf8_next(uint32_t *cp, const uint8_t *s)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t v = len == 1 ? s[0] : s[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		v = v << 6 | (s[i] & 0x3fu);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

bool cairn_text_ok(const char *s, size_t max)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t cp;

	if (s == NULL || strnlen(s, max + 1) > max)
		return false;
	while (*p != 0) {
		size_t n = utf8_next(&cp, p);

		if (n == 0 || cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
			return false;
		p += n;
	}
	return true;
}

/* ---- schemas
 * ----------------------------------------------------------------------------------------------------- */

#define COMMON                                                                                               \
	{.name = "format", .kind = CAIRN_F_NAME},                                                            \
	    {.name = "version", .kind = CAIRN_F_INT, .min = 1, .max = 1},                                    \
	{                                                                                                    \
		.name = "type", .kind = CAIRN_F_NAME                                                         \
	}
#define COMMON_V2                                                                                            \
	{.name = "format", .kind = CAIRN_F_NAME},                                                            \
	    {.name = "version", .kind = CAIRN_F_INT, .min = 1, .max = 2},                                    \
	{                                                                                                    \
		.name = "type", .kind = CAIRN_F_NAME                                                         \
	}
#define END                                                                                                  \
	{                                                                                                    \
		0                                                                                            \
	}

static const char *const UNVOUCHED[] = {CAIRN_UNVOUCHED, NULL};
static const char *const SERVICE_MODES[] = {"enforce", "audit", NULL};
static const char *const GUEST_MODES[] = {"enforce", "audit", "record", NULL};
static const char *const BANKS[] = {"sha1", "sha256", "sha384", "sha512", NULL};
static const char *const REQUIRED[] = {"required", NULL};
static const char *const PHASES[] = {"none", "failed", NULL};
static const char *const DOMAIN_TYPES[] = {CAIRN_TYPE_PV, CAIRN_TYPE_PVH, CAIRN_TYPE_HVM, NULL};
static const char *const SERVES[] = {CAIRN_SERVES_VIF, CAIRN_SERVES_VBD, NULL};
static const char *const EXITS[] = {"destroyed",    "crashed",	  "rebooted",	     "shutdown",  "lost",
				    "build-failed", "no-service", "no-device-model", "suspended", NULL};
static const char *const EMPTY[] = {"", NULL};

static const struct cairn_field DIGEST_MEMBER[] = {
    {.name = "sha256", .kind = CAIRN_F_HEX, .min = 32, .max = 32, .words = UNVOUCHED},
    END,
};
static const struct cairn_field BANK[] = {{.name = "", .kind = CAIRN_F_WORD, .words = BANKS}};
static const struct cairn_field KID[] = {{.name = "", .kind = CAIRN_F_KID}};
static const struct cairn_field NAME[] = {{.name = "", .kind = CAIRN_F_NAME}};

static const struct cairn_field MODES[] = {
    {.name = "service", .kind = CAIRN_F_WORD, .words = SERVICE_MODES},
    {.name = "guest", .kind = CAIRN_F_WORD, .words = GUEST_MODES},
    END,
};
static const struct cairn_field PCRS[] = {
    {.name = "host", .kind = CAIRN_F_INT, .min = 8, .max = 15},
    {.name = "launch", .kind = CAIRN_F_INT, .min = 8, .max = 15},
    {.name = "phase", .kind = CAIRN_F_INT, .min = 8, .max = 15},
    END,
};
static const struct cairn_field CONFIG[] = {
    {.name = "banks", .kind = CAIRN_F_ARRAY, .max = CAIRN_BANK_MAX, .sub = BANK, .ascending = true},
    {.name = "boot_set",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_BOOT_SET_MAX,
     .sub = NAME,
     .optional = true},
    {.name = "modes", .kind = CAIRN_F_OBJECT, .sub = MODES},
    {.name = "pcrs", .kind = CAIRN_F_OBJECT, .sub = PCRS},
    {.name = "release_set", .kind = CAIRN_F_WORD, .words = REQUIRED, .optional = true},
    END,
};
static const struct cairn_field DOM0[] = {
    {.name = "cmdline", .kind = CAIRN_F_TEXT, .max = CAIRN_TEXT_MAX},
    {.name = "initrd", .kind = CAIRN_F_OBJECT, .sub = DIGEST_MEMBER},
    {.name = "kernel", .kind = CAIRN_F_OBJECT, .sub = DIGEST_MEMBER},
    END,
};
static const struct cairn_field XEN[] = {
    {.name = "build_id", .kind = CAIRN_F_HEX, .max = 64},
    {.name = "cmdline", .kind = CAIRN_F_TEXT, .max = CAIRN_TEXT_MAX},
    {.name = "image", .kind = CAIRN_F_OBJECT, .sub = DIGEST_MEMBER},
    END,
};
static const struct cairn_field TRUST[] = {
    {.name = "authorities", .kind = CAIRN_F_ARRAY, .max = CAIRN_TRUST_MAX, .sub = KID, .ascending = true},
    END,
};
static const struct cairn_field HOST[] = {
    COMMON,
    {.name = "agent", .kind = CAIRN_F_OBJECT, .sub = DIGEST_MEMBER},
    {.name = "config", .kind = CAIRN_F_OBJECT, .sub = CONFIG},
    {.name = "dom0", .kind = CAIRN_F_OBJECT, .sub = DOM0},
    {.name = "trust", .kind = CAIRN_F_OBJECT, .sub = TRUST},
    {.name = "xen", .kind = CAIRN_F_OBJECT, .sub = XEN},
    END,
};

static const struct cairn_field BOOT[] = {
    COMMON,
    {.name = "boot_id", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    END,
};
static const struct cairn_field PHASE[] = {
    COMMON,
    {.name = "phase", .kind = CAIRN_F_HEX, .min = 1, .max = 64, .words = PHASES},
    END,
};

static const struct cairn_field DOMAIN[] = {
    {.name = "memory_mib", .kind = CAIRN_F_INT, .min = 1, .max = UINT32_MAX},
    {.name = "name", .kind = CAIRN_F_NAME},
    {.name = "type", .kind = CAIRN_F_WORD, .words = DOMAIN_TYPES},
    {.name = "uuid", .kind = CAIRN_F_UUID},
    {.name = "vcpus", .kind = CAIRN_F_INT, .min = 1, .max = 4096},
    END,
};
static const struct cairn_field BACKEND[] = {
    {.name = "backend", .kind = CAIRN_F_NAME},
    {.name = "class", .kind = CAIRN_F_NAME},
    END,
};
static const struct cairn_field BACKEND_USE[] = {{.name = "", .kind = CAIRN_F_OBJECT, .sub = BACKEND}};
static const struct cairn_field MANIFEST[] = {
    {.name = "kid", .kind = CAIRN_F_KID},
    {.name = "name", .kind = CAIRN_F_NAME},
    {.name = "release", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {.name = "sha256", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    END,
};
static const struct cairn_field CONFIG_VALUE[] = {{.name = "", .kind = CAIRN_F_TEXT, .max = CAIRN_TEXT_MAX}};
static const struct cairn_field SERVED[] = {{.name = "", .kind = CAIRN_F_WORD, .words = SERVES}};
static const struct cairn_field LAUNCH[] = {
    COMMON_V2,
    {.name = "backends_used", .kind = CAIRN_F_ARRAY, .max = CAIRN_BACKENDS_MAX, .sub = BACKEND_USE},
    {.name = "cmdline", .kind = CAIRN_F_TEXT, .max = CAIRN_TEXT_MAX},
    {.name = "components", .kind = CAIRN_F_ANY},
    {.name = "config", .kind = CAIRN_F_MAP, .max = CAIRN_CONFIG_MAX, .sub = CONFIG_VALUE},
    {.name = "disks",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_DISKS_MAX,
     .sub = cairn_setup_disk,
     .optional = true},
    {.name = "dm_args", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},
    {.name = "domain", .kind = CAIRN_F_OBJECT, .sub = DOMAIN},
    {.name = "inside_stubdomain", .kind = CAIRN_F_ANY, .optional = true},
    {.name = "manifest", .kind = CAIRN_F_OBJECT, .sub = MANIFEST, .nullable = true},
    {.name = "pci",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_PCI_MAX,
     .sub = cairn_record_pci,
     .optional = true},
    {.name = "restart", .kind = CAIRN_F_INT, .max = UINT32_MAX},
    {.name = "roles", .kind = CAIRN_F_ARRAY, .max = CAIRN_ROLES_MAX, .sub = NAME, .ascending = true},
    {.name = "serves",
     .kind = CAIRN_F_ARRAY,
     .min = 1,
     .max = CAIRN_SERVES_MAX,
     .sub = SERVED,
     .optional = true,
     .ascending = true},
    {.name = "stubdomain_cmdline", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_TEXT_MAX, .optional = true},
    {.name = "target", .kind = CAIRN_F_NAME, .optional = true},
    {.name = "xsm", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_XSM_MAX, .optional = true},
    END,
};

static const struct cairn_field REFUSED_DOMAIN[] = {{.name = "name", .kind = CAIRN_F_NAME, .words = EMPTY},
						    END};
/* The elements are for cairn_reasons_from_json. */
static const struct cairn_field REASON[] = {{.name = "", .kind = CAIRN_F_ANY}};
static const struct cairn_field REFUSAL[] = {
    COMMON,
    {.name = "domain", .kind = CAIRN_F_OBJECT, .sub = REFUSED_DOMAIN},
    {.name = "reasons", .kind = CAIRN_F_ARRAY, .min = 1, .max = CAIRN_REASONS_MAX, .sub = REASON},
    END,
};
static const struct cairn_field EXIT[] = {
    COMMON,
    {.name = "launch", .kind = CAIRN_F_INT, .max = INT64_MAX},
    {.name = "name", .kind = CAIRN_F_NAME},
    {.name = "reason", .kind = CAIRN_F_WORD, .words = EXITS},
    END,
};
static const struct cairn_field UNRECORDED[] = {
    COMMON,
    {.name = "domid", .kind = CAIRN_F_INT, .max = 0x7fff},
    {.name = "uuid", .kind = CAIRN_F_UUID, .words = EMPTY},
    END,
};
/* Of a violation, of maintenance and of a change. */
static const struct cairn_field SPOILT[] = {
    COMMON,
    {.name = "reason", .kind = CAIRN_F_TEXT, .min = 1, .max = CAIRN_REASON_TEXT_MAX},
    END,
};
static const struct cairn_field RELEASE_SET[] = {
    COMMON,
    {.name = "kid", .kind = CAIRN_F_KID},
    {.name = "serial", .kind = CAIRN_F_INT, .min = 1, .max = INT64_MAX},
    {.name = "sha256", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    END,
};
static const struct cairn_field FOREIGN[] = {
    COMMON,
    {.name = "pcr", .kind = CAIRN_F_INT, .min = 8, .max = 15},
    {.name = "value", .kind = CAIRN_F_HEX, .min = 32, .max = 32},
    END,
};

static const struct cairn_field *const SCHEMAS[CAIRN_RECORD_TYPES] = {
    [CAIRN_RECORD_HOST] = HOST,
    [CAIRN_RECORD_BOOT] = BOOT,
    [CAIRN_RECORD_PHASE] = PHASE,
    [CAIRN_RECORD_LAUNCH] = LAUNCH,
    [CAIRN_RECORD_REFUSAL] = REFUSAL,
    [CAIRN_RECORD_EXIT] = EXIT,
    [CAIRN_RECORD_UNRECORDED] = UNRECORDED,
    [CAIRN_RECORD_VIOLATION] = SPOILT,
    [CAIRN_RECORD_FOREIGN] = FOREIGN,
    [CAIRN_RECORD_MAINTENANCE] = SPOILT,
    [CAIRN_RECORD_RELEASE_SET] = RELEASE_SET,
    [CAIRN_RECORD_CHANGE] = SPOILT,
};

/* ---- what a table cannot say
 * ------------------------------------------------------------------------------------- */

static enum cairn_status check_host(const json_t *v)
{
	const json_t *config = json_object_get(v, "config");
	const json_t *pcrs = json_object_get(config, "pcrs");
	const char *bank[CAIRN_BANK_MAX];
	size_t banks = cairn_schema_strs(bank, CAIRN_BANK_MAX, config, "banks");
	uint64_t host = cairn_schema_int(pcrs, "host"), launch = cairn_schema_int(pcrs, "launch");
	uint64_t phase = cairn_schema_int(pcrs, "phase");
	bool sha256 = false;

	for (size_t i = 0; i < banks; i++)
		sha256 = sha256 || strcmp(bank[i], "sha256") == 0;
	return sha256 && host != launch && host != phase && launch != phase ? CAIRN_OK : CAIRN_E_MALFORMED;
}

static enum cairn_status check_refusal(const json_t *v)
{
	cairn_auto_reasons struct cairn_reasons r = {0};

	return cairn_reasons_from_json(&r, json_object_get(v, "reasons"));
}

static bool uses(const json_t *backends, const char *class, const char *backend)
{
	for (size_t i = 0; i < json_array_size(backends); i++) {
		const json_t *use = json_array_get(backends, i);

		if (strcmp(cairn_schema_str(use, "class"), class) == 0 &&
		    strcmp(cairn_schema_str(use, "backend"), backend) == 0)
			return true;
	}
	return false;
}

bool cairn_launch_needs_v2(const json_t *v)
{
	static const char *const members[] = {"pci", "serves", "target", NULL};

	return cairn_setup_has_any(v, members) || cairn_setup_needs_v2(v);
}

static enum cairn_status check_launch(const json_t *v)
{
	const json_t *disks = json_object_get(v, "disks");
	enum cairn_status st = cairn_setup_check(v, cairn_schema_str(json_object_get(v, "domain"), "type"));

	if (st == CAIRN_OK)
		st = cairn_setup_version(v, cairn_launch_needs_v2(v));
	if (st != CAIRN_OK)
		return st;
	if (!cairn_record_pci_ok(json_object_get(v, "pci")))
		return CAIRN_E_MALFORMED;
	for (size_t i = 0; i < json_array_size(disks); i++)
		if (!uses(json_object_get(v, "backends_used"), CAIRN_SERVES_VBD,
			  cairn_schema_str(json_array_get(disks, i), "backend")))
			return CAIRN_E_MALFORMED;
	return CAIRN_OK;
}

static enum cairn_status check_more(enum cairn_record_type t, const json_t *v)
{
	switch (t) {
	case CAIRN_RECORD_LAUNCH:
		return check_launch(v);
	case CAIRN_RECORD_HOST:
		return check_host(v);
	case CAIRN_RECORD_REFUSAL:
		return check_refusal(v);
	default:
		return CAIRN_OK;
	}
}

enum cairn_status cairn_record_check(enum cairn_record_type *type, const json_t *v)
{
	enum cairn_record_type t = CAIRN_RECORD_HOST;
	const char *name = NULL;
	enum cairn_status st = cairn_json_format(v, CAIRN_RECORD_FORMAT, 2);

	if (st == CAIRN_OK)
		st = cairn_json_get_str(&name, v, "type");
	if (st == CAIRN_OK)
		st = cairn_record_type_by_name(&t, name);
	if (st == CAIRN_OK)
		st = cairn_json_format(v, CAIRN_RECORD_FORMAT, t == CAIRN_RECORD_LAUNCH ? 2 : 1);
	if (st == CAIRN_OK)
		st = cairn_schema_check(v, SCHEMAS[t]);
	if (st == CAIRN_OK)
		st = check_more(t, v);
	*type = t; /* also of one that is refused */
	return st;
}

enum cairn_status cairn_record_parse(json_t **out, enum cairn_record_type *type, struct cairn_span bytes)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status st = bytes.len <= CAIRN_RECORD_MAX ? CAIRN_OK : CAIRN_E_LIMIT;

	if (st == CAIRN_OK)
		st = cairn_json_parse_canonical(&v, bytes);
	if (st == CAIRN_OK)
		st = cairn_record_check(type, v);
	if (st != CAIRN_OK)
		return st;
	*out = v;
	v = NULL;
	return CAIRN_OK;
}
