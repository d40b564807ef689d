/* cairn manifest platform: predicts from files what a host will measure, and signs it. */
#include <getopt.h>

#include "cairn/platform.h"
#include "sign.h"

static void platform_release(struct cairn_platform **p)
{
	cairn_platform_free(*p);
}

static int describe_and_sign(const struct cairn_platform_files *files,
			     const struct cairn_cli_signing *signing)
{
	__attribute__((cleanup(platform_release))) struct cairn_platform *p = NULL;
	cairn_auto_manifest struct cairn_manifest m = {.kind = CAIRN_MANIFEST_PLATFORM};
	cairn_auto_buf struct cairn_buf why = {0};
	int code;
	if (!cairn_cli_signing_head(&m, &code, signing))
		return code;
	enum cairn_status s = cairn_platform_describe(&p, files, &why);
	if (s && why.len > 0)
		return cairn_cli_complain(cairn_status_exit(s), "%s", cairn_buf_str(&why));
	if (!s)
		s = cairn_platform_to_manifest(&m, p);
	if (s)
		return cairn_cli_fail(s, NULL, "platform %s", signing->name);
	return cairn_cli_signing_finish(&m, signing);
}

int cairn_cmd_manifest_platform(int argc, char **argv)
{
	struct cairn_platform_files files = {0};
	struct cairn_cli_signing signing = {0};
	const struct cairn_cli_opt opts[] = {
	    CAIRN_CLI_OPTS_SIGNING(signing),
	    {.name = "esp",
	     .arg = "DIR",
	     .value = &files.esp,
	     .required = true,
	     .help = "directory with what the EFI system partition will hold"},
	    {.name = "agent",
	     .arg = "FILE",
	     .value = &files.agent,
	     .required = true,
	     .help = "cairnd, as in dom0"},
	    {.name = "agent-config",
	     .arg = "FILE",
	     .value = &files.agent_config,
	     .help = "cairnd.conf, as in dom0 [none: the defaults]"},
	    {.name = "authorities",
	     .arg = "FILE",
	     .value = &files.authorities,
	     .required = true,
	     .help = "authorities.jwks, as in dom0"},
	    {.name = "efi", .arg = "PATH", .value = &files.efi, .help = "cairnboot [" CAIRN_PLATFORM_EFI "]"},
	    {.name = "grub", .arg = "PATH", .value = &files.grub, .help = "GRUB [" CAIRN_PLATFORM_GRUB "]"},
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
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	return describe_and_sign(&files, &signing);
}
