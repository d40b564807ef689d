/* cairn manifest platform: predicts from files what a host will measure, and signs it. */
#include <getopt.h>

#include "cairn/platform.h"
#include "sign.h"

struct platform_options {
	struct cairn_cli_signing signing;
	struct cairn_platform_files files;
	struct cairn_platform *platform; /* the manifest's texts borrow from it */
};

static int fill(struct cairn_manifest *m, void *ctx)
{
	struct platform_options *o = ctx;
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status s = cairn_platform_describe(&o->platform, &o->files, &why);
	if (s && why.len > 0)
		return cairn_cli_complain(cairn_status_exit(s), "%s", cairn_buf_str(&why));
	if (!s)
		s = cairn_platform_to_manifest(m, o->platform);
	return s ? cairn_cli_fail(s, NULL, "platform %s", o->signing.name) : CAIRN_EXIT_GOOD;
}

int cairn_cmd_manifest_platform(int argc, char **argv)
{
	struct platform_options o = {0};
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPTS_SIGNING(o.signing),
	    {.name = "esp",
	     .arg = "DIR",
	     .value = &o.files.esp,
	     .required = true,
	     .help = "directory with what the EFI system partition will hold"},
	    {.name = "agent",
	     .arg = "FILE",
	     .value = &o.files.agent,
	     .required = true,
	     .help = "cairnd, as in dom0"},
	    {.name = "agent-config",
	     .arg = "FILE",
	     .value = &o.files.agent_config,
	     .help = "cairnd.conf, as in dom0 [none: the defaults]"},
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &o.files.authorities,
	     .required = true,
	     .help = "authorities.jwks, as in dom0"},
	    {.name = "efi",
	     .arg = "PATH",
	     .value = &o.files.efi,
	     .help = "cairnboot [" CAIRN_PLATFORM_EFI "]"},
	    {.name = "grub", .arg = "PATH", .value = &o.files.grub, .help = "GRUB [" CAIRN_PLATFORM_GRUB "]"},
	};
	const struct cairn_cli_synopsis syn = {"cairn manifest platform",
					       "",
					       "Predicts, from files alone, what a host will measure when it "
					       "boots them (PCR 4, 8, 9 and 11), and signs\n"
					       "that as a platform manifest. What cannot be predicted with "
					       "certainty is refused, by file and line.",
					       opts,
					       sizeof(opts) / sizeof(opts[0]),
					       0,
					       0};
	int code;
	if (cairn_cli_parse(&code, &syn, argc, argv))
		code = cairn_cli_sign(CAIRN_MANIFEST_PLATFORM, &o.signing, fill, &o);
	cairn_platform_free(o.platform);
	return code;
}
