/* The agent on top of the hypervisor that the tests play. */
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

#include "agent/measure.h"

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
	cairn_buf_add_fmt(&text, "verifiers = %s/verifiers.jwks\n", f->dir);
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
	const struct cairn_hv hv = {.ops = &fake_hv_ops, .self = &f->fake};
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
	fixture_release(f, file, name, role, 3, key);
}

void fixture_release(struct agent_fixture *f, const char *file, const char *name, const char *role,
		     uint64_t release, const struct cairn_key *key)
{
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_SERVICE,
				   .name = name,
				   .release = release,
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
	r.may_lack = true;
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
