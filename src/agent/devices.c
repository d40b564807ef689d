/* Devices of service domains. Those that a domain has once it is built are the ones that its record describes; one that comes
 * to it later went past the gate. One that goes is no news: a toolstack takes devices away before it destroys a domain. */
#include "agent/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 10000 /* where nobody says that something changed */
#define KEY	"devices"

/* ---- lines: "NAME FINGERPRINT\n", as xen/devices.h has them --------------------------------------------- */

/* The length of the line at s with its newline; 0: there is none. */
static size_t line_at(const char *s)
{
	const char *end = strchr(s, '\n');

	return end ? (size_t)(end - s) + 1 : 0;
}

static bool has_line(const char *lines, const char *line, size_t len)
{
	for (size_t n; (n = line_at(lines)) > 0; lines += n)
		if (n == len && memcmp(lines, line, n) == 0)
			return true;
	return false;
}

static bool is_kind(const char *line, const char *kind)
{
	return strncmp(line, kind, strlen(kind)) == 0;
}

/* The first line of a device that the record does not describe, or NULL. Consoles and what draws on a screen come without
 * being asked for. */
static const char *not_described(const struct cairn_agent_domain *d, const char *lines)
{
	static const char *const free_of_charge[] = {"console/", "vkb/", "vfb/", "pci/", "model ", "stub "};
	size_t vbds = 0, vifs = 0, pcis = 0;

	for (size_t n; (n = line_at(lines)) > 0; lines += n) {
		bool allowed = (is_kind(lines, "vbd/") && ++vbds <= d->vbds) ||
			       (is_kind(lines, "vif/") && ++vifs <= d->vifs) ||
			       (is_kind(lines, "bdf/") && ++pcis <= d->pcis);

		for (size_t i = 0; i < sizeof(free_of_charge) / sizeof(free_of_charge[0]); i++)
			allowed |= is_kind(lines, free_of_charge[i]);
		if (!allowed)
			return lines;
	}
	return NULL;
}

/* ---- what it has -------------------------------------------------------------------------------------- */

/* From now on; it outlives this cairnd where xenstore does. */
static enum cairn_status keep(struct cairn_agent *a, struct cairn_agent_domain *d, const char *lines)
{
	char *copy = strdup(lines);

	if (!copy)
		return CAIRN_E_NOMEM;
	free(d->devices);
	d->devices = copy;
	if (a->hv.ops->publish(a->hv.self, d->domid, KEY, lines) != CAIRN_OK)
		cairn_agent_say("xenstore does not take the devices of domain %u", d->domid);
	return CAIRN_OK;
}

enum cairn_status cairn_devices_take(struct cairn_agent *a, struct cairn_agent_domain *d,
				     struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf now = {0};

	if (!d->service)
		return CAIRN_OK;
	enum cairn_status st = a->hv.ops->devices(a->hv.self, d->domid, &now);
	const char *lines = st == CAIRN_OK ? cairn_buf_str(&now) : NULL;

	if (!lines) {
		cairn_buf_add_str(why, "its devices cannot be read from xenstore");
		return st == CAIRN_OK ? CAIRN_E_NOMEM : st;
	}
	const char *extra = not_described(d, lines);

	if (extra) {
		cairn_buf_add_fmt(why, "it has a device that its record does not describe: %.*s",
				  (int)strcspn(extra, " "), extra);
		return CAIRN_E_XEN;
	}
	return keep(a, d, lines);
}

/* ---- what came to it ---------------------------------------------------------------------------------- */

/* True where it need not be said again. */
static bool tell(struct cairn_agent *a, const struct cairn_agent_domain *d, const char *line)
{
	char reason[192];

	snprintf(reason, sizeof(reason),
		 "%s was given a device, or a device was changed, behind cairnd's back: %.*s", d->name,
		 (int)strcspn(line, " "), line);
	return cairn_agent_changed(a, reason);
}

/* What an earlier cairnd knew; else all that the record describes and no more. */
static bool recall(struct cairn_agent *a, struct cairn_agent_domain *d, const char *lines)
{
	cairn_auto_buf struct cairn_buf kept = {0};
	const char *known = NULL;

	if (a->hv.ops->published(a->hv.self, d->domid, KEY, &kept) == CAIRN_OK)
		known = cairn_buf_str(&kept);
	if (known)
		return keep(a, d, known) == CAIRN_OK;
	const char *extra = not_described(d, lines);

	return (!extra || tell(a, d, extra)) && keep(a, d, lines) == CAIRN_OK;
}

static void add(struct cairn_agent *a, struct cairn_agent_domain *d, const char *line, size_t len)
{
	cairn_auto_buf struct cairn_buf all = {0};

	cairn_buf_add_str(&all, d->devices);
	cairn_buf_add(&all, cairn_span(line, len));
	const char *lines = cairn_buf_str(&all);

	if (!lines || keep(a, d, lines) != CAIRN_OK)
		cairn_agent_say("out of memory: what %s was given is told again", d->name);
}

static void look_at(struct cairn_agent *a, struct cairn_agent_domain *d, const char *lines)
{
	if (!d->devices && !recall(a, d, lines))
		return;
	for (size_t n; (n = line_at(lines)) > 0; lines += n)
		if (!has_line(d->devices, lines, n) && tell(a, d, lines))
			add(a, d, lines, n);
}

static bool read_and_look(struct cairn_agent *a, struct cairn_agent_domain *d)
{
	cairn_auto_buf struct cairn_buf now = {0};
	enum cairn_status st = a->hv.ops->devices(a->hv.self, d->domid, &now);
	const char *lines = st == CAIRN_OK ? cairn_buf_str(&now) : NULL;

	if (lines)
		look_at(a, d, lines);
	return lines != NULL;
}

void cairn_devices_look(struct cairn_agent *a)
{
	int64_t now = cairn_boot_ms();
	bool unread = false;

	if (!a->heard && a->hv.ops->watch(a->hv.self) >= 0 && now - a->devices_ms < LOOK_MS)
		return;
	a->heard = false;
	a->devices_ms = now;
	for (size_t i = 0; i < a->domains.count; i++) {
		struct cairn_agent_domain *d = &a->domains.item[i];

		if (d->live && d->service && d->domid != 0 && !d->end)
			unread |= !read_and_look(a, d);
	}
	if (unread && !a->devices_unread)
		cairn_agent_say(
		    "xenstore cannot be read: devices that service domains are given now go unseen");
	a->devices_unread = unread;
}
