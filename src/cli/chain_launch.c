/* A launch in the chain's tree: everything that decided what ran, from its record. */
#include <stdio.h>
#include <string.h>

#include "chain_launch.h"

static void add_component(json_t *node, const char *name, const struct cairn_component *c)
{
	cairn_cli_node_add(node, cairn_cli_node(name, cairn_digest_hex(&c->sha256).text, "%llu bytes",
						(unsigned long long)c->size));
}

static void add_text(json_t *node, const char *name, const char *text)
{
	if (text)
		cairn_cli_node_add(node, cairn_cli_node(name, "", "%s", text));
}

static void add_components(json_t *node, const struct cairn_launch *l)
{
	const struct cairn_setup *s = &l->setup;
	if (l->kernel.sha256.alg != CAIRN_ALG_NONE)
		add_component(node, "kernel", &l->kernel);
	if (l->has_ramdisk)
		add_component(node, "ramdisk", &l->ramdisk);
	for (size_t i = 0; i < s->component_count; i++)
		add_component(node, s->component[i].purpose, &s->component[i].is);
	add_text(node, "kernel inside the stub domain", s->inside_kernel);
	add_text(node, "ramdisk inside the stub domain", s->inside_ramdisk);
	add_text(node, "command line", l->cmdline);
	add_text(node, "device model arguments", s->dm_args);
	add_text(node, "stub domain command line", s->stubdomain_cmdline);
	add_text(node, "XSM label", s->xsm);
}

static void add_disk(json_t *node, const struct cairn_disk *d)
{
	char name[CAIRN_NAME_MAX + 8], size[40] = "";
	snprintf(name, sizeof(name), "disk %s", d->vdev);
	if (d->size)
		snprintf(size, sizeof(size), ", %llu bytes", (unsigned long long)d->size);
	bool measured = d->digest.alg != CAIRN_ALG_NONE;
	cairn_cli_node_add(node, cairn_cli_node(name, measured ? cairn_digest_hex(&d->digest).text : "",
						"%s, %s%s, from %s", d->kind,
						d->readwrite ? "writable" : "read-only", size, d->backend));
}

static void add_device(json_t *node, const struct cairn_pci_device *d)
{
	char name[32];
	snprintf(name, sizeof(name), "PCI %s", d->bdf);
	bool rom = d->rom.alg != CAIRN_ALG_NONE;
	cairn_cli_node_add(
	    node, cairn_cli_node(name, rom ? cairn_digest_hex(&d->rom).text : "",
				 "%04x:%04x, subsystem %04x:%04x, class %06x, revision %02x%s%s%s", d->vendor,
				 d->device, d->subvendor, d->subdevice, (unsigned)d->class, d->revision,
				 d->permissive ? ", permissive" : "", d->seize ? ", seized" : "",
				 rom ? ", with this option ROM" : ""));
}

static void add_manifest(json_t *node, const struct cairn_launch *l)
{
	if (!l->has_manifest) {
		add_text(node, "manifest",
			 cairn_launch_claims_service(l) ? "none, and it claims what only a service may have"
							: "none: a guest");
		return;
	}
	cairn_cli_node_add(node, cairn_cli_node("manifest", cairn_digest_hex(&l->manifest.sha256).text,
						"%s release %llu, signed by %s", l->manifest.name,
						(unsigned long long)l->manifest.release, l->manifest.kid));
}

void cairn_cli_chain_launch(json_t *node, const struct cairn_launch *l)
{
	add_components(node, l);
	for (size_t i = 0; i < l->setup.disk_count; i++)
		add_disk(node, &l->setup.disk[i]);
	for (size_t i = 0; i < l->pci_count; i++)
		add_device(node, &l->pci[i]);
	for (size_t i = 0; i < l->serve_count; i++)
		add_text(node, "serves", l->serve[i]);
	add_text(node, "device model of", l->target);
	add_manifest(node, l);
}
