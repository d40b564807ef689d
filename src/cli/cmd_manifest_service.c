/* cairn manifest service: describes the images of one service domain, and signs that. */
#include <getopt.h>
#include <stdio.h>

#include "sign.h"

struct service_options {
	struct cairn_cli_signing signing;
	const char *type, *kernel, *ramdisk, *cmdline, *memory_max, *vcpus_max;
	struct cairn_cli_list roles, backends;
};

static int measure(struct cairn_component *out, const char *path)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	enum cairn_status s = cairn_file_read(&bytes, path, CAIRN_CLI_IMAGE_MAX);
	if (!s)
		s = cairn_component_of(out, cairn_buf_span(&bytes));
	return s ? cairn_cli_fail(s, NULL, "%s", path) : CAIRN_EXIT_GOOD;
}

static bool copy_list(const char **out, size_t *count, size_t max, const struct cairn_cli_list *list)
{
	if (list->count > max)
		return false;
	for (size_t i = 0; i < list->count; i++)
		out[i] = list->item[i];
	*count = list->count;
	return true;
}

static int fill(struct cairn_manifest *m, void *ctx)
{
	const struct service_options *o = ctx;
	unsigned long memory, vcpus;
	if (!cairn_cli_number(&memory, "memory-max", o->memory_max, 1u << 30) ||
	    !cairn_cli_number(&vcpus, "vcpus-max", o->vcpus_max, 4096))
		return CAIRN_EXIT_USAGE;
	if (!copy_list(m->role, &m->role_count, CAIRN_ROLES_MAX, &o->roles) ||
	    !copy_list(m->backend, &m->backend_count, CAIRN_BACKENDS_MAX, &o->backends))
		return cairn_cli_complain(CAIRN_EXIT_USAGE, "too many roles or backends");
	m->type = o->type;
	m->cmdline = o->cmdline ? o->cmdline : "";
	m->memory_max_mib = memory;
	m->vcpus_max = vcpus;
	int code = measure(&m->kernel, o->kernel);
	if (code == CAIRN_EXIT_GOOD && o->ramdisk) {
		code = measure(&m->ramdisk, o->ramdisk);
		m->has_ramdisk = true;
	}
	return code;
}

int cairn_cmd_manifest_service(int argc, char **argv)
{
	struct service_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPTS_SIGNING(o.signing),
	    {.name = "type", .arg = "TYPE", .value = &o.type, .required = true, .help = "pv or pvh"},
	    {.name = "role", .arg = "ROLE", .list = &o.roles, .help = "a role that it may claim"},
	    {.name = "kernel", .arg = "FILE", .value = &o.kernel, .required = true, .help = "its kernel"},
	    {.name = "ramdisk", .arg = "FILE", .value = &o.ramdisk, .help = "its ramdisk [none]"},
	    {.name = "cmdline", .arg = "TEXT", .value = &o.cmdline, .help = "its exact command line [empty]"},
	    {.name = "memory-max",
	     .arg = "MIB",
	     .value = &o.memory_max,
	     .required = true,
	     .help = "most memory that it may have"},
	    {.name = "vcpus-max",
	     .arg = "N",
	     .value = &o.vcpus_max,
	     .required = true,
	     .help = "most CPUs that it may have"},
	    {.name = "backend",
	     .arg = "DOMAIN",
	     .list = &o.backends,
	     .help = "a domain whose backends it may use"},
	};
	const struct cairn_cli_synopsis syn = {"cairn manifest service",
					       "",
					       "Describes the images of a service domain, with what it may "
					       "be given, and signs that. The name is the\n"
					       "name of the domain.",
					       opts,
					       sizeof(opts) / sizeof(opts[0]),
					       0,
					       0};
	int code;
	if (cairn_cli_parse(&code, &syn, argc, argv))
		code = cairn_cli_sign(CAIRN_MANIFEST_SERVICE, &o.signing, fill, &o);
	return code;
}
