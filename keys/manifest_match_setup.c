/* Whether a manifest allows what a launch has beside kernel, ramdisk and command line: other components, disks, texts,
 * devices, and what it is for others. Policy, as manifest_match.c is. */
#include <stdio.h>
#include <string.h>

#include "keys/manifest_match.h"

/* ---- components and texts ----------------------------------------------------------------------------- */

static void match_components(struct cairn_reasons *out, const struct cairn_setup *got,
			     const struct cairn_setup *want)
{
	for (size_t i = 0; i < want->component_count; i++) {
		const char *purpose = want->component[i].purpose;
		const struct cairn_image *found = cairn_setup_component(got, purpose);

		cairn_match_component(out, purpose, found != NULL ? found->file : NULL,
				      &want->component[i].is, found != NULL ? &found->is : NULL);
	}
	for (size_t i = 0; i < got->component_count; i++)
		if (cairn_setup_component(want, got->component[i].purpose) == NULL)
			cairn_match_component(out, got->component[i].purpose, got->component[i].file, NULL,
					      &got->component[i].is);
}

static void match_text(struct cairn_reasons *out, const char *code, const char *component, const char *want,
		       const char *got, const char *sentence)
{
	bool same = want == NULL || got == NULL ? want == got : strcmp(want, got) == 0;

	if (!same)
		cairn_reasons_add(out, code, component, NULL, want != NULL ? want : "none",
				  got != NULL ? got : "none", sentence);
}

static void match_texts(struct cairn_reasons *out, const struct cairn_setup *got,
			const struct cairn_setup *want)
{
	match_text(out, CAIRN_R_DM_ARGS_MISMATCH, "dm_args", want->dm_args, got->dm_args,
		   "the arguments of the device model are not those that were signed");
	match_text(out, CAIRN_R_STUBDOMAIN_CMDLINE, "stubdomain_cmdline", want->stubdomain_cmdline,
		   got->stubdomain_cmdline,
		   "the command line of the stub domain is not the one that was signed");
	match_text(out, CAIRN_R_STUBDOMAIN_FILE, "inside_kernel", want->inside_kernel, got->inside_kernel,
		   "the kernel is not the file in the stub domain that was signed for");
	match_text(out, CAIRN_R_STUBDOMAIN_FILE, "inside_ramdisk", want->inside_ramdisk, got->inside_ramdisk,
		   "the ramdisk is not the file in the stub domain that was signed for");
	match_text(out, CAIRN_R_XSM_MISMATCH, "xsm", want->xsm, got->xsm,
		   "the XSM label is not the one that was signed");
}

/* ---- disks -------------------------------------------------------------------------------------------- */

static const struct cairn_disk *disk_of(const struct cairn_setup *s, const char *vdev)
{
	for (size_t i = 0; i < s->disk_count; i++)
		if (strcmp(s->disk[i].vdev, vdev) == 0)
			return &s->disk[i];
	return NULL;
}

static void match_size(struct cairn_reasons *out, const char *name, const struct cairn_disk *want,
		       const struct cairn_disk *got)
{
	char expected[32], found[32];

	if (want->size == got->size)
		return;
	snprintf(expected, sizeof(expected), "%llu bytes", (unsigned long long)want->size);
	snprintf(found, sizeof(found), "%llu bytes", (unsigned long long)got->size);
	cairn_reasons_addf(out, CAIRN_R_DIGEST_MISMATCH, name, got->file, expected, found,
			   "the %s has another size than the one that was signed", name);
}

static void match_disk(struct cairn_reasons *out, const char *name, const struct cairn_disk *want,
		       const struct cairn_disk *got)
{
	if (strcmp(want->kind, got->kind) != 0) {
		cairn_reasons_addf(out, CAIRN_R_DISK_KIND, name, got->file, want->kind, got->kind,
				   "the %s is not measured in the way that the manifest asks for", name);
		return; /* digests of two kinds say nothing about each other */
	}
	if (want->readwrite != got->readwrite)
		cairn_reasons_addf(out, CAIRN_R_DISK_MODE, name, got->file, want->readwrite ? "w" : "r",
				   got->readwrite ? "w" : "r",
				   "the %s is given in another mode than the manifest says", name);
	if (strcmp(want->kind, CAIRN_DISK_UNMEASURED) == 0)
		return;
	if (!cairn_digest_equal(&want->digest, &got->digest))
		cairn_match_digest(out, name, got->file, &want->digest, &got->digest);
	else
		match_size(out, name, want, got);
}

static void match_disks(struct cairn_reasons *out, const struct cairn_setup *got,
			const struct cairn_setup *want)
{
	char name[CAIRN_NAME_MAX + 8];

	for (size_t i = 0; i < got->disk_count; i++) {
		const struct cairn_disk *d = &got->disk[i], *allowed = disk_of(want, d->vdev);

		snprintf(name, sizeof(name), "disk %s", d->vdev);
		if (allowed != NULL)
			match_disk(out, name, allowed, d);
		else
			cairn_reasons_addf(out, CAIRN_R_DISK_NOT_ALLOWED, name, d->file, "none", d->kind,
					   "the manifest has no disk %s", d->vdev);
	}
	for (size_t i = 0; i < want->disk_count; i++) {
		const struct cairn_disk *d = &want->disk[i];

		snprintf(name, sizeof(name), "disk %s", d->vdev);
		if (disk_of(got, d->vdev) == NULL)
			cairn_reasons_addf(out, CAIRN_R_DISK_MISSING, name, NULL, d->kind, "none",
					   "the manifest has a disk %s, and the domain has none", d->vdev);
	}
}

void cairn_match_setup(struct cairn_reasons *out, const struct cairn_setup *got,
		       const struct cairn_setup *want)
{
	match_components(out, got, want);
	match_texts(out, got, want);
	match_disks(out, got, want);
}

/* ---- devices, and what it is for others --------------------------------------------------------------- */

static bool rule_fits(const struct cairn_pci_rule *rule, const struct cairn_pci_device *d)
{
	if (rule->by_class)
		return rule->class == d->class >> 8; /* without the programming interface */
	return rule->vendor == d->vendor && rule->device == d->device;
}

static bool rom_fits(const struct cairn_pci_rule *rule, const struct cairn_pci_device *d)
{
	return rule->rom.alg == CAIRN_ALG_NONE || cairn_digest_equal(&rule->rom, &d->rom);
}

/* The rule that goes furthest: fits the device, has its option ROM, lets it be permissive. */
struct pci_found {
	const struct cairn_pci_rule *fits;
	bool rom, permissive;
};

static struct pci_found find_rule(const struct cairn_pci_device *d, const struct cairn_manifest *m)
{
	struct pci_found found = {0};

	for (size_t i = 0; i < m->pci_count; i++) {
		const struct cairn_pci_rule *rule = &m->pci[i];

		if (!rule_fits(rule, d))
			continue;
		bool rom = rom_fits(rule, d);

		found.fits = rule;
		found.rom |= rom;
		found.permissive |= rom && rule->permissive;
	}
	return found;
}

static void add_rom(struct cairn_reasons *out, const char *name, const struct cairn_pci_device *d,
		    const struct cairn_pci_rule *rule)
{
	struct cairn_hex want = cairn_digest_hex(&rule->rom), got = cairn_digest_hex(&d->rom);

	cairn_reasons_addf(out, CAIRN_R_PCI_ROM_MISMATCH, name, NULL, want.text,
			   d->rom.alg != CAIRN_ALG_NONE ? got.text : "none that can be read",
			   "the option ROM of the PCI device %s is not the one that was signed", d->bdf);
}

static void match_device(struct cairn_reasons *out, const struct cairn_pci_device *d,
			 const struct cairn_manifest *m)
{
	const struct pci_found rule = find_rule(d, m);
	char name[32], found[32];

	snprintf(name, sizeof(name), "pci %s", d->bdf);
	snprintf(found, sizeof(found), "%04x:%04x class %06x", d->vendor, d->device, (unsigned)d->class);
	if (rule.fits == NULL)
		cairn_reasons_addf(out, CAIRN_R_PCI_NOT_ALLOWED, name, NULL, "", found,
				   "the manifest does not give it the PCI device %s", d->bdf);
	else if (!rule.rom)
		add_rom(out, name, d, rule.fits);
	else if (d->permissive && !rule.permissive)
		cairn_reasons_addf(out, CAIRN_R_PCI_PERMISSIVE, name, NULL, "permissive=0", "permissive=1",
				   "the manifest does not give it the PCI device %s permissively", d->bdf);
}

void cairn_match_claims(struct cairn_reasons *out, const struct cairn_launch *l,
			const struct cairn_manifest *m)
{
	for (size_t i = 0; i < l->pci_count; i++)
		match_device(out, &l->pci[i], m);
	for (size_t i = 0; i < l->serve_count; i++)
		if (!cairn_match_among(l->serve[i], m->serve, m->serve_count))
			cairn_reasons_addf(out, CAIRN_R_SERVES_NOT_ALLOWED, "serves", NULL, "", l->serve[i],
					   "the manifest does not let it serve backends of class %s",
					   l->serve[i]);
	if (l->target != NULL && !cairn_match_among(l->target, m->target, m->target_count))
		cairn_reasons_addf(out, CAIRN_R_TARGET_NOT_ALLOWED, "target", NULL, "", l->target,
				   "the manifest does not let it be the device model of %s", l->target);
}
