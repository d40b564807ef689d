/* relay.conf, and becoming the user that it names. */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cairn/agent.h"
#include "relay/relay.h"

#define DOMID_MAX 32751 /* xen/include/public/xen.h: DOMID_FIRST_RESERVED is 0x7ff0 */
#define NODE_MAX  48	/* libxenvchan 4.17 has 64 bytes for it and "/event-channel" */

static const char *const keys[] = {"server",	 "ca",	 "label",     "socket",	     "vchan",
				   "interval_s", "user", "state_dir", "retry_max_s", NULL};

static enum cairn_status required(const char **out, const struct cairn_config *c, const char *key,
				  const char *path, struct cairn_buf *why)
{
	*out = cairn_config_str(c, key, NULL);
	if (*out)
		return CAIRN_OK;
	if (why)
		cairn_buf_add_fmt(why, "%s: '%s' is missing", path, key);
	return CAIRN_E_USAGE;
}

static enum cairn_status take_label(struct cairn_relay_config *c, const char *path, struct cairn_buf *why)
{
	const char *label = cairn_config_str(c->file, "label", NULL);
	char host[sizeof(c->label)] = "";
	if (!label && gethostname(host, sizeof(host) - 1) == 0)
		label = host;
	if (label && *label && strlen(label) < sizeof(c->label)) {
		snprintf(c->label, sizeof(c->label), "%s", label);
		return CAIRN_OK;
	}
	if (why)
		cairn_buf_add_fmt(why, "%s: 'label' must have 1 to %zu bytes", path, sizeof(c->label) - 1);
	return CAIRN_E_USAGE;
}

static enum cairn_status take_numbers(struct cairn_relay_config *c, struct cairn_buf *why)
{
	uint64_t interval, retry;
	enum cairn_status s = cairn_config_u64(&interval, c->file, "interval_s", 60, 1, 86400, why);
	if (!s)
		s = cairn_config_u64(&retry, c->file, "retry_max_s", 300, 1, 86400, why);
	if (s)
		return s;
	c->interval_s = (unsigned)interval;
	c->retry_max_s = (unsigned)retry;
	return CAIRN_OK;
}

enum cairn_status cairn_relay_vchan_parse(uint32_t *domid, const char **node, const char *text)
{
	size_t digits = strspn(text, "0123456789"), n = strlen(text + digits);

	if (digits == 0 || digits > 5 || n < 2 || n > NODE_MAX || text[digits] != '/' ||
	    text[digits + n - 1] == '/')
		return CAIRN_E_USAGE;
	unsigned long id = strtoul(text, NULL, 10);

	if (id > DOMID_MAX)
		return CAIRN_E_USAGE;
	*domid = (uint32_t)id;
	*node = text + digits;
	return CAIRN_OK;
}

static enum cairn_status take_vchan(struct cairn_relay_config *c, const char *path, struct cairn_buf *why)
{
	uint32_t domid;
	const char *node;

	c->vchan = cairn_config_str(c->file, "vchan", NULL);
	if (!c->vchan || cairn_relay_vchan_parse(&domid, &node, c->vchan) == CAIRN_OK)
		return CAIRN_OK;
	if (why)
		cairn_buf_add_fmt(why, "%s: 'vchan' is DOMID/NODE, such as 0/local/domain/0/cairn/relay",
				  path);
	return CAIRN_E_USAGE;
}

enum cairn_status cairn_relay_config_load(struct cairn_relay_config *out, const char *path,
					  struct cairn_buf *why)
{
	struct cairn_relay_config c = {0};
	enum cairn_status s = cairn_config_read(&c.file, path, keys, why);
	if (!s)
		s = required(&c.server, c.file, "server", path, why);
	if (!s)
		s = required(&c.ca, c.file, "ca", path, why);
	if (!s)
		s = take_label(&c, path, why);
	if (!s)
		s = take_vchan(&c, path, why);
	if (!s)
		s = take_numbers(&c, why);
	if (s) {
		cairn_relay_config_fini(&c);
		return s;
	}
	c.socket = cairn_config_str(c.file, "socket", CAIRN_AGENT_SOCKET);
	c.user = cairn_config_str(c.file, "user", "cairn-relay");
	c.state_dir = cairn_config_str(c.file, "state_dir", NULL);
	*out = c;
	return CAIRN_OK;
}

void cairn_relay_config_fini(struct cairn_relay_config *c)
{
	cairn_config_free(c->file);
	c->file = NULL;
}

static enum cairn_status give_up_root(const struct passwd *p)
{
	if (initgroups(p->pw_name, p->pw_gid) || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid))
		return CAIRN_E_IO;
	/* A way back would mean that nothing was given up. */
	return setuid(0) == 0 ? CAIRN_E_INTERNAL : CAIRN_OK;
}

enum cairn_status cairn_relay_drop(const char *user, struct cairn_buf *why)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return CAIRN_E_IO;
	if (geteuid() != 0)
		return CAIRN_OK;
	errno = 0;
	const struct passwd *p = getpwnam(user);
	enum cairn_status s = p ? CAIRN_OK : CAIRN_E_NOTFOUND;
	if (p && p->pw_uid == 0)
		s = CAIRN_E_USAGE;
	if (!s)
		s = give_up_root(p);
	if (s && why)
		cairn_buf_add_fmt(why, "user '%s': %s", user,
				  s == CAIRN_E_NOTFOUND ? "there is no such user; create it, or set `user`"
				  : s == CAIRN_E_USAGE	? "the relay does not run as root; set `user`"
							: strerror(errno));
	return s;
}
