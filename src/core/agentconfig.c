/* cairnd.conf into a struct. The file is part of dom0's measured initramfs; it is read strictly all the same.
 */
#include <string.h>

#include "cairn/agentconfig.h"

#define PCR_FIRST 8  /* 0-7 are the firmware's */
#define PCR_LAST  15 /* 16 and 23 can be reset by anybody, 17-22 belong to a dynamic launch */

static const char *const keys[] = {"mode.service",
				   "mode.guest",
				   "banks",
				   "pcr.host",
				   "pcr.launch",
				   "pcr.phase",
				   "tcti",
				   "socket",
				   "log",
				   "authorities",
				   "verifiers",
				   "boot_log",
				   "data",
				   "relay_user",
				   "xl",
				   "max_image_mib",
				   "create_timeout_s",
				   "restart.max",
				   "restart.delay_s",
				   "restart.delay_max_s",
				   "restart.reset_s",
				   "boot.set",
				   "boot.configs",
				   "boot.wait_s",
				   "release_set",
				   NULL};
static const char *const service_modes[] = {"enforce", "audit", NULL};
static const char *const guest_modes[] = {"enforce", "audit", "record", NULL};
static const char *const release_sets[] = {"optional", "required", NULL};

static enum cairn_status wrong(struct cairn_buf *why, const struct cairn_config *c, const char *key,
			       const char *text)
{
	if (why)
		cairn_buf_add_fmt(why, "%s (line %u): %s", key, cairn_config_line(c, key), text);
	return CAIRN_E_USAGE;
}

static enum cairn_status read_modes(struct cairn_agent_config *o, struct cairn_buf *why)
{
	size_t service, guest, release_set;
	enum cairn_status s = cairn_config_choice(&service, o->file, "mode.service", 0, service_modes, why);
	if (s == CAIRN_OK)
		s = cairn_config_choice(&guest, o->file, "mode.guest", 2, guest_modes, why);
	if (s == CAIRN_OK)
		s = cairn_config_choice(&release_set, o->file, "release_set", 0, release_sets, why);
	if (s != CAIRN_OK)
		return s;
	o->mode_service = service_modes[service];
	o->mode_guest = guest_modes[guest];
	o->release_set_required = release_set == 1;
	return CAIRN_OK;
}

static enum cairn_status read_pcr(unsigned *out, const struct cairn_agent_config *o, const char *key,
				  unsigned fallback, struct cairn_buf *why)
{
	uint64_t v;
	enum cairn_status s = cairn_config_u64(&v, o->file, key, fallback, PCR_FIRST, PCR_LAST, why);
	if (s != CAIRN_OK)
		return s;
	if (v == 8 || v == 9)
		return wrong(why, o->file, key, "PCR 8 and 9 are GRUB's");
	*out = (unsigned)v;
	return CAIRN_OK;
}

static enum cairn_status read_pcrs(struct cairn_agent_config *o, struct cairn_buf *why)
{
	const struct cairn_pcr_numbers standard = CAIRN_PCR_NUMBERS_DEFAULT;
	struct cairn_pcr_numbers *p = &o->pcrs;
	enum cairn_status s = read_pcr(&p->host, o, "pcr.host", standard.host, why);
	if (s == CAIRN_OK)
		s = read_pcr(&p->launch, o, "pcr.launch", standard.launch, why);
	if (s == CAIRN_OK)
		s = read_pcr(&p->phase, o, "pcr.phase", standard.phase, why);
	if (s != CAIRN_OK)
		return s;
	return p->host == p->launch || p->host == p->phase || p->launch == p->phase
		   ? wrong(why, o->file, "pcr.host", "pcr.host, pcr.launch and pcr.phase must differ")
		   : CAIRN_OK;
}

/* Into ascending order; a second mention is an error, so that there is room for all. */
static bool add_bank(struct cairn_agent_config *o, enum cairn_alg alg)
{
	size_t i = 0;
	while (i < o->bank_count && o->bank[i] < alg)
		i++;
	if (i < o->bank_count && o->bank[i] == alg)
		return false;
	memmove(o->bank + i + 1, o->bank + i, (o->bank_count - i) * sizeof(o->bank[0]));
	o->bank[i] = alg;
	o->bank_count++;
	return true;
}

static enum cairn_status read_banks(struct cairn_agent_config *o, struct cairn_buf *why)
{
	const char *p = cairn_config_str(o->file, "banks", "sha256 sha384");
	bool sha256 = false;
	for (p += strspn(p, " \t"); *p; p += strspn(p, " \t")) {
		char name[16] = {0};
		size_t n = strcspn(p, " \t");
		if (n < sizeof(name))
			memcpy(name, p, n);
		enum cairn_alg alg = cairn_alg_by_name(name);
		if (alg == CAIRN_ALG_NONE || alg == CAIRN_ALG_SM3_256 || !add_bank(o, alg))
			return wrong(why, o->file, "banks",
				     "only sha1, sha256, sha384 and sha512, each once");
		sha256 = sha256 || alg == CAIRN_ALG_SHA256;
		p += n;
	}
	return sha256 ? CAIRN_OK
		      : wrong(why, o->file, "banks", "sha256 must be among them: quotes are made of it");
}

static void read_places(struct cairn_agent_config *o)
{
	const struct cairn_config *f = o->file;
	o->tcti = cairn_config_str(f, "tcti", "device:/dev/tpm0");
	o->socket = cairn_config_str(f, "socket", "/run/cairn/cairnd.sock");
	o->log = cairn_config_str(f, "log", "/run/cairn/launch.log");
	o->authorities = cairn_config_str(f, "authorities", "/etc/cairn/authorities.jwks");
	o->verifiers = cairn_config_str(f, "verifiers", "/etc/cairn/verifiers.jwks");
	o->boot_log = cairn_config_str(f, "boot_log", "/sys/kernel/security/tpm0/binary_bios_measurements");
	o->data = cairn_config_str(f, "data", "/var/lib/cairn");
	o->relay_user = cairn_config_str(f, "relay_user", "cairn-relay");
	o->xl = cairn_config_str(f, "xl", NULL);
}

static enum cairn_status read_limits(struct cairn_agent_config *o, struct cairn_buf *why)
{
	enum cairn_status s =
	    cairn_config_u64(&o->max_image_mib, o->file, "max_image_mib", 1024, 1, 65536, why);
	if (s == CAIRN_OK)
		s = cairn_config_u64(&o->create_timeout_s, o->file, "create_timeout_s", 120, 1, 3600, why);
	return s;
}

static enum cairn_status read_restarts(struct cairn_agent_config *o, struct cairn_buf *why)
{
	enum cairn_status s = cairn_config_u64(&o->restart_max, o->file, "restart.max", 5, 0, 1000, why);
	if (s == CAIRN_OK)
		s = cairn_config_u64(&o->restart_delay_s, o->file, "restart.delay_s", 1, 1, 3600, why);
	if (s == CAIRN_OK)
		s = cairn_config_u64(&o->restart_delay_max_s, o->file, "restart.delay_max_s", 60, 1, 86400,
				     why);
	if (s == CAIRN_OK)
		s = cairn_config_u64(&o->restart_reset_s, o->file, "restart.reset_s", 600, 1, 86400, why);
	return s;
}

static bool add_boot(struct cairn_agent_config *o, const char *name, size_t n)
{
	if (o->boot_count == CAIRN_BOOT_SET_MAX || n > CAIRN_NAME_MAX)
		return false;
	char *to = o->boot_set[o->boot_count];
	memcpy(to, name, n);
	for (size_t i = 0; i < o->boot_count; i++)
		if (strcmp(o->boot_set[i], to) == 0)
			return false;
	o->boot_count++;
	return cairn_name_ok(to);
}

static enum cairn_status read_boot_set(struct cairn_agent_config *o, struct cairn_buf *why)
{
	const char *p = cairn_config_str(o->file, "boot.set", "");
	for (p += strspn(p, " \t"); *p; p += strspn(p, " \t")) {
		size_t n = strcspn(p, " \t");
		if (!add_boot(o, p, n))
			return wrong(why, o->file, "boot.set", "names of at most 32 domains, each once");
		p += n;
	}
	o->boot_configs = cairn_config_str(o->file, "boot.configs", "/etc/cairn/domains");
	return cairn_config_u64(&o->boot_wait_s, o->file, "boot.wait_s", 60, 1, 3600, why);
}

/* Takes the parsed file over, whatever comes of it. */
static enum cairn_status interpret(struct cairn_agent_config *out, struct cairn_config *file,
				   struct cairn_buf *why)
{
	struct cairn_agent_config o = {.file = file};
	enum cairn_status s = read_modes(&o, why);
	if (s == CAIRN_OK)
		s = read_banks(&o, why);
	if (s == CAIRN_OK)
		s = read_pcrs(&o, why);
	if (s == CAIRN_OK)
		s = read_limits(&o, why);
	if (s == CAIRN_OK)
		s = read_restarts(&o, why);
	if (s == CAIRN_OK)
		s = read_boot_set(&o, why);
	if (s != CAIRN_OK) {
		cairn_config_free(file);
		return s;
	}
	read_places(&o);
	*out = o;
	return CAIRN_OK;
}

enum cairn_status cairn_agent_config_parse(struct cairn_agent_config *out, struct cairn_span text,
					   const char *name, struct cairn_buf *why)
{
	struct cairn_config *file = NULL;
	enum cairn_status s = cairn_config_parse(&file, text, name, keys, why);
	return s == CAIRN_OK ? interpret(out, file, why) : s;
}

enum cairn_status cairn_agent_config_read(struct cairn_agent_config *out, const char *path,
					  struct cairn_buf *why)
{
	struct cairn_config *file = NULL;
	enum cairn_status s = cairn_config_read(&file, path, keys, why);
	return s == CAIRN_OK ? interpret(out, file, why) : s;
}

void cairn_agent_config_fini(struct cairn_agent_config *c)
{
	cairn_config_free(c->file);
	*c = (struct cairn_agent_config){0};
}

void cairn_agent_config_to_host(struct cairn_host *h, const struct cairn_agent_config *c)
{
	h->mode_service = c->mode_service;
	h->mode_guest = c->mode_guest;
	h->release_set_required = c->release_set_required;
	h->pcrs = c->pcrs;
	h->bank_count = c->bank_count;
	memcpy(h->bank, c->bank, sizeof(h->bank));
	h->boot_count = c->boot_count;
	for (size_t i = 0; i < c->boot_count; i++)
		h->boot_set[i] = c->boot_set[i];
}
