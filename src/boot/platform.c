/* From the files of a boot medium to the events and the host record of a platform manifest. The only part of
 * src/boot that reads files; what it reads it hands to the pure functions. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot/grubimage.h"
#include "cairn/agentconfig.h"
#include "cairn/authenticode.h"
#include "cairn/platform.h"
#include "cairn/xenimage.h"

#define FILE_MAX    (1u << 30)
#define PCR_LOADERS 4
/* TCG PC Client Platform Firmware Profile 1.05 rev 23, table 14 (EV_EFI_ACTION strings) and clause 10.4.1
 * (separator) */
#define ACTION "Calling EFI Application from Boot Option"
static const uint8_t separator[4];

struct describing {
	const struct cairn_platform_files *files;
	struct cairn_platform *out;
	struct cairn_buf *why;
	struct cairn_buf grub_file; /* the GRUB image, from which image borrows */
	struct cairn_grub_image image;
};

static enum cairn_status complain(struct describing *d, enum cairn_status s, const char *what,
				  const char *text)
{
	if (d->why)
		cairn_buf_add_fmt(d->why, "%s: %s", what, text);
	return s;
}

static enum cairn_status read_file(struct cairn_buf *out, struct describing *d, const char *path)
{
	enum cairn_status s = cairn_file_read(out, path, FILE_MAX);
	if (s == CAIRN_OK)
		return s;
	return complain(d, s, path, s == CAIRN_E_IO ? strerror(errno) : cairn_status_text(s));
}

/* A path of the medium as one of this machine. FAT ignores case and GRUB knows "..": neither is resolved
 * here, a file must be there under exactly the name that the boot uses. */
static enum cairn_status esp_path(const char **out, struct cairn_buf *full, struct describing *d,
				  const char *path)
{
	if (strstr(path, ".."))
		return complain(d, CAIRN_E_UNSUPPORTED, path, "a path with \"..\"");
	cairn_buf_add_fmt(full, "%s/%s", d->files->esp, path + strspn(path, "/"));
	*out = cairn_buf_str(full);
	return *out ? CAIRN_OK : CAIRN_E_NOMEM;
}

static enum cairn_status read_esp(struct cairn_buf *out, struct describing *d, const char *path)
{
	cairn_auto_buf struct cairn_buf full = {0};
	const char *name = NULL;
	enum cairn_status s = esp_path(&name, &full, d, path);
	return s == CAIRN_OK ? read_file(out, d, name) : s;
}

/* ---- PCR 4
 * ------------------------------------------------------------------------------------------------------- */

static struct cairn_manifest_event *loader_event(struct describing *d, const char *component,
						 const char *text)
{
	struct cairn_manifest_event *e = &d->out->event[d->out->count++];
	e->pcr = PCR_LOADERS;
	e->component = component;
	e->text = text;
	return e;
}

static enum cairn_status add_bytes(struct describing *d, const char *component, struct cairn_span bytes,
				   const char *text)
{
	struct cairn_component c;
	enum cairn_status s = cairn_component_of(&c, bytes);
	if (s != CAIRN_OK)
		return s;
	struct cairn_manifest_event *e = loader_event(d, component, text);
	e->sha256 = c.sha256;
	e->sha384 = c.sha384;
	return CAIRN_OK;
}

static enum cairn_status add_program(struct describing *d, const char *component, struct cairn_span image,
				     const char *path)
{
	struct cairn_digest sha256, sha384;
	enum cairn_status s = cairn_authenticode_hash(&sha256, CAIRN_ALG_SHA256, image);
	if (s == CAIRN_OK)
		s = cairn_authenticode_hash(&sha384, CAIRN_ALG_SHA384, image);
	if (s != CAIRN_OK)
		return complain(d, s, path, "not an EFI program that can be measured");
	struct cairn_manifest_event *e = loader_event(d, component, path);
	e->sha256 = sha256;
	e->sha384 = sha384;
	return CAIRN_OK;
}

static enum cairn_status describe_loaders(struct describing *d)
{
	const char *efi = d->files->efi ? d->files->efi : CAIRN_PLATFORM_EFI;
	const char *grub = d->files->grub ? d->files->grub : CAIRN_PLATFORM_GRUB;
	cairn_auto_buf struct cairn_buf first = {0};
	enum cairn_status s = add_bytes(d, "efi-action", cairn_span_str(ACTION), ACTION);
	if (s == CAIRN_OK)
		s = add_bytes(d, "efi-separator", cairn_span(separator, sizeof(separator)), "00000000");
	if (s == CAIRN_OK)
		s = read_esp(&first, d, efi);
	if (s == CAIRN_OK)
		s = add_program(d, "efi-cairn", cairn_buf_span(&first), efi);
	if (s == CAIRN_OK)
		s = read_esp(&d->grub_file, d, grub);
	if (s == CAIRN_OK)
		s = add_program(d, "efi-grub", cairn_buf_span(&d->grub_file), grub);
	if (s != CAIRN_OK)
		return s;
	s = cairn_grub_image_parse(&d->image, cairn_buf_span(&d->grub_file));
	return s == CAIRN_OK ? s : complain(d, s, grub, "not a GRUB image made by grub-mkimage");
}

/* ---- PCR 8 and 9
 * ------------------------------------------------------------------------------------------------- */

static enum cairn_status measure_cb(void *ctx, const char *path, struct cairn_component *out)
{
	struct describing *d = ctx;
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status s = read_esp(&bytes, d, path);
	return s == CAIRN_OK ? cairn_component_of(out, cairn_buf_span(&bytes)) : s;
}

static bool has_module_cb(void *ctx, const char *module)
{
	struct describing *d = ctx;
	return cairn_grub_image_has(&d->image, module);
}

/* Without an embedded configuration GRUB also reads the lists of modules under its prefix, where there are
 * any. */
static enum cairn_status check_no_lists(struct describing *d)
{
	cairn_auto_buf struct cairn_buf path = {0}, full = {0};
	if (d->image.config.len > 0)
		return CAIRN_OK;
	cairn_buf_add(&path, d->image.prefix);
	cairn_buf_add_str(&path, "/x86_64-efi");
	const char *name = cairn_buf_str(&path), *dir = NULL;
	enum cairn_status s = name ? esp_path(&dir, &full, d, name) : CAIRN_E_NOMEM;
	if (s != CAIRN_OK)
		return s;
	if (access(dir, F_OK) == 0)
		return complain(d, CAIRN_E_UNSUPPORTED, dir,
				"GRUB would read lists of modules from it; remove it");
	return CAIRN_OK;
}

static enum cairn_status grub_fault(struct describing *d, enum cairn_status s, const char *path,
				    const struct cairn_grub_fault *f)
{
	if (!d->why || !f->why[0])
		return s;
	if (d->why->len > 0) /* reading a file failed, and said which */
		cairn_buf_add_str(d->why, "; ");
	cairn_buf_add_str(d->why, path);
	if (f->line > 0)
		cairn_buf_add_fmt(d->why, ":%u", f->line);
	cairn_buf_add_fmt(d->why, ": %s", f->why);
	return s;
}

static enum cairn_status run_config(struct describing *d, const char *path)
{
	const struct cairn_grub_files files = {measure_cb, has_module_cb, d};
	struct cairn_grub_fault fault = {0};
	cairn_auto_buf struct cairn_buf cfg = {0};
	enum cairn_status s = read_esp(&cfg, d, path);
	if (s != CAIRN_OK)
		return s;
	s = cairn_grub_predict(&d->out->grub, cairn_buf_span(&cfg), path, &files, &fault);
	return s == CAIRN_OK ? s : grub_fault(d, s, path, &fault);
}

static enum cairn_status describe_grub(struct describing *d)
{
	struct cairn_grub_fault fault = {0};
	cairn_auto_buf struct cairn_buf path = {0};
	enum cairn_status s = check_no_lists(d);
	if (s != CAIRN_OK)
		return s;
	s = cairn_grub_config_path(&path, d->image.config, d->image.prefix, &fault);
	if (s != CAIRN_OK)
		return grub_fault(d, s, "configuration inside the GRUB image", &fault);
	const char *name = cairn_buf_str(&path);
	s = name ? run_config(d, name) : CAIRN_E_NOMEM;
	if (s != CAIRN_OK)
		return s;
	const struct cairn_grub_boot *b = d->out->grub;
	for (size_t i = 0; i < b->count; i++) {
		const struct cairn_grub_event *e = &b->event[i];
		d->out->event[d->out->count++] =
		    (struct cairn_manifest_event){e->pcr, e->component, e->sha256, e->sha384, e->text};
	}
	return CAIRN_OK;
}

/* ---- PCR 11
 * ------------------------------------------------------------------------------------------------------ */

struct host_parts { /* what the strings of the host record borrow from */
	struct cairn_agent_config config;
	struct cairn_jwks *authorities;
	struct cairn_buf build_id, xen_cmdline, dom0_cmdline;
};

static enum cairn_status host_agent(struct cairn_host *h, struct host_parts *p, struct describing *d)
{
	const struct cairn_platform_files *f = d->files;
	cairn_auto_buf struct cairn_buf agent = {0};
	enum cairn_status s = read_file(&agent, d, f->agent);
	if (s == CAIRN_OK)
		s = cairn_hash(&h->agent, CAIRN_ALG_SHA256, cairn_buf_span(&agent));
	if (s == CAIRN_OK)
		s = f->agent_config
			? cairn_agent_config_read(&p->config, f->agent_config, d->why)
			: cairn_agent_config_parse(&p->config, cairn_span(NULL, 0), "defaults", d->why);
	if (s == CAIRN_OK)
		cairn_agent_config_to_host(h, &p->config);
	return s;
}

static enum cairn_status host_trust(struct cairn_host *h, struct host_parts *p, struct describing *d)
{
	enum cairn_status s = cairn_jwks_load(&p->authorities, d->files->authorities, d->why);
	if (s != CAIRN_OK)
		return s;
	size_t count = cairn_jwks_count(p->authorities);
	if (count > CAIRN_TRUST_MAX)
		return complain(d, CAIRN_E_LIMIT, d->files->authorities, "too many keys");
	for (size_t i = 0; i < count; i++)
		h->authority[i] = cairn_key_kid(cairn_jwks_at(p->authorities, i));
	h->authority_count = count;
	return CAIRN_OK;
}

static enum cairn_status host_build_id(struct cairn_host *h, struct host_parts *p, struct describing *d)
{
	struct cairn_build_id id;
	cairn_auto_buf struct cairn_buf image = {0};
	const char *path = d->out->grub->xen.path;
	enum cairn_status s = read_esp(&image, d, path);
	if (s != CAIRN_OK)
		return s;
	s = cairn_xen_build_id(&id, cairn_buf_span(&image));
	if (s != CAIRN_OK)
		return complain(d, s, path, "no build id can be read from this Xen image");
	cairn_hex_encode(&p->build_id, cairn_span(id.bytes, id.len));
	h->build_id = cairn_buf_str(&p->build_id);
	return h->build_id ? CAIRN_OK : CAIRN_E_NOMEM;
}

static enum cairn_status host_cmdlines(struct cairn_host *h, struct host_parts *p, struct describing *d)
{
	const struct cairn_grub_boot *b = d->out->grub;
	enum cairn_status s = cairn_xen_running_cmdline(&p->xen_cmdline, b->xen.cmdline);
	if (s == CAIRN_OK)
		s = cairn_xen_dom0_cmdline(&p->dom0_cmdline, b->xen.cmdline, b->dom0_kernel.cmdline);
	if (s != CAIRN_OK)
		return complain(d, s, b->xen.cmdline, "Xen would change its own or dom0's command line");
	h->xen_cmdline = cairn_buf_str(&p->xen_cmdline);
	h->dom0_cmdline = cairn_buf_str(&p->dom0_cmdline);
	return h->xen_cmdline && h->dom0_cmdline ? CAIRN_OK : CAIRN_E_NOMEM;
}

static void host_parts_fini(struct host_parts *p)
{
	cairn_agent_config_fini(&p->config);
	cairn_jwks_free(p->authorities);
	cairn_buf_fini(&p->build_id);
	cairn_buf_fini(&p->xen_cmdline);
	cairn_buf_fini(&p->dom0_cmdline);
}

static enum cairn_status describe_host(struct describing *d)
{
	__attribute__((cleanup(host_parts_fini))) struct host_parts p = {0};
	const struct cairn_grub_boot *b = d->out->grub;
	struct cairn_host h = {.xen = b->xen_sha256, .kernel = b->kernel_sha256, .initrd = b->initrd_sha256};
	enum cairn_status s = host_agent(&h, &p, d);
	if (s == CAIRN_OK)
		s = host_trust(&h, &p, d);
	if (s == CAIRN_OK)
		s = host_build_id(&h, &p, d);
	if (s == CAIRN_OK)
		s = host_cmdlines(&h, &p, d);
	return s == CAIRN_OK ? cairn_record_host(&d->out->host_record, &h) : s;
}

enum cairn_status cairn_platform_describe(struct cairn_platform **out,
					  const struct cairn_platform_files *files, struct cairn_buf *why)
{
	struct describing d = {.files = files, .why = why, .out = calloc(1, sizeof(*d.out))};
	if (!d.out)
		return CAIRN_E_NOMEM;
	enum cairn_status s = describe_loaders(&d);
	if (s == CAIRN_OK)
		s = describe_grub(&d);
	if (s == CAIRN_OK)
		s = describe_host(&d);
	cairn_buf_fini(&d.grub_file);
	if (s == CAIRN_OK)
		*out = d.out;
	else
		cairn_platform_free(d.out);
	return s;
}

void cairn_platform_free(struct cairn_platform *p)
{
	if (!p)
		return;
	cairn_grub_boot_free(p->grub);
	cairn_buf_fini(&p->host_record);
	free(p);
}

enum cairn_status cairn_platform_to_manifest(struct cairn_manifest *m, const struct cairn_platform *p)
{
	enum cairn_status s = CAIRN_OK;
	for (size_t i = 0; i < p->count && s == CAIRN_OK; i++)
		s = cairn_manifest_add_event(m, &p->event[i]);
	if (s == CAIRN_OK)
		s = cairn_manifest_set_host_record(m, cairn_buf_span(&p->host_record));
	return s;
}
