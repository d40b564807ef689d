/* cairn manifest service: describes the images of one service domain, and signs that. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "servicespec.h"
#include "sign.h"

enum { FIRMWARE, BIOS, DEVICE_MODEL, STUB_KERNEL, STUB_RAMDISK };
static const char *const purposes[CAIRN_COMPONENTS_MAX] = {
    [FIRMWARE] = CAIRN_FIRMWARE,
    [BIOS] = CAIRN_BIOS,
    [DEVICE_MODEL] = CAIRN_DEVICE_MODEL,
    [STUB_KERNEL] = CAIRN_STUBDOMAIN_KERNEL,
    [STUB_RAMDISK] = CAIRN_STUBDOMAIN_RAMDISK,
};

struct service_options {
	struct cairn_cli_signing signing;
	const char *type, *kernel, *ramdisk, *cmdline, *memory_max, *vcpus_max;
	const char *image[CAIRN_COMPONENTS_MAX]; /* files, as purposes has it */
	const char *dm_args, *stubdomain_cmdline, *inside_kernel, *inside_ramdisk, *xsm;
	struct cairn_cli_list roles, backends, disks, pci, serves, targets;
	struct cairn_cli_disk_names names;
	const char *launch_log;
	struct cairn_launch launch; /* of that log */
};

static int measure(struct cairn_component *out, const char *path)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status s = cairn_file_read(&bytes, path, CAIRN_CLI_IMAGE_MAX);
	if (!s)
		s = cairn_component_of(out, cairn_buf_span(&bytes));
	return s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

bool cairn_cli_add_name(const char **list, size_t *count, size_t max, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	if (*count == max)
		return false;
	list[(*count)++] = name;
	return true;
}

static bool add_list(const char **out, size_t *count, size_t max, const struct cairn_cli_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!cairn_cli_add_name(out, count, max, list->item[i]))
			return false;
	return true;
}

static bool take_number(uint64_t *out, const char *option, const char *text, unsigned long max)
{
	unsigned long n;
	if (!text)
		return true;
	if (!cairn_cli_number(&n, option, text, max))
		return false;
	*out = n;
	return true;
}

/* What it may be given, beside what it was seen to have. */
static int fill_limits(struct cairn_manifest *m, const struct service_options *o)
{
	if (!take_number(&m->memory_max_mib, "memory-max", o->memory_max, 1u << 30) ||
	    !take_number(&m->vcpus_max, "vcpus-max", o->vcpus_max, 4096))
		return CAIRN_EXIT_USAGE;
	if (!add_list(m->role, &m->role_count, CAIRN_ROLES_MAX, &o->roles) ||
	    !add_list(m->backend, &m->backend_count, CAIRN_BACKENDS_MAX, &o->backends) ||
	    !add_list(m->serve, &m->serve_count, CAIRN_SERVES_MAX, &o->serves) ||
	    !add_list(m->target, &m->target_count, CAIRN_BACKENDS_MAX, &o->targets))
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "too many roles, backends or targets");
	return cairn_cli_pci(m, &o->pci);
}

/* A launch on record says what runs; the options may only give it more. */
static int check_launch(const struct service_options *o)
{
	const char *const said[] = {o->type,	      o->kernel,	 o->ramdisk,
				    o->cmdline,	      o->dm_args,	 o->stubdomain_cmdline,
				    o->inside_kernel, o->inside_ramdisk, o->xsm};
	bool twice = o->disks.count > 0;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		twice = twice || said[i];
	for (size_t i = 0; i < CAIRN_COMPONENTS_MAX; i++)
		twice = twice || o->image[i];
	if (twice)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--launch: its type, files, disks and texts are those on record");
	return CAIRN_EXIT_GOOD;
}

/* What the signer would refuse without saying what is missing. */
static int check_kind(const struct service_options *o)
{
	bool stub = o->image[STUB_KERNEL] != NULL;
	if (!o->type || !o->memory_max || !o->vcpus_max)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "missing: --%s; see `cairn manifest service --help`",
					  !o->type	   ? "type"
					  : !o->memory_max ? "memory-max"
							   : "vcpus-max");
	if (strcmp(o->type, CAIRN_TYPE_HVM) != 0 && !o->kernel)
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "missing: --kernel, without which only hvm starts");
	if (strcmp(o->type, CAIRN_TYPE_HVM) == 0 &&
	    (!o->image[FIRMWARE] || (!o->image[DEVICE_MODEL] && !stub)))
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "an hvm domain has --firmware, and --device-model or "
					  "--stubdomain-kernel");
	if (!stub &&
	    (o->image[STUB_RAMDISK] || o->stubdomain_cmdline || o->inside_kernel || o->inside_ramdisk))
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "there is no stub domain without "
							    "--stubdomain-kernel");
	if (o->inside_kernel && (o->kernel || o->ramdisk))
		return cairn_cli_complain(CAIRN_EXIT_USAGE,
					  "--inside-kernel: then there is no --kernel and no --ramdisk");
	return CAIRN_EXIT_GOOD;
}

static int fill_images(struct cairn_manifest *m, const struct service_options *o)
{
	struct cairn_setup *s = &m->setup;
	int code = o->kernel ? measure(&m->kernel, o->kernel) : CAIRN_EXIT_GOOD;
	if (code == CAIRN_EXIT_GOOD && o->ramdisk) {
		code = measure(&m->ramdisk, o->ramdisk);
		m->has_ramdisk = true;
	}
	for (size_t i = 0; i < CAIRN_COMPONENTS_MAX && code == CAIRN_EXIT_GOOD; i++) {
		if (!o->image[i])
			continue;
		s->component[s->component_count].purpose = purposes[i];
		code = measure(&s->component[s->component_count++].is, o->image[i]);
	}
	return code;
}

static int fill_described(struct cairn_manifest *m, struct service_options *o)
{
	m->type = o->type;
	m->cmdline = o->cmdline ? o->cmdline : "";
	m->setup.dm_args = o->dm_args;
	m->setup.stubdomain_cmdline = o->stubdomain_cmdline;
	m->setup.inside_kernel = o->inside_kernel;
	m->setup.inside_ramdisk = o->inside_ramdisk;
	m->setup.xsm = o->xsm;
	int code = check_kind(o);
	if (code == CAIRN_EXIT_GOOD)
		code = fill_images(m, o);
	return code == CAIRN_EXIT_GOOD ? cairn_cli_disks(&m->setup, &o->names, &o->disks) : code;
}

static int fill(struct cairn_manifest *m, void *ctx)
{
	struct service_options *o = ctx;
	int code = o->launch_log ? check_launch(o) : fill_described(m, o);
	if (code == CAIRN_EXIT_GOOD && o->launch_log)
		code = cairn_cli_service_launched(m, &o->launch, o->launch_log);
	return code == CAIRN_EXIT_GOOD ? fill_limits(m, o) : code;
}

#define VALUE(option, word, into, text)                                                                      \
	{                                                                                                    \
		.name = (option), .arg = (word), .value = &(into), .help = (text)                            \
	}
#define LIST(option, word, into, text)                                                                       \
	{                                                                                                    \
		.name = (option), .arg = (word), .list = &(into), .help = (text)                             \
	}

int cairn_cmd_manifest_service(int argc, char **argv)
{
	struct service_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPTS_SIGNING(o.signing),
	    VALUE("launch", "LOG", o.launch_log, "all of the last launch of that name in this launch log"),
	    VALUE("type", "TYPE", o.type, "pv, pvh or hvm"),
	    LIST("role", "ROLE", o.roles, "a role that it may claim"),
	    VALUE("kernel", "FILE", o.kernel, "its kernel; only hvm can be without"),
	    VALUE("ramdisk", "FILE", o.ramdisk, "its ramdisk [none]"),
	    VALUE("cmdline", "TEXT", o.cmdline, "its exact command line [empty]"),
	    VALUE("firmware", "FILE", o.image[FIRMWARE], "hvm: hvmloader"),
	    VALUE("bios", "FILE", o.image[BIOS], "hvm: SeaBIOS or OVMF"),
	    VALUE("device-model", "FILE", o.image[DEVICE_MODEL], "the QEMU that dom0 runs for it"),
	    VALUE("dm-args", "TEXT", o.dm_args, "the device model's exact arguments"),
	    VALUE("stubdomain-kernel", "FILE", o.image[STUB_KERNEL], "kernel of its stub domain"),
	    VALUE("stubdomain-ramdisk", "FILE", o.image[STUB_RAMDISK], "ramdisk of its stub domain"),
	    VALUE("stubdomain-cmdline", "TEXT", o.stubdomain_cmdline, "command line of its stub domain"),
	    VALUE("inside-kernel", "PATH", o.inside_kernel, "its kernel, a file in the stub domain"),
	    VALUE("inside-ramdisk", "PATH", o.inside_ramdisk, "its ramdisk, a file in the stub domain"),
	    LIST("disk", "DISK", o.disks,
		 "VDEV:image:FILE, VDEV:verity:ROOTHASH:BYTES or VDEV:unmeasured:r|w"),
	    VALUE("xsm", "LABEL", o.xsm, "its XSM label"),
	    VALUE("memory-max", "MIB", o.memory_max, "most memory that it may have"),
	    VALUE("vcpus-max", "N", o.vcpus_max, "most CPUs that it may have"),
	    LIST("backend", "DOMAIN", o.backends, "a domain whose backends it may use"),
	    LIST("pci", "DEVICE", o.pci,
		 "it may be given: VENDOR:DEVICE or class:CLASS [,permissive][,rom=SHA256]"),
	    LIST("serves", "CLASS", o.serves, "backends that it may serve: vif or vbd"),
	    LIST("target", "DOMAIN", o.targets, "a domain whose device model it may be"),
	};
	const struct cairn_cli_synopsis syn = {"cairn manifest service",
					       "",
					       "Describes the images of a service domain, with what it may "
					       "be given, and signs that. The name is the\n"
					       "name of the domain. Without --launch, --type, --memory-max "
					       "and --vcpus-max are required.",
					       opts,
					       sizeof(opts) / sizeof(opts[0]),
					       0,
					       0};
	int code;
	if (cairn_cli_parse(&code, &syn, argc, argv))
		code = cairn_cli_sign(CAIRN_MANIFEST_SERVICE, &o.signing, fill, &o);
	cairn_launch_fini(&o.launch);
	return code;
}
