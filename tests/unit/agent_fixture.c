/* The hypervisor that the tests play, and the agent on top of it. */
#include "tests/unit/agent_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libxlutil.h>

#include "agent/measure.h"

/* ---- the hypervisor ----------------------------------------------------------------------------------- */

static enum cairn_status fake_facts(void *self, struct cairn_hv_facts *out)
{
	(void)self;
	snprintf(out->build_id, sizeof(out->build_id), "0123456789abcdef");
	snprintf(out->cmdline, sizeof(out->cmdline), "dom0_mem=512M");
	return CAIRN_OK;
}

static enum cairn_status fake_list(void *self, struct cairn_hv_domain *out, size_t max, size_t *count)
{
	struct fake_hv *hv = self;

	hv->listed++;
	if (hv->list_fails != CAIRN_OK)
		return hv->list_fails;
	if (hv->count > max)
		return CAIRN_E_LIMIT;
	memcpy(out, hv->domain, hv->count * sizeof(*out));
	*count = hv->count;
	return CAIRN_OK;
}

static const char *const file_keys[CAIRN_XLFILES] = {"kernel",
						     "ramdisk",
						     "firmware_override",
						     "bios_path_override",
						     "device_model_override",
						     "stubdomain_kernel",
						     "stubdomain_ramdisk"};

static void read_key(XLU_Config *c, const char *key, char *out, size_t size)
{
	const char *v = "";

	if (xlu_cfg_get_string(c, key, &v, 1) == 0)
		snprintf(out, size, "%s", v);
}

/* What xl would take from the text: libxlutil, and none of cairn's own rules. */
static enum cairn_status read_as_xl(struct fake_hv *hv, struct cairn_span config)
{
	XLU_Config *c = xlu_cfg_init(stderr, "config");
	char type[8] = "pv", stub[4] = "";

	snprintf(hv->text, sizeof(hv->text), "%.*s", (int)config.len, (const char *)config.ptr);
	memset(&hv->config, 0, sizeof(hv->config));
	if (!c || xlu_cfg_readdata(c, hv->text, (int)strlen(hv->text)) != 0)
		return CAIRN_E_INTERNAL;
	for (size_t i = 0; i < CAIRN_XLFILES; i++)
		read_key(c, file_keys[i], hv->config.file[i], CAIRN_XLCFG_PATH);
	read_key(c, "cmdline", hv->config.cmdline, sizeof(hv->config.cmdline));
	read_key(c, "uuid", hv->config.uuid, sizeof(hv->config.uuid));
	read_key(c, "type", type, sizeof(type));
	read_key(c, "device_model_stubdomain_override", stub, sizeof(stub));
	hv->config.stubdomain = strcmp(stub, "1") == 0;
	if (strcmp(type, "pv") != 0)
		hv->config.type = strcmp(type, "pvh") == 0 ? CAIRN_DOMAIN_PVH : CAIRN_DOMAIN_HVM;
	xlu_cfg_destroy(c);
	return CAIRN_OK;
}

/* With a stub domain nobody opens the first two. */
static enum cairn_status read_images(struct fake_hv *hv)
{
	if (hv->by_path)
		snprintf(hv->config.file[CAIRN_XLFILE_KERNEL], CAIRN_XLCFG_PATH, "%s", hv->by_path);
	for (size_t i = hv->config.stubdomain ? 2 : 0; i < CAIRN_XLFILES; i++) {
		cairn_auto_buf struct cairn_buf bytes = {0};

		if (hv->config.file[i][0] &&
		    (cairn_file_read(&bytes, hv->config.file[i], 1 << 20) != CAIRN_OK ||
		     cairn_hash(&hv->file[i], CAIRN_ALG_SHA256, cairn_buf_span(&bytes)) != CAIRN_OK))
			return CAIRN_E_INTERNAL;
	}
	hv->kernel = hv->file[CAIRN_XLFILE_KERNEL];
	hv->ramdisk = hv->file[CAIRN_XLFILE_RAMDISK];
	return CAIRN_OK;
}

static void add_domain(struct fake_hv *hv)
{
	struct cairn_hv_domain *d = &hv->domain[hv->count++];

	*d = (struct cairn_hv_domain){.domid = ++hv->next_domid,
				      .paused = !hv->runs_early,
				      .hvm = (hv->config.type != CAIRN_DOMAIN_PV) != hv->other_type,
				      .cpu_ns = hv->runs_early ? 5 : 0};
	memcpy(d->uuid, hv->config.uuid, sizeof(d->uuid));
}

/* libxl lets it run before the domain that it serves. */
static void add_stub(struct fake_hv *hv)
{
	hv->stub_of = hv->domain[hv->count - 1].domid;
	hv->stub = ++hv->next_domid;
	hv->domain[hv->count++] = (struct cairn_hv_domain){.domid = hv->stub,
							   .hvm = hv->stub_is_hvm,
							   .uuid = "99999999-89ab-cdef-0123-456789abcdef",
							   .cpu_ns = 7};
}

static enum cairn_status fake_create(void *self, struct cairn_span config, unsigned timeout_s,
				     struct cairn_buf *why)
{
	struct fake_hv *hv = self;

	(void)timeout_s;
	hv->created++;
	if (read_as_xl(hv, config) != CAIRN_OK || read_images(hv) != CAIRN_OK)
		return CAIRN_E_INTERNAL;
	if (hv->twin)
		add_domain(hv);
	add_domain(hv);
	if (hv->config.stubdomain && !hv->no_stub)
		add_stub(hv);
	if (hv->during_create)
		hv->during_create(hv);
	hv->tick(hv->tick_context);
	if (hv->create_fails != CAIRN_OK)
		cairn_buf_add_str(why, "libxl says no");
	return hv->create_fails;
}

static enum cairn_status fake_unpause(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	for (size_t i = 0; i < hv->count; i++)
		if (hv->domain[i].domid == domid)
			hv->domain[i].paused = false;
	hv->unpaused++;
	return CAIRN_OK;
}

static enum cairn_status fake_pause(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	hv->pauses++;
	for (size_t i = 0; i < hv->count; i++)
		if (hv->domain[i].domid == domid)
			hv->domain[i].paused = true;
	return CAIRN_OK;
}

static enum cairn_status fake_destroy(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	hv->destroyed++;
	if (hv->destroy_fails != CAIRN_OK)
		return hv->destroy_fails;
	for (size_t i = 0; i < hv->count; i++) {
		if (hv->domain[i].domid != domid)
			continue;
		hv->domain[i] = hv->domain[--hv->count];
		return CAIRN_OK;
	}
	return CAIRN_E_XEN;
}

static enum cairn_status fake_publish(void *self, uint32_t domid, const char *key, const char *value)
{
	struct fake_hv *hv = self;

	(void)domid;
	(void)value;
	hv->published += key != NULL;
	return CAIRN_OK;
}

static enum cairn_status fake_remember(void *self, uint32_t domid)
{
	struct fake_hv *hv = self;

	hv->remembered = domid;
	return CAIRN_OK;
}

static enum cairn_status fake_recall(void *self, uint32_t *domid)
{
	struct fake_hv *hv = self;

	*domid = hv->remembered;
	return hv->remembered ? CAIRN_OK : CAIRN_E_NOTFOUND;
}

static enum cairn_status fake_stub(void *self, uint32_t domid, uint32_t *stub)
{
	const struct fake_hv *hv = self;

	if (hv->stub == 0 || domid != hv->stub_of)
		return CAIRN_E_NOTFOUND;
	*stub = hv->stub;
	return CAIRN_OK;
}

/* A block device is a file that starts with "block"; one of dm-verity is a file that starts with "verity". */
static enum cairn_status fake_probe(void *self, int fd, struct cairn_hv_disk *out)
{
	const struct fake_hv *hv = self;
	char start[7] = "";

	*out = (struct cairn_hv_disk){0};
	if (hv->probe_fails != CAIRN_OK)
		return hv->probe_fails;
	if (pread(fd, start, 6, 0) < 0)
		return CAIRN_E_IO;
	out->verity = strcmp(start, "verity") == 0;
	out->block = out->verity || strncmp(start, "block", 5) == 0;
	out->size = 8192;
	return out->verity ? cairn_hash(&out->root, CAIRN_ALG_SHA256, cairn_span_str("root")) : CAIRN_OK;
}

static enum cairn_status fake_loop(void *self, int image, int *fd)
{
	struct fake_hv *hv = self;

	if (hv->loop_fails != CAIRN_OK)
		return hv->loop_fails;
	hv->loops++;
	*fd = dup(image);
	return *fd >= 0 ? CAIRN_OK : CAIRN_E_IO;
}

static enum cairn_status fake_pci(void *self, const char *bdf, struct cairn_pci_device *out)
{
	(void)self;
	if (strcmp(bdf, "0000:03:00.0") != 0)
		return CAIRN_E_NOTFOUND;
	*out = (struct cairn_pci_device){.bdf = bdf,
					 .vendor = 0x8086,
					 .device = 0x10d3,
					 .subvendor = 0x8086,
					 .subdevice = 0,
					 .class = 0x020000};
	return CAIRN_OK;
}

static enum cairn_status fake_memory(void *self, uint64_t *bytes)
{
	const struct fake_hv *hv = self;

	*bytes = hv->memory_left;
	return hv->memory_left ? CAIRN_OK : CAIRN_E_IO;
}

static unsigned fake_changes(void *self)
{
	const struct fake_hv *hv = self;

	return hv->changes;
}

static void fake_on_wait(void *self, void (*tick)(void *), void *context)
{
	struct fake_hv *hv = self;

	hv->tick = tick;
	hv->tick_context = context;
}

static int fake_watch(void *self)
{
	const struct fake_hv *hv = self;

	return hv->watched ? hv->watch_fd : -1;
}

static void fake_heard(void *self)
{
	struct fake_hv *hv = self;

	hv->watched = cairn_watch_drain(hv->watch_fd);
}

static bool fake_serving(void *self, uint32_t domid)
{
	const struct fake_hv *hv = self;

	return hv->serving == domid;
}

static const struct cairn_hv_ops fake_ops = {
    .facts = fake_facts,
    .list = fake_list,
    .create = fake_create,
    .unpause = fake_unpause,
    .pause = fake_pause,
    .destroy = fake_destroy,
    .publish = fake_publish,
    .serving = fake_serving,
    .remember = fake_remember,
    .recall = fake_recall,
    .stub = fake_stub,
    .probe = fake_probe,
    .loop = fake_loop,
    .pci = fake_pci,
    .memory = fake_memory,
    .changes = fake_changes,
    .on_wait = fake_on_wait,
    .watch = fake_watch,
    .heard = fake_heard,
};

/* ---- the agent ---------------------------------------------------------------------------------------- */

const char *fixture_file(struct agent_fixture *f, const char *name, const char *text)
{
	static char path[4][160];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", f->dir, name);
	assert_int_equal(cairn_file_write(p, cairn_span_str(text), 0644), CAIRN_OK);
	return p;
}

static int write_authorities(struct agent_fixture *f)
{
	cairn_auto_json json_t *set = NULL;
	cairn_auto_jwks struct cairn_jwks *keys = NULL;
	cairn_auto_buf struct cairn_buf text = {0};

	if (cairn_jwks_new(&keys) != CAIRN_OK || cairn_jwks_add(keys, f->authority) != CAIRN_OK ||
	    cairn_jwks_json(&set, keys) != CAIRN_OK || cairn_json_dump(&text, set) != CAIRN_OK)
		return -1;
	fixture_file(f, "authorities.jwks", cairn_buf_str(&text));
	return 0;
}

static int write_settings(struct agent_fixture *f)
{
	cairn_auto_buf struct cairn_buf text = {0};
	cairn_auto_buf struct cairn_buf why = {0};

	cairn_buf_add_fmt(
	    &text, "socket = %s/run/cairnd.sock\nlog = %s/launch.log\nauthorities = %s/authorities.jwks\n",
	    f->dir, f->dir, f->dir);
	cairn_buf_add_fmt(&text, "boot_log = %s/boot.log\ndata = %s/data\nmax_image_mib = 1\n", f->dir,
			  f->dir);
	return cairn_agent_config_parse(&f->conf, cairn_buf_span(&text), "test", &why) == CAIRN_OK ? 0 : -1;
}

int fixture_init(struct agent_fixture *f, const char *banks)
{
	char path[160];

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/cairn-agent.XXXXXX");
	if (!mkdtemp(f->dir) || (banks ? swtpm_start(&f->swtpm, banks) : swtpm_start_bare(&f->swtpm)) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/data", f->dir);
	if (mkdir(path, 0755) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/data/manifests", f->dir);
	if (mkdir(path, 0755) != 0 || cairn_key_generate(&f->authority, CAIRN_SIG_ES384) != CAIRN_OK)
		return -1;
	return write_authorities(f) == 0 ? write_settings(f) : -1;
}

void fixture_remove(const char *dir)
{
	DIR *d = opendir(dir);
	char path[512];

	for (struct dirent *e; d && (e = readdir(d));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (unlink(path) != 0)
			fixture_remove(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

void fixture_fini(struct agent_fixture *f)
{
	fixture_stop(f);
	swtpm_stop(&f->swtpm);
	cairn_key_free(f->authority);
	cairn_agent_config_fini(&f->conf);
	if (f->dir[0])
		fixture_remove(f->dir);
}

int fixture_start(struct agent_fixture *f)
{
	const struct cairn_hv hv = {.ops = &fake_ops, .self = &f->fake};
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_tpm *tpm = NULL;
	struct cairn_tpm_why no_tpm;

	enum cairn_status st;

	if (f->tapped && tcti_tap_init(&f->tap, f->swtpm.tcti) != 0)
		return -1;
	st = f->tapped ? cairn_tpm_open_tcti(&tpm, tcti_tap_context(&f->tap), &no_tpm)
		       : cairn_tpm_open(&tpm, f->swtpm.tcti, &no_tpm);
	if (st != CAIRN_OK) {
		fprintf(stderr, "fixture: %s\n", no_tpm.text);
		return -1;
	}
	f->agent = calloc(1, sizeof(*f->agent));
	if (f->agent && cairn_agent_start(f->agent, &f->conf, tpm, &hv, &why) == CAIRN_OK)
		return 0;
	fprintf(stderr, "fixture: %s\n", cairn_buf_str(&why));
	return -1;
}

void fixture_stop(struct agent_fixture *f)
{
	if (f->agent)
		cairn_agent_stop(f->agent);
	if (f->agent && f->tapped)
		tcti_tap_fini(&f->tap);
	free(f->agent);
	f->agent = NULL;
}

int fixture_boot(struct agent_fixture *f)
{
	char path[160];

	fixture_stop(f);
	memset(&f->fake, 0, sizeof(f->fake));
	unlink(f->conf.log);
	snprintf(path, sizeof(path), "%s/data/manifests", f->dir);
	fixture_remove(path);
	if (mkdir(path, 0755) != 0 || swtpm_reboot(&f->swtpm) != 0)
		return -1;
	fixture_file(f, "kernel", "a kernel");
	fixture_file(f, "ramdisk", "a ramdisk");
	return fixture_start(f);
}

/* ---- domains and manifests ---------------------------------------------------------------------------- */

const char *fixture_config(struct agent_fixture *f, const char *name, const char *more)
{
	char text[1024], file[80];

	snprintf(text, sizeof(text),
		 "name = \"%s\"\nkernel = \"%s/kernel\"\nramdisk = \"%s/ramdisk\"\nextra = "
		 "\"console=hvc0\"\nmemory = 64\n%s",
		 name, f->dir, f->dir, more);
	snprintf(file, sizeof(file), "%s.cfg", name);
	return fixture_file(f, file, text);
}

static struct cairn_component component(struct agent_fixture *f, const char *name)
{
	char path[160];
	struct cairn_staged s;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(cairn_stage_file(&s, path, 1 << 20), CAIRN_OK);
	struct cairn_component c = s.is;

	cairn_staged_fini(&s);
	return c;
}

void fixture_manifest(struct agent_fixture *f, const char *file, const char *name, const char *role,
		      const struct cairn_key *key)
{
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_SERVICE,
				   .name = name,
				   .release = 3,
				   .not_before = 1,
				   .not_after = 2,
				   .type = CAIRN_TYPE_PV,
				   .cmdline = "console=hvc0",
				   .kernel = component(f, "kernel"),
				   .ramdisk = component(f, "ramdisk"),
				   .has_ramdisk = true,
				   .role_count = 1,
				   .role = {role},
				   .memory_max_mib = 64,
				   .vcpus_max = 1,
				   .backend_count = 1,
				   .backend = {"netdrv"}};
	cairn_auto_buf struct cairn_buf jws = {0};
	char path[256];

	assert_int_equal(cairn_manifest_sign(&jws, &m, key), CAIRN_OK);
	snprintf(path, sizeof(path), "%s/data/manifests/%s", f->dir, file);
	assert_int_equal(cairn_file_write(path, cairn_buf_span(&jws), 0644), CAIRN_OK);
}

/* ---- the log ------------------------------------------------------------------------------------------ */

json_t *fixture_record(struct agent_fixture *f, uint64_t recnum)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_log_reader r;
	json_t *found = NULL;

	assert_int_equal(cairn_agent_log_text(&f->agent->log, &text), CAIRN_OK);
	cairn_log_reader_init(&r, cairn_buf_span(&text), &f->conf.pcrs);
	for (struct cairn_log_entry e = {0}; !found && cairn_log_next(&r, &e) == CAIRN_OK;
	     cairn_log_entry_fini(&e))
		if (e.recnum == recnum)
			found = json_incref(e.object);
	assert_non_null(found);
	return found;
}

void fixture_assert_replays(struct agent_fixture *f)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_log_summary sum;
	struct cairn_pcrs now;

	assert_int_equal(cairn_agent_log_text(&f->agent->log, &text), CAIRN_OK);
	assert_int_equal(cairn_log_replay(&sum, cairn_buf_span(&text), &f->conf.pcrs), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcrs_read(f->agent->tpm, 7u << 11, &now), CAIRN_OK);
	for (size_t b = 0; b < now.count; b++)
		for (unsigned i = 11; i <= 13; i++)
			assert_true(cairn_digest_equal(
			    &now.bank[b].pcr[i], &cairn_pcrs_bank(&sum.replay, now.bank[b].alg)->pcr[i]));
}
