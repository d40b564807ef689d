/* The devices of a domain, read from a xenstore that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xen/devices.h"

#define NODES 48

struct node {
	const char *path, *value;
};

struct store {
	struct node node[NODES];
	size_t count;
	const char *gone;   /* a node that goes away once its directory was listed */
	const char *broken; /* a path at which xenstored does not answer */
	unsigned many;	    /* names that every directory has beside its own */
};

/* The first step of path behind dir, or NULL. */
static const char *step(const char *path, const char *dir, size_t *len)
{
	size_t n = strlen(dir);

	if (strncmp(path, dir, n) != 0 || path[n] != '/')
		return NULL;
	*len = strcspn(path + n + 1, "/");
	return path + n + 1;
}

static bool has(char **all, unsigned count, const char *name, size_t len)
{
	for (unsigned i = 0; i < count; i++)
		if (strlen(all[i]) == len && memcmp(all[i], name, len) == 0)
			return true;
	return false;
}

/* As libxenstore does it: one piece of memory, the texts behind the pointers. */
static char **store_list(void *self, const char *path, unsigned *count)
{
	const struct store *s = self;
	char **all = calloc(1, (NODES + s->many) * (sizeof(*all) + 64)),
	     *text = all ? (char *)(all + NODES + s->many) : NULL;

	*count = 0;
	errno = s->broken && strcmp(s->broken, path) == 0 ? EIO : ENOENT;
	for (size_t i = 0; errno == ENOENT && all && i < s->count; i++) {
		size_t len = 0;
		const char *name = step(s->node[i].path, path, &len);

		if (!name || has(all, *count, name, len))
			continue;
		all[(*count)++] = memcpy(text, name, len);
		text += 64;
	}
	for (unsigned i = 0; all && *count > 0 && i < s->many; i++, text += 64) {
		snprintf(text, 64, "more%u", i);
		all[(*count)++] = text;
	}
	if (all && *count > 0)
		return all;
	free(all);
	return NULL;
}

static char *store_read(void *self, const char *path, unsigned *len)
{
	const struct store *s = self;

	errno = s->broken && strcmp(s->broken, path) == 0 ? EIO : ENOENT;
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->node[i].path, path) != 0 || errno == EIO ||
		    (s->gone && strcmp(s->gone, path) == 0))
			continue;
		*len = (unsigned)strlen(s->node[i].value);
		return strdup(s->node[i].value);
	}
	return NULL;
}

static const struct store full = {
    .node = {{"/libxl/7/device/vif/0/frontend", "/local/domain/7/device/vif/0"},
	     {"/libxl/7/device/vif/0/backend", "/local/domain/3/backend/vif/7/0"},
	     {"/libxl/7/device/vif/0/mac", "00:16:3e:00:00:01"},
	     {"/libxl/7/device/vbd/51728/params", "/dev/loop1"},
	     {"/libxl/7/device/vbd/51712/params", "/dev/loop0"},
	     {"/libxl/7/device/pci/0/num_devs", "1"},
	     {"/libxl/8/device/vbd/51712/params", "another domain's"},
	     {"/local/domain/0/backend/pci/7/0/num_devs", "2"},
	     {"/local/domain/0/backend/pci/7/0/dev-0", "0000:03:00.0"},
	     {"/local/domain/0/backend/pci/7/0/opts-0", "msitranslate=0,power_mgmt=0,permissive=0"},
	     {"/local/domain/0/backend/pci/7/0/dev-1", "0000:04:00.0"},
	     {"/local/domain/7/image/device-model-pid", "4711"},
	     {"/local/domain/7/image/device-model-domid", "9"}},
    .count = 13,
};

static enum cairn_status devices(struct store *s, struct cairn_buf *out)
{
	const struct cairn_tree tree = {store_list, store_read, s};

	return cairn_devices_read(out, &tree, 7);
}

/* The names of the lines, each with a space behind it. */
static void assert_names(struct store *s, const char *want)
{
	cairn_auto_buf struct cairn_buf out = {0};
	char names[512] = "";

	assert_int_equal(devices(s, &out), CAIRN_OK);
	for (const char *line = cairn_buf_str(&out); *line; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line, " ");

		assert_int_equal(strcspn(line, "\n"), len + 1 + 32);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.*s ", (int)len, line);
	}
	assert_string_equal(names, want);
}

#define ALL "pci/0 vbd/51712 vbd/51728 vif/0 bdf/0000:03:00.0 bdf/0000:04:00.0 model stub "

static void test_lines(void **state)
{
	struct store s = full, none = {.count = 0};

	(void)state;
	assert_names(&s, ALL);
	assert_names(&none, "");
	s.node[8].value = "a device by name";
	assert_names(&s, "pci/0 vbd/51712 vbd/51728 vif/0 bdf/unreadable bdf/0000:04:00.0 model stub ");
}

/* Whatever is changed, one line is another one, and only one. */
static void test_fingerprints(void **state)
{
	cairn_auto_buf struct cairn_buf before = {0};
	struct store same = full;

	(void)state;
	assert_int_equal(devices(&same, &before), CAIRN_OK);
	for (size_t i = 0; i < full.count; i++) {
		cairn_auto_buf struct cairn_buf after = {0};
		struct store s = full;
		unsigned differ = 0;
		bool counts =
		    i != 6 && i != 7; /* another domain's; how many there are, which the list shows */

		s.node[i].value = i == 8 || i == 10 ? "0000:03:00.9" : "other";
		assert_int_equal(devices(&s, &after), CAIRN_OK);
		const char *a = cairn_buf_str(&before), *b = cairn_buf_str(&after);

		for (; *a && *b; a = strchr(a, '\n') + 1, b = strchr(b, '\n') + 1)
			differ +=
			    strcspn(a, "\n") != strcspn(b, "\n") || strncmp(a, b, strcspn(a, "\n")) != 0;
		assert_int_equal(differ, counts ? 1 : 0);
		assert_true(!*a && !*b);
	}
}

/* The same bytes, divided otherwise among names and values, are not the same device. */
static void test_divided(void **state)
{
	struct store a = {.node = {{"/libxl/7/device/vbd/1/ab", "c"}}, .count = 1},
		     b = {.node = {{"/libxl/7/device/vbd/1/a", "bc"}}, .count = 1};
	cairn_auto_buf struct cairn_buf of_a = {0}, of_b = {0};

	(void)state;
	assert_int_equal(devices(&a, &of_a), CAIRN_OK);
	assert_int_equal(devices(&b, &of_b), CAIRN_OK);
	assert_false(cairn_span_equal(cairn_buf_span(&of_a), cairn_buf_span(&of_b)));
}

static void test_going(void **state)
{
	(void)state;
	for (size_t i = 0; i < full.count; i++) {
		struct store s = full;
		cairn_auto_buf struct cairn_buf out = {0};

		s.gone = full.node[i].path;
		assert_int_equal(devices(&s, &out), CAIRN_OK);
	}
	struct store s = full;

	s.gone = "/libxl/7/device/vbd/51728/params";
	assert_names(&s, "pci/0 vbd/51712 vif/0 bdf/0000:03:00.0 bdf/0000:04:00.0 model stub ");
	s.gone = "/local/domain/0/backend/pci/7/0/opts-0";
	assert_names(&s, ALL);
}

static void test_faults(void **state)
{
	static const char *const broken[] = {"/libxl/7/device",
					     "/libxl/7/device/vbd",
					     "/libxl/7/device/vbd/51712",
					     "/libxl/7/device/vbd/51712/params",
					     "/local/domain/0/backend/pci/7/0",
					     "/local/domain/0/backend/pci/7/0/dev-0",
					     "/local/domain/0/backend/pci/7/0/opts-1",
					     "/local/domain/7/image/device-model-pid",
					     "/local/domain/7/image/device-model-domid"};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct store s = full;
		cairn_auto_buf struct cairn_buf out = {0};

		s.broken = broken[i];
		assert_int_equal(devices(&s, &out), CAIRN_E_XEN);
	}
	struct store s = full;
	cairn_auto_buf struct cairn_buf out = {0};

	s.many = 40;
	assert_int_equal(devices(&s, &out), CAIRN_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_fingerprints),
					   cmocka_unit_test(test_divided), cmocka_unit_test(test_going),
					   cmocka_unit_test(test_faults)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
